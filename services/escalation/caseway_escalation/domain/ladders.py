"""What a ladder is.

A ladder says who must act, and when, while something goes on: its first entry that fits a case is climbed rung by rung.
A rung comes at the start and the sum of the delays so far, so nothing that happens on the way moves it. What a run
keeps of its ladder is fixed when it starts.

Source: S1-19, S1-20; semantics.md 5.3.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.rules import ALWAYS, Condition, Facts, first_match

HOLDER = "holder"
"""The recipient that is whoever holds the case's work when the rung comes."""
_ZERO = dt.timedelta(0)
_MOMENT = dt.timedelta(microseconds=1)


class Action(StrEnum):
    """What a rung does."""

    NOTIFY = "notify"
    REASSIGN = "reassign"
    RAISE = "raise_priority"
    MOVE = "move_queue"
    CALLBACK = "request_callback"
    PROPOSE = "propose_incident"
    """A person declares an incident; a timer only proposes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step up."""

    after: dt.timedelta = _ZERO
    """Since the rung before it, or since the start."""
    action: Action
    to: tuple[str, ...] = ()
    """Recipients; of `reassign` the agent, of `raise_priority` the priority, of `move_queue` the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run keeps of its ladder, whatever is configured later."""

    rungs: tuple[Rung, ...]
    within: str = ""
    """The calendar in whose hours it climbs; empty: at all hours."""
    again_after: dt.timedelta | None = None
    """How long after the last rung the first comes again; None: never."""
    times: int | None = None
    """How often again; None: as often as `until` allows."""
    until: dt.timedelta | None = None
    """The ceiling: no rung later than this after the start."""
    stamps: tuple[str, ...] = ()
    """Stamps on the case that acknowledge."""
    remind_after: dt.timedelta | None = None
    """How long after the last sign of life whoever acknowledged is reminded; None: an acknowledgement holds for good."""
    reminders: int = 1
    """After so many without an answer the acknowledgement is undone."""

    def offset(self, step: int) -> dt.timedelta | None:
        """How long after the start a step comes, counted over all rounds; None beyond the last."""
        turn, place = divmod(step, len(self.rungs))
        delays = [rung.after for rung in self.rungs]
        offset = sum(delays[: place + 1], _ZERO)
        if turn:
            if self.again_after is None or (self.times is not None and turn > self.times):
                return None
            offset += turn * (sum(delays, _ZERO) + self.again_after)
        return None if self.until is not None and offset > self.until else offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The rungs for the cases that fit a condition."""

    name: str
    when: Condition = ALWAYS
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One declared ladder."""

    name: str
    entries: Sequence[Entry]

    def entry_for(self, standing: Facts) -> Entry | None:
        """The first that fits such a case."""
        return first_match(self.entries, standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A fact that starts or stops a ladder, if the condition holds."""

    ladder: str
    starts: bool
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladders:
    """All declared ladders, ready to be asked."""

    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    occasions: Mapping[str, Sequence[Occasion]] = field(default_factory=dict)
    """By the fact's name, such as `milestone.violated`."""
    alarm_to: tuple[str, ...] = ()
    """Who hears that a rung had no recipient."""

    def occasioned(self, fact: str, facts: Facts, *, starts: bool) -> tuple[str, ...]:
        """The ladders that a fact starts, or stops."""
        found = (
            each.ladder for each in self.occasions.get(fact, ()) if each.starts is starts and each.when.test(facts)
        )
        return tuple(dict.fromkeys(found))


def reached(start: dt.datetime, amount: dt.timedelta, hours: BusinessHours | None) -> dt.datetime:
    """When so much has gone by since a start; in a calendar's hours, never while it is closed."""
    if hours is None:
        return start + amount
    at = hours.due_at(start, amount) if amount else start
    return at if hours.is_open(at) else hours.due_at(at, _MOMENT) - _MOMENT


def passed(start: dt.datetime, end: dt.datetime, hours: BusinessHours | None) -> dt.timedelta:
    """How much of that time went by between two instants."""
    if end <= start:
        return _ZERO
    return end - start if hours is None else hours.elapsed(start, end)
