"""Which present agents have room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from caseway_router.domain.crews import Crew, Crews, Needed
from caseway_router.domain.items import WorkItem
from caseway_router.domain.plan import PoolPlan, Reserve
from caseway_router.domain.policy import Order
from caseway_router.domain.ring import ring_place
from caseway_router.domain.shelves import Channels, Place, Shelf, Shelves
from caseway_router.domain.staff import Agent, Seat

ANYONE = ""
"""The skill that everybody has at level 0: for work that needs none."""


class Bench:
    """Agents with room: where each stands in the order, and by skill in rows.

    Who changed is only noted; they are put in order when somebody looks. So an agent who finishes one piece of work and is
    given the next keeps their place.
    """

    def __init__(self, order: Order, plan: PoolPlan) -> None:
        self._order = order
        self._reserves = reserves = plan.reserves
        self._levels = _levels(plan.agents)
        self._crews = Crews(plan.agents, self._levels, plan.looked_at_one_by_one)
        self._counts: Counter[Channels] = Counter()
        self._skilled: Counter[str] = Counter()
        """By skill, how many have room on some channel."""
        self._reserve_counts: tuple[Counter[Channels], ...] = tuple(Counter() for _ in reserves)
        self._shelves: dict[str, Shelves] = {}
        """Of the skills that somebody looked at."""
        self._places: dict[str, Place] = {}
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

    def crew(self, needed: Needed) -> Crew | None:
        """Everybody who has these skills, with room or without; None where they are many."""
        return self._crews.able(needed)

    def floor(self, needed: Needed, skill: str) -> int:
        """The least surplus that anybody able has in all skills needed but this one."""
        return self._crews.floor(needed, skill)

    def places(self) -> Mapping[str, Place]:
        """By agent with room, where they stand."""
        self._settle()
        return self._places

    def rarest(self, needed: Needed) -> str:
        """The skill needed that the fewest agents with room have."""
        self._recount()
        if len(needed) < 2:
            return needed[0][0] if needed else ANYONE
        return min([(self._skilled[skill], skill) for skill, _ in needed])[1]

    def levels(self, skill: str) -> Mapping[str, int]:
        """By agent, how well those have the skill who have it, with room or without."""
        return self._levels.get(skill, {})

    def by_lead(self, skill: str, item: WorkItem, *, counts: bool) -> Iterator[tuple[int, list[Shelf]]]:
        """The shelves of the skill that fit the work: for each of the policy's numbers, the best fit first."""
        self._settle()
        shelves = self._shelves.get(skill)
        if shelves is None:
            levels = None if skill == ANYONE else self._levels.get(skill, {})
            shelves = self._shelves[skill] = Shelves(levels, self._places)
        shelves.settle(self._places)
        minimum = next((level for each, level in item.needed if each == skill), 0)
        return shelves.by_lead(item, minimum, counts=counts)

    def scarce(self, needed: Needed, channel: str) -> tuple[Reserve, ...]:
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

    def _recount(self) -> None:
        """Count those who changed where they have room now; their places can wait."""
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
        """Find the places of those who changed."""
        self._recount()
        if not self._unplaced:
            return
        for agent, seat in self._unplaced.items():
            place = self._place(agent, seat)
            if place == self._places.get(agent):
                continue
            if place is None:
                del self._places[agent]
            else:
                self._places[agent] = place
            for skill in (ANYONE, *seat.agent.skills):
                if (shelves := self._shelves.get(skill)) is not None:
                    shelves.note(agent)
        self._unplaced.clear()

    def _place(self, agent: str, seat: Seat) -> Place | None:
        channels = self._open.get(agent, ())
        if not channels:
            return None
        interests = self._interests.get(agent)
        if interests is None:
            interests = self._interests[agent] = tuple(sorted(seat.agent.interests))
        order = self._order
        return Place(order.lead(seat), channels, interests, (order.since(seat), ring_place(agent), agent))

    def _note(self, seat: Seat, channels: Channels, one: int) -> None:
        if not channels:
            return
        self._counts[channels] += one
        for skill in seat.agent.skills:
            self._skilled[skill] += one
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
