"""What an orchestrator and Prometheus ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from caseway.runtime import metrics


def probe_routes(service: str, dead: Callable[[], str], unready: Callable[[], Sequence[str]]) -> list[Route]:
    """`/livez` (503: restart me), `/readyz` (503: leave me alone, and why), `/metrics`."""

    def livez(_: Request) -> Response:
        reason = dead()
        return JSONResponse({"live": not reason, "reason": reason}, status_code=503 if reason else 200)

    def readyz(_: Request) -> Response:
        reasons = list(unready())
        metrics.READY.labels(service).set(not reasons)
        return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)

    def measured(_: Request) -> Response:
        return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", measured)]
