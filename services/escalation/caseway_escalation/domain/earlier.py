"""What came of a promise's pauses that are no longer kept.

A case that goes to and fro for years pauses a promise thousands of times. The newest stretches in which its clock ran are
kept one by one; of those before, only how many they were, how long they took and how much business time passed in them.
So nothing of the promise's time is lost, and its document stays small.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from caseway.kernel.business_hours import BusinessHours, Interval

KEPT = 200
"""Stretches kept one by one (32 bytes each): more pauses than a case has in a year. Beyond, a fact that is read so late that it lies
before all of them counts as of the oldest."""
_ZERO = dt.timedelta(0)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Stretches that are no longer kept one by one."""

    count: int
    since: dt.datetime
    until: dt.datetime
    """From the first one's start to the last one's end."""
    ran: dt.timedelta
    """How long the clock ran in them, by the clock on the wall."""
    used: dt.timedelta
    """The business time in them."""
    calendar: str
    """By whose hours, as they were then."""

    def used_in(self, hours: BusinessHours) -> dt.timedelta:
        """The business time in them: as it was counted, or, in the hours of another calendar, in proportion.

        Round the clock that is exact; else it takes them to have been spread evenly.
        """
        if hours.name == self.calendar:
            return self.used
        whole = (self.until - self.since) // _MICROSECOND
        open_ = hours.elapsed(self.since, self.until) // _MICROSECOND
        return (self.ran // _MICROSECOND) * open_ // whole * _MICROSECOND if whole else _ZERO


def newest(
    earlier: Earlier | None, stretches: tuple[Interval, ...], hours: BusinessHours
) -> tuple[Earlier | None, tuple[Interval, ...]]:
    """The stretches that are kept, and the sum of what came before."""
    for run in stretches[:-KEPT]:
        before = earlier or Earlier(
            count=0, since=run.start, until=run.start, ran=_ZERO, used=_ZERO, calendar=hours.name
        )
        earlier = Earlier(
            count=before.count + 1,
            since=before.since,
            until=run.end,
            ran=before.ran + (run.end - run.start),
            used=before.used_in(hours) + hours.elapsed(run.start, run.end),
            calendar=hours.name,
        )
    return earlier, stretches[-KEPT:]
