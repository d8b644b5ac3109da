"""Which present agents have room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

from caseway_router.domain.plan import microseconds
from caseway_router.domain.ranked import Key, Ranked
from caseway_router.domain.staff import Seat

ANYONE = ""
"""The skill that everybody has at level 0: for work that needs none."""
_RING = 1 << 32

Shelf = tuple[int, frozenset[str]]
"""A level, and the channels with room: agents alike in both stand in one row."""


def ring_place(name: str) -> int:
    """Where a name stands on the ring that spreads equals: stable, and the same in every process."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def ring_distance(case_place: int, agent_place: int) -> int:
    """How far along the ring the agent is from the case: the nearest of equals is chosen."""
    return (agent_place - case_place) % _RING


class Bench:
    """Agents with room, by skill, level and open channels; in each row by load band, then longest idle."""

    def __init__(self, bands: int) -> None:
        self.room_counts: Counter[frozenset[str]] = Counter()
        """How many agents have room, by their open channels."""
        self._bands = bands
        self._rows: dict[str, dict[Shelf, Ranked]] = {}
        self._places: dict[str, tuple[frozenset[str], Key]] = {}
        self._rings: dict[str, int] = {}

    def refresh(self, seat: Seat) -> None:
        """Put the agent where their present load belongs."""
        agent = seat.agent.agent
        channels = seat.open_channels()
        place = (channels, self._key(seat)) if channels else None
        if self._places.get(agent) == place:
            return
        self.leave(seat)
        if place is not None:
            self._enter(seat, *place)

    def leave(self, seat: Seat) -> None:
        """Take the agent off every row."""
        place = self._places.pop(seat.agent.agent, None)
        if place is None:
            return
        channels, key = place
        self.room_counts[channels] -= 1
        for skill, level in self._skills(seat):
            shelves = self._rows[skill]
            shelves[level, channels].remove(key)
            if not shelves[level, channels]:
                del shelves[level, channels]

    def count(self, channel: str) -> int:
        """How many agents have room on the channel."""
        return sum(count for channels, count in self.room_counts.items() if channel in channels)

    def rarest(self, needed: tuple[tuple[str, int], ...], channel: str) -> tuple[str, int]:
        """Of the skills needed, the one that the fewest agents with room have."""
        if not needed:
            return ANYONE, 0
        return min(needed, key=lambda each: (self._available(each[0], each[1], channel), each))

    def rows(self, skill: str, level: int, channel: str) -> Iterator[tuple[int, Ranked]]:
        """Every row of agents with room on the channel who have the skill at least so well, with its level."""
        for (has, channels), row in self._rows.get(skill, {}).items():
            if has >= level and channel in channels:
                yield has, row

    def _available(self, skill: str, level: int, channel: str) -> int:
        return sum(len(row) for _, row in self.rows(skill, level, channel))

    def _enter(self, seat: Seat, channels: frozenset[str], key: Key) -> None:
        self._places[seat.agent.agent] = (channels, key)
        self.room_counts[channels] += 1
        for skill, level in self._skills(seat):
            shelves = self._rows.setdefault(skill, {})
            shelves.setdefault((level, channels), Ranked()).add(key)

    def _key(self, seat: Seat) -> Key:
        agent = seat.agent.agent
        if agent not in self._rings:
            self._rings[agent] = ring_place(agent)
        return (load_band(seat, self._bands), microseconds(seat.attendance.released_at), self._rings[agent], agent)

    @staticmethod
    def _skills(seat: Seat) -> Iterator[tuple[str, int]]:
        yield ANYONE, 0
        yield from seat.agent.skills.items()


def load_band(seat: Seat, bands: int) -> int:
    """Which part of the capacity is used, of `bands` equal ones; agents in one part count as equally loaded."""
    return seat.load * bands // seat.capacity if seat.capacity > 0 else bands


def in_ring_order(row: Ranked, case_place: int) -> Iterator[Key]:
    """The row's keys; those equal in band and idleness from the case's place on the ring onward, and round."""
    keys = iter(row)
    key = next(keys, None)
    while key is not None:
        following = next(keys, None)
        if following is None or following[:2] != key[:2]:
            yield key
            key = following
        else:
            yield from _tied(row, key[:2], case_place)
            keys = row.since((*key[:2], _RING))
            key = next(keys, None)


def _tied(row: Ranked, tie: Key, case_place: int) -> Iterator[Key]:
    for key in row.since((*tie, case_place)):
        if key[:2] != tie:
            break
        yield key
    for key in row.since(tie):
        if key[:2] != tie or key[2] >= case_place:
            break
        yield key
