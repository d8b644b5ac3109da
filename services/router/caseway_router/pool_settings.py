"""What queues.yaml says: pools, their queues and their policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from caseway.kernel.vocabulary import Channel, Level
from caseway_router.domain.items import WHOLE
from caseway_router.domain.plan import PoolPlan, QueuePlan, Reserve
from caseway_router.domain.staff import Agent


class Part(BaseModel):
    """A piece of the configuration: a word that nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Seconds = Annotated[float, Field(ge=0, le=366 * 86_400, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""Letters, digits, `_`, `.` and `-`: it becomes a label and a part of addresses."""


def level_named(given: object) -> object:
    """A level by its word, such as `fluent`; whatever is none is left to pydantic to refuse."""
    if isinstance(given, str) and given.upper() in Level.__members__:
        return Level[given.upper()]
    if isinstance(given, str):
        raise ValueError(f"one of {', '.join(each.name.lower() for each in Level)}")  # noqa: TRY004 - a fault of the file
    return given


SkillLevel = Annotated[Level, BeforeValidator(level_named)]


def length(seconds: float) -> dt.timedelta:
    """A length of time in whole milliseconds, as instants are kept."""
    return dt.timedelta(milliseconds=round(seconds * 1000))


class Reserved(Part):
    """Agents with a scarce skill of whom a few are kept free."""

    name: Name
    skills: dict[Name, SkillLevel] = Field(min_length=1)
    """Who has all of these so well belongs to it."""
    keep: int = Field(ge=1, le=1_000)
    """With so many of them free, or fewer, other work goes to others first."""
    needed_for: tuple[Name, ...] = Field(min_length=1)
    """Work that asks for one of these skills is what they are kept for."""

    def to_domain(self) -> Reserve:
        """As matching keeps it."""
        skills = {skill: int(level) for skill, level in self.skills.items()}
        return Reserve(name=self.name, skills=skills, keep_count=self.keep, needed_for=frozenset(self.needed_for))


class Pool(Part):
    """Agents and queues that are matched together."""

    default_queue: Name
    """For a case that no routing rule fits."""
    offer_seconds: Annotated[Seconds, Field(gt=0)] = 20
    """How long an agent may think, unless the queue says otherwise."""
    cool_down_seconds: Seconds = 60
    """How long work is kept from the agent who let it go."""
    missed_limit: int = Field(default=3, ge=0)
    """Offers missed in a row, until the agent is set to "not answering"; 0: never."""
    load_bands: int = Field(default=4, ge=1, le=100)
    """Agents in the same part of so many equal ones of their capacity count as equally loaded."""
    policy: Literal["even", "least_skilled", "scarcity", "rotation", "most_available", "least_active"] = "even"
    """In which order those who may take work are asked, after whom the case names or prefers and after the reserves:
    `even` the least loaded, `least_skilled` the least able, `scarcity` who has no rare skill, `rotation` each in turn,
    `most_available` who has the most room, `least_active` who has the fewest cases."""
    reserves: tuple[Reserved, ...] = ()
    ageing_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    """A wait so long is worth one rank of priority; absent: priority, then age."""
    return_held_after_seconds: Seconds = 120
    """Held work goes back to its queue so long after its agent went offline."""
    silent_after_seconds: Annotated[Seconds, Field(gt=0)] = 45
    """An agent whose desk sent heartbeats, and sends none for so long, or half as long again, counts as offline."""
    listed_candidates: int = Field(default=5, ge=1, le=100)
    """The most candidates that an explanation names."""


class Queue(Part):
    """An ordered place where work waits."""

    pool: Name
    title: str
    offer_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    order: Literal["urgency", "arrival"] = "urgency"
    """`arrival`: of one class and boost the oldest goes first, whatever its priority or promise: for call-backs."""
    named_seconds: Seconds = 60
    """How long work waits for the agent whom the customer named, while that agent is present."""


class Queues(Part):
    """queues.yaml."""

    pools: dict[Name, Pool] = Field(min_length=1)
    queues: dict[Name, Queue] = Field(min_length=1)
    classes: tuple[Name, ...] = ()
    """Classes of cases that go before all others, the first first."""
    departments: dict[Name, Name] = Field(default_factory=dict)
    """By department, the queue where what is transferred to it waits."""
    wrap_up_seconds: dict[Channel, Seconds] = Field(default_factory=dict)
    """By channel, how long an agent may write up a contact before they count as free."""

    @model_validator(mode="after")
    def _fits_together(self) -> Queues:
        strays = sorted(name for name, queue in self.queues.items() if queue.pool not in self.pools)
        if strays:
            raise ValueError(f"a pool that is declared above, for the queues {', '.join(strays)}")
        nowhere = sorted({queue for queue in self.departments.values() if queue not in self.queues})
        if nowhere:
            raise ValueError(f"queues that are declared above, for the departments of {', '.join(nowhere)}")
        for name, pool in self.pools.items():
            queue = self.queues.get(pool.default_queue)
            if queue is None or queue.pool != name:
                raise ValueError(f"a default queue of its own for the pool {name}; {pool.default_queue} is none")
        return self

    def plan(self, name: str, agents: Mapping[str, Agent]) -> PoolPlan:
        """The pool as its matching follows it."""
        pool = self.pools[name]
        return PoolPlan(
            pool=name,
            queues={queue: self._queue_plan(queue) for queue, each in self.queues.items() if each.pool == name},
            elsewhere={queue: each.pool for queue, each in self.queues.items() if each.pool != name},
            agents=agents,
            class_ranks={each: rank for rank, each in enumerate(self.classes)},
            bands=pool.load_bands,
            ageing=None if pool.ageing_seconds is None else length(pool.ageing_seconds),
            cool_down=length(pool.cool_down_seconds),
            missed_limit=pool.missed_limit,
            wrap_up={channel.value: length(seconds) for channel, seconds in self.wrap_up_seconds.items()},
            return_after=length(pool.return_held_after_seconds),
            silent_after=length(pool.silent_after_seconds),
            listed_count=pool.listed_candidates,
            policy=pool.policy,
            reserves=tuple(each.to_domain() for each in pool.reserves),
            default_queue=pool.default_queue,
            default_queues={other: each.default_queue for other, each in self.pools.items() if other != name},
            departments=self.departments,
        )

    def _queue_plan(self, name: str) -> QueuePlan:
        queue = self.queues[name]
        seconds = queue.offer_seconds or self.pools[queue.pool].offer_seconds
        return QueuePlan(
            name=name,
            offer_for=length(seconds),
            by_arrival=queue.order == "arrival",
            named_for=length(queue.named_seconds),
        )


def hundredths(contacts: float) -> int:
    """A weight or capacity, as the domain counts it."""
    return round(contacts * WHOLE)


def duplicates(names: list[Any]) -> list[Any]:
    """What stands more than once."""
    return sorted({name for name in names if names.count(name) > 1})
