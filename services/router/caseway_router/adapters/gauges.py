"""Keeps the gauges true: what waits, and who is there."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt

from pymongo.errors import PyMongoError

from caseway.kernel.vocabulary import Presence
from caseway.runtime.running import Running
from caseway_router import metrics
from caseway_router.adapters.panel import presence_counts, waiting_by_queue
from caseway_router.settings import Configuration

_EVERY_SECONDS = 5.0
"""One aggregation a pool over an index; every instance tells the whole desk's figures, so take `max by`, not a sum."""


async def keep_gauges(running: Running) -> None:
    """Read the figures from the database for as long as the service runs."""
    while True:
        # the probes say when the database is gone; the gauges stand still until it is back
        with contextlib.suppress(PyMongoError):
            await set_gauges(running)
        await asyncio.sleep(_EVERY_SECONDS)


async def set_gauges(running: Running) -> None:
    """Set every gauge once."""
    configuration: Configuration = running.configuration
    now = running.clock.now()
    for pool, plan in configuration.plans.items():
        waiting = await waiting_by_queue(running.database, pool)
        for queue in plan.queues:
            count, oldest = waiting.get(queue, (0, now))
            metrics.WAITING.labels(pool, queue).set(count)
            metrics.OLDEST.labels(pool, queue).set(max((now - oldest) / dt.timedelta(seconds=1), 0.0))
        present = await presence_counts(running.database, pool)
        for presence in Presence:
            metrics.AGENTS.labels(pool, presence.value).set(present.get(presence.value, 0))
