"""How samples add up to cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from caseway_analytics.domain.cuts import CUTS, Values, places
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.history import NO_FACE, Face, History
from caseway_analytics.domain.samples import Sample, Where
from caseway_analytics.domain.sampling import changed, given_by


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

Tally = dict[CellKey, Amounts]
"""What is counted, cell by cell."""


@lru_cache(maxsize=20_000)
def _timed(measure: str, milliseconds: int, business_ms: int | None) -> tuple[tuple[str, int], ...]:
    """What the duration of one sample adds, field by field."""
    timed = [(f"{measure}.ms", milliseconds), (f"{measure}.b.{bucket_of(milliseconds)}", 1)]
    if business_ms is not None:
        timed += [(f"{measure}.w", business_ms), (f"{measure}.h.{bucket_of(business_ms)}", 1)]
    return tuple((field, amount) for field, amount in timed if amount)


@lru_cache(maxsize=500)
def _count_field(measure: str) -> str:
    return f"{measure}.n"


def counted(face: Face, samples: Iterable[tuple[str, Sample]], sign: int = 1) -> Tally:
    """What the cells gain from samples, or lose.

    Most samples of one fact count at one place: they are added up first, and then put into every cut. So cells of several
    cuts share one set of amounts, which nobody may change.
    """
    sums: dict[tuple[dt.datetime, Where], dict[str, int]] = {}
    for measure, sample in samples:
        key = sample.slot, sample.where
        amounts = sums.get(key)
        if amounts is None:
            amounts = sums[key] = {}
        _add(amounts, measure, sample, sign)
    tally: Tally = {}
    for (slot, where), amounts in sums.items():
        _place(tally, slot, places(face, where), amounts)
    return tally


def _add(amounts: dict[str, int], measure: str, sample: Sample, sign: int) -> None:
    name = _count_field(measure)
    amounts[name] = amounts.get(name, 0) + sign * sample.times
    if sample.milliseconds is not None:
        for field, amount in _timed(measure, sample.milliseconds, sample.business_ms):
            amounts[field] = amounts.get(field, 0) + sign * amount
    if sample.instant is not None:
        field = f"{measure}.s"
        amounts[field] = amounts.get(field, 0) + sign * sample.instant


def _place(tally: Tally, slot: dt.datetime, cuts: Iterable[tuple[str, Values]], amounts: Amounts) -> None:
    for cut, values in cuts:
        key = CellKey(cut, slot, values)
        before = tally.get(key)
        tally[key] = amounts if before is None else _both(before, amounts)


def _both(some: Amounts, more: Amounts) -> Amounts:
    return {**some, **{name: some.get(name, 0) + amount for name, amount in more.items()}}


def difference(before: History | None, after: History) -> Tally:
    """What the cells gain and lose when `before` becomes `after`.

    A case whose queue becomes known, or whose violated milestone is corrected, thereby moves from cell to cell.
    Measures that are newer than the case's last counting were not counted then, and so nothing is taken away for them.
    """
    measures = changed(before, after)
    gained = counted(after.face, given_by(measures, after))
    if before is None:
        return gained
    lost = counted(before.face, given_by(measures, before, before.edition), sign=-1)
    return together([gained, lost]) if lost else gained


def loose(samples: Iterable[tuple[str, Sample]], sign: int = 1) -> Tally:
    """What the cells gain from samples that belong to no case."""
    return counted(NO_FACE, samples, sign)


def together(tallies: Iterable[Mapping[CellKey, Amounts]]) -> Tally:
    """All of them, cell by cell, without what is zero."""
    total: dict[CellKey, dict[str, int]] = {}
    for tally in tallies:
        for key, amounts in tally.items():
            into = total.get(key)
            if into is None:
                total[key] = dict(amounts)
                continue
            for name, amount in amounts.items():
                into[name] = into.get(name, 0) + amount
    return without_zeros(total)


def without_zeros(tally: Mapping[CellKey, Amounts]) -> Tally:
    """The same figures without fields and cells that say nothing."""
    kept = {key: {name: amount for name, amount in amounts.items() if amount} for key, amounts in tally.items()}
    return {key: amounts for key, amounts in kept.items() if amounts}
