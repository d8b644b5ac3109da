"""What the live page shows: the desk now, and its day so far.

Whatever is not known is None, which the page shows as a dash. No customer's name, no subject and no text gets here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.figures import Cell, Figure, total
from caseway_analytics.domain.histogram import ERROR
from caseway_analytics.domain.history import History, Item, ItemState
from caseway_analytics.domain.measures import NOTICES

CHANNELS = ("email", "chat", "phone", "web", "message", "desk")
PRESENCES = ("online", "busy", "away", "not_answering", "offline")
TIMES = ("pick_up", "first_response", "resolution")
_SHOWN_WORK = 2
"""Cases named on an agent's card; the rest is a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A queue's service level: this share is to be picked up within so many seconds."""

    share: float
    within_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the wall shows beside figures: which names, which targets."""

    title: str
    zone: str
    queues: Mapping[str, str]
    """Title by queue, in the order in which they are shown; others that have work come after."""
    targets: Mapping[str, Target]
    agents: Mapping[str, str]
    """First name by agent."""
    labels: Literal["first_name", "id", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that the wall is made of."""

    now: dt.datetime
    live: Sequence[History]
    """Cases that are open, or on which there is work."""
    latest: Sequence[History]
    agents: Sequence[Agent]
    today: Sequence[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A work item with its case."""

    case: History
    item: Item

    @property
    def is_waiting(self) -> bool:
        """Nobody has it: an offer is no acceptance."""
        return self.item.state in {ItemState.WAITING, ItemState.OFFERED}


def pieces_of(histories: Iterable[History]) -> list[Piece]:
    """All work items that are not done."""
    return [Piece(case=history, item=item) for history in histories for item in history.items.values()]


def day_start(now: dt.datetime, zone: str) -> dt.datetime:
    """When the day began that it is now, in the zone."""
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(dt.UTC)


def wall(desk: Desk, plan: Plan) -> dict[str, Any]:
    """The page's content, ready for JSON."""
    pieces = pieces_of(desk.live)
    return {
        "title": plan.title,
        "zone": plan.zone,
        "day": desk.now.astimezone(ZoneInfo(plan.zone)).date().isoformat(),
        "totals": _totals(desk, pieces),
        "queues": _queues(desk, plan, pieces),
        "presence": {name: _present(desk, plan, name) for name in PRESENCES},
        "agents": _agents(desk, plan, pieces),
        "channels": _channels(desk.today),
        "hours": _hours(desk, plan),
        "promises": _promises(desk),
        "notifications": {notice: total(desk.today, f"notifications_{notice}").count for notice in NOTICES},
        "times": {name: _time(total(desk.today, name)) for name in TIMES},
        "percentile_error": ERROR,
        "latest": [_latest(case) for case in desk.latest],
    }


def oldest(pieces: Iterable[Piece]) -> dt.datetime | None:
    """Since when the one waits that waits longest."""
    return min((piece.item.waiting_since for piece in pieces if piece.item.waiting_since), default=None)


def _totals(desk: Desk, pieces: Sequence[Piece]) -> dict[str, Any]:
    waiting = [piece for piece in pieces if piece.is_waiting]
    return {
        "waiting": len(waiting),
        "oldest_waiting_at": _iso(oldest(waiting)),
        "with_agents": len(pieces) - len(waiting),
        "open": sum(case.status == "open" for case in desk.live),
        "contacts": total(desk.today, "contacts").count,
        "cases_opened": total(desk.today, "cases_opened").count,
        "resolved": total(desk.today, "resolution").count,
        "reopened": total(desk.today, "reopened").count,
        "calls_answered": total(desk.today, "calls_answered").count,
        "calls_abandoned": total(desk.today, "calls_abandoned").count,
    }


def _queues(desk: Desk, plan: Plan, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    by_queue: dict[str, list[Piece]] = {queue: [] for queue in plan.queues}
    for piece in pieces:
        by_queue.setdefault(piece.item.queue, []).append(piece)
    cells: dict[str, list[Cell]] = {}
    for cell in desk.today:
        cells.setdefault(cell.queue, []).append(cell)
    known = [queue for queue in by_queue if queue]
    return [_queue(queue, plan, by_queue[queue], cells.get(queue, [])) for queue in known]


def _queue(queue: str, plan: Plan, pieces: Sequence[Piece], cells: Sequence[Cell]) -> dict[str, Any]:
    waiting = [piece for piece in pieces if piece.is_waiting]
    picked_up = total(cells, "pick_up")
    target = plan.targets.get(queue) or plan.targets.get("*")
    return {
        "queue": queue,
        "title": plan.queues.get(queue, queue),
        "waiting": len(waiting),
        "oldest_waiting_at": _iso(oldest(waiting)),
        "with_agents": len(pieces) - len(waiting),
        "opened": total(cells, "cases_opened").count,
        "picked_up": picked_up.count,
        "service_level": _service_level(picked_up, target) if target else None,
    }


def _service_level(picked_up: Figure, target: Target) -> dict[str, Any]:
    share = picked_up.share_within(target.within_seconds)
    return {"ratio": share, "target": target.share, "within_seconds": target.within_seconds}


def _present(desk: Desk, plan: Plan, presence: str) -> int:
    known = {agent.id for agent in desk.agents}
    never_seen = len(set(plan.agents) - known) if presence == "offline" else 0
    return never_seen + sum(agent.presence == presence for agent in desk.agents)


def _agents(desk: Desk, plan: Plan, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """Those who are there, and those who still hold work; the busiest presence first."""
    held: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.item.agent:
            held.setdefault(piece.item.agent, []).append(piece)
    here = [agent for agent in desk.agents if agent.presence != "offline" or agent.id in held]
    order = {presence: place for place, presence in enumerate(PRESENCES)}
    here.sort(key=lambda agent: (order.get(agent.presence, 9), plan.agents.get(agent.id) or agent.name or agent.id))
    return [_agent(agent, place, plan, held.get(agent.id, [])) for place, agent in enumerate(here, 1)]


def _agent(agent: Agent, place: int, plan: Plan, pieces: Sequence[Piece]) -> dict[str, Any]:
    mine = [piece for piece in pieces if not piece.is_waiting]
    return {
        "label": _label(agent, place, plan),
        "presence": agent.presence,
        "since": _iso(agent.since),
        "load": round(sum(piece.item.weight for piece in mine), 2),
        "capacity": agent.capacity,
        "ringing": len(pieces) - len(mine),
        "work": [_work(piece) for piece in sorted(mine, key=_held_since)[:_SHOWN_WORK]],
        "more": max(0, len(mine) - _SHOWN_WORK),
    }


def _label(agent: Agent, place: int, plan: Plan) -> str:
    match plan.labels:
        case "first_name":
            name = plan.agents.get(agent.id) or agent.name
            return name.split()[0] if name.strip() else agent.id
        case "id":
            return agent.id
        case "none":
            return f"Agent {place}"


def _work(piece: Piece) -> dict[str, Any]:
    return {
        "number": piece.case.number,
        "channel": piece.case.channel,
        "since": _iso(piece.item.since),
        "wrapping": piece.item.state is ItemState.WRAPPING,
    }


def _held_since(piece: Piece) -> dt.datetime:
    return piece.item.since or dt.datetime.min.replace(tzinfo=dt.UTC)


def _channels(today: Sequence[Cell]) -> list[dict[str, Any]]:
    return [
        {
            "channel": channel,
            "contacts": total((cell for cell in today if cell.channel == channel), "contacts").count,
            "opened": total((cell for cell in today if cell.channel == channel), "cases_opened").count,
        }
        for channel in CHANNELS
    ]


def _hours(desk: Desk, plan: Plan) -> list[dict[str, Any]]:
    """Contacts hour by hour since the day began, hours without any included."""
    counted: dict[dt.datetime, int] = {}
    for cell in desk.today:
        hour = cell.starts_at.replace(minute=0)
        counted[hour] = counted.get(hour, 0) + cell.of("contacts").count
    start = day_start(desk.now, plan.zone)
    hours = int((desk.now - start) / dt.timedelta(hours=1)) + 1
    slots = [start + place * dt.timedelta(hours=1) for place in range(hours)]
    zone = ZoneInfo(plan.zone)
    return [{"hour": slot.astimezone(zone).strftime("%H"), "contacts": counted.get(slot, 0)} for slot in slots]


def _promises(desk: Desk) -> dict[str, int]:
    running = [promise for case in desk.live for promise in case.promises.values() if promise.outcome is None]
    return {
        "running": len(running),
        "at_risk": sum(promise.warned_at is not None for promise in running),
        "warned": total(desk.today, "milestones_warned").count,
        "violated": total(desk.today, "milestones_violated").count,
        "met": total(desk.today, "milestones_met").count,
    }


def _time(figure: Figure) -> dict[str, Any]:
    return {
        "count": figure.count,
        "mean_seconds": figure.mean_seconds,
        "p90_seconds": figure.percentile_seconds(0.9),
    }


def _latest(case: History) -> dict[str, Any]:
    items = list(case.items.values())
    queue = items[0].queue if items else (case.stays[-1].queue if case.stays else "")
    return {
        "number": case.number,
        "channel": case.channel,
        "queue": queue,
        "state": state_of(case),
        "priority": case.priority,
        "opened_at": _iso(case.opened_at),
    }


def state_of(case: History) -> str:
    """In one word for the wall: its status, or where its work stands while it is open."""
    if case.status != "open":
        return case.status or "unknown"
    states = {item.state for item in case.items.values()}
    for state in (ItemState.HELD, ItemState.WRAPPING, ItemState.OFFERED, ItemState.WAITING):
        if state in states:
            return state.value
    return "open"


def _iso(instant: dt.datetime | None) -> str | None:
    return instant.isoformat() if instant else None
