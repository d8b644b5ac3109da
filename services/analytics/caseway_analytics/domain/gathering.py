"""Adds stored cells up to the figures asked for.

A year of cells are tens of thousands of documents, so this works on them as they come, without making an object of each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.figures import Figure
from caseway_analytics.domain.questions import Question

Stored = Mapping[str, Any]
"""A cell's document: `slot`, `values`, and under `m` its figures by measure."""

Group = tuple[str, ...]
"""The slot's name, and a value of each dimension that was asked for."""

Parts = Mapping[str, Figure]


class _Sum:
    __slots__ = ("buckets", "count", "milliseconds")

    def __init__(self) -> None:
        self.count = 0
        self.milliseconds = 0
        self.buckets: dict[str, int] = {}


def gathered(question: Question, cells: Iterable[Stored], *, extra: tuple[str, ...] = ()) -> dict[Group, Parts]:
    """The figures of each group, by measure; `extra` dimensions are told apart beside those asked for."""
    names = CUTS[question.cut]
    picked = [names.index(name) for name in (*question.by, *extra)]
    wanted = [(names.index(name), values) for name, values in question.filters.items()]
    fields = ("n", "w", "h") if question.hours == "business" else ("n", "ms", "b")
    sums: dict[Group, dict[str, _Sum]] = {}
    slots: dict[dt.datetime, str] = {}
    for cell in cells:
        values = cell["values"]
        if any(values[place] not in allowed for place, allowed in wanted):
            continue
        at = cell["slot"]
        slot = slots.get(at)
        if slot is None:
            slot = slots[at] = question.slot_of(at)
        into = sums.setdefault((slot, *(values[place] for place in picked)), {})
        _add(into, cell.get("m", {}), fields)
    return {group: {name: _figure(each) for name, each in parts.items()} for group, parts in sums.items()}


def _add(into: dict[str, _Sum], figures: Mapping[str, Mapping[str, Any]], fields: tuple[str, str, str]) -> None:
    count, spent, spread = fields
    for name, figure in figures.items():
        total = into.get(name)
        if total is None:
            total = into[name] = _Sum()
        total.count += figure.get(count, 0)
        total.milliseconds += figure.get(spent, 0)
        buckets = total.buckets
        for bucket, number in figure.get(spread, {}).items():
            buckets[bucket] = buckets.get(bucket, 0) + number


def _figure(total: _Sum) -> Figure:
    buckets = {int(bucket): number for bucket, number in total.buckets.items() if number}
    return Figure(count=total.count, milliseconds=total.milliseconds, buckets=buckets)


def merged(groups: Iterable[Parts], names: Sequence[str]) -> Parts:
    """All of them as one, for each name."""
    total = {name: _Sum() for name in names}
    for parts in groups:
        for name in names:
            if (figure := parts.get(name)) is not None:
                into = total[name]
                into.count += figure.count
                into.milliseconds += figure.milliseconds
                for bucket, number in figure.buckets.items():
                    into.buckets[str(bucket)] = into.buckets.get(str(bucket), 0) + number
    return {name: _figure(each) for name, each in total.items()}
