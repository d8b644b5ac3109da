"""What a replay has made of one lane so far, and its pace."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from caseway.kernel.decision import Add
from caseway.runtime.items import Item

TELL_SECONDS = 5.0
Progress = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Rebuilt:
    """One lane's states as far as its log was read."""

    number: int
    next: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    arrivals: set[str] = field(default_factory=set)
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Put, or None for deleted: what is not here has never been met, or stands in the collections beside."""
    additions: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    fixed: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    changed: set[tuple[str, str]] = field(default_factory=set)
    before: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Of changed states whose collection is folded: what they were when they were last written."""
    is_written: bool = False
    """Some of its states stand in the collections beside."""
    records: int = 0
    since: dt.datetime | None = None
    """When the youngest beginning that retention left was written; None where the log is whole."""

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        """As `States` has it."""
        return self.values.get((collection, id))

    def add(self, addition: Add) -> None:
        """Sum it up with what else is added to the same document."""
        ref = (addition.collection, addition.id)
        amounts = self.additions.get(ref)
        if amounts is None:
            self.additions[ref] = dict(addition.amounts)
            self.fixed[ref] = addition.fixed
            return
        for name, amount in addition.amounts.items():
            amounts[name] = amounts.get(name, 0) + amount

    def forget(self) -> None:
        """All of its states stand in the collections beside from now on."""
        self.values, self.additions, self.fixed, self.before, self.changed = {}, {}, {}, {}, set()
        self.is_written = True

    @property
    def resident(self) -> Any:
        """No stage with a resident object is replayed."""
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class Pace:
    """How far it is, and how fast."""

    whole: int
    tell: Progress
    _records: int = 0
    _began: float = field(default_factory=time.monotonic)
    _told: float = field(default_factory=time.monotonic)

    def read(self, records: int) -> None:
        """So many more; told every few seconds."""
        self._records += records
        if time.monotonic() - self._told > TELL_SECONDS:
            self.say()

    def say(self, which: str = "") -> None:
        """Tell it now."""
        self._told = time.monotonic()
        rate = self._records / max(0.001, self._told - self._began)
        share = 100 * self._records / max(1, self.whole)
        self.tell(f"{which}{self._records} records so far ({share:.0f} %), {rate:,.0f} a second")


def is_fresh(lane: Rebuilt, item: Item) -> bool:
    """The first time that this lane reads it."""
    if item.upstream:
        if item.sequence <= lane.seen.get(item.upstream, 0):
            return False
        lane.seen[item.upstream] = item.sequence
        return True
    if item.arrival in lane.arrivals:
        return False
    lane.arrivals.add(item.arrival)
    return True
