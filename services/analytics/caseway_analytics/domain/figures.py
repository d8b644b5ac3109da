"""What cells add up to: counts, sums and spreads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caseway_analytics.domain import histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure over any set of cells."""

    count: int = 0
    milliseconds: int = 0
    """Of all that were timed, together."""
    buckets: Mapping[int, int] = field(default_factory=dict)

    @property
    def mean_seconds(self) -> float | None:
        """None where nothing was timed: no figure is invented."""
        timed = sum(self.buckets.values())
        return round(self.milliseconds / timed / 1000, 3) if timed else None

    def percentile_seconds(self, share: float) -> float | None:
        """Within `histogram.ERROR`; None where nothing was timed."""
        found = histogram.percentile(self.buckets, share)
        return None if found is None else round(found / 1000, 3)

    def share_within(self, seconds: int) -> float | None:
        """Exact, for the durations that the histogram knows exactly; None where nothing was timed."""
        timed = sum(self.buckets.values())
        return round(histogram.count_within(self.buckets, seconds) / timed, 4) if timed else None


NONE = Figure()


def summed(figures: Iterable[Figure]) -> Figure:
    """All of them as one."""
    several = list(figures)
    return Figure(
        count=sum(each.count for each in several),
        milliseconds=sum(each.milliseconds for each in several),
        buckets=histogram.added(each.buckets for each in several),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One hour's figures for one channel and queue, as one lane (or all of them) counted."""

    hour: dt.datetime
    channel: str
    queue: str
    figures: Mapping[str, Figure]
    """By measure; one that is absent is zero."""

    def of(self, measure: str) -> Figure:
        """The measure's figure here."""
        return self.figures.get(measure, NONE)


def total(cells: Iterable[Cell], measure: str) -> Figure:
    """The measure over all the cells."""
    return summed(cell.figures[measure] for cell in cells if measure in cell.figures)


def ratio(part: int, others: int) -> float | None:
    """`part` of both; None of nothing: neither 0 nor 100 %.

    >>> ratio(3, 1), ratio(0, 0)
    (0.75, None)
    """
    whole = part + others
    return round(part / whole, 4) if whole > 0 else None
