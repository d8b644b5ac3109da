"""How many forms a day, and when the others' turn comes.

The pool is a calendar of bookings: each local day has as many as the quota. A form takes the first day that has room;
today's are worked on at once, a later day's from its release hour. So whoever waited comes before whoever comes
tomorrow, and is counted in tomorrow, and the order is that of arrival (S1-05; semantics 5.11).

Lanes do not ask the pool for each form: they lease blocks of today's room. A block is at most a fiftieth of what is
left, so that towards the end of the day's room blocks are single, and few are left unused in quiet lanes. Where there
is much room blocks are large: whoever leases writes the pool, and of lanes that write it at one time all but one begin anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from caseway.kernel.values import dataclass, replace

ORDINARY_BLOCK = 50
_SHARE = 50
_SMALL_SHARE = 1_000
"""So small a part of what is left may a block be though it holds more than an ordinary one."""
NOTICES = 5
"""Of how many refused forms a day the administrator hears; more would be a flood of its own. Source: requirements.md."""
_DAY = dt.timedelta(days=1)
_APART = dt.timedelta(milliseconds=1)


class Rules(Protocol):
    """The quota in forms.yaml."""

    @property
    def daily(self) -> int:
        """Forms a day."""
        ...

    @property
    def waiting(self) -> int:
        """Forms that may wait, at most."""
        ...

    @property
    def release_at(self) -> dt.time:
        """On the wall clock."""
        ...

    @property
    def zone(self) -> str:
        """The organisation's."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What is booked, by local day; shared by all lanes."""

    booked: Mapping[dt.date, int] = field(default_factory=dict)
    """Forms that each day takes; days before today are forgotten."""
    waiting: Mapping[dt.date, int] = field(default_factory=dict)
    """Those of them that wait, or waited, for the day's release hour."""
    refused: int = 0
    """Since `noticed_on`."""
    noticed_on: dt.date | None = None
    """The day whose first waiting form was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What one lane has leased of a day's room."""

    day: dt.date
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What becomes of one form."""

    outcome: Literal["now", "waits", "refused"]
    pool: Pool
    """After it."""
    block: Block | None
    """After it."""
    release_at: dt.datetime | None = None
    """When its turn comes, where it waits."""
    is_first: bool = False
    """Of the day, to wait."""
    refused_count: int = 0
    """Which one of the day's refused, from 1; 0 where it is not refused."""


def place(pool: Pool | None, block: Block | None, rules: Rules, now: dt.datetime) -> Place:
    """Where one form stands."""
    today = local_day(rules, now)
    current = _from(pool or Pool(), today)
    if block is not None and block.day == today and block.left > 0:
        return Place(outcome="now", pool=current, block=replace(block, left=block.left - 1))
    left = rules.daily - current.booked.get(today, 0)
    if left > 0:
        size = max(1, min(max(ORDINARY_BLOCK, left // _SMALL_SHARE), left // _SHARE))
        leased = _booked(current, today, size)
        return Place(outcome="now", pool=leased, block=Block(day=today, left=size - 1))
    return _later(current, block, rules, now, today)


def waiting_count(pool: Pool, rules: Rules, now: dt.datetime) -> int:
    """How many forms wait."""
    return sum(count for day, count in pool.waiting.items() if release_of(day, rules) > now)


def is_full(pool: Pool, rules: Rules, now: dt.datetime) -> bool:
    """Whether a form would be refused: today has no room, and as many wait as may."""
    today = local_day(rules, now)
    return pool.booked.get(today, 0) >= rules.daily and waiting_count(pool, rules, now) >= rules.waiting


def local_day(rules: Rules, now: dt.datetime) -> dt.date:
    """The date on the organisation's wall."""
    return now.astimezone(ZoneInfo(rules.zone)).date()


def release_of(day: dt.date, rules: Rules) -> dt.datetime:
    """When a day's waiting forms are released, in UTC; in a gap of the clock, as much later as the gap is long."""
    return dt.datetime.combine(day, rules.release_at, ZoneInfo(rules.zone)).astimezone(dt.UTC)


def _later(pool: Pool, block: Block | None, rules: Rules, now: dt.datetime, today: dt.date) -> Place:
    is_first = pool.noticed_on != today
    if waiting_count(pool, rules, now) >= rules.waiting:
        count = 1 if is_first else pool.refused + 1
        told = replace(pool, refused=count, noticed_on=today)
        return Place(outcome="refused", pool=told, block=block, is_first=is_first, refused_count=count)
    day = today + _DAY
    while pool.booked.get(day, 0) >= rules.daily:
        day += _DAY
    before = pool.waiting.get(day, 0)
    told = replace(
        _booked(pool, day, 1),
        waiting={**pool.waiting, day: before + 1},
        noticed_on=today,
        refused=0 if is_first else pool.refused,
    )
    # a millisecond apart, so that they come out in the order in which they came in
    release_at = release_of(day, rules) + before * _APART
    return Place(outcome="waits", pool=told, block=block, release_at=release_at, is_first=is_first)


def _booked(pool: Pool, day: dt.date, count: int) -> Pool:
    return replace(pool, booked={**pool.booked, day: pool.booked.get(day, 0) + count})


def _from(pool: Pool, today: dt.date) -> Pool:
    """Without the days that are over."""
    if all(day >= today for day in (*pool.booked, *pool.waiting)):
        return pool
    return replace(
        pool,
        booked={day: count for day, count in pool.booked.items() if day >= today},
        waiting={day: count for day, count in pool.waiting.items() if day >= today},
    )
