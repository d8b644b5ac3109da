"""What the router reads from the configuration directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from pydantic import BaseModel, ConfigDict, model_validator

from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.routing import Router
from caseway_router.pool_settings import Queues
from caseway_router.routing_settings import Routing
from caseway_router.staff_settings import Agents


class Configuration(BaseModel):
    """Everything the router reads; each field is a file, `<field>.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    queues: Queues
    routing: Routing
    agents: Agents

    @model_validator(mode="after")
    def _fit_together(self) -> Configuration:
        faults = tuple(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @cached_property
    def plans(self) -> Mapping[str, PoolPlan]:
        """By pool, what its matching follows."""
        return {name: self.queues.plan(name, self.agents.of_pool(name)) for name in self.queues.pools}

    @cached_property
    def router(self) -> Router:
        """The routing rules; what none of them fits goes to the first pool's default queue."""
        first = next(iter(self.queues.pools.values()))
        pools = {name: queue.pool for name, queue in self.queues.queues.items()}
        return self.routing.router(pools, first.default_queue)

    def _faults(self) -> Iterator[str]:
        queues, pools = self.queues.queues, self.queues.pools
        for rule in self.routing.rules:
            if rule.queue is not None and rule.queue not in queues:
                yield f"routing.yaml: rule {rule.name}: a queue of queues.yaml; {rule.queue} is none"
        for name, agent in self.agents.agents.items():
            if agent.pool not in pools:
                yield f"agents.yaml: agent {name}: a pool of queues.yaml; {agent.pool} is none"
            for queue in agent.queues or ():
                if queue not in queues:
                    yield f"agents.yaml: agent {name}: a queue of queues.yaml; {queue} is none"
        yield from self._unroutable()

    def _unroutable(self) -> Iterator[str]:
        """Hard skills that nobody has so well: such a case would wait for ever."""
        for rule in self.routing.rules:
            for skill in rule.skills:
                staff = self.agents.agents.values()
                able = any(agent.skills.get(skill.skill, 0) >= skill.level for agent in staff)
                if skill.drop_after_seconds is None and not able:
                    yield f"routing.yaml: rule {rule.name}: somebody with {skill.skill} so well; it is a hard requirement"
        spoken = {known for agent in self.agents.agents.values() for known in agent.skills}
        for language in {*self.routing.languages.skills.values(), self.routing.languages.otherwise}:
            if language is not None and language not in spoken:
                yield f"routing.yaml: languages: somebody with the skill {language}"
