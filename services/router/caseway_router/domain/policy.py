"""In which order those who may take work are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from caseway_router.domain.items import WorkItem
from caseway_router.domain.plan import PoolPlan, microseconds
from caseway_router.domain.staff import Agent, Seat

_BEFORE_BANDS = 1_000
"""Above any band (at most 100), so that one number holds a rank and, after it, the band."""

Lead = Callable[[Seat], int]

_IDLE = ("surplus of skill", "interest", "idle longest", "stable hash")
_SCORES: Mapping[str, tuple[str, ...]] = {
    "even": ("load band", *_IDLE),
    "least_skilled": ("least skilled", *_IDLE),
    "scarcity": ("scarce skills", *_IDLE),
    "most_available": ("most available", *_IDLE),
    "least_active": ("least active", *_IDLE),
    "rotation": ("rotation", "surplus of skill", "interest", "longest since asked", "stable hash"),
}
POLICIES = tuple(_SCORES)
"""Every policy that a pool may follow."""


class Order:
    """The order among candidates by a pool's policy: numbers of which the smaller goes first.

    Before them stand, for every policy, whom the case names or prefers, and the reserve rule.
    Source: semantics.md 5.4.
    """

    def __init__(self, plan: PoolPlan) -> None:
        self.bands = plan.bands
        self.names = ("preferred", "reserve", *_SCORES[plan.policy])
        """What each number of a score means."""
        self.is_rotation = plan.policy == "rotation"
        self.counts_surplus = not self.is_rotation
        self._lead: Lead = {
            "even": self._band,
            "least_skilled": self._after(_breadths(plan.agents)),
            "scarcity": self._after(_scarcities(plan.agents)),
            "most_available": lambda seat: seat.load - seat.capacity,
            "least_active": lambda seat: len(seat.held),
            "rotation": lambda _: 0,
        }[plan.policy]

    def lead(self, seat: Seat) -> int:
        """The policy's own number."""
        return self._lead(seat)

    def since(self, seat: Seat) -> int:
        """Since when they wait for work: since they last let some go, or were last asked where work goes round."""
        attendance = seat.attendance
        return microseconds(attendance.offered_at if self.is_rotation else attendance.released_at)

    def surplus(self, seat: Seat, item: WorkItem) -> int:
        """By how many levels the agent is better than the work needs: the least is the closest fit."""
        if not self.counts_surplus:
            return 0
        has = seat.agent.skills
        total = 0
        for skill, level in item.needed:
            total += has.get(skill, 0) - level
        return total

    def _band(self, seat: Seat) -> int:
        return load_band(seat, self.bands)

    def _after(self, ranks: Mapping[str, int]) -> Lead:
        return lambda seat: ranks[seat.agent.agent] * _BEFORE_BANDS + load_band(seat, self.bands)


def load_band(seat: Seat, bands: int) -> int:
    """Which part of the capacity is used, of `bands` equal ones; agents in one part count as equally loaded."""
    return seat.load * bands // seat.capacity if seat.capacity > 0 else bands


def _breadths(agents: Mapping[str, Agent]) -> Mapping[str, int]:
    """How much each agent is able to, all levels together: the least skilled first keeps the versatile free."""
    return {name: sum(agent.skills.values()) for name, agent in agents.items()}


def _scarcities(agents: Mapping[str, Agent]) -> Mapping[str, int]:
    """How many in a thousand have the rarest skill of each agent, turned round: who has none that is scarce goes first."""
    counts = Counter(skill for agent in agents.values() for skill in agent.skills)
    return {
        name: _BEFORE_BANDS
        - min((counts[skill] * _BEFORE_BANDS // len(agents) for skill in agent.skills), default=_BEFORE_BANDS)
        for name, agent in agents.items()
    }
