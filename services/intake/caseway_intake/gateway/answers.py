"""What the HTTP door reads of a request, and how it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from caseway.kernel.errors import Rejected, Transient
from caseway_intake import metrics
from caseway_intake.gateway.refusals import Refusal, problems_of, refusal

Model = TypeVar("Model", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]

_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"www-authenticate": "Bearer"},
    503: {"retry-after": "5"},  # seconds: longer than Kafka usually takes to find a new leader
}


def answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, with a status."""
    return Response(orjson.dumps(content), status, headers or _HEADERS.get(status), "application/json")


def guarded(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with each kind of failure as its answer."""

    async def guard(request: Request) -> Response:
        response = await _answered(endpoint, request)
        metrics.DOORS.labels("http", response.status_code).inc()
        return response

    return guard


async def read_body(request: Request, largest: int) -> bytes:
    """The whole body, with never more than `largest` bytes and one chunk of it in memory.

    Raises:
        Refusal: 413, it is larger.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise refusal(413, f"at most {largest} bytes")
    return bytes(body)


def read_object(body: bytes) -> dict[str, Any]:
    """The body's JSON object.

    Raises:
        Refusal: 400, there is none.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise refusal(400, f"JSON in UTF-8: {wrong.msg} at character {wrong.pos}") from wrong
    if not isinstance(content, dict):
        raise refusal(400, "a JSON object")
    return content


def read_model(model: type[Model], content: dict[str, Any]) -> Model:
    """The content as a message, by the very rules by which it will be read from the log.

    Raises:
        Refusal: 422, each fault by its field.
    """
    try:
        return model.model_validate_json(orjson.dumps(content))
    except ValidationError as wrong:
        raise Refusal(422, *problems_of(wrong)) from wrong


async def _answered(endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint(request)
    except Refusal as refused:
        return _refused(refused)
    except Rejected as rejected:
        return _refused(refusal(413, rejected.detail or rejected.reason))
    except Transient:
        return _refused(refusal(503, "not taken: what stands behind this door does not answer; try again"))


def _refused(refused: Refusal) -> Response:
    return answer(refused.status, {"errors": [asdict(each) for each in refused.problems]}, refused.headers)
