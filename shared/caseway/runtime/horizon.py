"""The timers of one lane that fall due soon."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterable

from caseway.kernel.decision import Due

REACH = dt.timedelta(seconds=60)
"""How far ahead timers are held in memory; the rest waits in MongoDB, indexed."""
HELD = 2_000
"""How many of them a lane holds, about 700 bytes each: after an outage all may be due at once. More are read when half
of them have fired; a lane is looked at every second, so half of them are also the most that it fires in one."""


class Horizon:
    """Due timers in order; everything due before `until` is known here, and whatever follows from a resident object."""

    def __init__(self) -> None:
        self.until = dt.datetime.min.replace(tzinfo=dt.UTC)
        self.kinds: frozenset[str] = frozenset()
        """Of timers that follow from the lane's resident object: they stand nowhere else, and all of them are held."""
        self._timers: dict[str, Due] = {}
        self._following: set[str] = set()
        self._heap: list[tuple[dt.datetime, str]] = []

    def __len__(self) -> int:
        """How many are held that MongoDB has as well."""
        return len(self._timers) - len(self._following)

    def __contains__(self, key: str) -> bool:
        return key in self._timers

    def is_short(self, now: dt.datetime) -> bool:
        """Whether it has room, and does not reach far enough."""
        return len(self) <= HELD // 2 and self.until - now < REACH / 2

    def follow(self, kinds: frozenset[str], timers: Iterable[Due]) -> None:
        """Timers of these kinds follow from an object that was just built; these are the open ones."""
        self.kinds = kinds
        for key in tuple(self._following):
            self.disarm(key)
        for due in timers:
            self.arm(due)

    def follows(self, key: str) -> bool:
        """Whether a timer is held that stands nowhere else."""
        return key in self._following

    def arm(self, due: Due) -> None:
        """Hold `due`, in place of an earlier one with its key; one beyond the horizon is left to MongoDB."""
        self.disarm(due.key)
        if due.kind in self.kinds:
            self._following.add(due.key)
        elif due.due_at > self.until:
            return
        self._timers[due.key] = due
        heapq.heappush(self._heap, (due.due_at, due.key))

    def disarm(self, key: str) -> None:
        """Forget the timer with this key."""
        self._timers.pop(key, None)
        self._following.discard(key)

    def first_at(self) -> dt.datetime | None:
        """When the first one is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def due(self, at: dt.datetime, limit: int) -> list[Due]:
        """Up to `limit` timers due at or before `at`, in order; they stay held until disarmed."""
        found: dict[str, Due] = {}
        while self._heap and self._heap[0][0] <= at and len(found) < limit:
            due_at, key = heapq.heappop(self._heap)
            timer = self._timers.get(key)
            if timer is not None and timer.due_at == due_at:
                found[key] = timer
        for timer in found.values():
            heapq.heappush(self._heap, (timer.due_at, timer.key))
        return list(found.values())

    def _drop_stale(self) -> None:
        while self._heap:
            due_at, key = self._heap[0]
            timer = self._timers.get(key)
            if timer is not None and timer.due_at == due_at:
                return
            heapq.heappop(self._heap)
