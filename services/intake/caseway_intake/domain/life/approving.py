"""How a voice is submitted, approved or sent back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NoReturn

from caseway.contracts.voice_commands import ApproveCase, RejectCase, SubmitCase
from caseway.contracts.voices import ApprovalReminded, CaseApproved, CaseRejected, CaseSubmitted
from caseway.kernel.decision import Arm, Disarm
from caseway_intake.domain.approvals import Asked, Steps, ask, next_asked, process_for, standing_in
from caseway_intake.domain.case import Case
from caseway_intake.domain.facts import facts_of
from caseway_intake.domain.life.sharing import share
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, check_length, head
from caseway_intake.domain.voice import Approval, Voice

APPROVAL_WAITS = "approval-waits"
"""The kind of timer that reminds of an approval."""
_MILLISECOND = dt.timedelta(milliseconds=1)


def submit(case: Case, command: SubmitCase, step: Step) -> Outcome:
    """A general voice asks for its approval (S0-08); its text is locked until somebody decides."""
    voice = _general(case)
    text = command.text or voice.text
    if not text.strip():
        raise Refused("no-text", "there is nothing to approve")
    check_length(text)
    edition = voice.edition + (text != voice.text)
    voice = replace(voice, text=text, edition=edition)
    process = process_for(step.rules.voices.processes, facts_of(replace(case, voice=voice)))
    if process is None:
        raise Refused("no-process-fits", "no approval process is configured for such a voice")
    asked = _asked(process.steps[0], command.approver, voice, actor_id(step), step)
    at = step.at_after(case.at)
    approval = Approval(
        process=process.name,
        step=1,
        approver=asked.approver,
        asked=asked.everybody,
        submitted_by=actor_id(step),
        submitted_at=at,
        waits_until=_waits_until(at, step),
    )
    after = advance(case, step, voice=replace(voice, approval=approval))
    fact = CaseSubmitted(
        **head(after, step),
        text=text,
        approver=approval.approver,
        step=1,
        edition=edition,
        process=process.name,
        asked=approval.asked,
    )
    return Outcome(case=after, facts=(fact,), timers=(_timer(case, approval),))


def approve(case: Case, command: ApproveCase, step: Step) -> Outcome:
    """One step further; after the last, all employees see it (S0-08)."""
    voice, approval = _decided_by(case, command, step)
    check_length(command.text)
    process = next((each for each in step.rules.voices.processes if each.name == approval.process), None)
    following = process.steps[approval.step] if process and approval.step < len(process.steps) else None
    if following is not None:
        return _next_step(case, voice, approval, following, command, step)
    after = advance(case, step, voice=replace(voice, approval=None))
    fact = CaseApproved(
        **head(after, step),
        text=command.text,
        step=approval.step,
        final=True,
        edition=voice.edition,
        on_behalf_of=_on_behalf_of(approval, step),
    )
    outcome = Outcome(case=after, facts=(fact,), timers=(Disarm(key=_key(case)),))
    if voice.is_shared_as("general"):  # a later edition: everybody sees it, nobody is told again
        return outcome
    shared = share(after, step, "general", voice.text)
    return replace(outcome, case=shared.case, facts=outcome.facts + shared.facts)


def reject(case: Case, command: RejectCase, step: Step) -> Outcome:
    """Sent back: the text may be written anew."""
    voice, approval = _decided_by(case, command, step)
    if not command.reason.strip():
        raise Refused("no-reason", "what is sent back needs a reason")
    after = advance(case, step, voice=replace(voice, approval=None))
    fact = CaseRejected(**head(after, step), reason=command.reason, step=approval.step)
    return Outcome(case=after, facts=(fact,), timers=(Disarm(key=_key(case)),))


def remind(case: Case, due_at: dt.datetime, step: Step) -> Outcome | None:
    """Nobody decided in time: a reminder, then the deputy is asked, then the manager; None where it was decided."""
    voice = case.voice
    approval = voice.approval if voice else None
    if voice is None or approval is None or approval.waits_until != due_at:
        return None
    on = _date(due_at, step)
    without = {voice.author, approval.submitted_by}
    stage, further = next_asked(approval.approver, approval.reminded_count, step.rules.voices, without, on)
    reminded_count = approval.reminded_count + 1
    is_last = reminded_count >= step.rules.voices.reminders
    approval = replace(
        approval,
        asked=tuple(dict.fromkeys((*approval.asked, *further))),
        reminded_count=reminded_count,
        waits_until=None if is_last else _waits_until(due_at, step),
    )
    after = advance(case, step, voice=replace(voice, approval=approval))
    fact = ApprovalReminded(
        **head(after, step),
        stage=stage,
        approver=approval.approver,
        asked=approval.asked,
        step=approval.step,
        edition=voice.edition,
        submitted_at=approval.submitted_at,
        title=voice.title,
    )
    return Outcome(case=after, facts=(fact,), timers=() if is_last else (_timer(case, approval),))


def _next_step(
    case: Case, voice: Voice, approval: Approval, following: Steps, command: ApproveCase, step: Step
) -> Outcome:
    asked = _asked(following, None, voice, approval.submitted_by, step)
    at = step.at_after(case.at)
    going_on = replace(
        approval,
        step=approval.step + 1,
        approver=asked.approver,
        asked=asked.everybody,
        reminded_count=0,
        waits_until=_waits_until(at, step),
    )
    after = advance(case, step, voice=replace(voice, approval=going_on))
    fact = CaseApproved(
        **head(after, step),
        text=command.text,
        step=approval.step,
        final=False,
        edition=voice.edition,
        on_behalf_of=_on_behalf_of(approval, step),
        next_approver=asked.approver,
    )
    return Outcome(case=after, facts=(fact,), timers=(_timer(case, going_on),))


def _general(case: Case) -> Voice:
    """The voice, where it is one that is shared by approval, and is not locked."""
    if case.voice is None:
        raise Refused("no-voice", "only voices are approved")
    if case.voice.approval is not None:
        raise Refused("locked", "the voice waits for its approval")
    if not case.voice.is_general:
        raise Refused("not-general", "escalations and incidents are shared without approval")
    return case.voice


def _asked(at: Steps, wanted: str | None, voice: Voice, submitter: str, step: Step) -> Asked:
    """Who is asked: never who wrote or submitted it, so that a supervisor's own voice goes to another."""
    on = _date(step.at_after(None), step)
    asked = ask(at, wanted, (voice.author, submitter), step.rules.voices.absences, on)
    if asked is None:
        reason = "no-approver" if wanted is None else "not-an-approver"
        raise Refused(reason, f"may be asked: {', '.join(at.approvers)}; never who wrote or submitted it")
    return asked


def _decided_by(case: Case, command: ApproveCase | RejectCase, step: Step) -> tuple[Voice, Approval]:
    """The approval, where this person may decide it, and decides what stands there."""
    voice = case.voice
    approval = voice.approval if voice else None
    if voice is None or approval is None:
        raise Refused("not-submitted")
    if command.step not in {None, approval.step} or command.edition not in {None, voice.edition}:
        raise Refused("out-of-date", f"it is step {approval.step} of edition {voice.edition} that waits")
    person = actor_id(step)
    if person in {voice.author, approval.submitted_by}:
        raise Refused("same-person", "nobody approves their own voice")
    stand_in = standing_in(approval.approver, step.rules.voices.absences, _date(step.at_after(None), step))
    if person not in {*approval.asked, stand_in}:
        _refuse_stranger(approval)
    return voice, approval


def _refuse_stranger(approval: Approval) -> NoReturn:
    raise Refused("not-asked", f"asked are: {', '.join(approval.asked)}")


def _on_behalf_of(approval: Approval, step: Step) -> str | None:
    """For whom somebody else decided."""
    return approval.approver if actor_id(step) != approval.approver else None


def _waits_until(start: dt.datetime, step: Step) -> dt.datetime:
    """The next reminder, in business time, on a whole millisecond: the database keeps no less."""
    hours, amount = step.rules.voices_hours, step.rules.voices.remind_after
    due = hours.due_at(start, amount) if hours is not None else start + amount
    return due + (-(due - due.min.replace(tzinfo=dt.UTC)) % _MILLISECOND)


def _date(at: dt.datetime, step: Step) -> dt.date:
    hours = step.rules.voices_hours
    return hours.local_date(at) if hours is not None else at.date()


def _timer(case: Case, approval: Approval) -> Arm | Disarm:
    if approval.waits_until is None:
        return Disarm(key=_key(case))
    return Arm(key=_key(case), kind=APPROVAL_WAITS, due_at=approval.waits_until, data={"case_id": case.id})


def _key(case: Case) -> str:
    return f"{case.id}/approval"
