"""What waits, is offered or held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

WHOLE = 100
"""Weights and capacities are counted in hundredths of a contact, so that sums are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A skill that the work needs, at least so well."""

    skill: str
    level: int
    drop_after: dt.timedelta | None = None
    """None: hard. Else it no longer counts so long after the work was queued."""
    order: int = 0
    """Of those due to be dropped at the same time, which is named first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """It stands in its queue."""

    word: ClassVar[str] = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One agent may take it until `expires_at`."""

    word: ClassVar[str] = "offered"
    agent: str
    since: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An agent works on it."""

    word: ClassVar[str] = "held"
    agent: str
    since: dt.datetime
    activity: str = ""
    """What the agent is doing on it now (research, guidance, remote); empty when nothing is going on."""
    started_at: dt.datetime | None = None
    """When that began."""
    handled: dt.timedelta = dt.timedelta(0)
    """All earlier stretches together."""

    def handled_until(self, now: dt.datetime) -> dt.timedelta:
        """All stretches, with the one that is going on."""
        return self.handled + (now - self.started_at if self.started_at else dt.timedelta(0))

    def paused(self, now: dt.datetime) -> Held:
        """With nothing going on."""
        return Held(agent=self.agent, since=self.since, handled=self.handled_until(now))


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappingUp:
    """The contact is over, the agent still writes it up: it counts as load until `ends_at`."""

    word: ClassVar[str] = "wrapping_up"
    agent: str
    since: dt.datetime
    ends_at: dt.datetime
    accepted_at: dt.datetime
    handled: dt.timedelta = dt.timedelta(0)
    outcome: str = ""


Standing = Waiting | Offered | Held | WrappingUp


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolDown:
    """An agent who shall not be offered this work again before `until`."""

    agent: str
    until: dt.datetime


Signature = tuple[str, str, int, tuple[tuple[str, int], ...]]
"""Queue, channel, weight, and each skill still required with its level: whoever may take one may take all."""


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    """The routable piece of work of a case; a case has at most one that lives."""

    work_item: str
    case_id: str
    pool: str
    queue: str
    channel: str
    queued_at: dt.datetime
    """Its age counts from here, however often it returns."""
    standing: Standing = Waiting()
    requirements: tuple[Requirement, ...] = ()
    priority: int = 1
    """`Priority.rank`: 3 urgent … 0 low."""
    boost: float = 0.0
    """Ranks added to the priority: 1 for a milestone warned, 2 for one violated."""
    case_class: str = ""
    weight: int = WHOLE
    step: int = 0
    """How many requirements were dropped so far."""
    offer_count: int = 0
    cool_downs: tuple[CoolDown, ...] = ()
    again: Mapping[str, Any] | None = None
    """The command by which the customer wrote once more while an agent had it: a need of its own, unless answered."""

    def __hash__(self) -> int:
        return hash((self.work_item, self.offer_count))

    @cached_property
    def relaxations(self) -> tuple[Requirement, ...]:
        """The requirements that are dropped, in the order in which that happens."""
        soft = [each for each in self.requirements if each.drop_after is not None]
        return tuple(sorted(soft, key=lambda each: (each.drop_after, each.order, each.skill)))

    @cached_property
    def needed(self) -> tuple[tuple[str, int], ...]:
        """Skills and levels that count at this step, by name; the highest level where one is named twice."""
        dropped = self.relaxations[: self.step]
        levels: dict[str, int] = {}
        for each in self.requirements:
            if each not in dropped:
                levels[each.skill] = max(each.level, levels.get(each.skill, 0))
        return tuple(sorted(levels.items()))

    @cached_property
    def signature(self) -> Signature:
        """What decides who may take it."""
        return (self.queue, self.channel, self.weight, self.needed)

    @property
    def next_relaxation_at(self) -> dt.datetime | None:
        """When the next requirement is dropped; None when none will be."""
        following = self.relaxations[self.step : self.step + 1]
        return next((self.queued_at + each.drop_after for each in following if each.drop_after is not None), None)

    def relaxed(self, at: dt.datetime) -> WorkItem:
        """Without the requirements due to be dropped by `at`."""
        due = sum(
            1 for each in self.relaxations if each.drop_after is not None and self.queued_at + each.drop_after <= at
        )
        return replace(self, step=max(due, self.step))

    @property
    def agent(self) -> str:
        """Who is offered, holds or wraps it up; empty while it waits."""
        return "" if isinstance(self.standing, Waiting) else self.standing.agent

    def is_cooling(self, agent: str, now: dt.datetime) -> bool:
        """Whether the agent let it go too short a time ago."""
        return any(each.agent == agent and each.until > now for each in self.cool_downs)

    def cooling(self, now: dt.datetime) -> Iterator[CoolDown]:
        """The cool-downs that still run."""
        return (each for each in self.cool_downs if each.until > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a case's work went when it left the pool: what still comes here is sent on."""

    case_id: str
    pool: str
    to_pool: str
