"""What queues.yaml says: pools, their queues and their policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseway.kernel.vocabulary import Channel
from caseway_router.domain.items import WHOLE
from caseway_router.domain.plan import PoolPlan, QueuePlan
from caseway_router.domain.staff import Agent


class Part(BaseModel):
    """A piece of the configuration: a word that nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Seconds = Annotated[float, Field(ge=0, le=366 * 86_400, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""Letters, digits, `_`, `.` and `-`: it becomes a label and a part of addresses."""


def length(seconds: float) -> dt.timedelta:
    """A length of time in whole milliseconds, as instants are kept."""
    return dt.timedelta(milliseconds=round(seconds * 1000))


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
    ageing_seconds: Annotated[Seconds, Field(gt=0)] | None = None
    """A wait so long is worth one rank of priority; absent: priority, then age."""
    return_held_after_seconds: Seconds = 120
    """Held work goes back to its queue so long after its agent went offline."""
    silent_after_seconds: Annotated[Seconds, Field(gt=0)] = 45
    """An agent whose desk sent heartbeats, and sends none for so long, counts as offline."""
    listed_candidates: int = Field(default=20, ge=1, le=100)
    """The most candidates that an explanation names."""


class Queue(Part):
    """An ordered place where work waits."""

    pool: Name
    title: str
    offer_seconds: Annotated[Seconds, Field(gt=0)] | None = None


class Queues(Part):
    """queues.yaml."""

    pools: dict[Name, Pool] = Field(min_length=1)
    queues: dict[Name, Queue] = Field(min_length=1)
    classes: tuple[Name, ...] = ()
    """Classes of cases that go before all others, the first first."""
    wrap_up_seconds: dict[Channel, Seconds] = Field(default_factory=dict)
    """By channel, how long an agent may write up a contact before they count as free."""

    @model_validator(mode="after")
    def _fits_together(self) -> Queues:
        strays = sorted(name for name, queue in self.queues.items() if queue.pool not in self.pools)
        if strays:
            raise ValueError(f"a pool that is declared above, for the queues {', '.join(strays)}")
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
        )

    def _queue_plan(self, name: str) -> QueuePlan:
        queue = self.queues[name]
        seconds = queue.offer_seconds or self.pools[queue.pool].offer_seconds
        return QueuePlan(name=name, offer_for=length(seconds))


def hundredths(contacts: float) -> int:
    """A weight or capacity, as the domain counts it."""
    return round(contacts * WHOLE)


def duplicates(names: list[Any]) -> list[Any]:
    """What stands more than once."""
    return sorted({name for name in names if names.count(name) > 1})
