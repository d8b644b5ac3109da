"""Which agent a waiting piece of work goes to, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import islice

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.bench import Bench
from caseway_router.domain.crews import Crew
from caseway_router.domain.explained import Candidate, Explanation, rest, tie_break
from caseway_router.domain.items import WorkItem
from caseway_router.domain.places import parts_of
from caseway_router.domain.pool import Pool
from caseway_router.domain.ring import RING, ring_distance, ring_place
from caseway_router.domain.roster import Roster
from caseway_router.domain.staff import Seat


def explain(pool: Pool, item: WorkItem, now: dt.datetime) -> Explanation | None:
    """The choice for the item, with its reasons; None when nobody may take it."""
    bench, limit = pool.bench, pool.plan.listed_count
    roster = bench.roster(item.channel, item.weight)
    if not roster.open & bench.crews.mask(item.needed):
        return None
    crew = bench.crews.of(item)
    # where only one is named, the next one still says what decided
    best = list(islice(_ranked(pool, item, now, roster, crew), max(limit, 2)))
    if not best:
        return None
    named = best[:limit]
    if len(named) < limit:
        named += islice(_kept_out(pool, item, now, crew), limit - len(named))
    broken_by, counts = tie_break(item, best, pool.order.names), rest(bench, item, now, crew, roster, named)
    return _explained(pool, item, tuple(named), broken_by, counts)


def direct(pool: Pool, item: WorkItem, seat: Seat, broken_by: str = "named") -> Explanation:
    """The reasons for a choice that a person made."""
    named = (Candidate(seat.agent.agent, (), score_of(pool, seat, item)),)
    return _explained(pool, item, named, broken_by, {})


def ranked(pool: Pool, item: WorkItem, now: dt.datetime) -> Iterator[Candidate]:
    """Every agent who may take the item now, the best first; cool-downs that ended before count no longer."""
    bench = pool.bench
    return _ranked(pool, item, now, bench.roster(item.channel, item.weight), bench.crews.of(item))


def preferences(item: WorkItem) -> tuple[str, ...]:
    """Who goes before all others: whom the customer asked for, then whom the case prefers."""
    if not item.named:
        return item.preferred
    return (item.named, *(each for each in item.preferred if each != item.named))


def _ranked(pool: Pool, item: WorkItem, now: dt.datetime, roster: Roster, crew: Crew) -> Iterator[Candidate]:
    bench, case_place = pool.bench, ring_place(item.case_id)
    kept_free = bench.kept_free(item)
    if not (kept_free or item.named or item.preferred or item.cool_downs or item.excluded):
        # one case like the next: nine of ten
        return map(_scorer(bench, case_place), bench.best(roster, crew, case_place))
    return _picked(pool, item, now, bench.best(roster, crew, case_place), kept_free)


def _picked(pool: Pool, item: WorkItem, now: dt.datetime, best: Iterator[int], kept_free: int) -> Iterator[Candidate]:
    """Whom the case prefers, then the others but for whom it is not; who is kept in reserve comes last."""
    wished, case_place = preferences(item), ring_place(item.case_id)
    for order, name in enumerate(wished):
        seat = pool.seat(name)
        if seat is not None and not reasons_against(seat, item, now):
            yield Candidate(name, (), (order, 0, *_numbers(pool, seat, item, case_place)))
    if item.only:
        return
    last: list[Candidate] = []
    for place in best:
        *numbers, number = parts_of(place)
        name, is_kept = pool.bench.names[number], kept_free >> number & 1
        if name in wished or item.keeps_out(name, now):
            continue
        distance = ring_distance(case_place, pool.bench.rings[number])
        found = Candidate(name, (), (len(wished), is_kept, *numbers, distance))
        if is_kept:
            last.append(found)
        else:
            yield found
    yield from last


def _scorer(bench: Bench, case_place: int) -> Callable[[int], Candidate]:
    """What makes candidates of places, for work that neither prefers anybody nor is kept from anybody."""
    names, rings = bench.names, bench.rings

    def scored(place: int) -> Candidate:
        lead, surplus, interest, since, number = parts_of(place)
        return Candidate(names[number], (), (0, 0, lead, surplus, interest, since, (rings[number] - case_place) % RING))

    return scored


def _kept_out(pool: Pool, item: WorkItem, now: dt.datetime, crew: Crew) -> Iterator[Candidate]:
    """Who may not take it, and is named: whom the case wishes for; in a small pool everybody, who has the skills first."""
    for name in _nearest(pool, crew) if _is_small(pool) else preferences(item):
        seat = pool.seat(name)
        if seat is not None and (reasons := reasons_against(seat, item, now)):
            yield Candidate(name, reasons)


def _nearest(pool: Pool, crew: Crew) -> list[str]:
    numbers = pool.bench.numbers
    return sorted(pool.plan.agents, key=lambda name: (not crew.skilled >> numbers[name] & 1, name))


def _numbers(pool: Pool, seat: Seat, item: WorkItem, case_place: int) -> tuple[int, ...]:
    order = pool.order
    interest = 1 if seat.agent.interests.isdisjoint(item.topics) else 0
    distance = ring_distance(case_place, ring_place(seat.agent.agent))
    return (order.lead(seat), order.surplus(seat, item), interest, order.since(seat), distance)


def score_of(pool: Pool, seat: Seat, item: WorkItem) -> tuple[int, ...]:
    """The agent's score for the item, by itself."""
    names = preferences(item)
    name = seat.agent.agent
    place = names.index(name) if name in names else len(names)
    is_kept = place == len(names) and pool.bench.kept_free(item) >> pool.bench.numbers[name] & 1
    return (place, int(is_kept), *_numbers(pool, seat, item, ring_place(item.case_id)))


def reasons_against(seat: Seat, item: WorkItem, now: dt.datetime) -> tuple[str, ...]:
    """All that keeps the agent from taking the item now; nothing when they may."""
    agent, attendance = seat.agent, seat.attendance
    reasons = [f"skill:{skill}" for skill, level in item.needed if agent.skills.get(skill, 0) < level]
    if agent.queues is not None and item.queue not in agent.queues:
        reasons.append("queue")
    is_closed = not seat.works(item.channel)
    if attendance.presence is not Presence.ONLINE:
        reasons.append("presence")
    if is_closed:
        reasons.append("channel")
    elif attendance.presence is Presence.ONLINE and not 0 < seat.room(item.channel) >= seat.cost(
        item.channel, item.weight
    ):
        reasons.append("capacity")
    if item.is_cooling(agent.agent, now):
        reasons.append("cool_down")
    if agent.agent in item.excluded:
        reasons.append("excluded")
    if item.only and item.only != agent.agent:
        reasons.append("named")
    return tuple(reasons)


def could_take(pool: Pool, item: WorkItem) -> bool:
    """Whether anybody present could take it, were they free and not cooling down for it."""
    bench = pool.bench
    roster = bench.roster(item.channel, item.weight)
    there = bench.crews.of(item).able & bench.online & roster.works
    if item.only:
        there &= 1 << bench.numbers[item.only] if item.only in bench.numbers else 0
    for name in item.excluded:
        if name in bench.numbers:
            there &= ~(1 << bench.numbers[name])
    return there != 0


def _is_small(pool: Pool) -> bool:
    return len(pool.plan.agents) <= pool.plan.counted_whole


def _explained(
    pool: Pool, item: WorkItem, named: tuple[Candidate, ...], broken_by: str, counts: dict[str, int]
) -> Explanation:
    return Explanation(
        chosen=named[0].agent,
        candidates=named,
        tie_break=broken_by,
        step=item.step,
        queue_ahead=pool.lines.ahead(item),
        next_relaxation_at=item.next_relaxation_at,
        dropped=item.dropped,
        rest=counts,
        considered_count=len(pool.plan.agents),
    )
