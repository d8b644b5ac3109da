"""What the router answers, as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from caseway_router.adapters.panel import Ahead
from caseway_router.domain.account import Account
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.items import WHOLE, WorkItem
from caseway_router.domain.obstacles import Obstacles
from caseway_router.domain.phrases import Speech
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.policy import Order
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.staff import Attendance, Seat
from caseway_router.domain.wording import in_words

Json = dict[str, Any]


def queue(
    plan: PoolPlan, name: str, waiting: tuple[int, dt.datetime] | None, longest: Sequence[WorkItem], speech: Speech
) -> Json:
    """One queue of a pool, with what has waited the longest there."""
    number, oldest = waiting or (0, None)
    return {
        "queue": name,
        "title": speech.queue(name),
        "waiting": number,
        "oldest_at": instant(oldest),
        "longest": [_numbered(item) for item in longest],
        "is_configured": name in plan.queues,
    }


def agent(plan: PoolPlan, name: str, seat: Seat | None) -> Json:
    """One agent of a pool, with what they hold."""
    configured = plan.agents[name]
    attendance: Attendance | None = seat.attendance if seat else None
    return {
        "agent": name,
        "name": configured.name,
        "presence": attendance.presence.value if attendance else "offline",
        "since": instant(attendance.since if attendance else None),
        "load": seat.load / WHOLE if seat else 0.0,
        "capacity": (seat.capacity if seat else configured.profile.total) / WHOLE,
        "overload": seat is not None and seat.is_overloaded,
        "closed_channels": sorted(name for name, most in attendance.channels.items() if not most) if attendance else [],
        "load_by_channel": {channel: load / WHOLE for channel, load in seat.by_channel.items()} if seat else {},
        "skills": dict(configured.skills),
        "queues": sorted(configured.queues) if configured.queues is not None else None,
        "cases": [_numbered(seat.held[case_id]) for case_id in sorted(seat.held)] if seat else [],
    }


def work(item: WorkItem) -> Json:
    """A piece of work."""
    return {
        "work_item": item.work_item,
        "case_id": item.case_id,
        "queue": item.queue,
        "channel": item.channel,
        "standing": item.standing.word,
        "agent": item.agent or None,
        "queued_at": instant(item.queued_at),
        "needs": dict(item.needed),
        "next_relaxation_at": instant(item.next_relaxation_at),
        "next_step_at": instant(item.next_step_at),
    }


def _numbered(item: WorkItem) -> Json:
    """With the number by which people call the case, where it has one."""
    return {**work(item), "number": item.passed_on.get("number")}


def routing(case: RoutedCase | None) -> Json | None:
    """What the edge knows of the case; nothing of what its customer wrote."""
    if case is None:
        return None
    return {
        "is_wanted": case.is_wanted,
        "status": case.status.value if case.status else None,
        "turn": case.turn.value,
        "rule": case.route.rule if case.route else None,
        "queue": case.route.queue if case.route else None,
        "opens_at": instant(case.postponed_until),
    }


def waiting(found: Obstacles, ahead: Ahead) -> Json:
    """Why it still waits."""
    return {
        "queue_ahead": ahead.count,
        "queue_ahead_is_least": ahead.is_least,
        "kept_out": dict(found.counts),
        "able": found.able_count,
        "nobody_present_has": [
            {"skill": each.skill, "level": each.level, "absent": dict(each.absent)} for each in found.lacks
        ],
        "retry_at": instant(found.retry_at),
    }


def account(said: Account) -> Json:
    """Where it stands, in words."""
    return {"headline": said.headline, "reasons": list(said.reasons), "in_words": said.in_words}


def decision(offer: DecidedOffer, speech: Speech, plan: PoolPlan | None) -> Json:
    """One offer and its reasons."""
    why = offer.explanation
    return {
        "work_item": offer.work_item,
        "offer": offer.offer_count,
        "at": instant(offer.at),
        "expires_at": instant(offer.expires_at),
        "queue": offer.queue,
        "configuration": offer.configuration,
        "chosen": why.chosen,
        "tie_break": why.tie_break,
        "step": why.step,
        "dropped": list(why.dropped),
        "queue_ahead": why.queue_ahead,
        "next_relaxation_at": instant(why.next_relaxation_at),
        "score_names": score_names(plan, why.candidates[0].score if why.candidates else ()),
        "candidates": [
            {"agent": each.agent, "ok": not each.failed, "failed": list(each.failed), "score": list(each.score)}
            for each in why.candidates
        ],
        "rest": dict(why.rest),
        "in_words": in_words(offer, speech),
    }


def score_names(plan: PoolPlan | None, score: tuple[int, ...]) -> list[str]:
    """What the numbers of a score mean by the policy in force; nothing where it was decided by another."""
    names = Order(plan).names if plan is not None else ()
    return list(names) if len(names) == len(score) else []


def instant(at: dt.datetime | None) -> str | None:
    """RFC 3339."""
    return at.isoformat() if at else None


def ahead_in_words(ahead: Ahead) -> str:
    """What goes before it in its queue; empty when nothing does."""
    if not ahead.count:
        return ""
    more = "At least " if ahead.is_least else ""
    items = "item goes" if ahead.count == 1 else "items go"
    return f"{more}{ahead.count} {items} before it in its queue."
