"""Why a promise is due when it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from caseway.kernel.business_hours import BusinessHours, Interval
from caseway_escalation.domain.clock import NEVER, Milestone, stood_since
from caseway_escalation.domain.earlier import Earlier

_DAY = dt.timedelta(days=1)
_MOST_SPANS = 400
"""Spans listed for one milestone: more than a year of working days; a longer list helps nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One stretch of business time that counts towards the target."""

    span: Interval
    seconds: float
    has_other_hours: bool = False
    """Whether it lies on a date that is open at other times than its weekday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Whole days on which the clock ran and nothing counted."""

    days: Interval
    why: str
    """`weekday`, `holiday` or `exception`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Everything a deadline rests on."""

    calendar: str
    zone: str
    calendar_version: str
    hours_from_on: dt.date | None
    """From when the opening hours in force at the start are; None for the first ones."""
    earlier: Earlier | None
    """Stretches that are no longer told one by one."""
    earlier_used: dt.timedelta
    """What of them counts."""
    counted: tuple[Counted, ...]
    closed: tuple[Closed, ...]
    new_hours_on: tuple[dt.date, ...]
    """From which dates another version of the calendar is in force."""
    pauses: tuple[Interval, ...]
    stands_since: dt.datetime | None
    """While paused: since when."""
    words: str


def reason_for(milestone: Milestone, hours: BusinessHours) -> Reason:
    """Why `due_at` is what it is."""
    counted = tuple(_told(span, hours) for span in _counted(milestone, hours))
    pauses = tuple(_pauses(milestone))
    governing = hours.version_on(hours.local_date(milestone.started_at)).from_on
    stands = milestone.running_since is None and milestone.is_open
    since = stood_since(milestone) if stands else None
    return Reason(
        calendar=hours.name,
        zone=hours.zone,
        calendar_version=hours.version,
        hours_from_on=None if governing == dt.date.min else governing,
        earlier=milestone.earlier,
        earlier_used=milestone.earlier.used_in(hours) if milestone.earlier else dt.timedelta(0),
        counted=counted,
        closed=tuple(_closed(milestone, hours)),
        new_hours_on=_new_hours(milestone, hours),
        pauses=pauses,
        stands_since=since,
        words=_words(milestone, hours, counted, pauses, since),
    )


def _told(span: Interval, hours: BusinessHours) -> Counted:
    seconds = (span.end - span.start).total_seconds()
    return Counted(span=span, seconds=seconds, has_other_hours=hours.has_other_hours(hours.local_date(span.start)))


def _until(milestone: Milestone) -> dt.datetime:
    return min(milestone.due_at, milestone.ended_at or milestone.due_at)


def _new_hours(milestone: Milestone, hours: BusinessHours) -> tuple[dt.date, ...]:
    first, last = (hours.local_date(at) for at in (milestone.started_at, _until(milestone)))
    begun = (hours.local_date(at) for at in hours.beginnings(milestone.started_at)[1:])
    return () if milestone.terms.is_round_the_clock else tuple(on for on in begun if first < on <= last)


def _counted(milestone: Milestone, hours: BusinessHours) -> Iterator[Interval]:
    """Business time from the start to the deadline, while it stands to the pause; to its end, if that was earlier."""
    until = _until(milestone)
    spans = (span for run in _runs(milestone, until) for span in hours.counted(run.start, run.end))
    return islice(_joined(spans), _MOST_SPANS)


def _closed(milestone: Milestone, hours: BusinessHours) -> Iterator[Closed]:
    """Days without hours while the clock ran, those that follow each other for one reason as one."""
    place, found = ZoneInfo(hours.zone), list(islice(_closed_days(milestone, hours), _MOST_SPANS))
    while found:
        first, why = found[0]
        days = 1
        while days < len(found) and found[days] == (first + days * _DAY, why):
            days += 1
        begin, end = (dt.datetime.combine(on, dt.time.min, place) for on in (first, first + days * _DAY))
        yield Closed(days=Interval(begin.astimezone(dt.UTC), end.astimezone(dt.UTC)), why=why)
        found = found[days:]


def _closed_days(milestone: Milestone, hours: BusinessHours) -> Iterator[tuple[dt.date, str]]:
    for run in _runs(milestone, _until(milestone)):
        on, last = hours.local_date(run.start), hours.local_date(run.end)
        while on <= last:
            if why := hours.why_closed(on):
                yield on, why
            on += _DAY


def _runs(milestone: Milestone, until: dt.datetime) -> Iterator[Interval]:
    runs = list(milestone.stretches)
    if milestone.running_since is not None:
        runs.append(Interval(milestone.running_since, until))
    for run in runs:
        if run.start < min(run.end, until):
            yield Interval(run.start, min(run.end, until))


def _joined(spans: Iterable[Interval]) -> Iterator[Interval]:
    """Adjoining spans as one: round-the-clock calendars are laid out year by year."""
    last: Interval | None = None
    for span in spans:
        if last is not None and last.end == span.start:
            last = Interval(last.start, span.end)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _pauses(milestone: Milestone) -> Iterator[Interval]:
    since = milestone.earlier.until if milestone.earlier else milestone.started_at
    begun = Interval(since, since)
    runs = [begun, *milestone.stretches]
    if milestone.running_since is not None:
        runs.append(Interval(milestone.running_since, milestone.running_since))
    for before, after in pairwise(runs):
        if before.end < after.start:
            yield Interval(before.end, after.start)


def _words(
    milestone: Milestone,
    hours: BusinessHours,
    counted: tuple[Counted, ...],
    pauses: tuple[Interval, ...],
    since: dt.datetime | None,
) -> str:
    place = ZoneInfo(hours.zone)
    terms = milestone.terms
    told = [
        f"{_promised(milestone, hours)} {'was' if terms.months == 1 else 'were'} promised by {terms.policy!r}, from {local_time(milestone.started_at, place)}.",
        *_taken_over(milestone),
        *_summed_up(milestone, hours),
        f"Counted: {_spans((each.span for each in counted), place) or 'nothing'}.",
    ]
    told += [f"From {on} on new hours are in force." for on in _new_hours(milestone, hours)]
    others = dict.fromkeys(hours.local_date(each.span.start) for each in counted if each.has_other_hours)
    told += [f"On {on} there are other hours than on its weekday." for on in others]
    if pauses:
        told.append(f"Not counted, as the clock stood: {_spans(pauses, place)}.")
    if since is not None:
        told.append(
            f"It has stood since {local_time(since, place)}; had it not, it would be due {local_time(milestone.due_at, place)}."
        )
    else:
        told.append(f"So it {_became(milestone, place)}.")
    if milestone.ended_at is not None:
        told.append(f"It ended {local_time(milestone.ended_at, place)}: {milestone.state}.")
    return " ".join(told)


def _promised(milestone: Milestone, hours: BusinessHours) -> str:
    months = milestone.terms.months
    if not months:
        return f"{length(milestone.target)} of the hours of {hours.name!r} ({hours.zone})"
    put_off = f", put off once by {milestone.extension_months}," if milestone.extension_months else ""
    return f"{months} calendar month{'s' if months > 1 else ''}{put_off} at all hours ({hours.zone})"


def _taken_over(milestone: Milestone) -> Iterator[str]:
    if milestone.taken_over_from is not None:
        yield f"It was taken over from the merged case {milestone.taken_over_from}, whose deadline was the earlier."


def _summed_up(milestone: Milestone, hours: BusinessHours) -> Iterator[str]:
    earlier, place = milestone.earlier, ZoneInfo(hours.zone)
    if earlier is not None:
        yield (
            f"It was paused so often that its first {earlier.count} runs, from {local_time(earlier.since, place)} to "
            f"{local_time(earlier.until, place)}, are summed up: {length(earlier.used_in(hours))} of them count."
        )


def _became(milestone: Milestone, place: ZoneInfo) -> str:
    if milestone.due_at >= NEVER:
        return "is never due: these hours do not come to that much"
    return f"{'is' if milestone.outcome is None else 'was'} due {local_time(milestone.due_at, place)}"


def _spans(spans: Iterable[Interval], place: ZoneInfo) -> str:
    return "; ".join(
        f"{local_time(span.start, place)} to {local_time(span.end, place)} ({length(span.end - span.start)})"
        for span in spans
    )


def local_time(at: dt.datetime, place: ZoneInfo) -> str:
    """`Fri 2026-01-02 15:00:00+01:00`."""
    local = at.astimezone(place)
    exact = local.isoformat(sep=" ", timespec="seconds" if not local.microsecond else "microseconds")
    return f"{local:%a} {exact}"


def shown_time(at: dt.datetime, place: ZoneInfo) -> str:
    """For people: `Fri 2 Jan 2026, 15:00`; with the offset on a day on which the clocks are changed."""
    local = at.astimezone(place)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    is_changing = midnight.utcoffset() != (midnight + _DAY).utcoffset()
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y}, {clock}{f' ({local:%z})' if is_changing else ''}"


def length(amount: dt.timedelta) -> str:
    """`1 h 30 min` and the like; days of business time mean nothing, so hours are the largest.

    >>> length(dt.timedelta(days=1, minutes=5, seconds=2.5))
    '24 h 5 min 2.5 s'
    >>> length(dt.timedelta(seconds=14, microseconds=711443))
    '14.711443 s'
    """
    minutes, rest = divmod(amount, dt.timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest.total_seconds():.6f}".rstrip("0").rstrip(".")
    parts = [(str(hours), "h"), (str(minutes), "min"), (seconds, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number != "0") or "0 s"
