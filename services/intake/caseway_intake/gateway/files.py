"""`GET /v1/files/{digest}/{name}`: for whoever has the link.

A reply's files go to customers as links that the notifier signs: no token, an end in time, one file each. They are given
as something to keep, never as something to show: what a stranger once sent must not run under our name.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.kernel.errors import Impossible, Transient
from caseway.kernel.signing import is_file_path
from caseway.runtime.blobs import read_blob
from caseway.runtime.running import Running
from caseway_intake.gateway.answers import guarded
from caseway_intake.gateway.refusals import refusal

_LONGEST_NUMBER = 12


def file_routes(running: Running) -> list[Route]:
    """One route."""
    key = running.settings.signing_key.get_secret_value().encode()

    async def file(request: Request) -> Response:
        digest, name = request.path_params["digest"], request.path_params["name"]
        until, signature = request.query_params.get("until", ""), request.query_params.get("signature", "")
        is_number = until.isascii() and until.isdigit() and len(until) <= _LONGEST_NUMBER
        if not is_number or not is_file_path(key, digest, name, int(until), signature):
            raise refusal(404, "no such file")
        if running.clock.now() > dt.datetime.fromtimestamp(int(until), dt.UTC):
            raise refusal(410, "the link has ended")
        try:
            content = await read_blob(running.database, digest)
        except Impossible:
            raise refusal(404, "no such file") from None
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error
        return Response(content, media_type="application/octet-stream", headers=_headers(name))

    return [Route("/v1/files/{digest}/{name}", guarded(file), methods=["GET"])]


def _headers(name: str) -> dict[str, str]:
    return {
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "x-content-type-options": "nosniff",
        "cache-control": "private, no-store",
        "referrer-policy": "no-referrer",
    }
