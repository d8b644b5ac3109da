"""What analytics knows of one case.

A history is what the case's facts add up to, whatever the order in which the *topics* were read: within a topic a
case's facts come in order, between topics nothing is promised, least of all while catching up. So nothing in here
depends on which of a `cases` fact and a `work` fact came first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

HOUR = dt.timedelta(hours=1)


def whole(instant: dt.datetime) -> dt.datetime:
    """In UTC, without what is below a millisecond: MongoDB keeps no more, and a figure must not change by being stored."""
    utc = instant.astimezone(dt.UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def hour_of(instant: dt.datetime) -> dt.datetime:
    """The hour of UTC in which it happened: the grain of the cells."""
    return instant.replace(minute=0, second=0, microsecond=0)


def milliseconds_between(start: dt.datetime, end: dt.datetime) -> int:
    """Never below 0: clocks of different machines may disagree."""
    return max(0, (end - start) // dt.timedelta(milliseconds=1))


class ItemState(StrEnum):
    """Where a work item stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    HELD = "held"
    WRAPPING = "wrapping"


class Outcome(StrEnum):
    """How a milestone ended."""

    MET = "met"
    VIOLATED = "violated"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One life of a case, from opening or reopening to its resolution."""

    started_at: dt.datetime
    resolved_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What became of one call."""

    answered_at: dt.datetime | None = None
    abandoned_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """From when a case was in a queue's care."""

    since: dt.datetime
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PickUp:
    """An agent took a waiting work item."""

    at: dt.datetime
    queue: str
    waited_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A work item as it stands."""

    queue: str
    state: ItemState
    waiting_since: dt.datetime | None = None
    """Since when nobody holds it: offers that are declined or expire do not begin the wait anew."""
    agent: str = ""
    since: dt.datetime | None = None
    """Since when the agent holds it, or is offered it."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A milestone as it stands."""

    kind: str
    due_at: dt.datetime | None = None
    is_paused: bool = False
    warned_at: dt.datetime | None = None
    outcome: Outcome | None = None
    outcome_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One case, as far as its facts were read."""

    number: str = ""
    """As people say it; empty until `opened` was read."""
    channel: str = ""
    """Of the contact that opened it; empty until `opened` was read."""
    priority: str = ""
    status: str = ""
    turn: str = ""
    is_ours: bool = False
    """Begun by us, not by the customer: nobody waits for a first response."""
    opened_at: dt.datetime | None = None
    first_response_at: dt.datetime | None = None
    cycles: tuple[Cycle, ...] = ()
    contacts: Mapping[tuple[dt.datetime, str], int] = field(default_factory=dict)
    """By hour and channel: how many came from the customer after the one that opened the case."""
    calls: Mapping[str, Call] = field(default_factory=dict)
    """By source key."""
    stays: tuple[Stay, ...] = ()
    """One for each change of queue, in order."""
    pick_ups: tuple[PickUp, ...] = ()
    items: Mapping[str, Item] = field(default_factory=dict)
    """Work that is not done, by its id."""
    released_at: dt.datetime | None = None
    """When an agent last let go of it: what was in somebody's hands did not wait."""
    promises: Mapping[str, Promise] = field(default_factory=dict)

    @property
    def entry_queue(self) -> str:
        """The queue the case came into first; empty while it has none."""
        return self.stays[0].queue if self.stays else ""

    def queue_at(self, instant: dt.datetime) -> str:
        """The queue that had the case at an instant; before the first, the first."""
        past = [stay.queue for stay in self.stays if stay.since <= instant]
        return past[-1] if past else self.entry_queue
