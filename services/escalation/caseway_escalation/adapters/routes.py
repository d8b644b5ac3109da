"""What escalation answers by HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from caseway.kernel.clock import to_utc
from caseway.runtime.running import Running
from caseway_escalation.adapters import page
from caseway_escalation.adapters.cases import load, number
from caseway_escalation.adapters.shown import shown, shown_case, shown_post, text
from caseway_escalation.domain.process import CASES

_MOST = 1000
"""Milestones in one answer; who needs more asks with a nearer `due_before`."""


def routes(running: Running) -> Sequence[BaseRoute]:
    """The service's own routes, reading its own database."""
    answers = _Answers(running)
    return (
        Route("/v1/cases/{case_id}/milestones", answers.of_case, methods=["GET"]),
        Route("/v1/milestones", answers.due_before, methods=["GET"]),
        Route("/v1/guidance/unstamped", answers.unstamped, methods=["GET"]),
    )


class _Answers:
    def __init__(self, running: Running) -> None:
        self._cases = running.database[CASES]
        self._running = running

    async def of_case(self, request: Request) -> Response:
        """Every promise on one case, with the reason for its deadline: as JSON, or as a page for a browser."""
        case_id = request.path_params["case_id"]
        document = await self._cases.find_one({"_id": case_id})
        if document is None:
            return JSONResponse({"error": "no such case", "case_id": case_id}, status_code=404)
        answer = shown_case(load(document), self._running.configuration.promises, self._running.clock.now())
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(page.rendered(answer))
        return JSONResponse(answer)

    async def due_before(self, request: Request) -> Response:
        """Promises that still tick and are due before an instant, the nearest first."""
        try:
            before = _asked_instant(request)
            limit = _asked_limit(request)
        except ValueError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        query = {"next_due_at": {"$lt": number(before)}}
        cursor = self._cases.find(query).sort([("next_due_at", 1), ("_id", 1)]).limit(limit)
        cases = [load(document) async for document in cursor]
        due = [
            (each.due_at, case, each)
            for case in cases
            for each in case.milestones
            if each.is_ticking and each.due_at < before
        ]
        due.sort(key=lambda found: (found[0], found[2].id))
        milestones = [shown(case, each) for _, case, each in due[:limit]]
        return JSONResponse({"due_before": text(before), "milestones": milestones})

    async def unstamped(self, request: Request) -> Response:
        """Posts of long guidance that bear no stamp, the oldest first: what a supervisor looks through at day's end."""
        try:
            limit = _asked_limit(request)
        except ValueError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        query = {"unstamped_since": {"$gt": 0}}
        cursor = self._cases.find(query).sort([("unstamped_since", 1), ("_id", 1)]).limit(limit)
        cases = [load(document) async for document in cursor]
        posts = [
            shown_post(post) | {"case_id": case.id, "link": self._link(case.id)}
            for case in cases
            for post in case.focus.posts
            if post.stamped_at is None
        ]
        return JSONResponse({"posts": sorted(posts, key=lambda post: (post["posted_at"], post["occurrence"]))[:limit]})

    def _link(self, case_id: str) -> str | None:
        guidance = self._running.configuration.promises.guidance
        return guidance.link.replace("{case_id}", case_id) or None if guidance else None


def _asked_instant(request: Request) -> dt.datetime:
    asked = request.query_params.get("due_before", "")
    try:
        return to_utc(dt.datetime.fromisoformat(asked.replace(" ", "+")))
    except ValueError:
        raise ValueError("due_before: an instant with its offset, such as 2026-01-31T17:00:00+01:00") from None


def _asked_limit(request: Request) -> int:
    asked = request.query_params.get("limit", "100")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 4 and 0 < int(asked) <= _MOST):
        raise ValueError(f"limit: a whole number from 1 to {_MOST}")
    return int(asked)
