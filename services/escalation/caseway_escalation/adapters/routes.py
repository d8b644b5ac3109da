"""What escalation answers by HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from caseway.kernel.clock import to_utc
from caseway.runtime.running import Running
from caseway_escalation.adapters.cases import load, text
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.explanation import Reason, reason_for
from caseway_escalation.domain.process import CASES
from caseway_escalation.domain.promises import Promises

_MOST = 1000
"""Milestones in one answer; who needs more asks with a nearer `due_before`."""


def routes(running: Running) -> Sequence[BaseRoute]:
    """The service's own routes, reading its own database."""
    answers = _Answers(running)
    return (
        Route("/v1/cases/{case_id}/milestones", answers.of_case, methods=["GET"]),
        Route("/v1/milestones", answers.due_before, methods=["GET"]),
    )


class _Answers:
    def __init__(self, running: Running) -> None:
        self._cases = running.database[CASES]
        self._running = running

    async def of_case(self, request: Request) -> Response:
        """Every promise on one case, with the reason for its deadline."""
        case_id = request.path_params["case_id"]
        document = await self._cases.find_one({"_id": case_id})
        if document is None:
            return JSONResponse({"error": "no such case", "case_id": case_id}, status_code=404)
        case = load(document)
        promises = self._running.configuration.promises
        milestones = [_shown(case, each) | {"reason": _reason(each, promises)} for each in case.milestones]
        return JSONResponse({"case_id": case.id, "turn": case.standing.turn, "milestones": milestones})

    async def due_before(self, request: Request) -> Response:
        """Promises that still tick and are due before an instant, the nearest first."""
        try:
            before = _asked_instant(request)
            limit = _asked_limit(request)
        except ValueError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        bound = text(before)
        query = {"next_due_at": {"$lt": bound}}
        cursor = self._cases.find(query).sort([("next_due_at", 1), ("_id", 1)]).limit(limit)
        cases = [load(document) async for document in cursor]
        due = [
            (each.due_at, case, each)
            for case in cases
            for each in case.milestones
            if each.is_ticking and each.due_at < before
        ]
        due.sort(key=lambda found: (found[0], found[2].id))
        return JSONResponse({"due_before": bound, "milestones": [_shown(case, each) for _, case, each in due[:limit]]})


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


def _shown(case: Case, milestone: Milestone) -> dict[str, Any]:
    return {
        "milestone": milestone.id,
        "case_id": case.id,
        "kind": milestone.kind,
        "instance": milestone.instance,
        "state": milestone.state,
        "policy": milestone.terms.policy,
        "priority": case.standing.priority,
        "target_seconds": milestone.terms.target.total_seconds(),
        "started_at": text(milestone.started_at),
        "due_at": text(milestone.due_at),
        "warn_at": text(milestone.warn_at),
        "warned_at": text(milestone.warned_at),
        "ended_at": text(milestone.ended_at),
    }


def _reason(milestone: Milestone, promises: Promises) -> dict[str, Any]:
    hours = promises.calendars.get(milestone.terms.calendar)
    if hours is None:
        return {"calendar": milestone.terms.calendar, "words": "Its calendar is no longer configured."}
    return _shown_reason(reason_for(milestone, hours))


def _shown_reason(reason: Reason) -> dict[str, Any]:
    return {
        "calendar": reason.calendar,
        "zone": reason.zone,
        "calendar_version": reason.calendar_version,
        "hours_from": reason.hours_from_on.isoformat() if reason.hours_from_on else None,
        "counted": [
            {"from": text(each.span.start), "until": text(each.span.end), "seconds": each.seconds}
            for each in reason.counted
        ],
        "pauses": [{"from": text(each.start), "until": text(each.end)} for each in reason.pauses],
        "stands_since": text(reason.stands_since),
        "words": reason.words,
    }
