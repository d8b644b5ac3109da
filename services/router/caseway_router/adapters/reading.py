"""What the router answers over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from caseway.runtime.running import Running
from caseway_router.adapters import panel
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.items import WHOLE, WorkItem
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.staff import Attendance, Seat
from caseway_router.domain.wording import in_words
from caseway_router.settings import Configuration

Page = Callable[[Request], Awaitable[JSONResponse]]

_MOST_DECISIONS = 100


def routes(running: Running) -> Sequence[BaseRoute]:
    """The router's own pages, beside the probes."""
    configuration: Configuration = running.configuration
    names = {agent: each.name for plan in configuration.plans.values() for agent, each in plan.agents.items()}

    @_while_answering
    async def show_pool(request: Request) -> JSONResponse:
        plan = configuration.plans.get(request.path_params["pool"])
        if plan is None:
            return _absent("no such pool is configured")
        return JSONResponse(await _pool(running, plan))

    @_while_answering
    async def show_decisions(request: Request) -> JSONResponse:
        case_id = request.path_params["case_id"]
        item = await panel.work_of(running.database, case_id)
        offers = await panel.offers_of(running.database, case_id, _MOST_DECISIONS)
        if item is None and not offers:
            return _absent("the router knows no work of such a case")
        decisions = [_decision(offer, names) for offer in offers]
        return JSONResponse({"case_id": case_id, "work": _work(item), "decisions": decisions})

    return (Route("/v1/pools/{pool}", show_pool), Route("/v1/cases/{case_id}/decisions", show_decisions))


def _while_answering(page: Page) -> Page:
    """Answer 503 while the database does not."""

    @wraps(page)
    async def answer(request: Request) -> JSONResponse:
        try:
            return await page(request)
        except (PyMongoError, TimeoutError) as error:
            reason = f"the database does not answer ({type(error).__name__})"
            return JSONResponse({"error": reason}, status_code=503)

    return answer


def _absent(what: str) -> JSONResponse:
    return JSONResponse({"error": what}, status_code=404)


async def _pool(running: Running, plan: PoolPlan) -> dict[str, Any]:
    waiting = await panel.waiting_by_queue(running.database, plan.pool)
    present = {each.agent: each for each in await panel.attendances(running.database, plan.pool)}
    seats = {name: Seat(plan.agents[name], each) for name, each in present.items() if name in plan.agents}
    for item in await panel.taken(running.database, plan.pool):
        if item.agent in seats:
            seats[item.agent].take(item)
    return {
        "pool": plan.pool,
        "at": running.clock.now().isoformat(),
        "queues": [_queue(queue, waiting.get(queue)) for queue in dict.fromkeys([*plan.queues, *sorted(waiting)])],
        "agents": [_agent(plan, name, seats.get(name)) for name in sorted(plan.agents)],
    }


def _queue(queue: str, waiting: tuple[int, dt.datetime] | None) -> dict[str, Any]:
    count, oldest = waiting or (0, None)
    return {"queue": queue, "waiting": count, "oldest_at": _instant(oldest)}


def _agent(plan: PoolPlan, name: str, seat: Seat | None) -> dict[str, Any]:
    agent = plan.agents[name]
    attendance: Attendance | None = seat.attendance if seat else None
    return {
        "agent": name,
        "name": agent.name,
        "presence": attendance.presence.value if attendance else "offline",
        "since": _instant(attendance.since if attendance else None),
        "load": seat.load / WHOLE if seat else 0.0,
        "capacity": (seat.capacity if seat else agent.profile.total) / WHOLE,
        "load_by_channel": {channel: load / WHOLE for channel, load in seat.by_channel.items()} if seat else {},
        "skills": dict(agent.skills),
        "cases": [_work(seat.held[case_id]) for case_id in sorted(seat.held)] if seat else [],
    }


def _work(item: WorkItem | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "work_item": item.work_item,
        "case_id": item.case_id,
        "queue": item.queue,
        "channel": item.channel,
        "standing": item.standing.word,
        "agent": item.agent or None,
        "queued_at": _instant(item.queued_at),
        "needs": dict(item.needed),
        "next_relaxation_at": _instant(item.next_relaxation_at),
    }


def _decision(offer: DecidedOffer, names: dict[str, str]) -> dict[str, Any]:
    why = offer.explanation
    return {
        "work_item": offer.work_item,
        "offer": offer.offer_count,
        "at": _instant(offer.at),
        "expires_at": _instant(offer.expires_at),
        "queue": offer.queue,
        "configuration": offer.configuration,
        "chosen": why.chosen,
        "tie_break": why.tie_break,
        "step": why.step,
        "dropped": list(why.dropped),
        "queue_ahead": why.queue_ahead,
        "next_relaxation_at": _instant(why.next_relaxation_at),
        "candidates": [
            {"agent": each.agent, "ok": not each.failed, "failed": list(each.failed), "score": list(each.score)}
            for each in why.candidates
        ],
        "rest": dict(why.rest),
        "in_words": in_words(offer, names),
    }


def _instant(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at else None
