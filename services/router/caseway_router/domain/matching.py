"""Which agent a waiting piece of work goes to, and why."""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.bench import in_ring_order, load_band, ring_distance, ring_place
from caseway_router.domain.items import WorkItem
from caseway_router.domain.plan import microseconds
from caseway_router.domain.pool import Pool
from caseway_router.domain.ranked import Key
from caseway_router.domain.staff import Seat

SCORE = ("load band", "surplus of skill", "idle longest", "stable hash")
"""What a score's numbers mean, in the order in which they are compared; the smaller is the better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One agent as a decision saw them."""

    agent: str
    failed: tuple[str, ...] = ()
    """Why not: `presence`, `channel`, `queue`, `skill:en`, `capacity`, `cool_down`."""
    score: tuple[int, ...] = ()
    """See `SCORE`; empty for who was not ranked."""


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


def ranked(pool: Pool, item: WorkItem, now: dt.datetime, failed: list[Candidate] | None = None) -> Iterator[Candidate]:
    """Every agent who may take the item now, the best first.

    The rows of the rarest skill are walked in step: a row is in order of load and idleness, and its level is a lower
    bound for the surplus of skill, so the best is found without looking at everybody.

    Args:
        pool: where it waits.
        item: what waits.
        now: when; cool-downs that ended before count no longer.
        failed: receives those who were met on the way and may not.
    """
    place = ring_place(item.case_id)
    skill, minimum = pool.bench.rarest(item.needed, item.channel)
    rows = [
        (level - minimum, in_ring_order(row, place)) for level, row in pool.bench.rows(skill, minimum, item.channel)
    ]
    if not skill:
        rows = [(0, keys) for _, keys in rows]
    heap: list[tuple[Key, int]] = []
    for index, (least, keys) in enumerate(rows):
        _advance(heap, index, least, keys, place)
    while heap:
        bound, index = heapq.heappop(heap)
        if index < 0:
            yield Candidate(agent=bound[-1], score=bound[:-1])
            continue
        _advance(heap, index, *rows[index], place)
        seat = pool.seat(bound[-1])
        if seat is None:
            continue
        reasons = reasons_against(seat, item, now)
        if not reasons:
            heapq.heappush(heap, ((bound[0], surplus(seat, item), *bound[2:]), -1))
        elif failed is not None:
            failed.append(Candidate(agent=bound[-1], failed=reasons))


def _advance(heap: list[tuple[Key, int]], index: int, least: int, keys: Iterator[Key], case_place: int) -> None:
    for band, released, ring, agent in islice(keys, 1):
        heapq.heappush(heap, ((band, least, released, ring_distance(case_place, ring), agent), index))


def surplus(seat: Seat, item: WorkItem) -> int:
    """By how many levels the agent is better than the work needs: the least is the closest fit."""
    return sum(seat.agent.skills.get(skill, 0) - level for skill, level in item.needed)


def reasons_against(seat: Seat, item: WorkItem, now: dt.datetime) -> tuple[str, ...]:
    """All that keeps the agent from taking the item now; nothing when they may."""
    agent = seat.agent
    has = agent.skills
    for skill, level in item.needed:
        if has.get(skill, 0) < level:
            return tuple(f"skill:{name}" for name, least in item.needed if has.get(name, 0) < least)
    if agent.queues is not None and item.queue not in agent.queues:
        return ("queue",)
    if seat.attendance.presence is not Presence.ONLINE:
        return ("presence",)
    if item.channel not in agent.profile.channels or seat.attendance.channels.get(item.channel) == 0:
        return ("channel",)
    if seat.room(item.channel) < item.weight:
        return ("capacity",)
    return ("cool_down",) if item.is_cooling(agent.agent, now) else ()


def explain(pool: Pool, item: WorkItem, now: dt.datetime) -> Explanation | None:
    """The choice for the item, with its reasons; None when nobody may take it."""
    met: list[Candidate] = []
    best = _best(pool, item, now, met)
    if not best:
        return None
    named = _named(pool, item, now, best, met)
    return Explanation(
        chosen=best[0].agent,
        candidates=named,
        tie_break=_tie_break(best),
        step=item.step,
        queue_ahead=pool.lines.ahead(item),
        next_relaxation_at=item.next_relaxation_at,
        dropped=tuple(each.skill for each in item.relaxations[: item.step]),
        rest=_rest(pool, item, now, named),
        considered_count=len(pool.plan.agents),
    )


def _best(pool: Pool, item: WorkItem, now: dt.datetime, met: list[Candidate]) -> list[Candidate]:
    """The chosen and those after them, until the list is full; who is met on the way and may not take it, is in `met`."""
    limit = pool.plan.listed_count
    best: list[Candidate] = []
    for each in ranked(pool, item, now, met):
        best.append(each)
        if len(best) >= limit or (not _is_small(pool) and len(best) + len(met) >= limit):
            break
    return best


def direct(pool: Pool, item: WorkItem, seat: Seat) -> Explanation:
    """The reasons for a choice that a person made."""
    score = score_of(seat, item, pool.plan.bands)
    return Explanation(
        chosen=seat.agent.agent,
        candidates=(Candidate(agent=seat.agent.agent, score=score),),
        tie_break="named",
        step=item.step,
        queue_ahead=pool.lines.ahead(item),
        next_relaxation_at=item.next_relaxation_at,
        considered_count=1,
    )


def score_of(seat: Seat, item: WorkItem, bands: int) -> tuple[int, ...]:
    """The agent's score for the item: see `SCORE`."""
    distance = ring_distance(ring_place(item.case_id), ring_place(seat.agent.agent))
    return (load_band(seat, bands), surplus(seat, item), microseconds(seat.attendance.released_at), distance)


def _named(
    pool: Pool, item: WorkItem, now: dt.datetime, best: list[Candidate], met: list[Candidate]
) -> tuple[Candidate, ...]:
    """The best, then those met on the way; a pool that fits into the list is named whole."""
    limit = pool.plan.listed_count
    if not _is_small(pool):
        return tuple([*best, *met][:limit])
    listed = {each.agent for each in best}
    others = (seat for seat in pool.seats if seat.agent.agent not in listed)
    failed = [Candidate(agent=seat.agent.agent, failed=reasons_against(seat, item, now)) for seat in others]
    nearest_first = sorted(failed, key=lambda each: (any(why.startswith("skill:") for why in each.failed), each.agent))
    return tuple([*best, *nearest_first][:limit])


def _is_small(pool: Pool) -> bool:
    """Whether looking at everyone costs no more than a few lists would."""
    return len(pool.plan.agents) <= 2 * pool.plan.listed_count


def _rest(pool: Pool, item: WorkItem, now: dt.datetime, named: tuple[Candidate, ...]) -> dict[str, int]:
    """Counts of those who are not named. In a large pool what is known without looking at each of them."""
    listed = {each.agent for each in named}
    if _is_small(pool):
        absent = [agent for agent in pool.plan.agents if agent not in listed and pool.seat(agent) is None]
        seats = [seat for seat in pool.seats if seat.agent.agent not in listed]
        kept_out = Counter((reasons_against(seat, item, now) or ("further_down",))[0].split(":")[0] for seat in seats)
        return dict(kept_out + Counter({"presence": len(absent)}))
    with_room = pool.bench.count(item.channel)
    present = pool.present_count
    return {
        name: count
        for name, count in (
            ("presence", len(pool.plan.agents) - present),
            ("capacity", present - with_room),
            ("further_down", with_room - sum("capacity" not in each.failed for each in named)),
        )
        if count > 0
    }


def _tie_break(best: list[Candidate]) -> str:
    """The first number in which the chosen differs from the next one."""
    if len(best) == 1:
        return "only candidate"
    pairs = zip(SCORE, best[0].score, best[1].score, strict=True)
    return next((name for name, mine, other in pairs if mine != other), "name")
