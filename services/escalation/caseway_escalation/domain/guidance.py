"""How focused time runs, and when guidance is long.

Two clocks: handling time sums every focused stretch on a record, research and writing up included; a stretch of live
guidance (a call with its holds, a chat, remote support) is watched, and posted when it is long. The handler or a
supervisor stamps the post when it is over.

Source: S2-02, S2-10, S2-11.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from zoneinfo import ZoneInfo

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.values import dataclass

_DAY = dt.timedelta(days=1)
_LONGEST_WAIT = 400
"""Days within which a calendar opens again."""
WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """What is declared about long guidance."""

    ladder: str = "long-guidance"
    """The name under which it is told."""
    activities: frozenset[str] = frozenset({"guidance", "remote"})
    alert_after: dt.timedelta = dt.timedelta(minutes=20)
    post_to: tuple[str, ...]
    list_to: tuple[str, ...] = ()
    link: str = ""
    """With `{case_id}`."""
    stamp: str = "済"
    calendar: str
    day_ends: dt.time = dt.time(18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One agent turned to the case."""

    agent: str
    activity: str
    since: dt.datetime
    live_since: dt.datetime | None = None
    """Since when live guidance runs without a gap, whatever its kind."""
    alert_at: dt.datetime | None = None
    """When it is posted; None where it was, or need not be."""
    timed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A stretch of guidance that was posted."""

    id: str
    """What stamps call the occurrence."""
    agent: str
    since: dt.datetime
    at: dt.datetime
    is_announced: bool = False
    """Posted early, since the agent said that it would be long."""
    ended_at: dt.datetime | None = None
    stamped_at: dt.datetime | None = None
    stamped_by: str = ""
    listed: int = 0
    """How many day's-end lists it stood on."""
    list_at: dt.datetime | None = None
    """When it is listed next, unless it is stamped."""
    timed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """Who is turned to the case, and for how long whoever was."""

    stretches: tuple[Stretch, ...] = ()
    """Those that run, at most one an agent."""
    spent: Mapping[str, dt.timedelta] = field(default_factory=dict)
    """In stretches that are over, by activity."""
    by_agent: Mapping[str, dt.timedelta] = field(default_factory=dict)
    posts: tuple[Post, ...] = ()

    def of(self, agent: str) -> Stretch | None:
        """The stretch of an agent that runs."""
        return next((each for each in self.stretches if each.agent == agent), None)

    def handling(self, at: dt.datetime) -> Mapping[str, dt.timedelta]:
        """All focused time by activity, the running stretches included."""
        total = dict(self.spent)
        for each in self.stretches:
            total[each.activity] = total.get(each.activity, dt.timedelta(0)) + max(at - each.since, dt.timedelta(0))
        return total


def next_days_end(at: dt.datetime, ends: dt.time, hours: BusinessHours) -> dt.datetime:
    """The next end of a day on which the calendar opens, strictly later.

    >>> from caseway.kernel.business_hours import Hours, WHOLE_DAY
    >>> weekdays = BusinessHours("desk", "Asia/Tokyo", [Hours(week=dict.fromkeys(range(5), WHOLE_DAY))])
    >>> friday_noon = dt.datetime(2026, 1, 16, 3, 0, tzinfo=dt.UTC)
    >>> evening = next_days_end(friday_noon, dt.time(18), weekdays)
    >>> evening.isoformat(), next_days_end(evening, dt.time(18), weekdays).isoformat()
    ('2026-01-16T09:00:00+00:00', '2026-01-19T09:00:00+00:00')
    """
    place = ZoneInfo(hours.zone)
    today = at.astimezone(place).date()
    days = [today + number * _DAY for number in range(_LONGEST_WAIT)]
    ends_of = (dt.datetime.combine(day, ends, place).astimezone(dt.UTC) for day in days if hours.spans_on(day))
    return next((end for end in ends_of if end > at), at + _LONGEST_WAIT * _DAY)
