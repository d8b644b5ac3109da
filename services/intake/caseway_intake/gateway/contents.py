"""`GET /v1/cases/{case_id}/files/{digest}`: what a case holds.

For the desk's own people, by their token, and only what the case names: a digest alone opens nothing. A file is given as
something to keep, whatever it says it is. A page is sanitised once more when it is shown, since any file's digest may be
asked for as a page, and stands in a sandbox that runs, loads and sends nothing.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.kernel.errors import Impossible, Transient
from caseway.runtime.blobs import read_blob
from caseway.runtime.running import Running
from caseway.runtime.stage import Collection
from caseway_intake.adapters.html import sanitised
from caseway_intake.domain.case import Case
from caseway_intake.gateway.answers import guarded
from caseway_intake.gateway.readers import check_reader, is_hidden
from caseway_intake.gateway.refusals import refusal

_LONGEST_NAME = 200
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]")
_PATIENCE_MS = 2_000
_ALWAYS = {"x-content-type-options": "nosniff", "cache-control": "private, no-store", "referrer-policy": "no-referrer"}
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"


def content_routes(running: Running, cases: Collection) -> list[Route]:
    """A file to keep, and a page to look at."""
    reader = ContentReader(running, cases)
    return [
        Route("/v1/cases/{case_id}/files/{digest}", guarded(reader.file), methods=["GET"]),
        Route("/v1/cases/{case_id}/pages/{digest}", guarded(reader.page), methods=["GET"]),
    ]


class ContentReader:
    """Gives stored content of one case."""

    def __init__(self, running: Running, cases: Collection) -> None:
        self._running = running
        self._cases = cases

    async def file(self, request: Request) -> Response:
        """The bytes, under the name that the query gives them."""
        content = await self._content(request)
        name = _UNFIT.sub("_", request.query_params.get("name", ""))[:_LONGEST_NAME] or "file"
        headers = {
            "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
            "content-security-policy": _SANDBOX,
        }
        return Response(content, media_type="application/octet-stream", headers=_ALWAYS | headers)

    async def page(self, request: Request) -> Response:
        """The page of a mail as it may be shown."""
        content = await self._content(request)
        shown = sanitised(content.decode("utf-8", "replace"))
        headers = {
            "content-disposition": "inline",
            "content-security-policy": _SANDBOX,
            "x-frame-options": "SAMEORIGIN",
        }
        return Response(shown, media_type="text/html; charset=utf-8", headers=_ALWAYS | headers)

    async def _content(self, request: Request) -> bytes:
        """What the case holds under this digest.

        Raises:
            Refusal: 401, 403, or 404 for what the case does not hold, whether or not it is stored.
        """
        reader = check_reader(self._running.settings, request)
        case_id, digest = request.path_params["case_id"], request.path_params["digest"]
        try:
            document = await self._running.database[self._cases.name].find_one(
                {"_id": case_id, "files": digest}, max_time_ms=_PATIENCE_MS
            )
            if document is None:
                raise refusal(404, "the case holds no such file")
            case: Case = self._cases.load(document)
            if is_hidden(case, reader):
                raise refusal(403, "the case is only kept: for officers alone")
            return await read_blob(self._running.database, digest)
        except Impossible:
            raise refusal(404, "the case holds no such file") from None
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error
