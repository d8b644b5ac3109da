"""Who could ever take a case, present or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caseway_router.domain.items import Requirement
from caseway_router.domain.staff import Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What decides whether somebody could ever take a piece of work."""

    queue: str
    channel: str
    weight: int
    hard: tuple[Requirement, ...] = ()
    """The requirements that are never dropped."""
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Everybody who is configured, by pool."""

    pools: Mapping[str, tuple[Agent, ...]]

    def pool_of(self, agent: str) -> str | None:
        """The pool that an agent belongs to; None for one who is configured nowhere."""
        return next((pool for pool, staff in self.pools.items() if any(each.agent == agent for each in staff)), None)

    def could(self, pool: str, work: Work) -> bool:
        """Whether anybody of the pool could ever take such work."""
        return any(could_ever(agent, work) for agent in self.pools.get(pool, ()))


def could_ever(agent: Agent, work: Work) -> bool:
    """Whether an agent, were they there and free, could take such work once every soft requirement is dropped."""
    if agent.agent in work.excluded or (agent.queues is not None and work.queue not in agent.queues):
        return False
    if not agent.profile.fits(work.channel, work.weight):
        return False
    return all(agent.skills.get(each.skill, 0) >= each.level for each in work.hard)
