"""How what is wrong with a question becomes an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from caseway.kernel.errors import Transient
from caseway_analytics.adapters.browser import NoBrowser
from caseway_analytics.domain.questions import BadQuestion
from caseway_analytics.web.denied import Denied

Endpoint = Callable[[Request], Awaitable[Response]]
_NAMES = frozenset({"measure", "report", "form", "case"})
"""What stands in the path: an unknown one is not found."""
SECONDS = 20


def answering(endpoint: Endpoint, seconds: float = SECONDS) -> Endpoint:
    """What is wrong with the question is 422 (404 for what stands in the path), a database that is gone is 503.

    Whoever is not known is 401, whoever is known and may not is 403.
    """

    async def answered(request: Request) -> Response:
        try:
            async with asyncio.timeout(seconds):
                return await endpoint(request)
        except BadQuestion as bad:
            return refused(404 if bad.field in _NAMES else 422, {"field": bad.field, "expected": bad.expected})
        except Denied as denied:
            return refused(denied.status, {"reason": denied.reason})
        except NoBrowser as missing:
            return refused(501, {"reason": str(missing)})
        except Transient as trouble:
            return refused(503, {"reason": str(trouble)})
        except (PyMongoError, TimeoutError) as error:
            return refused(503, {"reason": f"the database does not answer ({type(error).__name__})"})

    return answered


def refused(status: int, why: Mapping[str, str]) -> Response:
    """An answer that says what was expected."""
    return JSONResponse({"error": why}, status_code=status)
