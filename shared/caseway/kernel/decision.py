"""What a pure decision takes and gives.

A service's `domain` decides as a pure function of one message, the states it asked for, and a moment. The lane
(`caseway.runtime.lanes`) loads those states, calls the function, and writes the whole batch of decisions as one
transaction. A decision never performs anything: it says what changes, what is told, and what becomes due.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from caseway.kernel.values import dataclass

Data = TypeVar("Data", covariant=True)  # noqa: PLC0105 - it is read as a word in signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Generic[Data]):
    """One record from the log, decoded, or one timer that is due (`topic` is then `timer`)."""

    topic: str
    partition: int
    """The lane's number; a case's `number` derives from it."""
    offset: int
    key: str
    id: str
    """`ce_id`: what facts name as their `cause`."""
    source: str
    type: str
    data: Data
    """A contract's model; for raw mail, whatever the handle's `prepare` made of the bytes."""
    time: dt.datetime
    """`ce_time`: when the sender says it happened (UTC). For a timer: when it was due."""
    recorded_at: dt.datetime
    """When the broker stored it (UTC): the `now` of every decision. For a timer: when it was noticed."""
    subject: str = ""
    extensions: Mapping[str, str] = field(default_factory=dict)
    """CloudEvents extensions without their `ce_`, such as `mailfrom`."""


class Ref(NamedTuple):
    """Names one state: a collection and the id in it."""

    collection: str
    id: str


class States(Protocol):
    """What the handle's `needs` named, as it stands now: earlier decisions of the batch are seen."""

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the word of the trade
        """The value, or None when there is none. KeyError for what `needs` did not name; where the handle has `follows`,
        the lane then loads it, and decides again: an earlier decision of the batch may have led there.
        """
        ...

    @property
    def resident(self) -> Any:
        """The lane's resident object, for stages that declare one (the router's pools)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When, and by which rules, a decision is taken."""

    now: dt.datetime
    configuration: Any
    """The service's validated configuration."""
    version: str
    """The configuration's hash: goes into every fact as `configuration`."""
    lane: str = ""
    """The stage and lane number, such as `intake.core/3`."""
    partitions: int = 1
    """How many lanes the stage has in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Write this value under this id; the collection's `dump` turns it into a document."""

    collection: str
    id: str
    value: Any
    is_new: bool = False
    """Nothing stands under this id: to insert takes MongoDB half as long as to replace or insert. What the decision was
    shown as absent need not be said. Where it is wrong the batch is written once more, without believing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Remove what stands under this id."""

    collection: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Add whole numbers to fields of what stands under this id, or begin it: for counters no decision reads.

    Nothing is loaded for it: the lane writes `$inc` with `$setOnInsert`, so a collection that is added to is never
    put to, and ids name their lane, since two lanes adding to one document would conflict.
    """

    collection: str
    id: str
    amounts: Mapping[str, int]
    """By dotted field; what is negative takes away."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of a document that this addition begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Make `data` due at `due_at`; the same key armed again replaces the earlier."""

    key: str
    """Unique within the lane, such as `milestone_…/violate`."""
    kind: str
    """Which handle decides it when it is due."""
    due_at: dt.datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = False
    """No timer is armed under this key; as with `Put`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarm:
    """Forget the timer with this key, if it is still there."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The data of a timer's message."""

    key: str
    kind: str
    due_at: dt.datetime
    armed_by: str
    """The `ce_id` of the message that armed it: what the timer's facts name as their cause."""
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows from one message."""

    emits: tuple[Any, ...] = ()
    """Wire models, facts and commands alike, in the order in which they are published."""
    changes: tuple[Put | Delete | Add, ...] = ()
    timers: tuple[Arm | Disarm, ...] = ()
    blobs: tuple[bytes, ...] = ()
    """Content to be stored under its SHA-256 before the transaction begins."""
    parks: str = ""
    """Not empty: the record also stands in the parking lot, for this reason (such as `automatic`)."""

    def __add__(self, other: Decision) -> Decision:
        """Both, this one first."""
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        return Decision(
            emits=self.emits + other.emits,
            changes=self.changes + other.changes,
            timers=self.timers + other.timers,
            blobs=self.blobs + other.blobs,
            parks=self.parks or other.parks,
        )


NOTHING = Decision()
"""Nothing follows; the one that costs nothing to add."""


def together(decisions: Iterable[Decision]) -> Decision:
    """All of `decisions`, in order."""
    total = NOTHING
    for each in decisions:
        total += each
    return total
