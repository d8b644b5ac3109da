"""What waits, is offered or held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import lru_cache
from typing import Any, ClassVar

from caseway.kernel.values import dataclass, derived

WHOLE = 100
"""Weights and capacities are counted in hundredths of a contact, so that sums are exact."""
_AT_ONCE = dt.timedelta(0)


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
class FlowStep:
    """What changes for work that still waits after a time."""

    name: str
    after: dt.timedelta
    """Since it entered its queue, whatever happened meanwhile."""
    queue: str | None = None
    requirements: tuple[Requirement, ...] | None = None
    priority: int | None = None
    boost: float | None = None
    """Ranks added to what it has."""
    is_early: bool = False
    """It begins at once where nobody present could take the work by the step before."""
    frees_named: bool = False
    department: str = ""
    """It leaves the desk: this department is asked."""
    choices: tuple[str, ...] = ()
    """What the customer is offered, where nobody present could take it."""


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
    cause: str = ""
    """The id of the message that led to the offer: what its expiring names."""


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
    is_quiet: bool = False
    """It is the customer's turn: the work may weigh less meanwhile."""

    def handled_until(self, now: dt.datetime) -> dt.timedelta:
        """All stretches, with the one that is going on."""
        return self.handled + (now - self.started_at if self.started_at else dt.timedelta(0))

    def paused(self, now: dt.datetime) -> Held:
        """With nothing going on."""
        return replace(self, activity="", started_at=None, handled=self.handled_until(now))


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
    cause: str = ""
    """The id of the message that ended the contact: what the end of writing up names."""


Standing = Waiting | Offered | Held | WrappingUp


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolDown:
    """An agent who shall not be offered this work again before `until`."""

    agent: str
    until: dt.datetime


Signature = tuple[str, str, int, tuple[tuple[str, int], ...], str]
"""Queue, channel, weight, each skill still required with its level, and the only agent who may have it, if there is one:
whoever may take one item may take all with the same signature."""

_DERIVED = ("relaxations", "needed", "signature")
_DECIDING = frozenset({"queue", "channel", "weight", "requirements", "step", "named", "named_until", "queued_at"})
"""The fields that those are derived from."""


@lru_cache(maxsize=20_000)
def _highest(asked: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """One object for all that need the same: it is part of the key of every line and crew."""
    levels: dict[str, int] = {}
    for skill, level in asked:
        levels[skill] = max(level, levels.get(skill, 0))
    return tuple(sorted(levels.items()))


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
    slack_due_at: dt.datetime | None = None
    """The nearest promise: of two alike in class and priority, the one due sooner goes first."""
    case_class: str = ""
    weight: int = WHOLE
    step: int = 0
    """How many requirements were dropped so far."""
    named: str = ""
    """The agent whom the customer asked for."""
    named_until: dt.datetime | None = None
    """Until then only that agent may have it; None: no longer, or never."""
    preferred: tuple[str, ...] = ()
    """Agents who go before all others, in this order."""
    excluded: tuple[str, ...] = ()
    """Agents who shall not have it."""
    steps: tuple[FlowStep, ...] = ()
    """What changes while it waits, the earliest first."""
    begun_count: int = 0
    """How many of those steps have begun."""
    offer_count: int = 0
    cool_downs: tuple[CoolDown, ...] = ()
    topics: tuple[str, ...] = ()
    """What it is about (category, tags), for agents with such interests."""
    passed_on: Mapping[str, Any] = field(default_factory=dict)
    """What the queue command said that readers want, and matching does not need; nothing about the customer."""
    again: Mapping[str, Any] | None = None
    """The command by which the customer wrote once more while an agent had it: a need of its own, unless answered."""

    def __hash__(self) -> int:
        return hash((self.work_item, self.offer_count))

    @derived
    def relaxations(self) -> tuple[Requirement, ...]:
        """The requirements that are dropped, in the order in which that happens."""
        soft = [each for each in self.requirements if each.drop_after is not None]
        if len(soft) > 1:
            soft.sort(key=lambda each: (each.drop_after, each.order, each.skill))
        return tuple(soft)

    @derived
    def needed(self) -> tuple[tuple[str, int], ...]:
        """Skills and levels that count at this step, by name; the highest level where one is named twice."""
        dropped = self.relaxations[: self.step] if self.step else ()
        return _highest(tuple([(each.skill, each.level) for each in self.requirements if each not in dropped]))

    @derived
    def signature(self) -> Signature:
        """What decides who may take it."""
        return (self.queue, self.channel, self.weight, self.needed, self.only)

    @property
    def only(self) -> str:
        """The one agent who may have it for now; empty: whoever is able."""
        return self.named if self.named_until is not None else ""

    @property
    def next_relaxation_at(self) -> dt.datetime | None:
        """When the next requirement is dropped, or others than the named agent may have it; None: never."""
        if self.step >= len(self.relaxations):
            return self.named_until
        drops_at = self.queued_at + (self.relaxations[self.step].drop_after or _AT_ONCE)
        return drops_at if self.named_until is None else min(drops_at, self.named_until)

    @property
    def next_step(self) -> FlowStep | None:
        """The step that begins next; None when none will."""
        return self.steps[self.begun_count] if self.begun_count < len(self.steps) else None

    @property
    def next_step_at(self) -> dt.datetime | None:
        """When the next step begins, if it still waits then."""
        following = self.next_step
        return self.queued_at + following.after if following else None

    @property
    def dropped(self) -> tuple[str, ...]:
        """The skills no longer asked for at this step."""
        return tuple([each.skill for each in self.relaxations[: self.step]]) if self.step else ()

    def relaxed(self, at: dt.datetime) -> WorkItem:
        """Without the requirements due to be dropped by `at`."""
        due = 0
        for each in self.relaxations:
            if each.drop_after is not None and self.queued_at + each.drop_after <= at:
                due += 1
        until = self.named_until if self.named_until is not None and self.named_until > at else None
        if due <= self.step and until is self.named_until:
            return self
        return self.but(step=max(due, self.step), named_until=until)

    def but(self, **changes: Any) -> WorkItem:
        """The same but for these fields; what was derived is kept where it still holds.

        `dataclasses.replace` would derive everything anew at each of an item's many turns: a quarter of a decision.
        """
        twin = object.__new__(WorkItem)
        values = twin.__dict__
        values.update(self.__dict__)
        if not _DECIDING.isdisjoint(changes):
            for name in _DERIVED:
                values.pop(name, None)
        values.update(changes)
        return twin

    @property
    def agent(self) -> str:
        """Who is offered, holds or wraps it up; empty while it waits."""
        return "" if isinstance(self.standing, Waiting) else self.standing.agent

    def is_cooling(self, agent: str, now: dt.datetime) -> bool:
        """Whether the agent let it go too short a time ago."""
        return any(each.agent == agent and each.until > now for each in self.cool_downs)

    def keeps_out(self, agent: str, now: dt.datetime) -> bool:
        """Whether this one item is not for the agent, though others of its signature may be."""
        return (bool(self.cool_downs) and self.is_cooling(agent, now)) or agent in self.excluded

    def cooling(self, now: dt.datetime) -> Iterator[CoolDown]:
        """The cool-downs that still run."""
        return (each for each in self.cool_downs if each.until > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who of the pool worked on a case last, and did not give it away: its owner, as far as the pool goes."""

    case_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a case's work went when it left the pool: what still comes here is sent on."""

    case_id: str
    pool: str
    to_pool: str
