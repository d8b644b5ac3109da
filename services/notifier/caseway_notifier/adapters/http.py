"""Who was told what of a case, over HTTP."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caseway.runtime.running import Running
from caseway_notifier.adapters import broadcasts, pages, quick_texts
from caseway_notifier.adapters.documents import load_delivery
from caseway_notifier.domain.delivery import Delivery
from caseway_notifier.domain.kept import DELIVERIES

_MOST = 1_000
"""Notifications in one answer; an incident's broadcast has more, `next` says where they go on."""


def routes(running: Running) -> list[Route]:
    """`GET /v1/cases/{case_id}/notifications`."""

    async def notifications(request: Request) -> Response:
        case_id, start = request.path_params["case_id"], request.query_params.get("from", "0")
        if not start.isdecimal() or len(start) > 9:
            return JSONResponse({"error": "from: a number, 0 or more"}, status_code=400)
        cursor = running.database[DELIVERIES].find({"case_id": case_id}).sort([("requested_at", 1), ("_id", 1)])
        found = [load_delivery(each) async for each in cursor.skip(int(start)).limit(_MOST + 1)]
        following = int(start) + _MOST if len(found) > _MOST else None
        shown_ = [shown(each) for each in found[:_MOST]]
        return JSONResponse({"case_id": case_id, "notifications": shown_, "next": following})

    return [
        Route("/v1/cases/{case_id}/notifications", notifications),
        *broadcasts.routes(running),
        *pages.routes(running),
        *quick_texts.routes(running),
    ]


def shown(delivery: Delivery) -> dict[str, Any]:
    """One notification, without the recipient's address: whoever asks sees the reference that facts use."""
    mailing = delivery.mailing
    return {
        "notification": delivery.id,
        "subscription": delivery.subscription,
        "occurrence": delivery.occurrence,
        "recipient": delivery.reference,
        "channel": delivery.channel,
        "template": delivery.template,
        "urgency": delivery.urgency.value,
        "state": delivery.state.value,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "maybe_doubled": delivery.may_have_doubled,
        "broadcast": delivery.broadcast,
        "message_id": mailing.message_id if mailing else "",
        "requested_at": delivery.requested_at.isoformat(),
        "next_attempt_at": delivery.due_at.isoformat() if delivery.due_at else None,
        "concluded_at": delivery.concluded_at.isoformat() if delivery.concluded_at else None,
    }
