"""When a report is due, and what it covers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from caseway.kernel.business_hours import BusinessHours

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MICROSECONDS_A_MINUTE = 60_000_000

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Covers = Literal["day", "week", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A schedule in business time: on days on which the desk is closed nothing is due."""

    every: Literal["day", "week", "month"] = "day"
    weekday: Weekday = "friday"
    """For `week`; a closed day is followed by the next open one."""
    day: Literal["first", "last"] = "first"
    """For `month`: its first or last open day."""
    minutes_before_close: int = 0
    """Before the desk closes on that day."""


def due_after(when: When, hours: BusinessHours, after: dt.datetime) -> dt.datetime | None:
    """The next instant at which it is due; None when the desk is not open for a year and a half.

    >>> from caseway.kernel.opening_hours import Hours, Span
    >>> week = {day: (Span.of("08:00", "20:00"),) for day in range(5)}
    >>> desk = BusinessHours("desk", "Europe/Warsaw", [Hours(week=week)])
    >>> friday_evening = dt.datetime(2026, 11, 27, 20, tzinfo=dt.UTC)
    >>> due_after(When(minutes_before_close=30), desk, friday_evening).isoformat()
    '2026-11-30T18:30:00+00:00'
    """
    first = hours.local_date(after)
    # a closed day's turn may still come: begin a week early, and at the month's beginning
    start = (first - dt.timedelta(days=7)).replace(day=1)
    for on in _days(when, hours, start):
        at = _closing(hours, on) - dt.timedelta(minutes=when.minutes_before_close)
        if at > after:
            return at
    return None


def _days(when: When, hours: BusinessHours, start: dt.date) -> Iterator[dt.date]:
    open_days = [on for offset in range(550) if hours.spans_on(on := start + dt.timedelta(days=offset))]
    match when.every:
        case "day":
            yield from open_days
        case "week":
            yield from _weekly(open_days, start, _DAYS.index(when.weekday))
        case "month":
            yield from _monthly(open_days, is_last=when.day == "last")


def _weekly(open_days: list[dt.date], start: dt.date, weekday: int) -> Iterator[dt.date]:
    wanted = start + dt.timedelta(days=(weekday - start.weekday()) % 7)
    told: dt.date | None = None
    while open_days and wanted <= open_days[-1]:
        found = next(on for on in open_days if on >= wanted)
        if found != told:
            yield found
        told = found
        wanted += dt.timedelta(days=7)


def _monthly(open_days: list[dt.date], *, is_last: bool) -> Iterator[dt.date]:
    by_month: dict[tuple[int, int], dt.date] = {}
    for on in open_days:
        month = (on.year, on.month)
        if is_last or month not in by_month:
            by_month[month] = on
    yield from by_month.values()


def _closing(hours: BusinessHours, on: dt.date) -> dt.datetime:
    """When the desk closes on a local date, in UTC."""
    closes = max(span.closes for span in hours.spans_on(on)) // _MICROSECONDS_A_MINUTE
    midnight = dt.datetime.combine(on, dt.time(), ZoneInfo(hours.zone))
    # the wall clock's reading, so that a day on which the clock changes closes at its usual time
    return (midnight + dt.timedelta(minutes=closes)).astimezone(dt.UTC)


def span_of(covers: Covers, at: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The period of the zone in which an instant lies.

    >>> span_of("quarter", dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), ZoneInfo("Europe/Warsaw"))[0].isoformat()
    '2026-09-30T22:00:00+00:00'
    """
    on = at.astimezone(zone).date()
    first, after = _dates(covers, on)
    return _midnight(first, zone), _midnight(after, zone)


def _dates(covers: Covers, on: dt.date) -> tuple[dt.date, dt.date]:
    match covers:
        case "day":
            return on, on + dt.timedelta(days=1)
        case "week":
            monday = on - dt.timedelta(days=on.weekday())
            return monday, monday + dt.timedelta(days=7)
        case "month":
            return on.replace(day=1), months_after(on.replace(day=1), 1)
        case "quarter":
            first = on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)
            return first, months_after(first, 3)
        case "year":
            return on.replace(month=1, day=1), on.replace(year=on.year + 1, month=1, day=1)


def months_after(on: dt.date, months: int) -> dt.date:
    """The same day so many months later (or, negative, earlier); of a first of a month."""
    years, month = divmod(on.month - 1 + months, 12)
    return on.replace(year=on.year + years, month=month + 1)


def _midnight(on: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), zone).astimezone(dt.UTC)
