"""The core: each command, decided on its case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import AddContact
from caseway.contracts.parts import Actor
from caseway.contracts.topology import topic_named
from caseway.kernel.decision import Decision, Due, Message, Moment, Put, Ref, States
from caseway.kernel.errors import Superseded
from caseway.runtime.stage import Handle
from caseway_intake.domain import life

CASES = "cases"
NUMBERS = "numbers"


def on_command(message: Message[CaseCommand], states: States, moment: Moment) -> Decision:
    """Any command about a case that is there."""
    case = states.get(CASES, message.data.case_id)
    return _decision(life.decide(case, message.data, _step(message, moment, message.id, message.data.actor)))


def on_add_contact(message: Message[AddContact], states: States, moment: Moment) -> Decision:
    """A contact: it joins its case, or opens it."""
    command, lane = message.data, _lane(message)
    if states.get(CASES, command.case_id) is not None or not command.opens:
        return on_command(message, states, moment)
    count: int = (states.get(NUMBERS, lane) or {"count": 0})["count"] + 1
    number = count * moment.partitions + message.partition
    opened = life.open_case(command, _step(message, moment, message.id, command.actor), number)
    return _decision(opened) + Decision(changes=(Put(collection=NUMBERS, id=lane, value={"count": count}),))


def on_hold_is_over(message: Message[Due], states: States, moment: Moment) -> Decision:
    """The instant until which a case was held has come."""
    due, case = message.data, states.get(CASES, message.data.data["case_id"])
    outcome = life.release_when_due(case, due.due_at, _step(message, moment, due.armed_by, None))
    if outcome is None:
        raise Superseded("the hold ended before its time")
    return _decision(outcome)


def handles() -> Mapping[type | str, Handle]:
    """Every command of the topic: one that is not offered yet is answered too."""
    any_command = Handle(decide=on_command, needs=_case)
    return {
        **dict.fromkeys(topic_named("case.commands").models, any_command),
        AddContact: Handle(decide=on_add_contact, needs=_case_and_number),
    }


def timers() -> Mapping[str, Handle]:
    """What becomes due in a case's life."""
    return {life.HOLD_IS_OVER: Handle(decide=on_hold_is_over, needs=_case_of_timer)}


def _case(message: Message[CaseCommand]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.case_id),)


def _case_and_number(message: Message[AddContact]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.case_id), Ref(NUMBERS, _lane(message)))


def _case_of_timer(message: Message[Due]) -> Iterable[Ref]:
    return (Ref(CASES, message.data.data["case_id"]),)


def _lane(message: Message[Any]) -> str:
    return str(message.partition)


def _step(message: Message[Any], moment: Moment, cause: str, actor: Actor | None) -> life.Step:
    return life.Step(
        cause=cause,
        at=message.time,
        now=moment.now,
        configuration=moment.version,
        rules=moment.configuration.life,
        actor=actor,
    )


def _decision(outcome: life.Outcome) -> Decision:
    put = Put(collection=CASES, id=outcome.case.id, value=outcome.case)
    return Decision(emits=outcome.facts, changes=(put,), timers=outcome.timers)
