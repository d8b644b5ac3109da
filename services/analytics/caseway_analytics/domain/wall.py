"""What the live page shows: the desk now, and its day.

Whatever is not known is None, which the page shows as a dash. No customer's name, no subject and no text gets here, and
no agent's name but for a coordinator.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from caseway_analytics.domain.desk import CHANNELS, Desk, Plan, day_start, iso
from caseway_analytics.domain.figures import Figure
from caseway_analytics.domain.histogram import ERROR
from caseway_analytics.domain.history import SLOT, slot_of
from caseway_analytics.domain.live import LiveCase, Piece, oldest, pieces_of, state_of
from caseway_analytics.domain.measures import NOTICES
from caseway_analytics.domain.wall_agents import cards, labelled, longest_handled, present
from caseway_analytics.domain.wall_queues import EXPECTED_WAIT, queues

TIMES = ("pick_up", "first_response", "resolution")
_DUE = 8
"""Promises that are listed, the nearest first."""


def wall(desk: Desk, plan: Plan) -> dict[str, Any]:
    """The page's content for everybody, ready for JSON."""
    pieces = pieces_of(desk.live)
    lines = queues(desk, plan, pieces)
    return {
        "title": plan.title,
        "zone": plan.zone,
        "day": desk.now.astimezone(ZoneInfo(plan.zone)).date().isoformat(),
        "totals": _totals(desk, pieces),
        "queues": lines,
        "expected_wait": EXPECTED_WAIT,
        "presence": present(desk, plan),
        "volume": _volume(desk, plan),
        "busiest": _busiest(desk, lines),
        "promises": _promises(desk),
        "due": _due(desk),
        "notifications": {notice: desk.today.of(f"notifications_{notice}").count for notice in NOTICES},
        "times": {name: _time(desk.today.of(name)) for name in TIMES},
        "percentile_error": ERROR,
        "latest": [_latest(case) for case in desk.latest],
        **people(desk, plan, pieces, named=False),
    }


def people(desk: Desk, plan: Plan, pieces: Sequence[Piece] | None = None, *, named: bool) -> dict[str, Any]:
    """The sections in which agents stand; with their names, for a coordinator."""
    pieces = pieces_of(desk.live) if pieces is None else pieces
    return {
        "agents": cards(desk, plan, pieces, named=named),
        "longest": longest_handled(pieces, labelled(desk, plan, named=named)),
    }


def _totals(desk: Desk, pieces: Sequence[Piece]) -> dict[str, Any]:
    waiting = [piece for piece in pieces if piece.is_waiting]
    first = oldest(waiting)
    counted = {name: desk.today.of(name).count for name in _COUNTED}
    return {
        "waiting": len(waiting),
        "oldest_waiting_at": iso(first.item.waiting_since) if first else None,
        "with_agents": len(pieces) - len(waiting),
        "open": sum(case.status == "open" for case in desk.live),
        "resolved": desk.today.of("resolution").count,
        **counted,
    }


_COUNTED = ("contacts", "cases_opened", "reopened", "calls_answered", "calls_abandoned")


def _volume(desk: Desk, plan: Plan) -> dict[str, Any]:
    """Contacts by channel, half hour by half hour since the day began, those without any included."""
    start = day_start(desk.now, plan.zone)
    slots = [start + place * SLOT for place in range(int((slot_of(desk.now) - start) / SLOT) + 1)]
    return {
        "starts_at": iso(start),
        "slot_seconds": int(SLOT.total_seconds()),
        "channels": [
            {
                "channel": channel,
                "contacts": desk.today.of("contacts", channel=channel).count,
                "opened": desk.today.of("cases_opened", channel=channel).count,
                "series": [desk.today.of("contacts", channel=channel, slot=slot).count for slot in slots],
            }
            for channel in CHANNELS
        ],
    }


def _busiest(desk: Desk, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Queue, channel and half hour with the most; None before there is any. Source: S4-30."""
    channels = [(desk.today.of("contacts", channel=channel).count, channel) for channel in CHANNELS]
    slots = [(desk.today.of("contacts", slot=slot).count, slot) for slot in _half_hours(desk)]
    count, slot = max(slots, default=(0, None), key=lambda each: each[0])
    return {
        "queue": _most((line["opened"], line["title"]) for line in lines),
        "channel": _most(channels),
        "slot": {"name": iso(slot), "count": count} if count else None,
    }


def _half_hours(desk: Desk) -> list[dt.datetime]:
    return [slot_of(desk.now) - place * SLOT for place in range(50)]


def _most(counted: Iterable[tuple[int, str]]) -> dict[str, Any] | None:
    count, name = max(counted, default=(0, ""), key=lambda each: each[0])
    return {"name": name, "count": count} if count else None


def _promises(desk: Desk) -> dict[str, int]:
    running = [promise for case in desk.live for promise in case.promises]
    return {
        "running": len(running),
        "at_risk": sum(promise.warned_at is not None for promise in running),
        **{name: desk.today.of(f"milestones_{name}").count for name in ("warned", "violated", "met")},
    }


def _due(desk: Desk) -> list[dict[str, Any]]:
    """The promises that will be violated next, unless somebody acts; what is paused is not."""
    running = [
        (promise.due_at, case, promise)
        for case in desk.live
        for promise in case.promises
        if promise.due_at is not None and not promise.is_paused
    ]
    nearest = heapq.nsmallest(_DUE, running, key=lambda each: (each[0], each[1].id, each[2].kind))
    return [
        {
            "case": case.id,
            "number": case.number,
            "kind": promise.kind,
            "queue": case.queue,
            "due_at": iso(due_at),
            "warned": promise.warned_at is not None,
        }
        for due_at, case, promise in nearest
    ]


def _time(figure: Figure) -> dict[str, Any]:
    return {
        "count": figure.count,
        "mean_seconds": figure.mean_seconds,
        "p90_seconds": figure.percentile_seconds(0.9),
    }


def _latest(case: LiveCase) -> dict[str, Any]:
    return {
        "case": case.id,
        "number": case.number,
        "channel": case.channel,
        "queue": case.queue,
        "state": state_of(case),
        "priority": case.priority,
        "opened_at": iso(case.opened_at),
    }
