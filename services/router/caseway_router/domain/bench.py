"""Which present agents have room."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

from caseway_router.domain.plan import Reserve
from caseway_router.domain.policy import Order
from caseway_router.domain.ranked import Key, Ranked
from caseway_router.domain.staff import Seat

ANYONE = ""
"""The skill that everybody has at level 0: for work that needs none."""
_RING = 1 << 32

Channels = tuple[str, ...]
Shelf = tuple[int, int, Channels, tuple[str, ...]]
"""The policy's number, a level, the channels with room, and interests: agents alike in all of them stand in one row."""
_Place = tuple[int, Channels, Key]


def ring_place(name: str) -> int:
    """Where a name stands on the ring that spreads equals: stable, and the same in every process."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def ring_distance(case_place: int, agent_place: int) -> int:
    """How far along the ring the agent is from the case: the nearest of equals is chosen."""
    return (agent_place - case_place) % _RING


class Shelves:
    """The agents with one skill: a row for each shelf, the shelves themselves in order."""

    __slots__ = ("ordered", "rows")

    def __init__(self) -> None:
        self.rows: dict[Shelf, Ranked] = {}
        self.ordered: list[Shelf] = []

    def add(self, shelf: Shelf, key: Key) -> None:
        """Put an agent onto the shelf."""
        row = self.rows.get(shelf)
        if row is None:
            row = self.rows[shelf] = Ranked()
            insort(self.ordered, shelf)
        row.add(key)

    def remove(self, shelf: Shelf, key: Key) -> None:
        """Take an agent off the shelf."""
        row = self.rows[shelf]
        row.remove(key)
        if not row:
            del self.rows[shelf]
            del self.ordered[bisect_left(self.ordered, shelf)]


class Bench:
    """Agents with room, by skill; on each shelf the one who waits longest first.

    Who changed is only noted; their rows are put in order when somebody looks. So an agent who finishes one piece of
    work and is given the next costs nothing here.
    """

    def __init__(self, order: Order, reserves: tuple[Reserve, ...] = ()) -> None:
        self._order = order
        self._reserves = reserves
        self._counts: Counter[Channels] = Counter()
        self._reserve_counts: tuple[Counter[Channels], ...] = tuple(Counter() for _ in reserves)
        self._shelves: dict[str, Shelves] = {}
        self._places: dict[str, _Place] = {}
        self._rings: dict[str, int] = {}
        self._skills: dict[str, tuple[tuple[str, int], ...]] = {}
        self._interests: dict[str, tuple[str, ...]] = {}
        self._changed: dict[str, Seat] = {}

    def refresh(self, seat: Seat) -> None:
        """The agent's load, presence or idleness changed."""
        self._changed[seat.agent.agent] = seat

    def room_counts(self) -> dict[Channels, int]:
        """How many agents have room, by their open channels."""
        self._settle()
        return {channels: count for channels, count in sorted(self._counts.items()) if count}

    def count(self, channel: str) -> int:
        """How many agents have room on the channel."""
        self._settle()
        return sum([count for channels, count in self._counts.items() if channel in channels])

    def shelves(self, needed: tuple[tuple[str, int], ...], channel: str) -> tuple[int, Shelves | None]:
        """The shelves of the rarest skill needed, and the level needed there; None when nobody with room has it."""
        self._settle()
        if not needed:
            return 0, self._shelves.get(ANYONE)
        best, fewest, minimum = None, _RING, 0
        for skill, level in needed:
            shelves = self._shelves.get(skill)
            if shelves is None or not shelves.rows:
                return 0, None
            count = 0
            for shelf, row in shelves.rows.items():
                if shelf[1] >= level and channel in shelf[2]:
                    count += len(row)
            if not count:
                return 0, None
            if count < fewest:
                best, fewest, minimum = shelves, count, level
        return minimum, best

    def scarce(self, needed: tuple[tuple[str, int], ...], channel: str) -> tuple[Reserve, ...]:
        """The reserves that work with these needs should leave alone now."""
        if not self._reserves:
            return ()
        self._settle()
        asked = {skill for skill, _ in needed}
        return tuple(
            reserve
            for reserve, counts in zip(self._reserves, self._reserve_counts, strict=True)
            if not asked & reserve.needed_for
            and sum(count for channels, count in counts.items() if channel in channels) <= reserve.keep_count
        )

    def ring(self, agent: str) -> int:
        """The agent's place on the ring."""
        place = self._rings.get(agent)
        if place is None:
            place = self._rings[agent] = ring_place(agent)
        return place

    def _settle(self) -> None:
        if self._changed:
            for seat in self._changed.values():
                self._place(seat)
            self._changed.clear()

    def _place(self, seat: Seat) -> None:
        agent = seat.agent.agent
        channels = seat.open_channels()
        place = (
            (self._order.lead(seat), channels, (self._order.since(seat), self.ring(agent), agent)) if channels else None
        )
        before = self._places.get(agent)
        if before == place:
            return
        if before is not None:
            self._leave(seat, before)
        if place is None:
            del self._places[agent]
        else:
            self._enter(seat, place)

    def _leave(self, seat: Seat, place: _Place) -> None:
        lead, channels, key = place
        agent = seat.agent.agent
        self._note(seat, channels, -1)
        interests = self._interests[agent]
        for skill, level in self._skills[agent]:
            self._shelves[skill].remove((lead, level, channels, interests), key)

    def _enter(self, seat: Seat, place: _Place) -> None:
        lead, channels, key = place
        agent = seat.agent.agent
        if agent not in self._skills:
            self._skills[agent] = ((ANYONE, 0), *seat.agent.skills.items())
            self._interests[agent] = tuple(sorted(seat.agent.interests))
        self._places[agent] = place
        self._note(seat, channels, 1)
        interests = self._interests[agent]
        for skill, level in self._skills[agent]:
            shelves = self._shelves.get(skill)
            if shelves is None:
                shelves = self._shelves[skill] = Shelves()
            shelves.add((lead, level, channels, interests), key)

    def _note(self, seat: Seat, channels: Channels, one: int) -> None:
        self._counts[channels] += one
        for reserve, counts in zip(self._reserves, self._reserve_counts, strict=True):
            if belongs(seat, reserve):
                counts[channels] += one


def belongs(seat: Seat, reserve: Reserve) -> bool:
    """Whether the agent is one of those who are kept free."""
    has = seat.agent.skills
    return all(has.get(skill, 0) >= level for skill, level in reserve.skills.items())


def in_ring_order(row: Ranked, case_place: int) -> Iterator[Key]:
    """The row's keys; those who wait equally long from the case's place on the ring onward, and round."""
    keys = iter(row)
    key = next(keys, None)
    while key is not None:
        following = next(keys, None)
        if following is None or following[0] != key[0]:
            yield key
            key = following
        else:
            yield from _tied(row, key[0], case_place)
            keys = row.since((key[0], _RING))
            key = next(keys, None)


def _tied(row: Ranked, since: int, case_place: int) -> Iterator[Key]:
    for key in row.since((since, case_place)):
        if key[0] != since:
            break
        yield key
    for key in row.since((since,)):
        if key[0] != since or key[1] >= case_place:
            break
        yield key
