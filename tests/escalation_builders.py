"""A desk with promises, without a broker, for tests of escalation.

It does with decisions what the lane does, one at a time: keeps states (through their documents), arms and fires
timers, and gives facts the ids that the runtime would.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.cases import CaseOpened, CaseReplied
from caseway.contracts.milestones import MilestoneFact
from caseway.kernel.decision import Add, Arm, Decision, Disarm, Due, Message, Moment, Put
from caseway.kernel.errors import Superseded
from caseway.kernel.ids import derived_id, emitted_id
from caseway.runtime.instants import whole_milliseconds
from caseway_escalation.adapters.cases import dump, load
from caseway_escalation.handlers import handles, timers
from caseway_escalation.settings import Configuration

CASE = "case_1"
CALENDARS = {
    "desk": {"zone": "Europe/Warsaw", "versions": [{"week": {"monday-friday": ["09:00-17:00"]}}]},
    "always": {"zone": "Europe/Warsaw", "versions": [{"week": {"every-day": ["00:00-24:00"]}}]},
}
AGENT = {"kind": "agent", "id": "agent-7"}
MACHINE = {"kind": "machine", "id": "notifier"}
FIRST_RESPONSE = {
    "starts": [{"fact": "case.opened"}],
    "completes": [{"fact": "case.replied", "when": {"field": "actor.kind", "in": ["agent", "supervisor"]}}],
    "cancels": [{"fact": "case.merged", "when": {"field": "child", "exists": False}}, {"fact": "case.resolved"}],
    "promises": [
        {"name": "urgent", "when": {"field": "priority", "equals": "urgent"}, "target": "30m", "calendar": "always"},
        {"name": "normal", "target": "4h", "calendar": "desk"},
    ],
}
RESOLUTION = {
    "starts": [{"fact": "case.opened"}, {"fact": "case.reopened"}],
    "completes": [{"fact": "case.resolved"}],
    "cancels": [{"fact": "case.merged", "when": {"field": "child", "exists": False}}],
    "pauses": {"field": "turn", "equals": "customer"},
    "recurrence": "sequential",
    "promises": [
        {"name": "urgent", "when": {"field": "priority", "equals": "urgent"}, "target": "2h", "calendar": "always"},
        {"name": "normal", "target": "16h", "calendar": "desk"},
    ],
}


def at(text: str) -> dt.datetime:
    """In Warsaw's winter time, January 2026: `16 10:00` is Friday the 16th."""
    day, time = text.split()
    return dt.datetime.fromisoformat(f"2026-01-{day}T{time}+01:00").astimezone(dt.UTC)


def configured(kinds: dict[str, Any] | None = None, **more: Any) -> Configuration:
    """A configuration with these kinds; by default first response and resolution."""
    declared = {"first_response": FIRST_RESPONSE, "resolution": RESOLUTION} if kinds is None else kinds
    return Configuration.model_validate({"calendars": CALENDARS, "milestones": {"kinds": declared, **more}})


def fact(model: type[Any], when: dt.datetime, **fields: Any) -> Any:
    """A fact about the case, with everything that does not matter filled in."""
    given = {"case_id": CASE, "version": 1, "at": when, "cause": "cause", "configuration": "v", "actor": AGENT} | fields
    if issubclass(model, CaseOpened):
        given = {"number": 1, "contact": "c", "channel": "email", "source_key": "m@example.com"} | given
    if issubclass(model, CaseReplied):
        given = {"contact": "c", "text": "Hello", "channel": "email"} | given
    return model.model_validate({name: value for name, value in given.items() if name in _names(model)})


def _names(model: type[Any]) -> set[str]:
    return set(model.model_fields) | {field.alias for field in model.model_fields.values() if field.alias}


class Desk:
    """One case's promises, as they live."""

    def __init__(
        self, configuration: Configuration | None = None, now: dt.datetime | None = None, case: str = CASE
    ) -> None:
        self.case = case
        self.configuration = configuration or configured()
        self.version = "v1"
        self.now = now or dt.datetime.min.replace(tzinfo=dt.UTC)
        self.documents: dict[str, Any] = {}
        self.timers: dict[str, Due] = {}
        self.told: list[Any] = []
        self.ids: list[str] = []
        self.skipped: list[str] = []
        self.counts: dict[str, int] = {}
        self._read = 0

    def tell(
        self,
        model: type[Any],
        when: dt.datetime,
        *,
        read_at: dt.datetime | None = None,
        topic: str = "cases",
        **fields: Any,
    ) -> list[Any]:
        """A fact happens, and is read at once, or later; what is told because of it."""
        data = fact(model, when, **{"case_id": self.case} | fields)
        self.now = read_at or max(self.now, when)
        self._read += 1
        message = Message(
            topic=topic,
            partition=3,
            offset=self._read,
            key=self.case,
            id=f"fact-{self._read}",
            source="caseway://intake.core",
            type=model.TYPE,
            data=data,
            time=when,
            recorded_at=self.now,
        )
        return self._take(message, handles()[model])

    def ask(self, command: Any, read_at: dt.datetime | None = None) -> list[Any]:
        """A command reaches the case; what is told because of it."""
        self.now = max(self.now, read_at or self.now)
        self._read += 1
        message = Message(
            topic="milestone.commands",
            partition=3,
            offset=self._read,
            key=command.case_id,
            id=f"command-{self._read}",
            source="caseway://escalation",
            type=command.TYPE,
            data=type(command).model_validate_json(command.model_dump_json(by_alias=True)),
            time=self.now,
            recorded_at=self.now,
        )
        return self._take(message, handles()[type(command)])

    def wait(self, until: dt.datetime, *, outage: bool = False) -> list[Any]:
        """Time passes; timers fire when they are due, or, after an outage, all at its end."""
        told: list[Any] = []
        while self.timers:
            due = min(self.timers.values(), key=lambda each: (each.due_at, each.key))
            if due.due_at > until:
                break
            del self.timers[due.key]
            self.now = max(self.now, until if outage else due.due_at)
            told += self._fire(due)
        self.now = max(self.now, until)
        return told

    def _fire(self, due: Due) -> list[Any]:
        message = Message(
            topic="timer",
            partition=3,
            offset=-1,
            key=due.key,
            id=derived_id("escalation", due.key, due.due_at.isoformat(), due.armed_by),
            source="caseway://escalation",
            type=due.kind,
            data=due,
            time=due.due_at,
            recorded_at=self.now,
        )
        return self._take(message, timers()[due.kind])

    def _take(self, message: Message[Any], handle: Any) -> list[Any]:
        states = _States(
            {(ref.collection, ref.id): self._loaded(ref.collection, ref.id) for ref in handle.needs(message)}
        )
        moment = Moment(
            now=self.now, configuration=self.configuration, version=self.version, lane="escalation/3", partitions=12
        )
        try:
            decision = handle.decide(message, states, moment)
        except Superseded as why:
            self.skipped.append(str(why))
            return []
        json = [each.model_dump_json() for each in decision.emits]
        assert all(json)  # whatever is told can be written
        self._apply(message, decision)
        self.told += decision.emits
        self.ids += [
            emitted_id("escalation", message.source, message.id, message.type, i) for i in range(len(decision.emits))
        ]
        return list(decision.emits)

    def _apply(self, message: Message[Any], decision: Decision) -> None:
        for change in decision.changes:
            match change:
                case Put():
                    self.documents[change.id] = dump(change.value)
                case Add():
                    for name, amount in change.amounts.items():
                        self.counts[name] = self.counts.get(name, 0) + amount
        for timer in decision.timers:
            match timer:
                case Arm():
                    armed_by = message.data.armed_by if isinstance(message.data, Due) else message.id
                    due_at = whole_milliseconds(timer.due_at, up=True)
                    self.timers[timer.key] = Due(
                        key=timer.key, kind=timer.kind, due_at=due_at, armed_by=armed_by, data=timer.data
                    )
                case Disarm():
                    self.timers.pop(timer.key, None)

    def _loaded(self, collection: str, id_: str) -> Any:
        assert collection == "cases"
        return load({**self.documents[id_], "_id": id_}) if id_ in self.documents else None

    @property
    def facts(self) -> list[Any]:
        """What was told, without what was asked of other cases."""
        return [each for each in self.told if isinstance(each, MilestoneFact)]

    @property
    def milestones(self) -> tuple[Any, ...]:
        """As they stand in the database."""
        return self._loaded("cases", self.case).milestones

    def milestone(self, kind: str, instance: int = 1) -> Any:
        """One of them."""
        return next(each for each in self.milestones if (each.kind, each.instance) == (kind, instance))

    def id_of(self, told: Any) -> str:
        """The `ce_id` under which a fact goes out."""
        return next(id_ for id_, each in zip(self.ids, self.told, strict=True) if each is told)


class _States:
    resident = None

    def __init__(self, loaded: dict[tuple[str, str], Any]) -> None:
        self._loaded = loaded

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the wire's word
        return self._loaded[collection, id]


def names(told: list[Any]) -> list[str]:
    """What was told, shortly: `first_response started`."""
    return [f"{each.kind} {each.TYPE.split('.')[2]}" for each in told]
