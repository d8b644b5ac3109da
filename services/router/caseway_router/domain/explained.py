"""Why an offer went to this agent, and not to another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import field

from caseway.kernel.values import dataclass
from caseway_router.domain.bench import Bench
from caseway_router.domain.crews import Crew
from caseway_router.domain.items import WorkItem
from caseway_router.domain.roster import Roster


@dataclass(frozen=True, slots=True)
class Candidate:
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
    """The first of those who may take it; after them, if there is place, some who may not."""
    tie_break: str
    step: int
    queue_ahead: int
    next_relaxation_at: dt.datetime | None
    dropped: tuple[str, ...] = ()
    rest: Mapping[str, int] = field(default_factory=dict)
    """Of the agents who are not named: how many, by the first that kept them out, or `further_down`."""
    considered_count: int = 0


def tie_break(item: WorkItem, best: list[Candidate], names: Iterable[str]) -> str:
    """The first number in which the chosen differs from the next one; `names` says what each number is."""
    chosen = best[0]
    if chosen.agent == item.named:
        return "named"
    if chosen.agent in item.preferred:
        return "preferred"
    if len(best) == 1:
        return "only candidate"
    for name, mine, other in zip(names, chosen.score, best[1].score, strict=True):
        if mine != other:
            return name
    return "stable hash"


def rest(
    bench: Bench, item: WorkItem, now: dt.datetime, crew: Crew, roster: Roster, named: Iterable[Candidate]
) -> dict[str, int]:
    """How many agents are not named, by the first that kept each out: counted as bits of sets, without looking at any."""
    there = crew.able & bench.online
    there_count = crew.able_count if there == crew.able else there.bit_count()
    working = there & roster.works
    working_count = there_count if working == there else working.bit_count()
    able = working & roster.open
    able_count = working_count if able == working else able.bit_count()
    counts = {
        "skill": len(bench.names) - crew.skilled_count,
        "queue": crew.skilled_count - crew.able_count,
        "presence": crew.able_count - there_count,
        "channel": there_count - working_count,
        "capacity": working_count - able_count,
        "further_down": able_count,
    }
    if item.cool_downs or item.excluded or item.only:
        _keep_out(counts, bench, item, now, able)
    for each in named:
        counts[each.failed[0].split(":")[0] if each.failed else "further_down"] -= 1
    return {name: count for name, count in counts.items() if count}


def _keep_out(counts: dict[str, int], bench: Bench, item: WorkItem, now: dt.datetime, able: int) -> None:
    """Count whom this one item is not for, though others of its kind may be; `able`: whom nothing else keeps out."""
    spoken_of = {*item.excluded, *(each.agent for each in item.cooling(now)), item.only}
    there = [name for name in sorted(spoken_of) if name in bench.numbers and able >> bench.numbers[name] & 1]
    spared = [name for name in there if item.keeps_out(name, now)]
    for name in spared:
        reason = "cool_down" if item.is_cooling(name, now) else "excluded"
        counts[reason] = counts.get(reason, 0) + 1
    counts["further_down"] -= len(spared)
    if item.only:
        theirs = int(item.only in there and item.only not in spared)
        counts["named"] = counts["further_down"] - theirs
        counts["further_down"] = theirs
