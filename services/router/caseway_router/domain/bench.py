"""Which present agents have room."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from caseway_router.domain.crews import Crew, Crews, mask_of
from caseway_router.domain.items import WorkItem
from caseway_router.domain.places import standing
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.policy import Order
from caseway_router.domain.ring import ring_place
from caseway_router.domain.roster import Roster
from caseway_router.domain.staff import Seat

_MOST_ROSTERS = 32
"""Channels times weights that are usual in a pool; each is a place for everybody. Beyond, they are made anew."""


class Bench:
    """Everybody in the pool by number, in the order of the ring, and where they stand.

    Who changed is only noted; they are placed when somebody looks. So an agent who finishes one piece of work and is given
    the next keeps their place.
    """

    def __init__(self, order: Order, plan: PoolPlan) -> None:
        self.names = sorted(plan.agents, key=lambda name: (ring_place(name), name))
        self.numbers = {name: number for number, name in enumerate(self.names)}
        self.rings = array("L", [ring_place(name) for name in self.names])
        self.online = 0
        """Who is there, a bit each."""
        self.crews = Crews(plan.agents, self.numbers, plan.looked_at_one_by_one, counts=order.counts_surplus)
        self._agents = plan.agents
        self._fitting: dict[tuple[str, int], int] = {}
        """By channel and weight, whose profile has room for such work, a bit each."""
        self._order = order
        self._reserves = tuple((each, self.crews.mask(tuple(each.skills.items()))) for each in plan.reserves)
        self._rosters: dict[tuple[str, int], Roster] = {}
        self._seats: dict[str, Seat] = {}
        self._changed: dict[str, Seat] = {}

    def refresh(self, seat: Seat) -> None:
        """The agent's load, presence or idleness changed."""
        self._changed[seat.agent.agent] = seat

    def roster(self, channel: str, weight: int) -> Roster:
        """Who has room for such work, as things stand."""
        if self._changed:
            self._settle()
        roster = self._rosters.get((channel, weight))
        if roster is None:
            if len(self._rosters) >= _MOST_ROSTERS:
                self._rosters.clear()
            roster = self._rosters[channel, weight] = Roster(channel, weight, self.crews, len(self.names))
            for seat in self._seats.values():
                self._place(seat, (roster,))
        return roster

    def count(self, channel: str) -> int:
        """How many agents have any room on the channel."""
        return self.roster(channel, 0).open.bit_count()

    def best(self, roster: Roster, crew: Crew, case_place: int) -> Iterator[int]:
        """The places of those who are able and have room, the best first (see `places`); `case_place`: on the ring."""
        return roster.best(crew, bisect_left(self.rings, case_place))

    def could_ever(self, item: WorkItem) -> bool:
        """Whether anybody who is configured could ever take it, once every soft requirement is dropped."""
        hard = tuple([(each.skill, each.level) for each in item.requirements if each.drop_after is None])
        able = self.crews.mask(hard) & self.crews.serving(item.queue) & self._fit(item.channel, item.weight)
        for name in item.excluded:
            if name in self.numbers:
                able &= ~(1 << self.numbers[name])
        return able != 0

    def _fit(self, channel: str, weight: int) -> int:
        found = self._fitting.get((channel, weight))
        if found is None:
            if len(self._fitting) >= _MOST_ROSTERS:
                self._fitting.clear()
            fits = [self.numbers[name] for name, each in self._agents.items() if each.profile.fits(channel, weight)]
            found = self._fitting[channel, weight] = mask_of(fits)
        return found

    def kept_free(self, item: WorkItem) -> int:
        """Whom the work should leave alone now because so few of them are free, a bit each."""
        kept = 0
        if not self._reserves:
            return kept
        for reserve, members in self._reserves:
            if any(skill in reserve.needed_for for skill, _ in item.needed):
                continue
            if (self.roster(item.channel, 0).open & members).bit_count() <= reserve.keep_count:
                kept |= members
        return kept

    def _settle(self) -> None:
        """Place those who changed."""
        for name, seat in self._changed.items():
            self._seats[name] = seat
            number = self.numbers[name]
            if (self.online >> number & 1) != seat.is_online:
                self.online ^= 1 << number
            self._place(seat, self._rosters.values())
        self._changed.clear()

    def _place(self, seat: Seat, rosters: Iterable[Roster]) -> None:
        number = self.numbers[seat.agent.agent]
        there: int | None = None
        for roster in rosters:
            if not 0 < seat.room(roster.channel) >= seat.cost(roster.channel, roster.weight):
                roster.place(number, None, works=seat.works(roster.channel))
                continue
            if there is None:
                there = standing(self._order.lead(seat), self._order.since(seat), number)
            roster.place(number, there, works=True)
