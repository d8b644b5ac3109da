"""The core: each command, decided on its case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import AddContact, OpenCase
from caseway.contracts.parts import Actor
from caseway.contracts.topology import topic_named
from caseway.kernel.decision import Decision, Due, Message, Moment, Put, Ref, States
from caseway.kernel.errors import Superseded
from caseway.runtime.stage import Handle
from caseway_intake.domain import life

CASES = "cases"
NUMBERS = "numbers"
ERRANDS = "errands"


def on_command(message: Message[CaseCommand], states: States, moment: Moment) -> Decision:
    """Any command about a case that is there."""
    case = states.get(CASES, message.data.case_id)
    step = _step(message, moment, message.id, message.data.actor)
    if case is None:
        return Decision(emits=life.answer_for_nobody(message.data, step))
    return _decision(life.decide(case, message.data, step))


def on_add_contact(message: Message[AddContact], states: States, moment: Moment) -> Decision:
    """A contact: it joins its case, or opens it."""
    command = message.data
    if states.get(CASES, command.case_id) is not None or not command.opens:
        return on_command(message, states, moment)
    number, counted = _next_number(message, states, moment)
    return _decision(life.open_case(command, _step(message, moment, message.id, command.actor), number)) + counted


def on_open(message: Message[OpenCase], states: States, moment: Moment) -> Decision:
    """A case that somebody of ours opens."""
    command, step = message.data, _step(message, moment, message.id, message.data.actor)
    if states.get(CASES, command.case_id) is not None:
        return on_command(message, states, moment)
    number, counted = _next_number(message, states, moment)
    return _decision(life.open_without_contact(command, step, number)) + counted


def on_due(message: Message[Due], states: States, moment: Moment) -> Decision:
    """The instant has come until which something was to wait."""
    due, case = message.data, states.get(CASES, message.data.data["case_id"])
    outcome = life.decide_when_due(due.kind, case, due.due_at, _step(message, moment, due.armed_by, None))
    if outcome is None:
        raise Superseded("what the timer waited for was settled before")
    return _decision(outcome)


def handles() -> Mapping[type | str, Handle]:
    """Every command of the topic."""
    any_command = Handle(decide=on_command, needs=_case)
    return {
        **dict.fromkeys(topic_named("case.commands").models, any_command),
        AddContact: Handle(decide=on_add_contact, needs=_case_and_number),
        OpenCase: Handle(decide=on_open, needs=_case_and_number),
    }


def timers() -> Mapping[str, Handle]:
    """What becomes due in a case's life."""
    due = Handle(decide=on_due, needs=_case_of_timer)
    return dict.fromkeys((life.HOLD_IS_OVER, life.APPROVAL_WAITS, life.RETENTION_ENDS), due)


def _case(message: Message[CaseCommand]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.case_id),)


def _case_and_number(message: Message[CaseCommand]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.case_id), Ref(NUMBERS, _lane(message)))


def _case_of_timer(message: Message[Due]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.data["case_id"]),)


def _lane(message: Message[Any]) -> str:
    return str(message.partition)


def _next_number(message: Message[Any], states: States, moment: Moment) -> tuple[int, Decision]:
    """The lane's own counter times the lanes, plus the lane: unique without a common counter."""
    lane = _lane(message)
    count: int = (states.get(NUMBERS, lane) or {"count": 0})["count"] + 1
    put = Put(collection=NUMBERS, id=lane, value={"count": count})
    return count * moment.partitions + message.partition, Decision(changes=(put,))


def _step(message: Message[Any], moment: Moment, cause: str, actor: Actor | None) -> life.Step:
    return life.Step(
        cause=cause,
        at=message.time,
        now=moment.now,
        configuration=moment.version,
        rules=moment.configuration,
        actor=actor,
        source=message.source,
    )


def _decision(outcome: life.Outcome) -> Decision:
    put = Put(collection=CASES, id=outcome.case.id, value=outcome.case)
    errands = tuple(Put(collection=ERRANDS, id=each.id, value=each) for each in outcome.errands)
    emits = (*outcome.facts, *outcome.commands, *outcome.records)
    return Decision(emits=emits, changes=(put, *errands), timers=outcome.timers)
