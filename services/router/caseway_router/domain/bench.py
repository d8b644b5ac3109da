"""Which present agents have room."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter

from caseway_router.domain.items import WorkItem
from caseway_router.domain.plan import PoolPlan, Reserve
from caseway_router.domain.policy import Order
from caseway_router.domain.ranked import Key, Ranked
from caseway_router.domain.staff import Agent, Seat

ANYONE = ""
"""The skill that everybody has at level 0: for work that needs none."""
_RING = 1 << 32

Channels = tuple[str, ...]
_Label = tuple[int, int, Channels, tuple[str, ...]]
"""The policy's number, a level, the channels with room, and interests: agents alike in all of them stand in one row."""
Shelf = tuple[int, int, int, Ranked]
"""For one piece of work: the least surplus of skill, interest (0 is better), which shelf, and who stands there."""
_Place = tuple[int, Channels, Key]


def ring_place(name: str) -> int:
    """Where a name stands on the ring that spreads equals: stable, and the same in every process."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def ring_distance(case_place: int, agent_place: int) -> int:
    """How far along the ring the agent is from the case: the nearest of equals is chosen."""
    return (agent_place - case_place) % _RING


class Shelves:
    """The agents with one skill: a row for each shelf, the shelves themselves in order."""

    __slots__ = ("count", "ordered", "rows")

    def __init__(self) -> None:
        self.rows: dict[_Label, Ranked] = {}
        self.ordered: list[_Label] = []
        self.count = 0

    def add(self, shelf: _Label, key: Key) -> None:
        """Put an agent onto the shelf."""
        row = self.rows.get(shelf)
        if row is None:
            row = self.rows[shelf] = Ranked()
            insort(self.ordered, shelf)
        row.add(key)
        self.count += 1

    def remove(self, shelf: _Label, key: Key) -> None:
        """Take an agent off the shelf."""
        row = self.rows[shelf]
        row.remove(key)
        self.count -= 1
        if not row:
            del self.rows[shelf]
            del self.ordered[bisect_left(self.ordered, shelf)]


class Bench:
    """Agents with room, by skill; on each shelf the one who waits longest first.

    Who changed is only noted; their rows are put in order when somebody looks at rows. So an agent who finishes one piece
    of work and is given the next keeps their place in all of them.
    """

    def __init__(self, order: Order, plan: PoolPlan) -> None:
        self._order = order
        self._reserves = reserves = plan.reserves
        self._levels = _levels(plan.agents)
        self._counts: Counter[Channels] = Counter()
        self._reserve_counts: tuple[Counter[Channels], ...] = tuple(Counter() for _ in reserves)
        self._shelves: dict[str, Shelves] = {}
        self._places: dict[str, _Place] = {}
        self._rings: dict[str, int] = {}
        self._skills: dict[str, tuple[tuple[str, int], ...]] = {}
        self._interests: dict[str, tuple[str, ...]] = {}
        self._open: dict[str, Channels] = {}
        """By agent, where they are counted as having room."""
        self._uncounted: dict[str, Seat] = {}
        self._unplaced: dict[str, Seat] = {}

    def refresh(self, seat: Seat) -> None:
        """The agent's load, presence or idleness changed."""
        self._uncounted[seat.agent.agent] = seat

    def room_counts(self) -> dict[Channels, int]:
        """How many agents have room, by their open channels."""
        self._recount()
        return {channels: count for channels, count in sorted(self._counts.items()) if count}

    def count(self, channel: str) -> int:
        """How many agents have room on the channel."""
        self._recount()
        return sum([count for channels, count in self._counts.items() if channel in channels])

    def rarest(self, needed: tuple[tuple[str, int], ...]) -> str:
        """The skill needed that the fewest agents with room have."""
        self._settle()
        if len(needed) < 2:
            return needed[0][0] if needed else ANYONE
        return min([(self._count(skill), skill) for skill, _ in needed])[1]

    def levels(self, skill: str) -> Mapping[str, int]:
        """By agent, how well those have the skill who have it, with room or without."""
        return self._levels.get(skill, {})

    def by_lead(self, skill: str, item: WorkItem, *, counts: bool) -> Iterator[tuple[int, list[Shelf]]]:
        """The shelves of the skill that fit the work: for each of the policy's numbers, the best fit first.

        Args:
            skill: one that the work needs.
            item: the work.
            counts: whether the closest fit goes first.
        """
        self._settle()
        shelves = self._shelves.get(skill)
        if shelves is None:
            return
        minimum = next((level for each, level in item.needed if each == skill), 0)
        for lead, labels in groupby(shelves.ordered, key=itemgetter(0)):
            fitting: list[Shelf] = []
            for label in labels:
                _, level, channels, interests = label
                if level >= minimum and item.channel in channels:
                    interest = 0 if interests and item.topics and not set(item.topics).isdisjoint(interests) else 1
                    fitting.append((level - minimum if counts else 0, interest, len(fitting), shelves.rows[label]))
            if len(fitting) > 1:
                fitting.sort()
            if fitting:
                yield lead, fitting

    def _count(self, skill: str) -> int:
        shelves = self._shelves.get(skill)
        return shelves.count if shelves else 0

    def scarce(self, needed: tuple[tuple[str, int], ...], channel: str) -> tuple[Reserve, ...]:
        """The reserves that work with these needs should leave alone now."""
        if not self._reserves:
            return ()
        self._recount()
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

    def _recount(self) -> None:
        """Count those who changed where they have room now; their rows can wait."""
        if not self._uncounted:
            return
        for agent, seat in self._uncounted.items():
            channels, before = seat.open_channels(), self._open.get(agent, ())
            if channels != before:
                self._note(seat, before, -1)
                self._note(seat, channels, 1)
                self._open[agent] = channels
        self._unplaced.update(self._uncounted)
        self._uncounted.clear()

    def _settle(self) -> None:
        """Put the rows of those who changed in order."""
        self._recount()
        if self._unplaced:
            for seat in self._unplaced.values():
                self._place(seat)
            self._unplaced.clear()

    def _place(self, seat: Seat) -> None:
        agent = seat.agent.agent
        channels = self._open.get(agent, ())
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
        interests = self._interests[agent]
        for skill, level in self._skills[agent]:
            shelves = self._shelves.get(skill)
            if shelves is None:
                shelves = self._shelves[skill] = Shelves()
            shelves.add((lead, level, channels, interests), key)

    def _note(self, seat: Seat, channels: Channels, one: int) -> None:
        if not channels:
            return
        self._counts[channels] += one
        for reserve, counts in zip(self._reserves, self._reserve_counts, strict=True):
            if belongs(seat, reserve):
                counts[channels] += one


def _levels(agents: Mapping[str, Agent]) -> dict[str, dict[str, int]]:
    levels: dict[str, dict[str, int]] = {}
    for name, agent in agents.items():
        for skill, level in agent.skills.items():
            levels.setdefault(skill, {})[name] = level
    return levels


def belongs(seat: Seat, reserve: Reserve) -> bool:
    """Whether the agent is one of those who are kept free."""
    has = seat.agent.skills
    return all(has.get(skill, 0) >= level for skill, level in reserve.skills.items())


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
            keys = row.since((key[0], _RING))
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
