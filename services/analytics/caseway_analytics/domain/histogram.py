"""How durations are spread over fixed buckets.

The bounds are the same everywhere and for ever, so histograms of hours, queues and lanes add up bucket by bucket, and
what was added can be taken away again. They grow by 5 %, which is what a percentile's stated error comes from; round
durations (20 s, 5 min, 1 h …) are bounds too, so that "within 20 seconds" is counted exactly.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

GROWTH = 1.05
"""From bound to bound: finer bounds cost storage, coarser ones make percentiles vaguer."""

ERROR = 0.03
"""How far a percentile may lie from the true value, relatively, for durations of 100 ms to 90 days: half of the growth,
and a little because bounds are whole milliseconds."""

_LEAST = 100
"""Milliseconds; what is shorter is all in one bucket."""
_MOST = 90 * 86_400_000
"""Milliseconds; what is longer is all in one bucket."""
_SECOND = 1_000

EXACT_SECONDS = tuple(
    sorted(
        {1, 2, 3, 5, 10, 15, 20, 25, 30, 40, 45, 60, 90, 120, 150}
        | {minutes * 60 for minutes in (3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 45, 60, 90)}
        | {hours * 3600 for hours in (2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 36, 48, 72, 96, 120, 168)}
    )
)
"""Durations whose share of "within" is exact: the ones that service levels may name."""


def _bounds() -> tuple[int, ...]:
    steps = math.ceil(math.log(_MOST / _LEAST) / math.log(GROWTH))
    geometric = {round(_LEAST * GROWTH**step) for step in range(steps + 1)}
    return tuple(sorted({0} | geometric | {seconds * _SECOND for seconds in EXACT_SECONDS}))


BOUNDS = _bounds()
"""Upper bounds in milliseconds, each belonging to its bucket."""

Buckets = Mapping[int, int]
"""Bucket number → how many."""


def bucket_of(milliseconds: int) -> int:
    """The bucket of a duration: 0 for nothing at all, the last for more than 90 days.

    >>> bucket_of(0), bucket_of(20_000) < bucket_of(20_001)
    (0, True)
    """
    return bisect_left(BOUNDS, milliseconds)


def middle_of(bucket: int) -> float:
    """The duration that stands for a bucket, in milliseconds: within `ERROR` of everything in it."""
    if bucket == 0:
        return 0.0
    if bucket >= len(BOUNDS):
        return float(BOUNDS[-1])
    lower, upper = BOUNDS[bucket - 1], BOUNDS[bucket]
    return 2 * lower * upper / (lower + upper) if lower else upper / 2


def percentile(buckets: Buckets, share: float) -> float | None:
    """The duration (ms) that `share` of all do not exceed, within `ERROR`; None of an empty histogram.

    >>> percentile({}, 0.9) is None
    True
    >>> tens = {bucket_of(10_000): 9, bucket_of(60_000): 1}
    >>> [round(percentile(tens, share) / 10_000) for share in (0.5, 0.9, 0.95)]
    [1, 1, 6]
    """
    return percentiles(buckets, (share,))[0]


def percentiles(buckets: Buckets, shares: Sequence[float]) -> list[float | None]:
    """Several at once: a table has thousands of histograms, and each is sorted and added up once."""
    counted = sorted(bucket for bucket, count in buckets.items() if count > 0)
    reached = [*itertools.accumulate(buckets[bucket] for bucket in counted)]
    if not reached:
        return [None] * len(shares)
    ranks = (max(1, math.ceil(share * reached[-1])) for share in shares)
    return [middle_of(counted[bisect_left(reached, rank)]) for rank in ranks]


def count_within(buckets: Buckets, seconds: int) -> int:
    """How many lasted at most so long; exact, because only exact durations may be asked for.

    >>> count_within({bucket_of(20_000): 3, bucket_of(20_001): 1}, 20)
    3
    """
    if seconds not in EXACT_SECONDS:
        raise ValueError(f"{seconds} s is not one of the exact durations")
    last = bucket_of(seconds * _SECOND)
    return sum(count for bucket, count in buckets.items() if bucket <= last)


def added(histograms: Iterable[Buckets]) -> dict[int, int]:
    """All of them as one, without empty buckets.

    >>> added([{1: 2, 3: 1}, {1: 1, 3: -1}])
    {1: 3}
    """
    total: dict[int, int] = {}
    for buckets in histograms:
        for bucket, count in buckets.items():
            total[bucket] = total.get(bucket, 0) + count
    return {bucket: count for bucket, count in total.items() if count}
