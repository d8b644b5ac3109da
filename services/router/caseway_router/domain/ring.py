"""How work is spread evenly among equals."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b

from caseway_router.domain.places import alike, at_turn

RING = 1 << 32


@lru_cache(maxsize=65_536)
def ring_place(name: str) -> int:
    """Where a name stands on the ring that spreads equals: stable, and the same in every process."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def ring_distance(case_place: int, agent_place: int) -> int:
    """How far along the ring the agent is from the case: the nearest of equals is chosen."""
    return (agent_place - case_place) % RING


def in_turn(places: Sequence[int], turn: int) -> Iterator[int]:
    """Sorted places (see `places`), the best first; equals once round the ring.

    Agents are numbered in the order of the ring. `turn` is the first whom the ring has at the case's place or after it.
    """
    at, count = 0, len(places)
    while at < count:
        place = places[at]
        equal, following = alike(place), at + 1
        if following == count or alike(places[following]) != equal:
            yield place
            at = following
            continue
        end = bisect_left(places, at_turn(equal + 1, 0), following)
        first = bisect_left(places, at_turn(equal, turn), at, end)
        for each in range(first, end):
            yield places[each]
        for each in range(at, first):
            yield places[each]
        at = end
