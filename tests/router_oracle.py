"""The router's rules, written down once more, without any index.

Everything here looks at everybody and everything, and shares no code with the engine: only the state and the configuration
are read. Sources: semantics.md 5.4 to 5.6.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.items import Held, Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.plan import PoolPlan, Reserve
from caseway_router.domain.pool import Pool
from caseway_router.domain.staff import Agent, Attendance

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_Named = tuple[str, tuple[str, ...], tuple[int, ...]]
"""One agent as a decision tells them: who, what kept them out, and their score."""
_FAR = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_IDLE = ("surplus of skill", "interest", "idle longest", "stable hash")
_NAMES = {
    "even": ("load band", *_IDLE),
    "least_skilled": ("least skilled", *_IDLE),
    "scarcity": ("scarce skills", *_IDLE),
    "most_available": ("most available", *_IDLE),
    "least_active": ("least active", *_IDLE),
    "rotation": ("rotation", "surplus of skill", "interest", "longest since asked", "stable hash"),
}


def micros(at: dt.datetime | None) -> int:
    return 0 if at is None else round((at - EPOCH).total_seconds() * 1_000_000)


@dataclass(frozen=True)
class Person:
    """An agent who was ever there, with what they hold."""

    agent: Agent
    attendance: Attendance
    held: tuple[WorkItem, ...]

    @property
    def name(self) -> str:
        return self.agent.agent

    @property
    def total(self) -> int:
        own = self.attendance.capacity
        return self.agent.profile.total if own is None else min(own, self.agent.profile.total)

    @property
    def load(self) -> int:
        return sum(cost(self.agent, item) for item in self.held)

    def on(self, channel: str) -> int:
        return sum(cost(self.agent, item) for item in self.held if item.channel == channel)


def people(pool: Pool) -> list[Person]:
    """Everybody configured who was ever there."""
    return [
        Person(
            agent=pool.plan.agents[name],
            attendance=attendance,
            held=tuple(item for item in pool.items.values() if item.agent == name),
        )
        for name, attendance in sorted(pool.attendances.items())
        if name in pool.plan.agents
    ]


def cost(agent: Agent, item: WorkItem) -> int:
    """What work counts by its turn, held or to be held."""
    limit = agent.profile.channels.get(item.channel)
    if limit is None:
        return item.weight
    match item.standing:
        case WrappingUp():
            percent = limit.wrap_up
        case Held(is_quiet=True):
            percent = limit.quiet
        case _:
            percent = limit.active
    return item.weight * percent // 100


def is_overloaded(person: Person) -> bool:
    """Beyond what they should hold, in all, on a channel or beside one: then nothing new comes to them."""
    limits = person.agent.profile.channels
    beside = [
        person.load - person.on(name) > limit.beside
        for name, limit in limits.items()
        if limit.beside is not None and person.on(name) > 0
    ]
    return (
        person.load > person.total
        or any(beside)
        or any(person.on(name) > each.at_most for name, each in limits.items())
    )


def has_room(person: Person, item: WorkItem) -> bool:
    """Whether one more would stay within every limit, each by itself."""
    limits, more = person.agent.profile.channels, cost(person.agent, item)
    limit, there, load = limits[item.channel], person.on(item.channel), person.load
    ringing = [each for each in person.held if isinstance(each.standing, Offered) and each.channel == item.channel]
    at_most = min(limit.at_most, person.attendance.channels.get(item.channel, limit.at_most))
    beside = [
        (load - person.on(name), other.beside)
        for name, other in limits.items()
        if name != item.channel and other.beside is not None and person.on(name) > 0
    ]
    # what weighs nothing still needs some room
    with_it = max(more, 1)
    return (
        not is_overloaded(person)
        and load + with_it <= person.total
        and there + with_it <= at_most
        and (limit.beside is None or load - there <= limit.beside)
        and (limit.rings is None or len(ringing) < limit.rings)
        and all(others + with_it <= allowed for others, allowed in beside)
    )


def needed(item: WorkItem) -> dict[str, int]:
    """The skills that count at its step, the highest level where one is named twice."""
    soft = [each for each in item.requirements if each.drop_after is not None]
    soft.sort(key=lambda each: (each.drop_after, each.order, each.skill))
    levels: dict[str, int] = {}
    for each in item.requirements:
        if each not in soft[: item.step]:
            levels[each.skill] = max(each.level, levels.get(each.skill, 0))
    return levels


def cooling(item: WorkItem, now: dt.datetime) -> set[str]:
    """Who let it go too short a time ago."""
    return {each.agent for each in item.cool_downs if each.until > now}


def reasons(person: Person, item: WorkItem, now: dt.datetime) -> tuple[str, ...]:
    """All that keeps somebody out."""
    agent, attendance = person.agent, person.attendance
    is_there = attendance.presence is Presence.ONLINE
    is_open = item.channel in agent.profile.channels and attendance.channels.get(item.channel) != 0
    is_waited_for = bool(item.named) and item.named_until is not None
    found = {
        **{f"skill:{skill}": agent.skills.get(skill, 0) < level for skill, level in sorted(needed(item).items())},
        "queue": agent.queues is not None and item.queue not in agent.queues,
        "presence": not is_there,
        "channel": not is_open,
        "capacity": is_there and is_open and not has_room(person, item),
        "cool_down": agent.agent in cooling(item, now),
        "excluded": agent.agent in item.excluded,
        "named": is_waited_for and item.named != agent.agent,
    }
    return tuple(name for name, keeps_out in found.items() if keeps_out)


def urgency(rules: PoolPlan, item: WorkItem) -> tuple[Any, ...]:
    """Class, priority with ageing, promise, age."""
    by_arrival = item.queue in rules.queues and rules.queues[item.queue].by_arrival
    rank = item.boost + (1 if by_arrival else item.priority)
    entered = micros(item.queued_at)
    where: float = -rank
    if rules.ageing is not None:
        worth = micros(EPOCH + rules.ageing)
        where = (entered - int(rank * worth)) // (worth // 4)
    due_at = _FAR if by_arrival or item.slack_due_at is None else item.slack_due_at
    return (rules.class_ranks.get(item.case_class, 99), where, due_at, entered, item.case_id)


def score(pool: Pool, person: Person, item: WorkItem) -> tuple[int, ...]:
    """The order of choice: wished for, kept in reserve, the policy's number, fit, interest, idleness, the ring."""
    wanted = wishes(item)
    is_rotation = pool.plan.policy == "rotation"
    since = person.attendance.offered_at if is_rotation else person.attendance.released_at
    fit = sum(person.agent.skills[skill] - level for skill, level in needed(item).items())
    is_kept = person.name not in wanted and any(_is_kept_free(pool, person, item, each) for each in pool.plan.reserves)
    return (
        wanted.index(person.name) if person.name in wanted else len(wanted),
        int(is_kept),
        _lead(pool.plan, person),
        0 if is_rotation else fit,
        int(not person.agent.interests & set(item.topics)),
        micros(since),
        (_place(person.name) - _place(item.case_id)) % 2**32,
    )


def wishes(item: WorkItem) -> list[str]:
    """Whom the customer asked for, then whom the case prefers, each once."""
    return list(dict.fromkeys(name for name in (item.named, *item.preferred) if name))


def _place(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")


def _lead(rules: PoolPlan, person: Person) -> int:
    """The policy's number; where a rank goes before the load band, both in one."""
    band = person.load * rules.bands // person.total if person.total else rules.bands
    skills = person.agent.skills
    having = [sum(1 for each in rules.agents.values() if skill in each.skills) for skill in skills]
    rarest = min((count * 1000 // len(rules.agents) for count in having), default=1000)
    return {
        "even": band,
        "least_skilled": sum(skills.values()) * 1000 + band,
        "scarcity": (1000 - rarest) * 1000 + band,
        "rotation": 0,
        "most_available": person.load - person.total,
        "least_active": len(person.held),
    }[rules.policy]


def _is_kept_free(pool: Pool, person: Person, item: WorkItem, reserve: Reserve) -> bool:
    def has_all(agent: Agent) -> bool:
        return all(agent.skills.get(skill, 0) >= level for skill, level in reserve.skills.items())

    def is_free(other: Person) -> bool:
        closed = other.attendance.channels.get(item.channel) == 0 or item.channel not in other.agent.profile.channels
        online = other.attendance.presence is Presence.ONLINE
        return online and not closed and has_room(other, item.but(weight=0, standing=Waiting()))

    free = [other for other in people(pool) if has_all(other.agent) and is_free(other)]
    is_for_them = any(skill in reserve.needed_for for skill in needed(item))
    return has_all(person.agent) and not is_for_them and len(free) <= reserve.keep_count


def explanation(pool: Pool, item: WorkItem, now: dt.datetime) -> dict[str, Any]:
    """The whole decision for a waiting item, as its fact has to tell it."""
    rules = pool.plan
    staff = people(pool)
    against = {each.name: reasons(each, item, now) for each in staff}
    able = sorted((each for each in staff if not against[each.name]), key=lambda each: score(pool, each, item))
    scores: list[_Named] = [(each.name, (), score(pool, each, item)) for each in able]
    named = scores[: rules.listed_count]
    named += _named_though_kept_out(rules, item, against)[: rules.listed_count - len(named)]
    return {
        "chosen": able[0].name,
        "candidates": named,
        "tie_break": _tie_break(rules, item, scores),
        "queue_ahead": sum(
            other.queue == item.queue and urgency(rules, other) < urgency(rules, item)
            for other in pool.items.values()
            if isinstance(other.standing, Waiting)
        ),
        "rest": _rest(rules, item, against, {name for name, *_ in named}),
        "considered_count": len(rules.agents),
        "step": item.step,
        **_relaxing(item),
    }


def _relaxing(item: WorkItem) -> dict[str, Any]:
    soft = [each for each in item.requirements if each.drop_after is not None]
    soft.sort(key=lambda each: (each.drop_after, each.order, each.skill))
    ends = [item.queued_at + each.drop_after for each in soft[item.step :] if each.drop_after is not None]
    ends += [item.named_until] if item.named_until is not None else []
    return {
        "dropped": tuple(each.skill for each in soft[: item.step]),
        "next_relaxation_at": min(ends, default=None),
    }


def _named_though_kept_out(rules: PoolPlan, item: WorkItem, against: dict[str, tuple[str, ...]]) -> list[_Named]:
    """In a small pool everybody, those with the skills first; in a large one whom the case wishes for."""

    def lacks_skill(name: str) -> bool:
        return any(rules.agents[name].skills.get(skill, 0) < level for skill, level in needed(item).items())

    is_small = len(rules.agents) <= rules.counted_whole
    names = sorted(against, key=lambda name: (lacks_skill(name), name)) if is_small else wishes(item)
    return [(name, against[name], ()) for name in names if against.get(name)]


def _rest(rules: PoolPlan, item: WorkItem, against: dict[str, tuple[str, ...]], named: set[str]) -> dict[str, int]:
    """By the first that keeps them out, everybody configured who is not named."""
    firsts: Counter[str] = Counter()
    for name, agent in rules.agents.items():
        if name in named:
            continue
        if name in against:
            why = against[name]
        elif any(agent.skills.get(skill, 0) < level for skill, level in needed(item).items()):
            why = ("skill",)
        elif agent.queues is not None and item.queue not in agent.queues:
            why = ("queue",)
        else:
            why = ("presence",)
        firsts[(why or ("further_down",))[0].split(":")[0]] += 1
    return dict(firsts)


def _tie_break(rules: PoolPlan, item: WorkItem, scores: list[_Named]) -> str:
    chosen, _, mine = scores[0]
    if chosen in wishes(item):
        return "named" if chosen == item.named else "preferred"
    if len(scores) == 1:
        return "only candidate"
    names = ("preferred", "reserve", *_NAMES[rules.policy])
    return next(name for name, one, other in zip(names, mine, scores[1][2], strict=True) if one != other)
