"""Which layer of cells answers which stretch of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from caseway_analytics.domain.questions import Question, apart

Layer = Literal["slot", "half_hour", "day", "month"]
BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Before any fact: what counts from the beginning counts from here."""


WHOLE = "whole"
"""The desk's cells without any dimension, in days and months: a year's trend reads a few hundred documents."""


def cut_in(question: Question, layer: Layer) -> str:
    """Which cut of a layer answers a question."""
    is_undivided = not question.by and not question.filters and question.cut == "desk" and not apart(question.measure)
    return WHOLE if is_undivided and layer in {"day", "month"} else question.cut


class Stretch(NamedTuple):
    """Cells of one layer between two instants."""

    layer: Layer
    starts_at: dt.datetime
    ends_at: dt.datetime


def stretches(question: Question, zone: ZoneInfo, *, is_running: bool = False) -> list[Stretch]:
    """What to read: lanes' cells, and of the layers the coarsest that fits; days and months are the desk's zone's.

    >>> day, warsaw = dt.timedelta(days=1), ZoneInfo("Europe/Warsaw")
    >>> start = dt.datetime(2026, 9, 29, 22, tzinfo=dt.UTC)
    >>> year = Question(measure="contacts", starts_at=start, ends_at=start + 62 * day, grain="all", by=(), zone=warsaw)
    >>> [(layer, f"{a:%m-%d}", f"{b:%m-%d}") for layer, a, b in stretches(year, warsaw)[1:]]
    [('day', '09-29', '09-30'), ('month', '09-30', '10-31'), ('day', '10-31', '11-29'), ('half_hour', '11-29', '11-30')]
    """
    starts_at = BEGINNING if is_running else question.starts_at
    found = [Stretch("slot", starts_at, question.ends_at)]
    if is_running:
        found += _coarsest(BEGINNING, question.starts_at, zone, may_months=True)
    is_fine = question.grain == "hour" or question.zone.key != zone.key
    if is_fine:
        found.append(Stretch("half_hour", question.starts_at, question.ends_at))
    else:
        may_months = question.grain in {"month", "all"}
        found += _coarsest(question.starts_at, question.ends_at, zone, may_months=may_months)
    return [each for each in found if each.starts_at < each.ends_at]


def _coarsest(start: dt.datetime, end: dt.datetime, zone: ZoneInfo, *, may_months: bool) -> Iterator[Stretch]:
    first, last = _day_from(start, zone), _day_until(end, zone)
    if first >= last:
        yield Stretch("half_hour", start, end)
        return
    yield Stretch("half_hour", start, first)
    begin, finish = _month_from(first, zone), _month_until(last, zone)
    if may_months and begin < finish:
        yield Stretch("day", first, begin)
        yield Stretch("month", begin, finish)
        yield Stretch("day", finish, last)
    else:
        yield Stretch("day", first, last)
    yield Stretch("half_hour", last, end)


def _midnight(on: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), zone).astimezone(dt.UTC)


def _day_until(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return _midnight(at.astimezone(zone).date(), zone)


def _day_from(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    floor = _day_until(at, zone)
    return floor if floor == at else _midnight(at.astimezone(zone).date() + dt.timedelta(days=1), zone)


def _month_until(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return _midnight(at.astimezone(zone).date().replace(day=1), zone)


def _month_from(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    floor = _month_until(at, zone)
    if floor == at:
        return floor
    later = at.astimezone(zone).date().replace(day=28) + dt.timedelta(days=4)
    return _midnight(later.replace(day=1), zone)
