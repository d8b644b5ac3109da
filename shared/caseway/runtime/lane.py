"""A lane: one stage's share of the partitions.

The lane's document in MongoDB is the only truth about what was applied; Kafka's own offsets are advice. It holds the
owner's epoch, a revision that every transaction raises, the next offset of each topic, the outgoing sequence number,
and the highest sequence seen of each upstream lane. Source: delivery.md, "The steps".
"""

from __future__ import annotations

import datetime as dt
import itertools
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord

from caseway.runtime.horizon import Horizon
from caseway.runtime.stage import Document

Seen = tuple[int, str]
Fingerprint = tuple[int, str, int]


class Cache:
    """The lane's states: it is their only writer, so what it wrote last is what stands."""

    def __init__(self, limit: int = 20_000) -> None:
        """`limit`: so many values are kept; the least recently used go first."""
        self._values: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self._limit = limit

    def __contains__(self, ref: tuple[str, str]) -> bool:
        return ref in self._values

    def get(self, ref: tuple[str, str]) -> Any:
        """The cached value, None for "known to be absent"; KeyError when nothing is known."""
        self._values.move_to_end(ref)
        return self._values[ref]

    def sample(self, count: int) -> list[tuple[tuple[str, str], Any]]:
        """The values that were used least recently: in a busy lane other ones each time."""
        return list(itertools.islice(self._values.items(), count))

    def put(self, ref: tuple[str, str], value: Any) -> None:
        """Remember `value`, and forget the least recently used beyond the limit."""
        self._values[ref] = value
        self._values.move_to_end(ref)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)


@dataclass(slots=True, kw_only=True)
class Progress:
    """What a transaction moves forward on a lane."""

    next: dict[str, int] = field(default_factory=dict)
    """By topic: the first offset not applied yet."""
    sequence: int = 0
    """Of the last outgoing row."""
    seen: dict[str, Seen] = field(default_factory=dict)
    """By `topic upstream-lane`: the highest sequence applied, and its event's id."""
    fingerprint: dict[str, Fingerprint] = field(default_factory=dict)
    """By topic: offset, event id and checksum of the last record applied."""
    gaps: list[dict[str, Any]] = field(default_factory=list)
    """Offsets that the broker no longer had: {topic, from, to}; the newest hundred."""
    defects: int = 0
    """Records parked for a defect of ours, in a row."""
    halted: str = ""
    """Why the lane waits for an operator; empty when it does not."""

    def copy(self) -> Progress:
        """A draft that can be thrown away."""
        return Progress(
            next=dict(self.next),
            sequence=self.sequence,
            seen=dict(self.seen),
            fingerprint=dict(self.fingerprint),
            gaps=list(self.gaps),
            defects=self.defects,
            halted=self.halted,
        )

    def to_document(self) -> Document:
        """The fields as the lane's document holds them."""
        return {
            "next": self.next,
            "sequence": self.sequence,
            "seen": {lane: list(seen) for lane, seen in self.seen.items()},
            "fingerprint": {topic: list(mark) for topic, mark in self.fingerprint.items()},
            "gaps": self.gaps[-100:],
            "defects": self.defects,
            "halted": self.halted,
        }

    @classmethod
    def from_document(cls, document: Document) -> Progress:
        """The reverse of `to_document`."""
        return cls(
            next=dict(document.get("next", {})),
            sequence=document.get("sequence", 0),
            seen={lane: (seen[0], seen[1]) for lane, seen in document.get("seen", {}).items()},
            fingerprint={topic: (mark[0], mark[1], mark[2]) for topic, mark in document.get("fingerprint", {}).items()},
            gaps=list(document.get("gaps", [])),
            defects=document.get("defects", 0),
            halted=document.get("halted", ""),
        )


@dataclass(slots=True, kw_only=True)
class Barrier:
    """Offsets that must be applied before timers due up to `at` may fire."""

    at: dt.datetime
    ends: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Lane:
    """A lane in the hands of this process."""

    stage: str
    number: int
    epoch: int
    revision: int
    incarnation: str
    progress: Progress
    is_armed: bool = False
    """Only an armed lane's records and timers are applied."""
    cache: Cache = field(default_factory=Cache)
    resident: Any = None
    horizon: Horizon = field(default_factory=Horizon)
    sought: dict[str, int] = field(default_factory=dict)
    """By topic: the offset last sought, to tell a gap in the log from records that were dropped."""
    removable: list[str] = field(default_factory=list)
    """Outbox documents that Kafka has acknowledged, and that are still to be removed."""
    barrier: Barrier | None = None

    @property
    def has_caught_up(self) -> bool:
        """Whether all that stood before the barrier is applied."""
        return self.barrier is not None and all(
            self.progress.next[topic] >= end for topic, end in self.barrier.ends.items()
        )

    @property
    def id(self) -> str:
        """`stage/number`: the document's id."""
        return f"{self.stage}/{self.number}"

    @property
    def sender(self) -> str:
        """What goes out as `ce_lane`: with the incarnation, drawn when the document was made."""
        return f"{self.id}/{self.incarnation}"

    @classmethod
    def from_document(cls, document: Document) -> Lane:
        """The lane as its document has it, unarmed."""
        stage, _, number = document["_id"].rpartition("/")
        return cls(
            stage=stage,
            number=int(number),
            epoch=document["epoch"],
            revision=document["revision"],
            incarnation=document["incarnation"],
            progress=Progress.from_document(document),
        )


def fingerprint(record: ConsumerRecord) -> Fingerprint:
    """What is remembered of a record, to recognise a topic that was re-created under the lane's feet."""
    event_id = next((value for name, value in record.headers if name == "ce_id"), b"") or b""
    return record.offset, event_id.decode("utf-8", "replace")[:200], zlib.crc32(record.value or b"")
