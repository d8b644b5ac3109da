"""Which layer of cells answers which stretch of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from caseway_analytics.domain.calendar import Period, ceiling, start_of
from caseway_analytics.domain.questions import Grain, Question, apart
from caseway_analytics.domain.roll_ups import ROLL_UPS, smallest

SLOTS, HALF_HOURS = "slot", "half_hour"
"""Lanes' own cells, and the finest layer that they are gathered into."""
BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Before any fact: what counts from the beginning counts from here."""

PERIODS: tuple[Period, ...] = ("day", "week", "month")
_COARSER: Mapping[Grain, tuple[Period, ...]] = {
    "hour": (),
    "day": ("day",),
    "week": ("week", "day"),
    "month": ("month", "week", "day"),
    "all": ("month", "week", "day"),
}
"""The periods that a grain may be answered from, the longest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the layers hold beside the cuts: decided when the first cell is gathered, so that nothing is ever half there."""

    roll_ups: frozenset[str] = frozenset()
    periods: frozenset[str] = frozenset({"day", "month"})
    zones: frozenset[str] = frozenset()
    """Those beside the desk's own in which days, weeks and months are kept."""


def everything(zones: frozenset[str]) -> Kept:
    """What is kept from the first cell on."""
    names = frozenset(each.name for each in ROLL_UPS)
    return Kept(roll_ups=names, periods=frozenset(PERIODS), zones=zones)


def layer_of(period: Period, zone: ZoneInfo, desk: ZoneInfo) -> str:
    """The name of a layer: periods of another zone than the desk's bear its name."""
    return period if zone.key == desk.key else f"{period} {zone.key}"


def cut_in(question: Question, layer: str, kept: Kept) -> str:
    """Which cut of a layer answers a question, or which roll-up of the cut."""
    if layer == SLOTS:
        return question.cut
    told_apart = {*question.by, *question.filters, apart(question.measure)} - {""}
    return smallest(question.cut, told_apart, kept.roll_ups)


class Stretch(NamedTuple):
    """Cells of one layer between two instants."""

    layer: str
    starts_at: dt.datetime
    ends_at: dt.datetime


def stretches(question: Question, desk: ZoneInfo, kept: Kept, *, is_running: bool = False) -> list[Stretch]:
    """What to read: lanes' cells, and of the layers the coarsest that fits; `desk` is the desk's zone.

    >>> day, warsaw = dt.timedelta(days=1), ZoneInfo("Europe/Warsaw")
    >>> start = dt.datetime(2026, 9, 29, 22, tzinfo=dt.UTC)
    >>> year = Question(measure="contacts", starts_at=start, ends_at=start + 62 * day, grain="all", by=(), zone=warsaw)
    >>> [(layer, f"{a:%m-%d}", f"{b:%m-%d}") for layer, a, b in stretches(year, warsaw, Kept())[1:]]
    [('day', '09-29', '09-30'), ('month', '09-30', '10-31'), ('day', '10-31', '11-29'), ('half_hour', '11-29', '11-30')]
    """
    starts_at = BEGINNING if is_running else question.starts_at
    found = [Stretch(SLOTS, starts_at, question.ends_at)]
    has_periods = question.zone.key in {desk.key, *kept.zones}
    zone = question.zone if has_periods else desk
    if is_running:
        found += _of_layers(BEGINNING, question.starts_at, _longest("all", kept), zone, desk)
    periods = _longest(question.grain, kept) if has_periods else ()
    found += _of_layers(question.starts_at, question.ends_at, periods, zone, desk)
    return [each for each in found if each.starts_at < each.ends_at]


def _longest(grain: Grain, kept: Kept) -> tuple[Period, ...]:
    return tuple(period for period in _COARSER[grain] if period in kept.periods)


def _of_layers(
    start: dt.datetime, end: dt.datetime, periods: tuple[Period, ...], zone: ZoneInfo, desk: ZoneInfo
) -> Iterator[Stretch]:
    """The longest period's whole ones, and at both ends what shorter ones make of the rest.

    Where a boundary of the longest lies within, nothing shorter reaches across it: a week at the turn of two months belongs
    to neither.
    """
    if not periods:
        yield Stretch(HALF_HOURS, start, end)
        return
    period, *shorter = periods
    first, last = ceiling(start, period, zone), start_of(end, period, zone)
    if first > last:
        yield from _of_layers(start, end, tuple(shorter), zone, desk)
        return
    yield from _of_layers(start, first, tuple(shorter), zone, desk)
    yield Stretch(layer_of(period, zone, desk), first, last)
    yield from _of_layers(last, end, tuple(shorter), zone, desk)
