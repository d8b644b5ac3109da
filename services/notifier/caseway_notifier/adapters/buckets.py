"""Which buckets of destinations this process sends for.

Every sender tells in `senders` that it lives, and takes its equal share of the 64 buckets; what it holds beyond is
finished first and then let go. Who may write is decided by the lease's epoch alone: the share is only manners.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import time
from collections.abc import Awaitable, Callable

from pymongo.errors import PyMongoError

from caseway.contracts.topology import SENDERS
from caseway.kernel.errors import Transient
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_notifier import metrics
from caseway_notifier.domain.addresses import BUCKETS, bucket_of

ROSTER = "senders"
_RENEWALS_A_LEASE = 3
"""A lease is prolonged three times before it would end: one slow round costs nothing."""
_TOGETHER = 16
"""Leases asked for at one time."""

_log = logger(__name__)


class Buckets:
    """The leases of one process."""

    def __init__(self, running: Running, lease: dt.timedelta, is_busy: Callable[[int], bool]) -> None:
        """Hold nothing yet.

        Args:
            running: the service's parts.
            lease: how long others wait for a sign of life.
            is_busy: whether deliveries of a bucket are in hand, so that it cannot be let go yet.
        """
        self._running = running
        self._seconds = lease.total_seconds()
        self._is_busy = is_busy
        self._held: dict[int, tuple[int, float]] = {}
        """By bucket: its epoch, and until when by the monotonic clock it is surely ours."""
        self._leaving: set[int] = set()
        self._name = f"{socket.gethostname()}:{os.getpid()}"

    def held(self) -> dict[int, int]:
        """The buckets that may be taken from, with their epochs."""
        now = time.monotonic()
        return {
            bucket: epoch
            for bucket, (epoch, until) in self._held.items()
            if now < until and bucket not in self._leaving
        }

    def is_ours(self, bucket: int, epoch: int) -> bool:
        """Whether what was leased under that epoch may still be attempted."""
        held = self._held.get(bucket)
        return held is not None and held[0] == epoch and time.monotonic() < held[1]

    def lost(self, bucket: int, epoch: int) -> None:
        """Another holds it: found by the guard."""
        if self._held.get(bucket, (None,))[0] == epoch:
            del self._held[bucket]

    async def keep(self) -> None:
        """Take, prolong and share, for ever."""
        while True:
            is_short = False
            try:
                is_short = await self._round()
            except (Transient, PyMongoError) as error:
                _log.warning("leases not renewed", reason=type(error).__name__)
            metrics.BUCKETS.set(len(self.held()))
            await asyncio.sleep(0 if is_short else self._seconds / _RENEWALS_A_LEASE)

    async def release(self) -> None:
        """Let everything go, so that others need not wait for the leases to end."""
        await self._running.database[ROSTER].delete_one({"_id": self._name})
        await self._each(list(self._held), self._let_go)

    async def _round(self) -> bool:
        """One look round; whether there is more to take at once: rounds are short, so that others see us alive."""
        share = await self._share()
        await self._prolong()
        beyond = len(self._held) - share
        self._leaving = set(sorted(self._held)[:beyond]) if beyond > 0 else set()
        await self._each([each for each in self._leaving if not self._is_busy(each)], self._let_go)
        return beyond < 0 and await self._take(-beyond)

    async def _share(self) -> int:
        """How many buckets are ours by right: all, divided by the senders that live."""
        roster = self._running.database[ROSTER]
        now = self._running.clock.now()
        alive = now - dt.timedelta(seconds=self._seconds)
        await roster.update_one({"_id": self._name}, {"$set": {"seen_at": now}}, upsert=True)
        await roster.delete_many({"seen_at": {"$lt": now - dt.timedelta(days=1)}})
        return -(-BUCKETS // max(1, await roster.count_documents({"seen_at": {"$gte": alive}})))

    async def _take(self, count: int) -> bool:
        """Some of the free ones, and whether more are left; each process begins elsewhere: two seldom ask for the same."""
        start = bucket_of(self._name)
        wanted = [bucket for offset in range(BUCKETS) if (bucket := (start + offset) % BUCKETS) not in self._held]
        free = await self._running.own_lanes.free(SENDERS, wanted)
        await self._each(free[: min(count, _TOGETHER)], self._lease)
        return min(count, len(free)) > _TOGETHER

    async def _prolong(self) -> None:
        """All at once: a round that takes longer than a lease would lose what it prolongs."""
        asked = time.monotonic()
        epochs = await self._running.own_lanes.prolong(SENDERS, list(self._held), self._seconds)
        self._held = {bucket: (epoch, asked + self._seconds) for bucket, epoch in epochs.items()}

    async def _lease(self, bucket: int) -> None:
        asked = time.monotonic()
        epoch = await self._running.own_lanes.lease(SENDERS, bucket, self._seconds)
        if epoch is not None:
            self._held[bucket] = (epoch, asked + self._seconds)

    async def _let_go(self, bucket: int) -> None:
        self._held.pop(bucket, None)
        await self._running.own_lanes.lease(SENDERS, bucket, 0)

    @staticmethod
    async def _each(buckets: list[int], do: Callable[[int], Awaitable[None]]) -> None:
        for start in range(0, len(buckets), _TOGETHER):
            await asyncio.gather(*(do(bucket) for bucket in buckets[start : start + _TOGETHER]))
