"""How superiors, departments and advisers are asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caseway.contracts.case_commands import (
    AdviseOnCase,
    AskAdvice,
    EscalateToDepartment,
    RecordCallback,
    RequestEscalation,
    ReturnFromDepartment,
)
from caseway.contracts.cases import (
    AdviceAsked,
    CallbackRecorded,
    CaseAdvised,
    EscalatedToDepartment,
    EscalationRequested,
    ReturnedFromDepartment,
)
from caseway.contracts.voice_commands import CheckCase
from caseway.contracts.voices import CaseChecked
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_intake.domain.case import Case
from caseway_intake.domain.company import MOST, Advice, Escalation, Help, Transfer
from caseway_intake.domain.gates import blocks_hand_over
from caseway_intake.domain.life.sharing import share
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, check_length, check_room, head
from caseway_intake.domain.roles import SUPERIORS


def request_escalation(case: Case, command: RequestEscalation, step: Step) -> Outcome:
    """A superior must look (S0-04, S2-16); on a voice, the tick "escalation"."""
    if case.help.escalation is not None:
        raise Refused("already-requested")
    if case.voice is not None and case.voice.approval is not None:
        raise Refused("locked", "the voice waits for its approval")
    check_length(command.reason)
    return escalated(case, step, command.reason, command.to or case.circle.asked_for, urgent=command.urgent)


def escalated(case: Case, step: Step, reason: str, to: str | None, *, urgent: bool) -> Outcome:
    """The case with its escalation asked for."""
    escalation = Escalation(at=step.at_after(case.at), by=actor_id(step), reason=reason, urgent=urgent, to=to)
    voice = replace(case.voice, escalation=True) if case.voice else None
    after = advance(case, step, help=replace(case.help, escalation=escalation), voice=voice)
    fact = EscalationRequested(**head(after, step), reason=reason, urgent=urgent, to=to)
    return Outcome(case=after, facts=(fact,))


def check_escalation(case: Case, escalation: Escalation, command: CheckCase, step: Step) -> Outcome:
    """The supervisor looked (S0-05): it is theirs, or it goes back as none."""
    if escalation.by == actor_id(step):
        raise Refused("same-person", "who asked cannot check")
    if command.outcome == "confirmed":
        after = advance(case, step, help=replace(case.help, escalation=replace(escalation, checked_by=actor_id(step))))
    else:
        if not command.reason:
            raise Refused("no-reason", "what is returned needs a reason")
        voice = replace(case.voice, escalation=case.voice.is_shared_as("escalation")) if case.voice else None
        after = advance(case, step, help=replace(case.help, escalation=None), voice=voice)
    fact = CaseChecked(**head(after, step), outcome=command.outcome, reason=command.reason)
    return Outcome(case=after, facts=(fact,))


def record_callback(case: Case, command: RecordCallback, step: Step) -> Outcome:
    """What came of calling back, in the same record (S0-05); only a call that reached the customer counts."""
    check_length(command.text)
    if command.advice is not None and case.help.advice(command.advice) is None:
        raise Refused("unknown-advice", "no open question has this id")
    settled = _settled(case, command, step) if command.outcome == "reached" else case.help
    reached = command.outcome == "reached"
    changes: dict[str, Any] = {"help": settled}
    if reached and case.answered_at is None:
        changes["answered_at"] = step.at_after(case.at)
    after = advance(case, step, **changes)
    told = command.model_dump(exclude={"case_id", "actor"})
    outcome = Outcome(case=after, facts=(CallbackRecorded(**head(after, step), **told, answered=settled != case.help),))
    was_escalated = case.help.escalation is not None and settled.escalation is None
    if not was_escalated or case.voice is None or case.voice.is_shared_as("escalation"):
        return outcome
    shared = share(after, step, "escalation", f"{case.voice.text}\n\n{command.text}")
    return replace(outcome, case=shared.case, facts=outcome.facts + shared.facts)


def _settled(case: Case, command: RecordCallback, step: Step) -> Help:
    """What is still outstanding once the customer was reached."""
    advices = tuple(each for each in case.help.advices if each.id != command.advice)
    escalation = case.help.escalation
    if escalation is None or command.advice is not None:
        return replace(case.help, advices=advices)
    if escalation.checked_by is None and (step.actor is None or step.actor.kind not in SUPERIORS):
        raise Refused("not-checked", "a supervisor looks before the customer is called back")
    if not command.text.strip():
        raise Refused("no-text", "what the customer was told stands in the same record")
    return replace(case.help, escalation=None, advices=advices)


def escalate_to_department(case: Case, command: EscalateToDepartment, step: Step) -> Outcome:
    """What the desk cannot solve goes to a department, or a person there (S4-11)."""
    known = step.rules.life.departments
    if known and command.department not in known:
        raise Refused("unknown-department", f"known are: {', '.join(known)}")
    if case.help.transfer is not None and case.help.transfer.department == command.department:
        raise Refused("already-there")
    nature = case.nature
    if lacking := blocks_hand_over(nature.missing_fields, command.fields, nature.priority, nature.class_):
        raise Refused("facts-missing", lacking)
    check_length(command.text)
    transfer = Transfer(department=command.department, person=command.person, at=step.at_after(case.at))
    missing = tuple(each for each in nature.missing_fields if each not in command.fields)
    after = advance(
        case,
        step,
        turn=Turn.DEPARTMENT,
        is_held=False,
        held_until=None,
        help=replace(case.help, transfer=transfer),
        nature=replace(nature, fields={**nature.fields, **command.fields}, missing_fields=missing),
    )
    fact = EscalatedToDepartment(
        **head(after, step),
        turn=after.turn,
        department=command.department,
        person=command.person,
        text=command.text,
        fields=command.fields,
    )
    return Outcome(case=after, facts=(fact,))


def return_from_department(case: Case, command: ReturnFromDepartment, step: Step) -> Outcome:
    """The department answered: the desk goes on."""
    transfer = case.help.transfer
    if transfer is None:
        raise Refused("not-there", "no department has the case")
    if transfer.department != command.department:
        raise Refused("other-department", f"the case is with {transfer.department}")
    check_length(command.text)
    turn = Turn.DESK if case.status is CaseStatus.OPEN else case.turn
    after = advance(case, step, turn=turn, help=replace(case.help, transfer=None))
    fact = ReturnedFromDepartment(
        **head(after, step), turn=turn, department=command.department, text=command.text, solved=command.solved
    )
    return Outcome(case=after, facts=(fact,))


def ask_advice(case: Case, command: AskAdvice, step: Step) -> Outcome:
    """From a half-written case: what should the customer be asked? (S2-14)"""
    check_room(len(case.help.advices), MOST, "open questions")
    check_length(command.text)
    advice = Advice(
        id=f"advice_{derived_id(case.id, step.cause)}",
        area=command.area,
        at=step.at_after(case.at),
        by=actor_id(step),
        text=command.text,
        of=command.of,
    )
    after = advance(case, step, help=replace(case.help, advices=(*case.help.advices, advice)))
    fact = AdviceAsked(**head(after, step), advice=advice.id, area=advice.area, text=advice.text, of=advice.of)
    return Outcome(case=after, facts=(fact,))


def advise(case: Case, command: AdviseOnCase, step: Step) -> Outcome:
    """What to ask the customer; the question stays open until they were reached."""
    advice = case.help.advice(command.advice)
    if advice is None:
        raise Refused("unknown-advice", "no open question has this id")
    if advice.advised_by is not None:
        raise Refused("already-advised")
    if advice.by == actor_id(step):
        raise Refused("same-person", "who asked cannot answer")
    if advice.of not in {None, actor_id(step)} and (step.actor is None or step.actor.kind not in SUPERIORS):
        raise Refused("not-asked", "somebody else was asked by name")
    check_length(command.text)
    answered = replace(advice, advised_by=actor_id(step), advised=command.text, questions=command.questions)
    advices = tuple(answered if each.id == advice.id else each for each in case.help.advices)
    after = advance(case, step, help=replace(case.help, advices=advices))
    fact = CaseAdvised(**head(after, step), advice=advice.id, text=command.text, questions=command.questions)
    return Outcome(case=after, facts=(fact,))
