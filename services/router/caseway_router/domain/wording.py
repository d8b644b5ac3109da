"""A decision in words, for the person who asks why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.matching import Candidate, Explanation

_REASONS = {
    "presence": "not present",
    "channel": "does not take this channel",
    "queue": "does not serve this queue",
    "capacity": "holds as much as they may",
    "cool_down": "let it go a moment ago",
    "further_down": "free too, but further down",
}
_TIE_BREAKS = {
    "only candidate": "nobody else was free for it",
    "load band": "the least busy of those who can",
    "surplus of skill": "the closest fit, which keeps better skilled agents free",
    "idle longest": "equally busy and equally skilled, but idle the longest",
    "stable hash": "equal in everything to the next one; the tie was broken by a fixed order",
    "named": "chosen by name",
}


def in_words(offer: DecidedOffer, names: Mapping[str, str]) -> str:
    """Why this agent, in a few sentences.

    Args:
        offer: what was decided.
        names: agents' names by id; an agent without one is called by the id.
    """
    return " ".join(_sentences(offer, names))


def _sentences(offer: DecidedOffer, names: Mapping[str, str]) -> Iterator[str]:
    why = offer.explanation
    waited = _duration(offer.at - offer.queued_at)
    yield f"Offered to {_name(why.chosen, names)} after {waited} in {offer.queue}: {_because(why)}."
    if why.queue_ahead:
        yield f"{_count(why.queue_ahead, 'item was', 'items were')} ahead in the queue, for which nobody was free."
    if why.dropped:
        yield f"By then it no longer asked for {_and(sorted(set(why.dropped)))}."
    others = [each for each in why.candidates if each.agent != why.chosen]
    free = [each for each in others if not each.failed]
    if free:
        yield f"Next would have been {_and([_name(each.agent, names) for each in free[:3]])}."
    kept_out = tuple(_kept_out([each for each in others if each.failed], why.rest))
    if kept_out:
        yield f"Kept out: {'; '.join(kept_out)}."


def _because(why: Explanation) -> str:
    return _TIE_BREAKS.get(why.tie_break, why.tie_break)


def _kept_out(failed: list[Candidate], rest: Mapping[str, int]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for each in failed:
        counts[each.failed[0]] = counts.get(each.failed[0], 0) + 1
    for reason, count in rest.items():
        if reason != "further_down":
            counts[reason] = counts.get(reason, 0) + count
    for reason, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield f"{_count(count, 'agent', 'agents')} {_reason(reason)}"


def _reason(reason: str) -> str:
    kind, _, skill = reason.partition(":")
    if kind == "skill":
        return f"without {skill} so well" if skill else "without the skills"
    return _REASONS.get(kind, kind)


def _name(agent: str, names: Mapping[str, str]) -> str:
    return names.get(agent, agent)


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _duration(length: dt.timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{seconds} s" if seconds else ""]
    return " ".join(part for part in parts if part) or "no time"
