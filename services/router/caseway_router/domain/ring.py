"""How work is spread evenly among equals."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from caseway_router.domain.ranked import Key, Ranked

RING = 1 << 32


@lru_cache(maxsize=65_536)
def ring_place(name: str) -> int:
    """Where a name stands on the ring that spreads equals: stable, and the same in every process."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def ring_distance(case_place: int, agent_place: int) -> int:
    """How far along the ring the agent is from the case: the nearest of equals is chosen."""
    return (agent_place - case_place) % RING


def in_ring_order(row: Ranked, case_place: int) -> Iterator[Key]:
    """The row's keys; those who wait equally long from the case's place on the ring onward, and round."""
    first, last = row.first(), row.last()
    if first[0] == last[0]:
        return _round(row, first[0], case_place) if first is not last else iter((first,))
    return _by_idleness(row, case_place)


def _by_idleness(row: Ranked, case_place: int) -> Iterator[Key]:
    keys = iter(row)
    key = next(keys, None)
    while key is not None:
        following = next(keys, None)
        if following is None or following[0] != key[0]:
            yield key
            key = following
        else:
            yield from _round(row, key[0], case_place)
            keys = row.since((key[0], RING))
            key = next(keys, None)


def _round(row: Ranked, since: int, case_place: int) -> Iterator[Key]:
    """Those who wait since one moment, once round the ring."""
    for key in row.since((since, case_place)):
        if key[0] != since:
            break
        yield key
    for key in row.since((since,)):
        if key[0] != since or key[1] >= case_place:
            break
        yield key
