"""Which path answers what."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from caseway.runtime.running import Running
from caseway_analytics.adapters.figures import figures_of
from caseway_analytics.domain.answers import answer
from caseway_analytics.domain.questions import asked
from caseway_analytics.domain.summary import summary
from caseway_analytics.settings import Configuration
from caseway_analytics.web.answering import answering
from caseway_analytics.web.board import Board
from caseway_analytics.web.coordinating import coordinating_routes
from caseway_analytics.web.leading import leaderboard_routes
from caseway_analytics.web.reports import report_routes
from caseway_analytics.web.visitors import coordinator, own_figures_or_coordinator, session_routes

_PAGE = {
    "": ("wall.html", "text/html"),
    "wall.css": ("wall.css", "text/css"),
    "wall.js": ("wall.js", "text/javascript"),
    "shown.js": ("shown.js", "text/javascript"),
    "chart.js": ("chart.js", "text/javascript"),
    "room.js": ("room.js", "text/javascript"),
    "vendor/uPlot.js": ("vendor/uPlot.iife.min.js", "text/javascript"),
    "vendor/uPlot.css": ("vendor/uPlot.min.css", "text/css"),
}
_SAFE = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
"""The page loads nothing from elsewhere, and says so."""


def routes(running: Running, board: Board) -> Sequence[BaseRoute]:
    """The page, its stream, the measures and the summary."""
    configuration: Configuration = running.configuration
    figures = figures_of(running)

    async def live(request: Request) -> Response:
        stream = board.stream(running.stopping)
        if request.query_params.get("names"):
            visitor = coordinator(request, running)
            stream = board.stream(
                running.stopping, named=True, is_over=lambda: running.clock.now().timestamp() > visitor.until
            )
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def measure(request: Request) -> Response:
        own_figures_or_coordinator(request, running)
        now, zone = running.clock.now(), configuration.measures.zone
        keeping = await figures.keeping()
        question = asked(request.path_params["measure"], request.query_params, now=now, zone=zone, keeping=keeping)
        cells = await figures.stored(question, now=now)
        told = answer(question, cells, as_of=now, targets=configuration.targets)
        since = await figures.since()
        return JSONResponse({**told, "since": since.isoformat()} if since and question.starts_at < since else told)

    async def summed(_: Request) -> Response:
        return JSONResponse(summary(await figures.totals(), as_of=running.clock.now()))

    return [
        *(Route(f"/{path}", _asset(name, kind)) for path, (name, kind) in _PAGE.items()),
        Route("/v1/live", answering(live)),
        *session_routes(running),
        *coordinating_routes(running),
        *leaderboard_routes(running),
        *report_routes(running),
        Route("/v1/summary", answering(summed)),
        Route("/v1/measures/{measure}", answering(measure)),
    ]


def _asset(name: str, kind: str) -> Any:
    content = files("caseway_analytics.web").joinpath(name).read_bytes()

    async def asset(_: Request) -> Response:
        return Response(content, media_type=f"{kind}; charset=utf-8", headers=_SAFE)

    return asset
