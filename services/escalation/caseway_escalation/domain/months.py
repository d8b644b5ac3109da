"""How calendar months are counted.

A month later is the same time of the wall clock on the same day of the next month, or on its last day where there is
none such. Source: GDPR Art. 12(3), "within one month of receipt"; see the ADR on statutory promises.
"""

from __future__ import annotations

import calendar
import datetime as dt
from zoneinfo import ZoneInfo


def months_after(start: dt.datetime, months: int, zone: str) -> dt.datetime:
    """The instant so many calendar months later, in UTC.

    >>> received = dt.datetime(2026, 1, 31, 9, 0, tzinfo=dt.UTC)  # 10:00 in Warsaw
    >>> months_after(received, 1, "Europe/Warsaw").isoformat()
    '2026-02-28T09:00:00+00:00'
    >>> months_after(received, 3, "Europe/Warsaw").isoformat()  # summer time by then: 10:00 is an hour earlier
    '2026-04-30T08:00:00+00:00'
    """
    place = ZoneInfo(zone)
    wall = start.astimezone(place)
    years, month = divmod(wall.month - 1 + months, 12)
    year, month = wall.year + years, month + 1
    day = min(wall.day, calendar.monthrange(year, month)[1])
    return wall.replace(year=year, month=month, day=day).astimezone(dt.UTC)
