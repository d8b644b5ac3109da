"""When a desk is open, and how much of that passes.

A calendar says, for each local date, at which times of the wall clock the desk is open. An instant is business time
when its wall time, in the calendar's zone, lies in a span of its local date; spans are half-open, `[opens, closes)`.
So where the clock is put forward the missing hour counts nothing, and where it is put back both hours count. All
reckoning is in whole microseconds of absolute time.

Business time is laid out year by year (of UTC) as disjoint intervals with running sums, made when first asked for;
`elapsed` and `due_at` then search: O(log n).

>>> week = {day: (Span.of("09:00", "17:00"),) for day in range(5)}
>>> desk = BusinessHours("desk", "Europe/Warsaw", [Hours(week=week)])
>>> friday = dt.datetime(2026, 3, 27, 15, 0, tzinfo=dt.UTC)  # 16:00 in Warsaw; the clocks change on Sunday
>>> desk.due_at(friday, dt.timedelta(hours=2)).isoformat()  # one hour on Friday, one on Monday
'2026-03-30T08:00:00+00:00'
>>> desk.elapsed(friday, dt.datetime(2026, 3, 30, 8, 0, tzinfo=dt.UTC))
datetime.timedelta(seconds=7200)
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from caseway.kernel.clock import to_utc
from caseway.kernel.ids import digest

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_FIRST_YEAR, _LAST_YEAR = 1900, 9_990
"""Instants outside are not a desk's business; dates near year 9999 cannot be moved between zones."""
_DAYS_IN_LEAP_YEAR = 366
_STEP = 21_600 * _SECOND
"""Six hours: how far apart a zone's offset is looked at in search of its changes; no zone changes twice within it."""


class NeverOpen(ValueError):  # noqa: N818 - it says what is wrong with the calendar
    """A calendar by which nothing would ever become due."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of a local date, `[opens, closes)`, in microseconds of the wall clock since its midnight."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= _DAY:
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


WHOLE_DAY = (Span(0, _DAY),)


def wall_time(text: str) -> int:
    """`HH:MM` or `HH:MM:SS`, up to `24:00`, in microseconds since midnight."""
    parts = text.split(":")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdigit() and len(part) == 2 for part in parts):
        raise ValueError(f"a time such as 09:30, up to 24:00; found {text!r}")
    hours, minutes, seconds = (*map(int, parts), 0)[:3]
    moment = (hours * 3600 + minutes * 60 + seconds) * _SECOND
    if minutes > 59 or seconds > 59 or moment > _DAY:
        raise ValueError(f"a time such as 09:30, up to 24:00; found {text!r}")
    return moment


def _wall(moment: int) -> str:
    minutes, seconds = divmod(moment // _SECOND, 60)
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


class Interval(NamedTuple):
    """A stretch of absolute time, `[start, end)`."""

    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """One year's business time: disjoint intervals in order, with what was open before each."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def passed(self, at: int) -> int:
        """Business time of this year before an instant."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.before[index] + min(at, self.ends[index]) - self.starts[index]

    def reaches(self, amount: int) -> int:
        """The least instant by which `amount` (over 0, at most the total) has passed."""
        index = bisect_right(self.before, amount - 1) - 1
        return self.starts[index] + amount - self.before[index]


class BusinessHours:
    """A named calendar: versions of opening hours, exceptions, one zone."""

    __slots__ = ("_exceptions", "_versions", "_years", "name", "version", "zone")

    def __init__(
        self,
        name: str,
        zone: str,
        versions: Sequence[Hours],
        exceptions: Mapping[dt.date, Sequence[Span]] | None = None,
    ) -> None:
        """Put a calendar together.

        Its `version` is a digest of all it says.

        Args:
            name: how milestones refer to it.
            zone: of the IANA database, such as `Europe/Warsaw`.
            versions: at least one, no two from the same date.
            exceptions: single dates with other hours, or none at all; they go before holidays.

        Raises:
            NeverOpen: when a version has no opening hours, or exceptions leave nothing of it.
            ValueError: for overlapping spans, or two versions from one date.
        """
        self.name = name
        self.zone = zone
        self._versions = tuple(sorted(versions, key=lambda hours: hours.from_on))
        self._exceptions = {on: tuple(spans) for on, spans in (exceptions or {}).items()}
        self._years: dict[int, _Year] = {}
        if not self._versions:
            raise NeverOpen("a calendar without opening hours")
        if len({hours.from_on for hours in self._versions}) != len(self._versions):
            raise ValueError("versions from different dates")
        for spans in self._exceptions.values():
            refuse_overlap(spans)
        ZoneInfo(zone)
        self.version = self._digest()

    def _digest(self) -> str:
        """12 hex digits that change whenever anything about the calendar does."""
        versions = [
            (
                hours.from_on.isoformat(),
                sorted(hours.yearly),
                sorted(on.isoformat() for on in hours.holidays),
                [" ".join(map(str, hours.week.get(day, ()))) for day in range(7)],
            )
            for hours in self._versions
        ]
        exceptions = [(on.isoformat(), " ".join(map(str, spans))) for on, spans in sorted(self._exceptions.items())]
        return digest(repr((self.zone, versions, exceptions)).encode())[:12]

    def version_on(self, on: dt.date) -> Hours:
        """The rules in force on a local date."""
        index = bisect_right(self._versions, on, key=lambda hours: hours.from_on)
        return self._versions[max(0, index - 1)]

    def spans_on(self, on: dt.date) -> Sequence[Span]:
        """When the desk is open on a local date."""
        exception = self._exceptions.get(on)
        return self.version_on(on).spans_on(on) if exception is None else exception

    def local_date(self, at: dt.datetime) -> dt.date:
        """The date of an instant where the desk is."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def is_open(self, at: dt.datetime) -> bool:
        """Whether an instant is business time."""
        return self.elapsed(at, at + _MICROSECOND) > dt.timedelta(0)

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """The business time in `[start, end)`; ValueError when it ends before it starts."""
        since, until = _microseconds(start), _microseconds(end)
        if until < since:
            raise ValueError("a stretch of time that ends before it starts")
        first, last = _year_of(since), _year_of(until)
        total = self._year(last).passed(until) - self._year(first).passed(since)
        return dt.timedelta(microseconds=total + sum(self._year(year).total for year in range(first, last)))

    def due_at(self, start: dt.datetime, amount: dt.timedelta) -> dt.datetime:
        """The least instant, from `start` on, by which `amount` of business time has passed (UTC).

        Raises:
            ValueError: for a negative amount.
            OverflowError: when it lies beyond the calendar's reach.
        """
        wanted = amount // _MICROSECOND
        if wanted < 0:
            raise ValueError("a negative amount of business time")
        if wanted == 0:
            return to_utc(start)
        since = _microseconds(start)
        year = _year_of(since)
        wanted += self._year(year).passed(since)
        while wanted > self._year(year).total:
            wanted -= self._year(year).total
            year += 1
        return _instant(self._year(year).reaches(wanted))

    def counted(self, start: dt.datetime, end: dt.datetime) -> Iterator[Interval]:
        """The stretches of business time within `[start, end)`, in order: why so much has elapsed."""
        since, until = _microseconds(start), _microseconds(end)
        for number in range(_year_of(since), _year_of(until) + 1):
            year = self._year(number)
            index = max(0, bisect_right(year.starts, since) - 1)
            for opens, closes in zip(year.starts[index:], year.ends[index:], strict=True):
                if opens >= until:
                    return
                if closes > since:
                    yield Interval(_instant(max(opens, since)), _instant(min(closes, until)))

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            if number > _LAST_YEAR:
                raise OverflowError(f"nothing is due after the year {_LAST_YEAR}")
            year = self._years[number] = self._lay_out(number)
        return year

    def _lay_out(self, number: int) -> _Year:
        starts: list[int] = []
        ends: list[int] = []
        for opens, closes in self._intervals(number):
            if ends and ends[-1] == opens:
                ends[-1] = closes
            else:
                starts.append(opens)
                ends.append(closes)
        sums = list(accumulate((end - start for start, end in zip(starts, ends, strict=True)), initial=0))
        return _Year(starts=starts, ends=ends, before=sums[:-1], total=sums[-1])

    def _intervals(self, number: int) -> Iterator[tuple[int, int]]:
        """Business time of a year, in order: the wall clock's spans, moved to absolute time stretch by stretch."""
        for stretch in _stretches(self.zone, number):
            first = (stretch.start + stretch.offset) // _DAY
            last = (stretch.end + stretch.offset - 1) // _DAY
            for day in range(first, last + 1):
                midnight = day * _DAY - stretch.offset
                for span in self.spans_on(dt.date.fromordinal(_EPOCH_DAY + day)):
                    opens = max(midnight + span.opens, stretch.start)
                    closes = min(midnight + span.closes, stretch.end)
                    if opens < closes:
                        yield opens, closes


class _Stretch(NamedTuple):
    """A stretch of absolute time in which a zone's offset stays the same."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=1024)
def _stretches(zone: str, number: int) -> tuple[_Stretch, ...]:
    """A year of a zone, cut where its offset changes."""
    place = ZoneInfo(zone)
    start, end = _new_year(number), _new_year(number + 1)
    found: list[_Stretch] = []
    begun, offset = start, _offset(place, start)
    for probe in (*range(start + _STEP, end, _STEP), end):
        if _offset(place, probe) != offset:
            change = _change(place, probe - _STEP, probe)
            found.append(_Stretch(begun, change, offset))
            begun, offset = change, _offset(place, probe)
    if begun < end:
        found.append(_Stretch(begun, end, offset))
    return tuple(found)


def _change(place: ZoneInfo, before: int, after: int) -> int:
    """The first whole second with the later offset, by halving."""
    offset = _offset(place, after)
    low, high = before // _SECOND, after // _SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(place, middle * _SECOND) == offset:
            high = middle
        else:
            low = middle
    return high * _SECOND


def _offset(place: ZoneInfo, at: int) -> int:
    offset = _instant(at).astimezone(place).utcoffset()
    return (offset or dt.timedelta(0)) // _MICROSECOND


def _new_year(number: int) -> int:
    return (dt.date(number, 1, 1).toordinal() - _EPOCH_DAY) * _DAY


def _year_of(at: int) -> int:
    year = _instant(at).year
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise OverflowError(f"an instant in the year {year}")
    return year


def _microseconds(at: dt.datetime) -> int:
    return (to_utc(at) - _EPOCH) // _MICROSECOND


def _instant(at: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=at)
