"""When a scenario ends."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """After so long, at an instant, after so many contacts; never, where nothing is said."""

    after: dt.timedelta | None = None
    at: dt.datetime | None = None
    contacts: int | None = None

    def begun(self, now: dt.datetime) -> Until:
        """The same, with its instant known, once the scenario begins."""
        return self if self.after is None else replace(self, after=None, at=now + self.after)

    def is_reached(self, now: dt.datetime, contacts: int) -> bool:
        """Whether it is over."""
        return (self.at is not None and now >= self.at) or (self.contacts is not None and contacts >= self.contacts)

    def at_most(self, seconds: float, now: dt.datetime) -> float:
        """The wait, cut where the end comes first."""
        return seconds if self.at is None else max(0.0, min(seconds, (self.at - now).total_seconds()))


FOREVER = Until()
"""Until somebody stops it."""


def read_duration(text: str) -> dt.timedelta:
    """Such as `90s`, `5m`, `1h`.

    Raises:
        ValueError: it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no duration such as 90s, 5m or 1h")
    return dt.timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def read_until(text: str) -> Until:
    """A duration, `contacts=500`, or an instant of RFC 3339 with an offset.

    Raises:
        ValueError: it is none of these.
    """
    if text.startswith("contacts="):
        count = text.removeprefix("contacts=")
        if not count.isascii() or not count.isdigit() or int(count) == 0:
            raise ValueError("contacts= wants a number above 0")
        return Until(contacts=int(count))
    if _DURATION.fullmatch(text.strip()):
        return Until(after=read_duration(text))
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no duration (60s), no contacts=500 and no instant of RFC 3339") from None
    if instant.tzinfo is None:
        raise ValueError("an instant needs its offset, such as 2026-11-27T18:00:00+01:00")
    return Until(at=instant)
