"""A decision in words, for the person who asks why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from caseway.kernel.decision_words import KEPT_OUT, TIE_BREAKS
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.explained import Candidate, Explanation
from caseway_router.domain.phrases import Speech, count, duration, listed

_NOTICEABLE = dt.timedelta(seconds=1)
"""Waits are told in whole seconds."""


def in_words(offer: DecidedOffer, speech: Speech) -> str:
    """Why this agent, in a few sentences."""
    return " ".join(_sentences(offer, speech))


def reason_in_words(reason: str, speech: Speech) -> str:
    """One thing that keeps an agent out: `without German so well`."""
    kind, _, skill = reason.partition(":")
    if kind == "skill":
        return f"without {speech.skill(skill)} so well" if skill else "without the skills"
    return KEPT_OUT.get(kind, kind)


def because(why: Explanation) -> str:
    """What decided between the chosen and the next."""
    return TIE_BREAKS.get(why.tie_break, why.tie_break)


def _sentences(offer: DecidedOffer, speech: Speech) -> Iterator[str]:
    why = offer.explanation
    waited = offer.at - offer.queued_at
    when = f"after {duration(waited)}" if waited >= _NOTICEABLE else "at once"
    yield f"Offered to {speech.name(why.chosen)} {when} in {speech.queue(offer.queue)}: {because(why)}."
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
    if "skill" in rest:  # of those it is not known which one: two reasons for one thing would only confuse
        for reason in [each for each in counts if each.startswith("skill:")]:
            counts["skill"] = counts.get("skill", 0) + counts.pop(reason)
    for reason, number in rest.items():
        if reason != "further_down":
            counts[reason] = counts.get(reason, 0) + number
    for reason, number in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield f"{count(number, 'agent', 'agents')} {reason_in_words(reason, speech)}"
