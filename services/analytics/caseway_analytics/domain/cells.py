"""How samples add up to cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from caseway_analytics.domain.cuts import CUTS, Values, places
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.history import NO_FACE, Face, History
from caseway_analytics.domain.measures import changed, given_by
from caseway_analytics.domain.samples import Sample


class CellKey(NamedTuple):
    """One half hour of UTC, and one value of each dimension of a cut."""

    cut: str
    slot: dt.datetime
    values: Values

    def named(self) -> dict[str, str]:
        """The values by dimension."""
        return dict(zip(CUTS[self.cut], self.values, strict=True))


Amounts = Mapping[str, int]
"""By field: `<measure>.n` how many, `<measure>.ms` their milliseconds together, `<measure>.b.<bucket>` the histogram,
`<measure>.w` and `<measure>.h.<bucket>` the same in business time, `<measure>.s` the instants' sum."""

Tally = dict[CellKey, dict[str, int]]
"""What is counted, cell by cell."""


@lru_cache(maxsize=20_000)
def _fields(measure: str, milliseconds: int | None, business_ms: int | None) -> tuple[tuple[str, int], ...]:
    """What one sample adds, field by field."""
    if milliseconds is None:
        return ()
    timed: tuple[tuple[str, int], ...] = (
        (f"{measure}.ms", milliseconds),
        (f"{measure}.b.{bucket_of(milliseconds)}", 1),
    )
    if business_ms is None:
        return timed
    return (*timed, (f"{measure}.w", business_ms), (f"{measure}.h.{bucket_of(business_ms)}", 1))


@lru_cache(maxsize=500)
def _count_field(measure: str) -> str:
    return f"{measure}.n"


def count(tally: Tally, face: Face, measure: str, sample: Sample, sign: int = 1) -> None:
    """Add one sample to a tally, or take it away, in every cut where it has a place."""
    name, times = _count_field(measure), sign * sample.times
    fields = _fields(measure, sample.milliseconds, sample.business_ms)
    for cut, values in places(face, sample):
        key = CellKey(cut, sample.slot, values)
        amounts = tally.get(key)
        if amounts is None:
            amounts = tally[key] = {}
        amounts[name] = amounts.get(name, 0) + times
        for field, amount in fields:
            amounts[field] = amounts.get(field, 0) + sign * amount
        if sample.instant is not None:
            field = f"{measure}.s"
            amounts[field] = amounts.get(field, 0) + sign * sample.instant


def difference(before: History | None, after: History) -> Tally:
    """What the cells gain and lose when `before` becomes `after`.

    A case whose queue becomes known, or whose violated milestone is corrected, thereby moves from cell to cell.
    Measures that are newer than the case's last counting were not counted then, and so nothing is taken away for them.
    """
    tally: Tally = {}
    measures = changed(before, after)
    for measure, sample in given_by(measures, after):
        count(tally, after.face, measure, sample)
    if before is None:
        return tally
    for measure, sample in given_by(measures, before, before.edition):
        count(tally, before.face, measure, sample, sign=-1)
    return without_zeros(tally)


def loose(samples: Iterable[tuple[str, Sample]], sign: int = 1) -> Tally:
    """What the cells gain from samples that belong to no case."""
    tally: Tally = {}
    for measure, sample in samples:
        count(tally, NO_FACE, measure, sample, sign)
    return tally


def together(tallies: Iterable[Mapping[CellKey, Amounts]]) -> Tally:
    """All of them, cell by cell, without what is zero."""
    total: Tally = {}
    for tally in tallies:
        for key, amounts in tally.items():
            into = total.setdefault(key, {})
            for name, amount in amounts.items():
                into[name] = into.get(name, 0) + amount
    return without_zeros(total)


def without_zeros(tally: Mapping[CellKey, Amounts]) -> Tally:
    """The same figures without fields and cells that say nothing."""
    kept = {key: {name: amount for name, amount in amounts.items() if amount} for key, amounts in tally.items()}
    return {key: amounts for key, amounts in kept.items() if amounts}
