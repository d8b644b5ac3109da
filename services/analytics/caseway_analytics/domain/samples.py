"""One thing counted or timed."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from caseway_analytics.domain.history import History, Mark, slot_of


class Sample(NamedTuple):
    """One thing counted, or timed; what the case itself is counted under stands in its `Face`."""

    slot: dt.datetime
    queue: str = ""
    channel: str | None = None
    """None: the case's own."""
    agent: str = ""
    team: str = ""
    skill: str = ""
    milliseconds: int | None = None
    business_ms: int | None = None
    times: int = 1
    """How many alike; 1 for what is timed."""
    instant: int | None = None
    """The moment itself, in whole seconds since 2020, where the age of what stands is asked."""
    template: str = ""
    level: str = ""
    indicator: str = ""


_EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def seconds_since_2020(at: dt.datetime) -> int:
    """Whole seconds: the sum over millions of cases fits into 64 bits."""
    return (at - _EPOCH) // dt.timedelta(seconds=1)


def counted(history: History, at: dt.datetime, times: int = 1) -> Sample:
    """One thing that happened to a case, in the queue that had it."""
    return Sample(slot_of(at), history.queue_at(at), times=times)


def timed(history: History, mark: Mark) -> Sample:
    """A mark of the case as a sample."""
    queue = mark.queue if mark.queue is not None else history.queue_at(mark.at)
    return Sample(
        slot_of(mark.at), queue, agent=mark.agent, team=mark.team, skill=mark.skill,
        milliseconds=mark.milliseconds, business_ms=mark.business_ms,
    )  # fmt: skip
