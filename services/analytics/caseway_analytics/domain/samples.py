"""One thing counted or timed."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

from caseway_analytics.domain.history import History, Mark, slot_of


class Where(NamedTuple):
    """What a sample counts under, beside the case's `Face`."""

    queue: str = ""
    channel: str | None = None
    """None: the case's own."""
    agent: str = ""
    team: str = ""
    skill: str = ""
    template: str = ""
    level: str = ""
    indicator: str = ""


class Sample(NamedTuple):
    """One thing counted, or timed; what the case itself is counted under stands in its `Face`."""

    slot: dt.datetime
    where: Where = Where()
    milliseconds: int | None = None
    business_ms: int | None = None
    times: int = 1
    """How many alike; 1 for what is timed."""
    instant: int | None = None
    """The moment itself, in whole seconds since 2020, where the age of what stands is asked."""

    @property
    def queue(self) -> str:
        """The queue in which it counts."""
        return self.where.queue

    @property
    def channel(self) -> str | None:
        """Its own channel; None: the case's."""
        return self.where.channel

    @property
    def agent(self) -> str:
        """The agent whom it counts for."""
        return self.where.agent


_EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def seconds_since_2020(at: dt.datetime) -> int:
    """Whole seconds: the sum over millions of cases fits into 64 bits."""
    return (at - _EPOCH) // dt.timedelta(seconds=1)


def counted(history: History, at: dt.datetime, times: int = 1) -> Sample:
    """One thing that happened to a case, in the queue that had it."""
    return Sample(slot_of(at), in_queue(history.queue_at(at)), times=times)


def timed(history: History, mark: Mark, channel: str | None = None) -> Sample:
    """A mark of the case as a sample; in the case's channel, unless it has one of its own."""
    queue = mark.queue if mark.queue is not None else history.queue_at(mark.at)
    where = Where(queue, channel, mark.agent, mark.team, mark.skill)
    return Sample(slot_of(mark.at), where, mark.milliseconds, mark.business_ms)


@lru_cache(maxsize=1_000)
def in_queue(queue: str, channel: str | None = None) -> Where:
    """Of no agent."""
    return Where(queue, channel)
