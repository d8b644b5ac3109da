"""How internal control corrects, judges and checks a voice."""

from __future__ import annotations

from dataclasses import replace

from caseway.contracts.voice_commands import CheckCase, DeclareIncident, EditVoice, JudgeCase
from caseway.contracts.voices import CaseChecked, CaseJudged, IncidentCorrected, VoiceEdited
from caseway.kernel.decision import Disarm
from caseway_intake.domain.case import Case
from caseway_intake.domain.incident import Stage
from caseway_intake.domain.life.asking import check_escalation
from caseway_intake.domain.life.incidents import declared, handed_over
from caseway_intake.domain.life.sharing import shown_anew
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, check_length, head
from caseway_intake.domain.masking import masked
from caseway_intake.domain.voice import Judgement, Voice

_MAY_EDIT_ANY = frozenset({"supervisor", "officer", "manager"})


def edit_voice(case: Case, command: EditVoice, step: Step) -> Outcome:
    """Another edition of the text: seen by everybody who could see the last one, told to nobody anew."""
    voice = _unlocked(case)
    if actor_id(step) != voice.author and (step.actor is None or step.actor.kind not in _MAY_EDIT_ANY):
        raise Refused("not-the-author", "its author, a supervisor or internal control writes it anew")
    if (
        command.genre is not None
        and voice.judgement is not None
        and (step.actor is None or step.actor.kind != "officer")
    ):
        raise Refused("judged", "the genre is internal control's since the judgement")
    edited = _edited(voice, command.title, command.text, command.genre)
    if edited == voice:
        raise Refused("nothing-changed")
    after = shown_anew(advance(case, step, voice=edited))
    fact = VoiceEdited(
        **head(after, step), edition=edited.edition, title=edited.title, text=edited.text, genre=edited.genre
    )
    return Outcome(case=after, facts=(fact,))


def judge(case: Case, command: JudgeCase, step: Step) -> Outcome:
    """Complaint, incident, both or neither (S0-09); an incident that nobody declared is declared and handed over."""
    voice = _unlocked(case) if command.content is not None or command.title is not None else _voice(case)
    if voice.judgement is not None and voice.judgement.checked_by is not None:
        raise Refused("checked", "the judgement is confirmed")
    check_length(command.text)
    edited = _edited(voice, command.title, command.content, command.genre)
    judgement = Judgement(complaint=command.complaint, incident=command.incident, by=actor_id(step))
    after = shown_anew(advance(case, step, voice=replace(edited, judgement=judgement)))
    fact = CaseJudged(
        **head(after, step),
        genre=command.genre,
        complaint=command.complaint,
        incident=command.incident,
        text=command.text,
        content=command.content,
        title=command.title,
        edition=edited.edition,
    )
    outcome = Outcome(case=after, facts=(fact,))
    return _found_late(outcome, step) if command.incident and case.incident is None else outcome


def check(case: Case, command: CheckCase, step: Step) -> Outcome:
    """A supervisor looks at an escalation, or the manager at a judgement: never the same person twice."""
    kind = step.actor.kind if step.actor is not None else ""
    if kind == "supervisor":
        if case.help.escalation is None:
            raise Refused("not-requested", "no escalation waits for a supervisor")
        return check_escalation(case, case.help.escalation, command, step)
    voice, judgement = _checkable(case, step)
    if command.outcome == "returned" and not command.reason:
        raise Refused("no-reason", "what is returned needs a reason")
    checked = replace(judgement, checked_by=actor_id(step)) if command.outcome == "confirmed" else None
    after = advance(case, step, voice=replace(voice, judgement=checked))
    outcome = Outcome(
        case=after, facts=(CaseChecked(**head(after, step), outcome=command.outcome, reason=command.reason),)
    )
    is_none = command.outcome == "confirmed" and not judgement.incident
    return _corrected(outcome, step) if is_none and _is_told(case) else outcome


def _found_late(outcome: Outcome, step: Step) -> Outcome:
    """First report, and hand-over to those who respond: an incident waits for nobody's signature."""
    case = outcome.case
    said = DeclareIncident(case_id=case.id, actor=step.actor) if step.actor is not None else None
    if said is None:
        return outcome
    told = declared(case, said, step, late=True)
    response = told.case.response
    if response is None:
        return outcome
    given = handed_over(told.case, response, step.rules.voices.incident_response, "", step)
    timers = outcome.timers
    if given.case.voice is not None and given.case.voice.approval is not None:
        # no longer general: shared already, and nobody is asked to approve it any more
        freed = replace(given.case, voice=replace(given.case.voice, approval=None))
        given, timers = replace(given, case=freed), (Disarm(key=f"{case.id}/approval"),)
    return Outcome(case=given.case, facts=outcome.facts + told.facts + given.facts, timers=timers)


def _corrected(outcome: Outcome, step: Step) -> Outcome:
    """Everybody who had the first report hears that it was none: by four eyes, since it cannot be taken back twice."""
    case = outcome.case
    response, voice = case.response, case.voice
    if response is None or voice is None:
        return outcome
    after = advance(case, step, response=replace(response, stage=Stage.CORRECTED), voice=replace(voice, incident=False))
    fact = IncidentCorrected(
        **head(after, step),
        incident=case.incident or "",
        title=response.title,
        text=masked(voice.text, case.names),
        number=case.number,
    )
    return replace(outcome, case=after, facts=(*outcome.facts, fact))


def _is_told(case: Case) -> bool:
    """Whether an incident of this case's own stands announced."""
    return case.response is not None and case.response.stage is not Stage.CORRECTED


def _checkable(case: Case, step: Step) -> tuple[Voice, Judgement]:
    voice = _voice(case)
    judgement = voice.judgement
    if judgement is None:
        raise Refused("not-judged")
    if judgement.checked_by is not None:
        raise Refused("checked", "the judgement is confirmed")
    if actor_id(step) in {judgement.by, voice.author}:
        raise Refused("same-person", "who judged or wrote it does not check it")
    return voice, judgement


def _edited(voice: Voice, title: str | None, text: str | None, genre: str | None) -> Voice:
    """The voice with what was given; another edition only where title or text is another."""
    edited = replace(
        voice,
        title=voice.title if title is None else title,
        text=voice.text if text is None else text,
        genre=voice.genre if genre is None else genre,
    )
    check_length(edited.text)
    is_other = (edited.title, edited.text) != (voice.title, voice.text)
    return replace(edited, edition=voice.edition + is_other)


def _voice(case: Case) -> Voice:
    if case.voice is None:
        raise Refused("no-voice", "only voices are judged")
    return case.voice


def _unlocked(case: Case) -> Voice:
    voice = _voice(case)
    if voice.approval is not None:
        raise Refused("locked", "the voice waits for its approval")
    return voice
