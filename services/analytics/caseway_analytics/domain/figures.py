"""What cells add up to: counts, sums and spreads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from caseway_analytics.domain import histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure over any set of cells."""

    count: int = 0
    milliseconds: int = 0
    """Of all that were timed, together."""
    buckets: Mapping[int, int] = field(default_factory=dict)
    instants: int = 0
    """Of those whose age is asked, in seconds since 2020, together."""

    @property
    def timed(self) -> int:
        """How many were timed."""
        return sum(self.buckets.values())

    @property
    def mean_seconds(self) -> float | None:
        """None where nothing was timed: no figure is invented."""
        timed = self.timed
        return round(self.milliseconds / timed / 1000, 3) if timed else None

    def percentile_seconds(self, share: float) -> float | None:
        """Within `histogram.ERROR`; None where nothing was timed."""
        return self.percentiles_seconds((share,))[0]

    def percentiles_seconds(self, shares: Sequence[float]) -> list[float | None]:
        """Several at once."""
        found = histogram.percentiles(self.buckets, shares)
        return [None if each is None else round(each / 1000, 3) for each in found]

    def count_within(self, seconds: int) -> int:
        """Exact, for the durations that the histogram knows exactly."""
        return histogram.count_within(self.buckets, seconds)

    def share_within(self, seconds: int) -> float | None:
        """Exact, for the durations that the histogram knows exactly; None where nothing was timed."""
        timed = self.timed
        return round(self.count_within(seconds) / timed, 4) if timed else None


NONE = Figure()


def summed(figures: Iterable[Figure]) -> Figure:
    """All of them as one."""
    several = list(figures)
    if len(several) == 1:
        return several[0]
    return Figure(
        count=sum(each.count for each in several),
        milliseconds=sum(each.milliseconds for each in several),
        buckets=histogram.added(each.buckets for each in several),
        instants=sum(each.instants for each in several),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The figures of one stretch of time and one value of each dimension of a cut."""

    starts_at: dt.datetime
    """A half hour, or, of what is older, a day or a month of the desk's zone."""
    values: Mapping[str, str]
    """By dimension."""
    figures: Mapping[str, Figure]
    """By measure; one that is absent is zero."""

    @property
    def channel(self) -> str:
        """Empty where the cut has no channel."""
        return self.values.get("channel", "")

    @property
    def queue(self) -> str:
        """Empty where the cut has no queue."""
        return self.values.get("queue", "")

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
