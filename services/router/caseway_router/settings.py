"""What the router reads from the configuration directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseway.kernel.business_hours import BusinessHours
from caseway.runtime.calendars import WrittenCalendar
from caseway.runtime.configuration import Inconsistent
from caseway_router.domain.flows import NamedCalls, Step
from caseway_router.domain.hours import OpeningHours
from caseway_router.domain.naming import directory
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.routing import HELD_BY, Router
from caseway_router.domain.staffing import Staffing
from caseway_router.fitting_settings import faults
from caseway_router.mention_settings import Mentions
from caseway_router.pool_settings import Queues, hundredths, length
from caseway_router.routing_settings import Routing, Rule
from caseway_router.staff_settings import Agents


class Configuration(BaseModel):
    """Everything the router reads; each field is a file, `<field>.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    queues: Queues
    routing: Routing
    agents: Agents
    mentions: Mentions = Mentions()
    calendars: dict[str, WrittenCalendar] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fit_together(self) -> Configuration:
        found = tuple(faults(self.queues, self.routing, self.agents, self.mentions, frozenset(self.calendars)))
        if found:
            raise Inconsistent(found)
        return self

    @cached_property
    def plans(self) -> Mapping[str, PoolPlan]:
        """By pool, what its matching follows."""
        asked = any(HELD_BY in rule.prefers for rule in self.routing.rules)
        planned = (self.queues.plan(name, self.agents.of_pool(name)) for name in self.queues.pools)
        return {plan.pool: replace(plan, remembers_holders=asked) for plan in planned}

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """What people call queues, by id."""
        return {name: queue.title for name, queue in self.queues.queues.items()}

    @property
    def zone(self) -> str:
        """By whose clock people are told times: that of the first calendar."""
        return next((calendar.zone for calendar in self.calendars.values()), "UTC")

    @cached_property
    def router(self) -> Router:
        """The routing rules; what none of them fits goes to the first pool's default queue."""
        routing = self.routing
        first = next(iter(self.queues.pools.values()))
        return Router(
            rules=tuple(rule.to_domain(self._queue(rule), self._flow(rule)) for rule in routing.rules),
            pools={name: queue.pool for name, queue in self.queues.queues.items()},
            default_queue=first.default_queue,
            languages=routing.languages.to_domain(),
            weights={channel.value: hundredths(weight) for channel, weight in routing.weights.items()},
            boosts={"warned": routing.warned_boost, "violated": routing.violated_boost, "rung": routing.rung_boost},
            promise_near=length(routing.promise_near_seconds),
            by_hand_queue=routing.switch.queue,
            switch=(routing.switch.field, routing.switch.default),
            named_calls=self._named_calls(),
            mention_lists=self.mentions.to_domain(),
            hours=self._hours(),
            callbacks=frozenset((*routing.callbacks, "missed", "failed", "wished") if routing.callbacks else ()),
            staffing=Staffing(pools={name: tuple(plan.agents.values()) for name, plan in self.plans.items()}),
        )

    def _queue(self, rule: Rule) -> str | None:
        if rule.queue is None and rule.pool is not None and rule.department is None:
            return self.queues.pools[rule.pool].default_queue
        return rule.queue

    def _flow(self, rule: Rule) -> tuple[Step, ...]:
        return tuple(step.to_domain() for step in self.routing.flows[rule.flow]) if rule.flow else ()

    def _named_calls(self) -> NamedCalls:
        written = self.routing.named_calls
        own = [(name, (name, agent.name)) for name, agent in self.agents.agents.items()]
        further = [(agent, (name,)) for name, agent in written.names.items()]
        return NamedCalls(
            names=directory([*own, *further]),
            post_to=written.post_to,
            wait=length(written.wait_seconds),
            otherwise_queue=written.otherwise_queue,
        )

    def _hours(self) -> OpeningHours:
        written = self.routing.hours
        unstaffed = written.unstaffed_after_seconds
        return OpeningHours(
            queues={queue: self._calendar(name) for queue, name in written.queues.items()},
            languages={language: self._calendar(name) for language, name in written.languages.items()},
            channels=frozenset(channel.value for channel in written.channels),
            choices=written.choices,
            unstaffed_after=None if unstaffed is None else length(unstaffed),
        )

    def _calendar(self, name: str) -> BusinessHours:
        return self.calendars[name].built(name)
