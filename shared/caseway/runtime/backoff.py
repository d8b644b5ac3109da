"""How long to wait before trying again."""

from __future__ import annotations

import random  # noqa: TID251 - spreading retries is no secret and no decision


def delays(first: float = 0.05, longest: float = 5.0) -> Backoff:
    """Waits in seconds: doubling from `first` up to `longest`, each with jitter between half and the whole."""
    return Backoff(first, longest)


class Backoff:
    """An endless series of waits."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """The next wait, in seconds."""
        wait = self._next
        self._next = min(self._next * 2, self._longest)
        return jitter(wait)

    def reset(self) -> None:
        """Start again from the first wait."""
        self._next = self._first


def jitter(seconds: float) -> float:
    """Between half of `seconds` and all of it, so that many who wait do not return together."""
    return seconds * (0.5 + random.random() / 2)  # noqa: S311 - as above
