"""A decision in words, for the person who asks why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.matching import Candidate, Explanation
from caseway_router.domain.phrases import Speech, count, duration, listed

_REASONS = {
    "presence": "not present",
    "channel": "not on this channel",
    "queue": "not serving this queue",
    "capacity": "holding as much as they may",
    "cool_down": "who let it go a moment ago",
    "excluded": "kept from it by the routing rule",
    "named": "who are not the one who was asked for",
    "further_down": "free too, but further down",
}
_TIE_BREAKS = {
    "only candidate": "nobody else was free for it",
    "preferred": "preferred by the routing rule",
    "reserve": "the next one is kept free for work that only few can do",
    "load band": "the least busy of those who can",
    "least skilled": "the least skilled of those who can, which keeps the versatile free",
    "scarce skills": "those with rarer skills are kept free",
    "most available": "with the most room of those who can",
    "least active": "holding the fewest cases of those who can",
    "rotation": "whose turn it was",
    "longest since asked": "whose turn it was",
    "surplus of skill": "the closest fit, which keeps better skilled agents free",
    "interest": "the one who likes this kind of case best",
    "idle longest": "equally busy and equally skilled, but idle the longest",
    "stable hash": "equal in everything to the next one; the tie was broken by a fixed order",
    "named": "chosen by name",
    "taken": "who took it by their own wish",
}


def in_words(offer: DecidedOffer, speech: Speech) -> str:
    """Why this agent, in a few sentences."""
    return " ".join(_sentences(offer, speech))


def reason_in_words(reason: str, speech: Speech) -> str:
    """One thing that keeps an agent out: `without German so well`."""
    kind, _, skill = reason.partition(":")
    if kind == "skill":
        return f"without {speech.skill(skill)} so well" if skill else "without the skills"
    return _REASONS.get(kind, kind)


def because(why: Explanation) -> str:
    """What decided between the chosen and the next."""
    return _TIE_BREAKS.get(why.tie_break, why.tie_break)


def _sentences(offer: DecidedOffer, speech: Speech) -> Iterator[str]:
    why = offer.explanation
    waited = duration(offer.at - offer.queued_at)
    yield f"Offered to {speech.name(why.chosen)} after {waited} in {speech.queue(offer.queue)}: {because(why)}."
    if why.queue_ahead:
        yield f"{count(why.queue_ahead, 'item was', 'items were')} ahead in the queue, for which nobody was free."
    if why.dropped:
        yield f"By then it no longer asked for {listed([speech.skill(each) for each in sorted(set(why.dropped))])}."
    others = [each for each in why.candidates if each.agent != why.chosen]
    free = [each for each in others if not each.failed]
    if free:
        yield f"Next would have been {listed([speech.name(each.agent) for each in free[:3]])}."
    kept_out = tuple(_kept_out([each for each in others if each.failed], why.rest, speech))
    if kept_out:
        yield f"Kept out: {'; '.join(kept_out)}."


def _kept_out(failed: list[Candidate], rest: Mapping[str, int], speech: Speech) -> Iterator[str]:
    counts: dict[str, int] = {}
    for each in failed:
        counts[each.failed[0]] = counts.get(each.failed[0], 0) + 1
    for reason, number in rest.items():
        if reason != "further_down":
            counts[reason] = counts.get(reason, 0) + number
    for reason, number in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield f"{count(number, 'agent', 'agents')} {reason_in_words(reason, speech)}"
