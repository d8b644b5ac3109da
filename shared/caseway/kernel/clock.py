"""The one place where the wall clock is read."""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> dt.datetime:
        """The present instant."""
        ...


class WallClock:
    """This machine's clock. For doors and tools; what is due is judged by the database's."""

    def now(self) -> dt.datetime:
        """The present instant by this machine."""
        return dt.datetime.now(dt.UTC)  # noqa: TID251 - here, and nowhere else


def to_utc(instant: dt.datetime) -> dt.datetime:
    """`instant` in UTC; a naive one is a mistake and raises ValueError."""
    if instant.tzinfo is dt.UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"an instant without an offset: {instant.isoformat()}")
    return instant.astimezone(dt.UTC)
