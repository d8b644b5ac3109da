"""What Prometheus sees of promises.

Decisions are pure, so they count in the database, in the transaction that tells the facts: exact over restarts, and
the same whichever process is asked. Here the sums are read and shown.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from typing import Any

from prometheus_client import Gauge
from pymongo.errors import PyMongoError

from caseway.kernel.clock import WallClock
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_escalation.adapters.cases import instant
from caseway_escalation.domain.process import CASES, COUNTS

MILESTONES = Gauge(
    "caseway_milestones", "Facts told of promises, by kind and fact: one figure for all processes.", ["kind", "fact"]
)
RUNGS = Gauge(
    "caseway_ladder_rungs",
    "What became of ladders' rungs, by ladder and outcome (`empty`: it had nobody): one figure for all processes.",
    ["ladder", "outcome"],
)
OVERDUE = Gauge(
    "caseway_milestones_overdue_seconds",
    "How long the oldest deadline has passed without being noticed; 0 when none has.",
)
APART = Gauge(
    "caseway_clocks_apart_seconds",
    "How far this machine's clock is ahead of the database's; negative where it is behind.",
)
_DISAGREE = dt.timedelta(seconds=30)
"""Clocks further apart are not both right. The switch then goes by the later one: a timer that waits for a clock that
is an hour behind is an hour late, and no reading of that clock shows it."""
_EVERY_SECONDS = 5.0
_LADDER = "ladder_"

_log = logger(__name__)


async def watch(running: Running) -> None:
    """Show the figures for as long as the service runs."""
    oldest: dt.datetime | None = None
    while True:
        try:
            await show_sums(running)
            oldest, now = await oldest_deadline(running)
        except PyMongoError as error:
            _log.warning("figures not read", error=type(error).__name__)
            now = running.clock.now()  # what was read last ages on: a switch must not hang on what it watches
        own = WallClock().now()
        APART.set((own - now).total_seconds())
        OVERDUE.set(overdue(oldest, now, own).total_seconds())
        await asyncio.sleep(_EVERY_SECONDS)


def overdue(oldest: dt.datetime | None, now: dt.datetime, own: dt.datetime) -> dt.timedelta:
    """How long a deadline has passed: by the database's time, or this machine's own where the two disagree and it is later.

    >>> noon = dt.datetime(2026, 1, 16, 12, tzinfo=dt.UTC)
    >>> overdue(noon, noon + dt.timedelta(minutes=2), noon + dt.timedelta(minutes=2, seconds=20))
    datetime.timedelta(seconds=120)
    >>> overdue(noon, noon - dt.timedelta(minutes=58), noon + dt.timedelta(minutes=2))
    datetime.timedelta(seconds=120)
    """
    if oldest is None:
        return dt.timedelta(0)
    latest = max(now, own) if abs(own - now) > _DISAGREE else now
    return max(latest - oldest, dt.timedelta(0))


async def show_sums(running: Running) -> None:
    """Read the sums once."""
    sums: Counter[tuple[str, str]] = Counter()
    async for document in running.database[COUNTS].find():
        sums.update(counted(document))
    for ladder in running.configuration.promises.ladders.ladders:
        RUNGS.labels(ladder, "empty")  # shown as 0 before the first, so that the first is seen as a change
    for (kind, fact), count in sums.items():
        if fact.startswith(_LADDER):
            RUNGS.labels(kind, fact.removeprefix(_LADDER)).set(count)
        else:
            MILESTONES.labels(kind, fact).set(count)


async def oldest_deadline(running: Running) -> tuple[dt.datetime | None, dt.datetime]:
    """The oldest that still ticks, and what time it is: both by the database, whose time timers go by."""
    steps: list[dict[str, Any]] = [
        {"$match": {"next_due_at": {"$gt": 0}}},
        {"$sort": {"next_due_at": 1}},
        {"$limit": 1},
        {"$project": {"next_due_at": 1, "now": "$$NOW"}},
    ]
    async for document in running.database[CASES].aggregate(steps):
        return instant(document["next_due_at"]), document["now"]
    return None, running.clock.now()


def counted(document: dict[str, Any]) -> dict[tuple[str, str], int]:
    """One lane's counts, by kind and fact."""
    return {
        (kind, fact): count
        for fact, kinds in document.items()
        if isinstance(kinds, dict) and not fact.startswith("_")
        for kind, count in kinds.items()
    }
