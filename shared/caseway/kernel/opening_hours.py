"""At which times of the wall clock a desk is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from caseway.kernel.zones import DAY, SECOND

_DAYS_IN_LEAP_YEAR = 366


class NeverOpen(ValueError):
    """A calendar by which nothing would ever become due."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of a local date, `[opens, closes)`, in microseconds of the wall clock since its midnight."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= DAY:
            raise ValueError("a span opens before it closes, within one day; split a night shift at midnight")

    @classmethod
    def of(cls, opens: str, closes: str) -> Span:
        """From wall times such as `09:00` and `24:00`; seconds may be given.

        >>> Span.of("22:00", "24:00")
        Span(opens=79200000000, closes=86400000000)
        """
        return cls(wall_time(opens), wall_time(closes))

    def __str__(self) -> str:
        return f"{_wall(self.opens)}-{_wall(self.closes)}"


WHOLE_DAY = (Span(0, DAY),)


def wall_time(text: str) -> int:
    """`HH:MM` or `HH:MM:SS`, up to `24:00`, in microseconds since midnight."""
    parts = text.split(":")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdigit() and len(part) == 2 for part in parts):
        raise ValueError(f"a time such as 09:30, up to 24:00; found {text!r}")
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    moment = (hours * 3600 + minutes * 60 + seconds) * SECOND
    if minutes > 59 or seconds > 59 or moment > DAY:
        raise ValueError(f"a time such as 09:30, up to 24:00; found {text!r}")
    return moment


def _wall(moment: int) -> str:
    minutes, seconds = divmod(moment // SECOND, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One version of a calendar's rules, in force from a local date on."""

    week: Mapping[int, Sequence[Span]]
    """By weekday, 0 for Monday; a day that is not named is closed."""
    from_on: dt.date = dt.date.min
    """The first date it governs; the earliest version governs what lies before it, too."""
    yearly: Collection[tuple[int, int]] = frozenset()
    """(month, day) on which the desk is closed every year."""
    holidays: Collection[dt.date] = frozenset()
    """Dates on which it is closed: a country's holidays, spelt out when the configuration is loaded."""

    def __post_init__(self) -> None:
        for spans in self.week.values():
            refuse_overlap(spans)
        if not any(self.week.get(day) for day in range(7)) or len(set(self.yearly)) >= _DAYS_IN_LEAP_YEAR:
            raise NeverOpen("hours that never open")

    def spans_on(self, on: dt.date) -> Sequence[Span]:
        """When it is open on a date, exceptions apart."""
        if (on.month, on.day) in self.yearly or on in self.holidays:
            return ()
        return self.week.get(on.weekday(), ())


def refuse_overlap(spans: Sequence[Span]) -> None:
    """ValueError where spans of one day are not in order or share a moment."""
    for earlier, later in pairwise(spans):
        if later.opens < earlier.closes:
            raise ValueError(f"spans in order and apart; {later} begins before {earlier} ends")
