"""Days, weeks and months of a zone."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

Period = Literal["day", "week", "month"]


def start_of(at: dt.datetime, period: Period, zone: ZoneInfo) -> dt.datetime:
    """When the period began that an instant falls into, in UTC.

    >>> start_of(dt.datetime(2026, 11, 22, 18, 30, tzinfo=dt.UTC), "week", ZoneInfo("Asia/Kolkata")).isoformat()
    '2026-11-22T18:30:00+00:00'
    """
    return _midnight(_first(at.astimezone(zone).date(), period), zone)


def end_of(at: dt.datetime, period: Period, zone: ZoneInfo) -> dt.datetime:
    """When it ends: when the following one begins.

    >>> end_of(dt.datetime(2026, 11, 22, 18, 30, tzinfo=dt.UTC), "month", ZoneInfo("Asia/Kolkata")).isoformat()
    '2026-11-30T18:30:00+00:00'
    """
    first = _first(at.astimezone(zone).date(), period)
    match period:
        case "day":
            return _midnight(first + dt.timedelta(days=1), zone)
        case "week":
            return _midnight(first + dt.timedelta(days=7), zone)
        case "month":
            return _midnight((first + dt.timedelta(days=31)).replace(day=1), zone)


def ceiling(at: dt.datetime, period: Period, zone: ZoneInfo) -> dt.datetime:
    """The first beginning of a period that is not before an instant."""
    floor = start_of(at, period, zone)
    return floor if floor == at else end_of(at, period, zone)


def _first(on: dt.date, period: Period) -> dt.date:
    match period:
        case "day":
            return on
        case "week":
            return on - dt.timedelta(days=on.weekday())
        case "month":
            return on.replace(day=1)


def _midnight(on: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), zone).astimezone(dt.UTC)
