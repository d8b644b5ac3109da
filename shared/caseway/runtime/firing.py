"""Which timers of a stage's lanes fire next.

A timer that is due waits for its lane's barrier: what the log held when the timer was due is applied first. Firings
are paced as polls are: a transaction costs the same for one timer as for twenty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from aiokafka import TopicPartition

from caseway.runtime import metrics
from caseway.runtime.ends import Ends
from caseway.runtime.items import Item, from_due
from caseway.runtime.lane import Barrier, Lane
from caseway.runtime.stage import Stage

LIMIT = 500
"""Timers decided at once."""
LANE_LIMIT = 150
"""Of one lane: they are one transaction, and the first is told when the last is decided."""
FULL = 150
"""So many at once are a backlog: the next are fired without a rest."""
PACE_SECONDS = 0.08
"""From one firing to the next, so that it is larger. A timer that is due after a quiet moment never waits; in a steady
stream a stage has a dozen transactions a second at most, of 8 to 10 ms of processor each beside what it costs to decide.
Longer, and a timer that is due just after a firing is told late: it waits for the next, and while that is written."""
_UNREADY_SECONDS = 0.02
"""Until a lane that lags is looked at again."""


def rest(fired: int, took: float) -> float:
    """Seconds until the next are looked for, after so many timers in so many seconds."""
    if not fired:
        return _UNREADY_SECONDS
    return max(0.0, PACE_SECONDS - took) if fired < FULL else 0.0


def are_due(lanes: Sequence[Lane], now: dt.datetime) -> list[Lane]:
    """Those with a timer that is due."""
    return [lane for lane in lanes if (at := lane.horizon.first_at()) is not None and at <= now]


async def raise_barriers(asked: Ends, lanes: Sequence[Lane], stage: Stage, namespace: str, at: dt.datetime) -> None:
    """Ask where the partitions end *now*: what stands before must be applied before a timer due now is judged."""
    places = {(lane.number, t): TopicPartition(namespace + t, lane.number) for lane in lanes for t in stage.topics}
    ends = await asked.of(places.values())
    for lane in lanes:
        lane.barrier = Barrier(at=at, ends={topic: ends[places[lane.number, topic]] for topic in stage.topics})


def taken(lanes: Sequence[Lane], stage: Stage, noticed_at: dt.datetime) -> list[Item]:
    """The timers of these lanes that fire at once, each lane's in the order due; their barriers are used up."""
    items: list[Item] = []
    share = min(LANE_LIMIT, LIMIT // max(1, len(lanes)) + 1)
    for lane in lanes:
        if lane.barrier is None or not lane.has_caught_up:
            continue
        timers = lane.horizon.due(lane.barrier.at, share)
        items += [from_due(lane.number, timer, stage, noticed_at) for timer in timers]
        lane.barrier = None
    return items


def report(stage: Stage, items: Sequence[Item], now: dt.datetime) -> None:
    """How late they were decided."""
    lateness = metrics.TIMER_LATENESS.labels(stage.name)
    for item in items:
        if item.due is not None:
            lateness.observe(max(0.0, (now - item.due.due_at).total_seconds()))
