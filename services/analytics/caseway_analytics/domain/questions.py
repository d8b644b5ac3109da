"""Which figures somebody asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from caseway_analytics.domain.measures import MEASURES, RATIOS

Grain = Literal["hour", "day"]
GRAINS: tuple[Grain, ...] = ("hour", "day")
DIMENSIONS = ("channel", "queue")
_PARAMETERS = frozenset({"from", "to", "grain", "by", "zone"})
_LONGEST: Mapping[str, dt.timedelta] = {"hour": dt.timedelta(days=93), "day": dt.timedelta(days=366 * 3)}
"""What one answer may span: more rows than that are an export, not a figure on a screen."""


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
class Question:
    """A measure over a span of time, split as asked."""

    measure: str
    starts_at: dt.datetime
    """Included; at a full hour of UTC."""
    ends_at: dt.datetime
    """Not included; at a full hour of UTC."""
    grain: Grain
    by: tuple[str, ...]
    zone: ZoneInfo

    def slot_of(self, hour: dt.datetime) -> str:
        """The name of the slot that an hour of UTC falls into: the hour, or the zone's day."""
        local = hour.astimezone(self.zone)
        return local.date().isoformat() if self.grain == "day" else local.isoformat()


def asked(measure: str, parameters: Mapping[str, str], *, now: dt.datetime, zone: str) -> Question:
    """The question that a query string asks; without a span, the day so far in the desk's zone.

    Raises:
        BadQuestion: naming the parameter.
    """
    if measure not in MEASURES and measure not in RATIOS:
        raise BadQuestion("measure", "one of " + ", ".join((*MEASURES, *RATIOS)))
    if unknown := sorted(set(parameters) - _PARAMETERS):
        raise BadQuestion(unknown[0], "no such parameter; there are " + ", ".join(sorted(_PARAMETERS)))
    in_zone = _zone(parameters.get("zone") or zone)
    grain = _grain(parameters.get("grain", "hour"))
    ends_at = _instant("to", parameters["to"], in_zone) if "to" in parameters else _after(now)
    default = min(now, ends_at - dt.timedelta(hours=1)).astimezone(in_zone).date()
    starts_at = _instant("from", parameters.get("from", default.isoformat()), in_zone)
    _check_span(starts_at, ends_at, grain)
    _check_offset(in_zone, starts_at, ends_at)
    return Question(
        measure=measure,
        starts_at=_aligned("from", starts_at),
        ends_at=_aligned("to", ends_at),
        grain=grain,
        by=_by(parameters.get("by", "")),
        zone=in_zone,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadQuestion("zone", "a name of the time zone database, such as Europe/Warsaw") from None


def _grain(name: str) -> Grain:
    for grain in GRAINS:
        if grain == name:
            return grain
    raise BadQuestion("grain", "one of " + ", ".join(GRAINS))


def _by(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if any(name not in DIMENSIONS for name in names):
        raise BadQuestion("by", "some of " + ", ".join(DIMENSIONS) + ", separated by commas")
    return names


def _instant(field: str, text: str, zone: ZoneInfo) -> dt.datetime:
    expected = "a date, such as 2026-11-22, or an instant of RFC 3339 with its offset"
    try:
        if len(text) == len("2026-11-22"):
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), zone).astimezone(dt.UTC)
        # a "+" that was not escaped arrives as a space
        read = dt.datetime.fromisoformat(text.replace(" ", "+"))
        if read.tzinfo is None:
            raise BadQuestion(field, expected)
        return read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise BadQuestion(field, expected) from None


def _check_span(starts_at: dt.datetime, ends_at: dt.datetime, grain: Grain) -> None:
    if starts_at >= ends_at:
        raise BadQuestion("from", "an instant before `to`")
    if ends_at - starts_at > _LONGEST[grain]:
        raise BadQuestion("from", f"at most {_LONGEST[grain].days} days before `to`, by the {grain}")


def _check_offset(zone: ZoneInfo, *instants: dt.datetime) -> None:
    """Cells are hours of UTC; a zone off by part of an hour cuts through them."""
    for instant in instants:
        offset = instant.astimezone(zone).utcoffset() or dt.timedelta()
        if offset % dt.timedelta(hours=1):
            raise BadQuestion("zone", "a zone that is whole hours from UTC, since figures are kept by the hour")


def _aligned(field: str, instant: dt.datetime) -> dt.datetime:
    if instant.minute or instant.second or instant.microsecond:
        raise BadQuestion(field, "a full hour, since figures are kept by the hour")
    return instant


def _after(now: dt.datetime) -> dt.datetime:
    """The end of the hour that runs."""
    return now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
