"""How a broadcast stands, and how it is called off, over HTTP."""

from __future__ import annotations

from typing import Any

from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_notifier.adapters.tokens import COORDINATING, actor
from caseway_notifier.domain.kept import BROADCASTS, DELIVERIES, OBSTACLES
from caseway_notifier.domain.obstacle import CANCELLED

_log = logger(__name__)


def routes(running: Running) -> list[Route]:
    """`GET /v1/broadcasts/{broadcast}` and `POST /v1/broadcasts/{broadcast}/cancel`."""

    async def progress(request: Request) -> Response:
        found = await standing(running, request.path_params["broadcast"])
        return JSONResponse(found) if found else JSONResponse({"error": "no such broadcast"}, status_code=404)

    async def cancel(request: Request) -> Response:
        by = actor(running, request, COORDINATING)
        if by is None:
            return JSONResponse({"error": "a supervisor's bearer token is needed"}, status_code=401)
        name = request.path_params["broadcast"]
        if not await running.database[BROADCASTS].find_one({"_id": name}, {"_id": 1}):
            return JSONResponse({"error": "no such broadcast"}, status_code=404)
        try:
            await _call_off(running, name)
        except PyMongoError:
            return JSONResponse({"error": "not now"}, status_code=503)
        _log.warning("broadcast called off", broadcast=name, by=by)
        return JSONResponse({"broadcast": name, "cancelled": True}, status_code=202)

    return [
        Route("/v1/broadcasts/{broadcast}", progress),
        Route("/v1/broadcasts/{broadcast}/cancel", cancel, methods=["POST"]),
    ]


async def standing(running: Running, name: str) -> dict[str, Any] | None:
    """How many recipients there are, and how many are told, waiting, given up; None for no such broadcast."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"_id": name}},
        {"$project": {"recipients": {"$size": "$targets"}, "request": 1}},
    ]
    found = await running.database[BROADCASTS].aggregate(pipeline).to_list(1)
    if not found:
        return None
    by_state = running.database[DELIVERIES].aggregate(
        [{"$match": {"broadcast": name}}, {"$group": {"_id": "$state", "count": {"$sum": 1}}}]
    )
    counts = {each["_id"]: each["count"] async for each in by_state}
    recipients = found[0]["recipients"]
    finished = sum(counts.get(each, 0) for each in ("delivered", "given_up", "suppressed"))
    return {
        "broadcast": name,
        "case_id": found[0]["request"]["case_id"],
        "subscription": found[0]["request"]["subscription"],
        "recipients": recipients,
        "not_reached_yet": recipients - sum(counts.values()),
        **{each: counts.get(each, 0) for each in ("pending", "leased", "delivered", "given_up", "suppressed")},
        "cancelled": bool(await running.database[OBSTACLES].find_one({"_id": name}, {"_id": 1})),
        "finished": finished >= recipients,
    }


async def _call_off(running: Running, name: str) -> None:
    """One document, that lanes and senders look for before they go on."""
    obstacles = running.database[OBSTACLES].with_options(write_concern=WriteConcern("majority"))
    now = running.clock.now()
    await obstacles.update_one({"_id": name}, {"$set": {"reason": CANCELLED, "since": now, "_at": now}}, upsert=True)
