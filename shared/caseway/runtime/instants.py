"""Instants as MongoDB keeps them: whole milliseconds."""

from __future__ import annotations

import datetime as dt

MILLISECOND = dt.timedelta(milliseconds=1)


def whole_milliseconds(instant: dt.datetime, *, up: bool = False) -> dt.datetime:
    """`instant` in UTC, cut to milliseconds (or raised to the next, so that nothing falls due early).

    A state read back from MongoDB must equal the one in memory, or a restart would change decisions.
    """
    utc = instant.astimezone(dt.UTC)
    surplus = utc.microsecond % 1000
    if not surplus:
        return utc
    return utc + dt.timedelta(microseconds=1000 - surplus if up else -surplus)
