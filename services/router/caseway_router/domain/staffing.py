"""Who could ever take a case, present or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caseway_router.domain.items import Requirement
from caseway_router.domain.staff import Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Everybody who is configured, by pool."""

    pools: Mapping[str, tuple[Agent, ...]]

    def pool_of(self, agent: str) -> str | None:
        """The pool that an agent belongs to; None for one who is configured nowhere."""
        return next((pool for pool, staff in self.pools.items() if any(each.agent == agent for each in staff)), None)

    def could(self, pool: str, queue: str, channel: str, requirements: Iterable[Requirement]) -> bool:
        """Whether anybody could take such work once every soft requirement is dropped."""
        hard = [each for each in requirements if each.drop_after is None]
        return any(_could(agent, queue, channel, hard) for agent in self.pools.get(pool, ()))


def _could(agent: Agent, queue: str, channel: str, hard: list[Requirement]) -> bool:
    limit = agent.profile.channels.get(channel)
    if limit is None or limit.at_most <= 0 or agent.profile.total <= 0:
        return False
    if agent.queues is not None and queue not in agent.queues:
        return False
    return all(agent.skills.get(each.skill, 0) >= each.level for each in hard)
