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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from caseway.kernel.clock import to_utc
from caseway.kernel.ids import digest
from caseway.kernel.opening_hours import WHOLE_DAY, Hours, NeverOpen, Span, refuse_overlap, wall_time
from caseway.kernel.zones import DAY, EPOCH_DAY, MICROSECOND, instant, microseconds, stretches

__all__ = ["WHOLE_DAY", "BusinessHours", "Hours", "Interval", "NeverOpen", "Span", "refuse_overlap", "wall_time"]

_FIRST_YEAR, _LAST_YEAR = 1900, 9_990
"""Instants outside are not a desk's business; dates near year 9999 cannot be moved between zones."""
_FURTHEST = 150
"""Years after a start in which a deadline is looked for: each is laid out in some milliseconds, and kept."""


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

    def is_open(self, at: int) -> bool:
        """Whether an instant of this year is business time."""
        index = bisect_right(self.starts, at) - 1
        return index >= 0 and at < self.ends[index]

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
            NeverOpen: when a version has no opening hours.
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

    def beginnings(self, since: dt.datetime) -> Sequence[dt.datetime]:
        """An instant in each version that is in force then or later: where a calendar must be looked at to know it."""
        place = ZoneInfo(self.zone)
        begun = [hours.from_on for hours in self._versions if hours.from_on > since.date()]
        return [since, *(dt.datetime(on.year, on.month, on.day, tzinfo=place).astimezone(dt.UTC) for on in begun)]

    def spans_on(self, on: dt.date) -> Sequence[Span]:
        """When the desk is open on a local date."""
        exception = self._exceptions.get(on)
        return self.version_on(on).spans_on(on) if exception is None else exception

    def why_closed(self, on: dt.date) -> str:
        """Of a local date without opening hours: `weekday`, `holiday` or `exception`; empty for any other."""
        if self.spans_on(on):
            return ""
        hours = self.version_on(on)
        if not hours.week.get(on.weekday()):
            return "weekday"
        return "exception" if on in self._exceptions else "holiday"

    def has_other_hours(self, on: dt.date) -> bool:
        """Whether a local date is open at other times than its weekday: an exception."""
        return bool(self._exceptions.get(on))

    def local_date(self, at: dt.datetime) -> dt.date:
        """The date of an instant where the desk is."""
        return at.astimezone(ZoneInfo(self.zone)).date()

    def is_open(self, at: dt.datetime) -> bool:
        """Whether an instant is business time."""
        at = to_utc(at)
        return self._year(_year_of(at)).is_open(microseconds(at))

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """The business time in `[start, end)`; ValueError when it ends before it starts."""
        start, end = to_utc(start), to_utc(end)
        if end < start:
            raise ValueError("a stretch of time that ends before it starts")
        first, last = _year_of(start), _year_of(end)
        total = self._year(last).passed(microseconds(end)) - self._year(first).passed(microseconds(start))
        if first != last:
            total += sum(self._year(year).total for year in range(first, last))
        return dt.timedelta(microseconds=total)

    def due_at(self, start: dt.datetime, amount: dt.timedelta) -> dt.datetime:
        """The least instant, from `start` on, by which `amount` of business time has passed (UTC).

        Raises:
            ValueError: for a negative amount.
            OverflowError: when it lies beyond the calendar's reach, or more than 150 years ahead.
        """
        wanted = amount // MICROSECOND
        if wanted < 0:
            raise ValueError("a negative amount of business time")
        start = to_utc(start)
        if wanted == 0:
            return start
        number = first = _year_of(start)
        year = self._year(number)
        wanted += year.passed(microseconds(start))
        while wanted > year.total:
            wanted -= year.total
            number += 1
            if number - first > _FURTHEST:
                raise OverflowError(f"nothing is due more than {_FURTHEST} years ahead")
            year = self._year(number)
        return instant(year.reaches(wanted))

    def counted(self, start: dt.datetime, end: dt.datetime) -> Iterator[Interval]:
        """The stretches of business time within `[start, end)`, in order: why so much has elapsed."""
        since, until = microseconds(start), microseconds(end)
        for number in range(_year_of(to_utc(start)), _year_of(to_utc(end)) + 1):
            year = self._year(number)
            index = max(0, bisect_right(year.starts, since) - 1)
            for opens, closes in zip(year.starts[index:], year.ends[index:], strict=True):
                if opens >= until:
                    return
                if closes > since:
                    yield Interval(instant(max(opens, since)), instant(min(closes, until)))

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
        for stretch in stretches(self.zone, number):
            first = (stretch.start + stretch.offset) // DAY
            last = (stretch.end + stretch.offset - 1) // DAY
            for day in range(first, last + 1):
                midnight = day * DAY - stretch.offset
                for span in self.spans_on(dt.date.fromordinal(EPOCH_DAY + day)):
                    opens = max(midnight + span.opens, stretch.start)
                    closes = min(midnight + span.closes, stretch.end)
                    if opens < closes:
                        yield opens, closes


def _year_of(at: dt.datetime) -> int:
    """Of an instant in UTC."""
    year = at.year
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise OverflowError(f"an instant in the year {year}")
    return year
