"""The leaderboard's path: off unless configured."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caseway.runtime.running import Running
from caseway_analytics.adapters.results import results_of
from caseway_analytics.domain.desk import day_start
from caseway_analytics.domain.leaderboard import SMALLEST, among_peers, teams
from caseway_analytics.domain.questions import BadQuestion
from caseway_analytics.settings import Configuration
from caseway_analytics.web.answering import answering
from caseway_analytics.web.denied import Denied
from caseway_analytics.web.visitors import known


def leaderboard_routes(running: Running) -> list[Route]:
    """Team totals, and oneself among one's peers."""
    configuration: Configuration = running.configuration

    async def board(request: Request) -> Response:
        settings = configuration.measures.leaderboard
        if not settings.on:
            raise Denied(404, "there is no leaderboard here (measures.yaml: leaderboard)")
        visitor = known(request, running)
        days = _days(request.query_params.get("days", "1"), settings.days)
        agent = request.query_params.get("agent") or visitor.actor.id
        roster = configuration.roster
        if not roster.may_see(visitor.actor.id, visitor.actor.kind, agent):
            raise Denied(403, "an agent's figures are for that agent, and for whoever leads their team")
        ends_at = running.clock.now()
        starts_at = day_start(ends_at, configuration.measures.zone) - dt.timedelta(days=days - 1)
        results = await results_of(running.database, starts_at, ends_at)
        told: dict[str, Any] = {
            "starts_at": starts_at.isoformat(),
            "as_of": ends_at.isoformat(),
            "smallest_group": SMALLEST,
            "teams": teams(results, roster),
        }
        if agent in roster.roles:
            told["me"] = among_peers(agent, results, roster)
        led = [
            each
            for each in roster.roles
            if each != agent and roster.may_see(visitor.actor.id, visitor.actor.kind, each)
        ]
        names = configuration.plan().agents
        shown = {each: names.get(each, each) for each in (*led, agent)}
        return JSONResponse(told | {"led": sorted(led, key=shown.__getitem__), "names": shown})

    return [Route("/v1/leaderboard", answering(board))]


def _days(text: str, most: int) -> int:
    if not text.isdecimal() or len(text) > 4 or not 1 <= int(text) <= most:
        raise BadQuestion("days", f"a number of days from 1 to {most}: older results of single people are not told")
    return int(text)
