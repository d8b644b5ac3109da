"""Which agent a waiting piece of work goes to, and why."""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.bench import belongs
from caseway_router.domain.crews import Crew
from caseway_router.domain.items import WorkItem
from caseway_router.domain.lines import has_room
from caseway_router.domain.pool import Pool
from caseway_router.domain.ranked import Ranked
from caseway_router.domain.ring import RING, in_ring_order, ring_distance, ring_place
from caseway_router.domain.shelves import no_interest
from caseway_router.domain.staff import Seat

_BUSY = frozenset({"capacity", "cool_down"})
"""What keeps out an agent who will be free in a while."""


class Candidate(NamedTuple):
    """One agent as a decision saw them."""

    agent: str
    failed: tuple[str, ...] = ()
    """All that kept them out: `skill:en`, `queue`, `presence`, `channel`, `capacity`, `cool_down`, `excluded`, `named`."""
    score: tuple[int, ...] = ()
    """Numbers of which the smaller is the better, as `policy.Order` names them; empty for who was not ranked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why this agent: what was known when it was decided."""

    chosen: str
    candidates: tuple[Candidate, ...]
    tie_break: str
    step: int
    queue_ahead: int
    next_relaxation_at: dt.datetime | None
    dropped: tuple[str, ...] = ()
    rest: Mapping[str, int] = field(default_factory=dict)
    """Of the agents who are not named: how many, by what kept them out, or `further_down`."""
    considered_count: int = 0


def ranked(pool: Pool, item: WorkItem, now: dt.datetime, failed: list[str] | None = None) -> Iterator[Candidate]:
    """Every agent who may take the item now, the best first.

    Args:
        pool: where it waits.
        item: what waits.
        now: when; cool-downs that ended before count no longer.
        failed: receives who was met on the way and may not, as many as an explanation names.
    """
    preferred = preferences(item)
    met: list[str] = [] if failed is None else failed
    for place, name in enumerate(preferred):
        seat = pool.seat(name)
        if seat is not None and not reasons_against(seat, item, now):
            yield Candidate(name, (), (place, 0, *_numbers(pool, seat, item, ring_place(item.case_id))))
        elif seat is not None:
            met.append(name)
    if not item.only:
        yield from _others(pool, item, now, preferred, met)


def preferences(item: WorkItem) -> tuple[str, ...]:
    """Who goes before all others: whom the customer asked for, then whom the case prefers."""
    if not item.named:
        return item.preferred
    return (item.named, *(each for each in item.preferred if each != item.named))


def _others(
    pool: Pool, item: WorkItem, now: dt.datetime, preferred: tuple[str, ...], failed: list[str]
) -> Iterator[Candidate]:
    """Those whom the case does not prefer; who is kept in reserve comes last."""
    scarce = pool.bench.scarce(item.needed, item.channel)
    crew = pool.bench.crew(item.needed)
    found = _walk(pool, item, now, failed) if crew is None else _one_by_one(pool, item, now, crew, failed)
    last = len(preferred)
    kept = []
    for lead, surplus, interest, since, distance, name in found:
        if preferred and name in preferred:
            continue
        if scarce and any(belongs(pool.seat_of(name), each) for each in scarce):
            kept.append(Candidate(name, (), (last, 1, lead, surplus, interest, since, distance)))
        else:
            yield Candidate(name, (), (last, 0, lead, surplus, interest, since, distance))
    yield from kept


_Found = tuple[int, int, int, int, int, str]
"""The policy's number, surplus of skill, interest, idle since, distance along the ring, agent."""


def _one_by_one(pool: Pool, item: WorkItem, now: dt.datetime, crew: Crew, failed: list[str]) -> Iterator[_Found]:
    """Of those few who are able, whoever may take the item, the best first."""
    spares = bool(item.cool_downs or item.excluded)
    for found in _in_order(pool, item, crew, failed):
        name = found[5]
        if has_room(pool.seat_of(name), item.signature) and not (spares and item.keeps_out(name, now)):
            yield found
        else:
            failed.append(name)


def _in_order(pool: Pool, item: WorkItem, crew: Crew, failed: list[str]) -> list[_Found]:
    """Those who have any room on its channel; the others are met and fail, as many as an explanation names."""
    places, counts, case_place = pool.bench.places(), pool.order.counts_surplus, ring_place(item.case_id)
    channel, listed_count = item.channel, pool.plan.listed_count
    found: list[_Found] = []
    for name, surplus in crew:
        place = places.get(name)
        if place is not None and channel in place[1]:
            lead, _, interests, (since, ring, _) = place
            interest = no_interest(item, interests) if interests else 1
            found.append((lead, surplus if counts else 0, interest, since, (ring - case_place) % RING, name))
        elif len(failed) < listed_count and pool.seat(name) is not None:
            failed.append(name)
    found.sort()
    return found


def _walk(pool: Pool, item: WorkItem, now: dt.datetime, failed: list[str]) -> Iterator[_Found]:
    """Everyone with room who may take the item, the best first, where many are able.

    Only the rarest skill's shelves are walked, one sort after the other, each with its agents in order of idleness. With
    one skill a shelf says the surplus of everybody on it; with more it says the least, and whoever has more waits.
    """
    bench, needed = pool.bench, item.needed
    anchor = bench.rarest(needed)
    others = tuple([(bench.levels(skill), level) for skill, level in needed if skill != anchor])
    search = _Search(pool=pool, item=item, now=now, others=others, place=ring_place(item.case_id), failed=failed)
    is_exact = not others or not pool.order.counts_surplus
    floor = 0 if is_exact else bench.floor(needed, anchor)
    for lead, shelves in bench.by_lead(anchor, item, counts=pool.order.counts_surplus):
        later: list[_Found] = []
        for (on_shelf, interest), alike in groupby(shelves, key=itemgetter(0, 1)):
            least = on_shelf + floor
            while later and later[0][1:3] < (least, interest):
                yield heapq.heappop(later)
            for since, distance, agent in _merged([search.able(shelf[3]) for shelf in alike]):
                exact = least if is_exact else pool.order.surplus(pool.seat_of(agent), item)
                found = (lead, exact, interest, since, distance, agent)
                if exact != least:
                    heapq.heappush(later, found)
                    continue
                while later and later[0] < found:
                    yield heapq.heappop(later)
                yield found
        while later:
            yield heapq.heappop(later)


def _merged(rows: list[Iterator[tuple[int, int, str]]]) -> Iterator[tuple[int, int, str]]:
    return rows[0] if len(rows) == 1 else heapq.merge(*rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What is looked for on every shelf."""

    pool: Pool
    item: WorkItem
    now: dt.datetime
    others: tuple[tuple[Mapping[str, int], int], ...]
    """The skills needed beside the shelf's: by agent their level, and the least."""
    place: int
    failed: list[str]

    def able(self, row: Ranked) -> Iterator[tuple[int, int, str]]:
        """Who on a shelf may take the item: since when they are idle, and how far along the ring."""
        place, others, failed, most = self.place, self.others, self.failed, self.pool.plan.listed_count
        for since, ring, agent in in_ring_order(row, place):
            if (not others or self._has_others(agent)) and self._may_take(agent):
                yield since, (ring - place) % RING, agent
            elif len(failed) < most:
                failed.append(agent)

    def _has_others(self, agent: str) -> bool:
        return all(levels.get(agent, 0) >= least for levels, least in self.others)

    def _may_take(self, agent: str) -> bool:
        item = self.item
        if not has_room(self.pool.seat_of(agent), item.signature):
            return False
        return not (item.cool_downs or item.excluded) or not item.keeps_out(agent, self.now)


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
    scarce = place == len(names) and any(belongs(seat, each) for each in pool.bench.scarce(item.needed, item.channel))
    return (place, int(scarce), *_numbers(pool, seat, item, ring_place(item.case_id)))


def reasons_against(seat: Seat, item: WorkItem, now: dt.datetime) -> tuple[str, ...]:
    """All that keeps the agent from taking the item now; nothing when they may."""
    agent, attendance = seat.agent, seat.attendance
    reasons = [f"skill:{skill}" for skill, level in item.needed if agent.skills.get(skill, 0) < level]
    if agent.queues is not None and item.queue not in agent.queues:
        reasons.append("queue")
    is_closed = item.channel not in agent.profile.channels or attendance.channels.get(item.channel) == 0
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


def explain(pool: Pool, item: WorkItem, now: dt.datetime) -> Explanation | None:
    """The choice for the item, with its reasons; None when nobody may take it."""
    met: list[str] = []
    best = _best(pool, item, now, met)
    if not best:
        return None
    named = _named(pool, item, now, best, met)
    return _explained(pool, item, named, _tie_break(pool, item, best), _rest(pool, item, now, named))


def explain_sole(pool: Pool, item: WorkItem, seat: Seat, now: dt.datetime) -> Explanation | None:
    """The choice of the agent who just got room, for work that nobody else could take a moment ago.

    Whoever else could take it would have been asked when they could; so in a large pool nobody else is looked at. What
    is cooling down or named may have become free for others at this very moment, and is matched in full.
    """
    if _is_small(pool) or item.cool_downs or item.named or item.preferred:
        return explain(pool, item, now)
    named = (Candidate(seat.agent.agent, (), score_of(pool, seat, item)),)
    return _explained(pool, item, named, "only candidate", _rest(pool, item, now, named))


def could_take(pool: Pool, item: WorkItem, now: dt.datetime) -> bool:
    """Whether anybody present could take it, were they free."""
    able = pool.present([skill for skill, _ in item.needed])
    return any(_BUSY.issuperset(reasons_against(seat, item, now)) for seat in able)


def direct(pool: Pool, item: WorkItem, seat: Seat, tie_break: str = "named") -> Explanation:
    """The reasons for a choice that a person made."""
    named = (Candidate(seat.agent.agent, (), score_of(pool, seat, item)),)
    return _explained(pool, item, named, tie_break, {})


def _explained(
    pool: Pool, item: WorkItem, named: tuple[Candidate, ...], tie_break: str, rest: Mapping[str, int]
) -> Explanation:
    return Explanation(
        chosen=named[0].agent,
        candidates=named,
        tie_break=tie_break,
        step=item.step,
        queue_ahead=pool.lines.ahead(item),
        next_relaxation_at=item.next_relaxation_at,
        dropped=item.dropped,
        rest=rest,
        considered_count=len(pool.plan.agents),
    )


def _best(pool: Pool, item: WorkItem, now: dt.datetime, met: list[str]) -> list[Candidate]:
    """The chosen and those after them, until the list is full; who is met on the way and may not take it, is in `met`."""
    limit = pool.plan.listed_count
    is_small = _is_small(pool)
    best: list[Candidate] = []
    for each in ranked(pool, item, now, met):
        best.append(each)
        if len(best) >= limit or (not is_small and len(best) + len(met) >= limit):
            break
    return best


def _named(
    pool: Pool, item: WorkItem, now: dt.datetime, best: list[Candidate], met: list[str]
) -> tuple[Candidate, ...]:
    """The best, then those met on the way; a pool that fits into the list is named whole."""
    limit = pool.plan.listed_count
    if not _is_small(pool):
        return (*best, *_failed(map(pool.seat_of, met[: limit - len(best)]), item, now))
    listed = {each.agent for each in best}
    failed = _failed((seat for seat in pool.seats if seat.agent.agent not in listed), item, now)
    nearest_first = sorted(failed, key=lambda each: (any(why.startswith("skill:") for why in each.failed), each.agent))
    return tuple([*best, *nearest_first][:limit])


def _failed(seats: Iterable[Seat], item: WorkItem, now: dt.datetime) -> list[Candidate]:
    return [Candidate(seat.agent.agent, reasons) for seat in seats if (reasons := reasons_against(seat, item, now))]


def _is_small(pool: Pool) -> bool:
    return len(pool.plan.agents) <= pool.plan.counted_whole


def _rest(pool: Pool, item: WorkItem, now: dt.datetime, named: tuple[Candidate, ...]) -> dict[str, int]:
    """Counts of those who are not named. In a large pool what is known without looking at each of them."""
    if _is_small(pool):
        listed = {each.agent for each in named}
        seats = [seat for seat in pool.seats if seat.agent.agent not in listed]
        firsts = ((reasons_against(seat, item, now) or ("further_down",))[0] for seat in seats)
        kept_out = Counter(first.split(":")[0] for first in firsts)
        absent = sum(1 for agent in pool.plan.agents if agent not in listed and pool.seat(agent) is None)
        return dict(kept_out + Counter({"presence": absent}))
    with_room, present = pool.bench.count(item.channel), pool.present_count
    named_with_room = 0
    for each in named:
        seat = pool.seat(each.agent)
        if seat is not None and seat.room(item.channel) > 0:
            named_with_room += 1
    counts = {
        "presence": len(pool.plan.agents) - present,
        "capacity": present - with_room,
        "further_down": with_room - named_with_room,
    }
    return {name: count for name, count in counts.items() if count > 0}


def _tie_break(pool: Pool, item: WorkItem, best: list[Candidate]) -> str:
    """The first number in which the chosen differs from the next one."""
    chosen = best[0]
    if chosen.agent == item.named:
        return "named"
    if chosen.agent in item.preferred:
        return "preferred"
    if len(best) == 1:
        return "only candidate"
    pairs = zip(pool.order.names, chosen.score, best[1].score, strict=True)
    return next((name for name, mine, other in pairs if mine != other), "stable hash")
