"""Adds stored cells up to the figures asked for.

A year of cells are tens of thousands of documents, so this works on them as they come, without making an object of each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.figures import Figure, summed
from caseway_analytics.domain.questions import Question, needed

Stored = Mapping[str, Any]
"""A cell's document: `slot`, `values`, and under `m` its figures by measure."""

Group = tuple[str, ...]
"""The slot's name, and a value of each dimension that was asked for."""

Parts = Mapping[str, Figure]


_NO_BUCKETS: Mapping[str, int] = {}


class _Sum:
    __slots__ = ("buckets", "count", "instants", "milliseconds")

    def __init__(self) -> None:
        self.count = 0
        self.milliseconds = 0
        self.instants = 0
        self.buckets: dict[str, int] = {}


def gathered(question: Question, cells: Iterable[Stored], *, extra: tuple[str, ...] = ()) -> dict[Group, Parts]:
    """The figures that the measure needs, group by group; `extra` dimensions are told apart beside those asked for."""
    kept = CUTS[question.cut]
    picked = [kept.index(name) for name in (*question.by, *extra)]
    wanted = [(kept.index(name), values) for name, values in question.filters.items()]
    fields = ("n", "w", "h") if question.hours == "business" else ("n", "ms", "b")
    names = needed(question.measure)
    sums: dict[Group, dict[str, _Sum]] = {}
    slots: dict[dt.datetime, str] = {}
    for cell in cells:
        values = cell["values"]
        if wanted and any(values[place] not in allowed for place, allowed in wanted):
            continue
        figures = cell.get("m")
        if not figures:
            continue
        at = cell["slot"]
        slot = slots.get(at)
        if slot is None:
            slot = slots[at] = question.slot_of(at)
        group = (slot, *[values[place] for place in picked])
        for name in names:
            if (figure := figures.get(name)) is not None:
                into = sums.get(group)
                if into is None:
                    into = sums[group] = {}
                _add(into, name, figure, fields)
    return {group: {name: _figure(each) for name, each in parts.items()} for group, parts in sums.items()}


def _add(into: dict[str, _Sum], name: str, figure: Mapping[str, Any], fields: tuple[str, str, str]) -> None:
    count, spent, spread = fields
    total = into.get(name)
    if total is None:
        total = into[name] = _Sum()
    total.count += figure.get(count, 0)
    total.milliseconds += figure.get(spent, 0)
    total.instants += figure.get("s", 0)
    buckets = total.buckets
    for bucket, number in figure.get(spread, _NO_BUCKETS).items():
        buckets[bucket] = buckets.get(bucket, 0) + number


def _figure(total: _Sum) -> Figure:
    buckets = {int(bucket): number for bucket, number in total.buckets.items() if number}
    return Figure(count=total.count, milliseconds=total.milliseconds, buckets=buckets, instants=total.instants)


def merged(groups: Iterable[Parts], names: Sequence[str]) -> Parts:
    """All of them as one, for each name."""
    several = list(groups)
    return {name: summed(parts[name] for parts in several if name in parts) for name in names}
