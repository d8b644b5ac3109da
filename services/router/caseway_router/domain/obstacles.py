"""What keeps a waiting piece of work from an agent."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.items import WorkItem
from caseway_router.domain.matching import reasons_against
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.staff import Agent, Seat

_UNABLE = ("skill", "queue", "excluded", "named", "closed", "weight")
"""What keeps somebody out whoever is there and however little they hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A skill that nobody present has so well."""

    skill: str
    level: int
    absent: Mapping[str, int] = field(default_factory=dict)
    """How many have it and are not there, by presence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacles:
    """Why it still waits: everybody in the pool, by the first thing that keeps them out."""

    counts: Mapping[str, int]
    """`skill`, `queue`, `excluded`, `named`, `closed` (the channel is not theirs), `weight` (more than they may ever hold), `channel` (not now), a presence such as `offline`, `capacity`, `cool_down`, `free`."""
    able_count: int
    """Who may take it at all: skills, queue and channel."""
    lacks: tuple[Lack, ...] = ()
    """The skills that nobody present has, each by itself."""
    retry_at: dt.datetime | None = None
    """When the first cool-down of somebody who is there ends."""

    @property
    def is_hopeless(self) -> bool:
        """Whether nobody at all may ever take it as it is."""
        return self.able_count == 0


def obstacles(item: WorkItem, plan: PoolPlan, seats: Mapping[str, Seat], now: dt.datetime) -> Obstacles:
    """Look at everybody in the pool.

    Args:
        item: what waits.
        plan: the pool's; who is configured.
        seats: everybody who was ever present, with what they hold now.
        now: when.
    """
    firsts = {name: _first(agent, seats.get(name), item, now) for name, agent in plan.agents.items()}
    return Obstacles(
        counts=Counter(firsts.values()),
        able_count=sum(first not in _UNABLE for first in firsts.values()),
        lacks=tuple(_lacks(item, plan, seats)),
        retry_at=min((each.until for each in item.cooling(now) if firsts.get(each.agent) == "cool_down"), default=None),
    )


def _first(agent: Agent, seat: Seat | None, item: WorkItem, now: dt.datetime) -> str:
    """The first thing that keeps somebody out, the hardest to change first."""
    never = next((reason for reason, keeps_out in _for_good(agent, item) if keeps_out), None)
    if never is not None:
        return never
    presence = seat.attendance.presence if seat else Presence.OFFLINE
    if seat is None or presence is not Presence.ONLINE:
        return presence.value
    return next(iter(reasons_against(seat, item, now)), "free")


def _for_good(agent: Agent, item: WorkItem) -> Iterator[tuple[str, bool]]:
    """What does not change by somebody's coming or getting free."""
    yield "skill", any(agent.skills.get(skill, 0) < level for skill, level in item.needed)
    yield "queue", agent.queues is not None and item.queue not in agent.queues
    yield "excluded", agent.agent in item.excluded
    yield "named", bool(item.only) and item.only != agent.agent
    yield "closed", item.channel not in agent.profile.channels
    yield "weight", not agent.profile.fits(item.channel, item.weight)


def _lacks(item: WorkItem, plan: PoolPlan, seats: Mapping[str, Seat]) -> Iterator[Lack]:
    for skill, level in item.needed:
        able = [name for name, agent in plan.agents.items() if agent.skills.get(skill, 0) >= level]
        presences = [seats[name].attendance.presence if name in seats else Presence.OFFLINE for name in able]
        if Presence.ONLINE not in presences:
            yield Lack(skill=skill, level=level, absent=Counter(each.value for each in presences))
