"""How samples add up to cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.history import History, hour_of
from caseway_analytics.domain.measures import Sample, samples_of


class CellKey(NamedTuple):
    """One hour of UTC, one channel, one queue."""

    hour: dt.datetime
    channel: str
    queue: str


Amounts = Mapping[str, int]
"""By field: `<measure>.n` how many, `<measure>.ms` their milliseconds together, `<measure>.b.<bucket>` the histogram."""

Tally = dict[CellKey, dict[str, int]]
"""What is counted, cell by cell."""


def count(tally: Tally, measure: str, sample: Sample, sign: int = 1) -> None:
    """Add one sample to a tally, or take it away."""
    amounts = tally.setdefault(CellKey(sample.hour, sample.channel, sample.queue), {})
    _add(amounts, f"{measure}.n", sign * sample.times)
    if sample.milliseconds is not None:
        _add(amounts, f"{measure}.ms", sign * sample.milliseconds)
        _add(amounts, f"{measure}.b.{bucket_of(sample.milliseconds)}", sign)


def difference(before: History | None, after: History) -> Tally:
    """What the cells gain and lose when `before` becomes `after`.

    A case whose queue becomes known, or whose violated milestone is corrected, thereby moves from cell to cell.
    """
    tally: Tally = {}
    for measure, sample in samples_of(after):
        count(tally, measure, sample)
    for measure, sample in samples_of(before) if before else ():
        count(tally, measure, sample, sign=-1)
    return without_zeros(tally)


def noticed(at: dt.datetime, channel: str, notice: str) -> Tally:
    """What the cells gain from one fact about a notification."""
    tally: Tally = {}
    count(tally, f"notifications_{notice}", Sample(hour_of(at), channel, ""))
    return tally


def together(tallies: Iterable[Mapping[CellKey, Amounts]]) -> Tally:
    """All of them, cell by cell, without what is zero."""
    total: Tally = {}
    for tally in tallies:
        for key, amounts in tally.items():
            into = total.setdefault(key, {})
            for name, amount in amounts.items():
                _add(into, name, amount)
    return without_zeros(total)


def without_zeros(tally: Mapping[CellKey, Amounts]) -> Tally:
    """The same figures without fields and cells that say nothing."""
    kept = {key: {name: amount for name, amount in amounts.items() if amount} for key, amounts in tally.items()}
    return {key: amounts for key, amounts in kept.items() if amounts}


def _add(amounts: dict[str, int], name: str, amount: int) -> None:
    amounts[name] = amounts.get(name, 0) + amount
