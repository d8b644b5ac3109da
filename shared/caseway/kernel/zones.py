"""Where and when a zone's clocks change, in microseconds."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from caseway.kernel.clock import to_utc

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EPOCH_DAY = _EPOCH.date().toordinal()
"""The ordinal of 1 January 1970."""
MICROSECOND = dt.timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND
_STEP = 21_600 * SECOND
"""Six hours: how far apart a zone's offset is looked at in search of its changes; no zone changes twice within it."""


class Stretch(NamedTuple):
    """A stretch of absolute time in which a zone's offset stays the same."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=1024)
def stretches(zone: str, number: int) -> tuple[Stretch, ...]:
    """A year of a zone, cut where its offset changes."""
    place = ZoneInfo(zone)
    start, end = new_year(number), new_year(number + 1)
    found: list[Stretch] = []
    begun, offset = start, _offset(place, start)
    for probe in (*range(start + _STEP, end, _STEP), end):
        if _offset(place, probe) != offset:
            change = _change(place, probe - _STEP, probe)
            found.append(Stretch(begun, change, offset))
            begun, offset = change, _offset(place, probe)
    if begun < end:
        found.append(Stretch(begun, end, offset))
    return tuple(found)


def _change(place: ZoneInfo, before: int, after: int) -> int:
    """The first whole second with the later offset, by halving."""
    offset = _offset(place, after)
    low, high = before // SECOND, after // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(place, middle * SECOND) == offset:
            high = middle
        else:
            low = middle
    return high * SECOND


def _offset(place: ZoneInfo, at: int) -> int:
    offset = instant(at).astimezone(place).utcoffset()
    return (offset or dt.timedelta(0)) // MICROSECOND


def new_year(number: int) -> int:
    """The first instant of a year of UTC."""
    return (dt.date(number, 1, 1).toordinal() - EPOCH_DAY) * DAY


def microseconds(at: dt.datetime) -> int:
    """Since 1970, exactly; ValueError for an instant without an offset."""
    if at.tzinfo is None:
        at = to_utc(at)  # says why not
    return (at - _EPOCH) // MICROSECOND


def instant(at: int) -> dt.datetime:
    """The instant, in UTC."""
    return _EPOCH + dt.timedelta(microseconds=at)
