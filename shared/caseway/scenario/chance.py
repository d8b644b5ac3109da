"""The dice of a scenario: the same for the same seed."""

from __future__ import annotations

import math
import random  # noqa: TID251 - traffic is random; nothing of the desk is decided here
from collections.abc import Mapping, Sequence
from typing import TypeVar

Value = TypeVar("Value")


class Chance:
    """One stream of draws; every contact and every agent has its own, so that none disturbs another's.

    Args:
        seed: the run's, with what the stream is for, such as `7/contact/12`.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def happens(self, share: float) -> bool:
        """Whether something that happens so often (0 to 1) happens now."""
        return self._random.random() < share

    def one_of(self, values: Sequence[Value]) -> Value:
        """One of them, all alike."""
        return self._random.choice(values)

    def weighed(self, weights: Mapping[Value, float]) -> Value:
        """One of the keys, by weight."""
        return self._random.choices(tuple(weights), tuple(weights.values()))[0]

    def whole(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(least, most)

    def gap(self, per_second: float) -> float:
        """Seconds to the next arrival, where arrivals know nothing of each other (Poisson)."""
        return self._random.expovariate(per_second)

    def about(self, median: float, spread: float = 0.4) -> float:
        """A duration as people's are: half of them below the median, some very long (log-normal)."""
        return median * math.exp(self._random.gauss(0.0, spread))

    def digits(self, count: int) -> str:
        """Such as an order's number."""
        return "".join(str(self._random.randint(0, 9)) for _ in range(count))
