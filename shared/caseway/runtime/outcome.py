"""What a batch of decisions comes to, before it is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import Counter

from caseway.contracts.codec import encode, partition_of
from caseway.contracts.topology import topic_named
from caseway.kernel.decision import Add, Arm, Decision, Delete, Disarm, Due, Message, Put, Ref
from caseway.kernel.ids import emitted_id
from caseway.runtime import metrics
from caseway.runtime.instants import whole_milliseconds
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.outbox import Row
from caseway.runtime.stage import Collection, Document

INLINE_BYTES = 512 * 1024
"""A value beyond this is stored as content, and the row refers to it."""


class TooLargeError(ValueError):
    """An output that its topic would not take: a defect of the decision that made it."""


@dataclass(slots=True, kw_only=True)
class LaneOutcome:
    """One lane's share of the batch."""

    lane: Lane
    progress: Progress
    rows: list[Row] = field(default_factory=list)
    armed: dict[str, Due] = field(default_factory=dict)
    disarmed: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    """Keys of armed timers under which none stood before the batch."""
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Lane-owned states as they will stand; None for deleted."""

    def arm(self, due: Due, *, is_new: bool = False) -> None:
        """Arm a timer, in place of an earlier one with its key."""
        if is_new and due.key not in self.armed and due.key not in self.disarmed:
            self.begun.add(due.key)
        self.armed[due.key] = due
        self.disarmed.discard(due.key)

    def disarm(self, key: str) -> None:
        """Remove a timer."""
        self.armed.pop(key, None)
        self.disarmed.add(key)

    def is_still_due(self, due: Due) -> bool:
        """Whether no earlier decision of the batch has disarmed or moved this timer."""
        return due.key not in self.disarmed and due.key not in self.armed


@dataclass(slots=True, kw_only=True)
class Addition:
    """Everything that the batch adds to one document."""

    owner: str
    fixed: Mapping[str, Any]
    amounts: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """All lanes' shares, and what belongs to none."""

    stage: str
    partitions: int
    collections: Mapping[str, Collection]
    lanes: dict[int, LaneOutcome] = field(default_factory=dict)
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Every state as it will stand, lane-owned and shared; None for deleted."""
    begun: set[tuple[str, str]] = field(default_factory=set)
    """States that decisions know to be absent before the batch, though they were not loaded."""
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    additions: dict[tuple[str, str], Addition] = field(default_factory=dict)
    """What is added to counters, summed over the batch."""
    arrivals: dict[str, dt.datetime] = field(default_factory=dict)
    parked: list[Document] = field(default_factory=list)
    blobs: list[bytes] = field(default_factory=list)
    counts: Tally[tuple[Counter, str]] = field(default_factory=Tally)
    """What the metrics gain once it is committed: counter and its second label."""
    unforeseen: dict[Ref, None] = field(default_factory=dict)
    """States that decisions asked for and that are not loaded; where there are any, nothing else here holds."""

    def of(self, lane: Lane) -> LaneOutcome:
        """The lane's share, begun at its first item."""
        share = self.lanes.get(lane.number)
        if share is None:
            share = self.lanes[lane.number] = LaneOutcome(lane=lane, progress=lane.progress.copy())
        return share

    def take(self, lane: Lane, message: Message[Any], decision: Decision) -> None:
        """Add one decision whole, or, if any of its outputs cannot be encoded, not at all (the error is raised)."""
        share = self.of(lane)
        encoded = [self._encode(share, message, index, model) for index, model in enumerate(decision.emits)]
        for row, type_ in encoded:
            share.rows.append(row)
            self.counts[metrics.EMITTED, type_] += 1
        share.progress.sequence += len(encoded)
        for change in decision.changes:
            self._change(share, change)
        for timer in decision.timers:
            self._time(share, message, timer)
        self.blobs += decision.blobs

    def _encode(self, share: LaneOutcome, message: Message[Any], index: int, model: Any) -> tuple[Row, str]:
        key = model.key()
        value, headers = encode(
            model,
            id=emitted_id(self.stage, message.source, message.id, message.type, index),
            source=f"caseway://{self.stage}",
            time=message.recorded_at,
            subject=key,
            lane=share.lane.sender,
            sequence=share.progress.sequence + index + 1,
        )
        topic = model.topic()
        if len(value) > topic_named(topic).max_bytes - 8192:
            raise TooLargeError(f"{model.TYPE} of {len(value)} bytes for {topic}")
        key_bytes = key.encode()
        row = Row(
            topic=topic, partition=partition_of(key_bytes, self.partitions), key=key_bytes, value=value, headers=headers
        )
        return row, model.TYPE

    def _change(self, share: LaneOutcome, change: Put | Delete | Add) -> None:
        ref = (change.collection, change.id)
        if isinstance(change, Add):
            addition = self.additions.setdefault(ref, Addition(owner=share.lane.id, fixed=change.fixed))
            for name, amount in change.amounts.items():
                addition.amounts[name] = addition.amounts.get(name, 0) + amount
            return
        value = None
        if isinstance(change, Put):
            value = change.value
            if change.is_new and ref not in self.values:
                self.begun.add(ref)
        self.values[ref] = value
        if not self.collections[change.collection].shared:
            share.values[ref] = value
            self.owners[ref] = share.lane.id

    @staticmethod
    def _time(share: LaneOutcome, message: Message[Any], timer: Arm | Disarm) -> None:
        if isinstance(timer, Disarm):
            share.disarm(timer.key)
            return
        armed_by = message.data.armed_by if isinstance(message.data, Due) else message.id
        due_at = whole_milliseconds(timer.due_at, up=True)
        due = Due(key=timer.key, kind=timer.kind, due_at=due_at, armed_by=armed_by, data=timer.data)
        share.arm(due, is_new=timer.is_new)

    def doubt(self) -> None:
        """Believe no longer what decisions know to be absent: something stood there."""
        self.begun.clear()
        for share in self.lanes.values():
            share.begun.clear()

    def send(self, lane: Lane, row: Row) -> None:
        """Add a row that is no fact of ours: a parked record, or one on its way to the right partition."""
        share = self.of(lane)
        share.rows.append(row)
        share.progress.sequence += 1
