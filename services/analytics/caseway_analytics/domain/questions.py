"""Which figures somebody asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from caseway_analytics.domain.calendar import Period, end_of, start_of
from caseway_analytics.domain.cuts import CUTS, DIMENSIONS, cut_for
from caseway_analytics.domain.history import SLOT
from caseway_analytics.domain.measures import DERIVED, MEASURES

Grain = Literal["hour", "day", "week", "month", "all"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
Hours = Literal["wall", "business"]
_PARAMETERS = frozenset({"from", "to", "grain", "by", "zone", "hours"})
_DAY = dt.timedelta(days=1)
_LONGEST: Mapping[Grain, dt.timedelta] = {
    "hour": 93 * _DAY,
    "day": 366 * 3 * _DAY,
    "week": 366 * 10 * _DAY,
    "month": 366 * 50 * _DAY,
    "all": 366 * 50 * _DAY,
}
"""What one answer may span: more rows than that are an export, not a figure on a screen."""
_LAST = dt.datetime(9998, 1, 1, tzinfo=dt.UTC)


class BadQuestion(Exception):
    """A question that cannot be answered.

    Attributes:
        field: the parameter that is wrong.
        expected: what it should be, in words for a person.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long figures stay how fine."""

    half_hours: dt.timedelta = dt.timedelta(days=40)
    """By the half hour; what is older is gathered into days of the desk's zone."""
    days: dt.timedelta = dt.timedelta(days=3 * 366)
    """By the day and week; what is older is gathered into months."""
    zones: frozenset[str] = frozenset()
    """Those beside the desk's own in which days, weeks and months are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A measure over a span of time, split as asked."""

    measure: str
    starts_at: dt.datetime
    """Included; at a half hour of UTC."""
    ends_at: dt.datetime
    """Not included; at a half hour of UTC."""
    grain: Grain
    by: tuple[str, ...]
    zone: ZoneInfo
    hours: Hours = "wall"
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Values that count, by dimension."""
    cut: str = "desk"

    def slot_of(self, instant: dt.datetime) -> str:
        """The name of the slot that an instant falls into, in the zone."""
        local = instant.astimezone(self.zone)
        match self.grain:
            case "hour":
                return local.replace(minute=0).isoformat()
            case "day":
                return local.date().isoformat()
            case "week":
                year, week, _ = local.isocalendar()
                return f"{year}-W{week:02}"
            case "month":
                return f"{local.year:04}-{local.month:02}"
            case "all":
                return "all"

    def periods(self, until: dt.datetime) -> Iterator[tuple[str, dt.datetime]]:
        """Every slot of the span that has begun by `until`, in order, and when it ends; the last ends there."""
        at, end = self.starts_at, min(self.ends_at, until)
        while at < end:
            following = min(self._following(at), end)
            yield self.slot_of(at), following
            at = following

    def _following(self, at: dt.datetime) -> dt.datetime:
        """When the slot ends that an instant falls into."""
        match self.grain:
            case "hour":
                return at + dt.timedelta(hours=1) - dt.timedelta(minutes=at.astimezone(self.zone).minute)
            case "all":
                return self.ends_at
            case period:
                return end_of(at, period, self.zone)


def apart(measure: str) -> str:
    """The dimension value by value of which the measure is added up; empty for most."""
    return DERIVED[measure].apart if measure in DERIVED else ""


def needed(measure: str) -> tuple[str, ...]:
    """The measures whose cells answer."""
    return DERIVED[measure].needs if measure in DERIVED else (measure,)


def asked(
    measure: str, parameters: Mapping[str, str], *, now: dt.datetime, zone: str, keeping: Keeping | None = None
) -> Question:
    """The question that a query string asks; without a span, the day so far in the desk's zone.

    Raises:
        BadQuestion: naming the parameter.
    """
    if measure not in MEASURES and measure not in DERIVED:
        raise BadQuestion("measure", "one of " + ", ".join((*MEASURES, *DERIVED)))
    if unknown := sorted(set(parameters) - _PARAMETERS - set(DIMENSIONS)):
        raise BadQuestion(unknown[0], "no such parameter; there are " + ", ".join(sorted({*_PARAMETERS, *DIMENSIONS})))
    in_zone = zone_of(parameters.get("zone") or zone)
    by = _by(parameters.get("by", ""))
    filters = {name: _values(parameters[name]) for name in DIMENSIONS if name in parameters}
    starts_at, ends_at = _span(parameters, in_zone, now)
    question = Question(
        measure=measure,
        starts_at=starts_at,
        ends_at=ends_at,
        grain=_grain(parameters.get("grain", "hour")),
        by=by,
        zone=in_zone,
        hours=_hours(parameters.get("hours", "wall"), measure),
        filters=filters,
        cut=_cut({*by, *filters}, measure),
    )
    check(question, now=now, zone=zone, keeping=keeping or Keeping())
    return question


def _spoken(grain: Grain) -> str:
    return "in all" if grain == "all" else f"by the {grain}"


def check(question: Question, *, now: dt.datetime, zone: str, keeping: Keeping) -> None:
    """Refuse what is too long, not at a half hour, or finer than what is kept of that time.

    Raises:
        BadQuestion: naming the parameter.
    """
    if question.starts_at >= question.ends_at:
        raise BadQuestion("from", "an instant before `to`")
    if question.ends_at - question.starts_at > _LONGEST[question.grain]:
        raise BadQuestion(
            "from", f"at most {_LONGEST[question.grain].days} days before `to`, {_spoken(question.grain)}"
        )
    for name, at in (("from", question.starts_at), ("to", question.ends_at)):
        if (question.zone.utcoffset(at.astimezone(question.zone).replace(tzinfo=None)) or dt.timedelta()) % SLOT:
            raise BadQuestion(
                "zone", "a zone that is whole half hours from UTC, since figures are kept by the half hour"
            )
        if at.minute % 30 or at.second or at.microsecond:
            raise BadQuestion(name, "a full or a half hour, since figures are kept by the half hour")
    if question.starts_at < (before := gathered_before(now, keeping.half_hours, zone)):
        _check_gathered(question, zone, keeping, before)
    if question.starts_at < (before := gathered_before(now, keeping.days, zone)):
        _check_months(question, keeping, start_of(before, "month", ZoneInfo(zone)))


def _check_gathered(question: Question, zone: str, keeping: Keeping, before: dt.datetime) -> None:
    zones = sorted({zone, *keeping.zones})
    why = f"; figures older than {keeping.half_hours.days} days are kept by the day of {', '.join(zones)}"
    if question.grain == "hour":
        raise BadQuestion("grain", "day, week, month or all" + why)
    if question.zone.key not in zones:
        raise BadQuestion("zone", " or ".join(zones) + why)
    _check_whole(question, "day", before, "the beginning of a day" + why)


def _check_months(question: Question, keeping: Keeping, before: dt.datetime) -> None:
    why = f"; figures older than {keeping.days.days} days are kept by the month"
    if question.grain not in {"month", "all"}:
        raise BadQuestion("grain", "month or all" + why)
    _check_whole(question, "month", before, "the first of a month" + why)


def _check_whole(question: Question, period: Period, before: dt.datetime, expected: str) -> None:
    """Neither end may need a part of a period of which no parts are kept."""
    if start_of(question.starts_at, period, question.zone) != question.starts_at:
        raise BadQuestion("from", expected)
    last = start_of(question.ends_at, period, question.zone)
    if last != question.ends_at and last < before:
        raise BadQuestion("to", expected)


def gathered_before(now: dt.datetime, kept: dt.timedelta, zone: str) -> dt.datetime:
    """The beginning of the zone's day before which nothing is kept by the half hour."""
    return start_of(now - kept, "day", ZoneInfo(zone))


def _cut(dimensions: set[str], measure: str) -> str:
    if cut := cut_for({*dimensions, apart(measure)} - {""}):
        return cut
    together = "; ".join(" and ".join(names) for names in CUTS.values())
    raise BadQuestion("by", f"dimensions that {measure} is kept by together: {together}")


def _span(parameters: Mapping[str, str], zone: ZoneInfo, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    ends_at = instant("to", parameters["to"], zone) if "to" in parameters else _after(now)
    if "from" in parameters:
        return instant("from", parameters["from"], zone), ends_at
    default = min(now, ends_at - dt.timedelta(hours=1)).astimezone(zone).date()
    return instant("from", default.isoformat(), zone), ends_at


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name.

    Raises:
        BadQuestion: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadQuestion("zone", "a name of the time zone database, such as Europe/Warsaw") from None


def _grain(name: str) -> Grain:
    if name in GRAINS:
        return name
    raise BadQuestion("grain", "one of " + ", ".join(GRAINS))


def _hours(name: str, measure: str) -> Hours:
    if name not in get_args(Hours):
        raise BadQuestion("hours", "wall or business")
    if name == "business" and (measure not in MEASURES or MEASURES[measure].unit != "seconds"):
        raise BadQuestion("hours", f"wall: {measure} is no length of time that business hours could shorten")
    return cast("Hours", name)


def _by(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if any(name not in DIMENSIONS for name in names):
        raise BadQuestion("by", "some of " + ", ".join(DIMENSIONS) + ", separated by commas")
    return names


def _values(text: str) -> frozenset[str]:
    return frozenset(value.strip() for value in text.split(","))


def instant(field: str, text: str, zone: ZoneInfo) -> dt.datetime:
    """A date of the zone, or an instant, as somebody wrote it.

    Raises:
        BadQuestion: it is neither.
    """
    expected = "a date, such as 2026-11-22, or an instant of RFC 3339 with its offset"
    try:
        if len(text) == len("2026-11-22"):
            read = dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), zone)
        else:
            # a "+" that was not escaped arrives as a space
            read = dt.datetime.fromisoformat(text.replace(" ", "+"))
        if read.tzinfo is None:
            raise BadQuestion(field, expected)
        utc = read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise BadQuestion(field, expected) from None
    if utc > _LAST:
        raise BadQuestion(field, expected)
    return utc


def _after(now: dt.datetime) -> dt.datetime:
    """The end of the hour that runs."""
    return now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
