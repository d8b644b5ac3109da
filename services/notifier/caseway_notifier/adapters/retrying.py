"""How long a receiver asks us to wait."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

_LONGEST = dt.timedelta(days=1)


def retry_after(text: str, now: float) -> dt.timedelta | None:
    """`Retry-After` as a wait; None for what is none. Source: RFC 9110 §10.2.3.

    >>> retry_after("120", 0.0), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 30.0), retry_after("soon", 0.0)
    (datetime.timedelta(seconds=120), datetime.timedelta(seconds=30), None)
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(dt.timedelta(seconds=min(int(text[:9]), 10**6)), _LONGEST)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(dt.timedelta(seconds=seconds), dt.timedelta(0)), _LONGEST)
