"""How a person looks at cases by HTTP."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.contracts.parts import Actor
from caseway.kernel.errors import Transient
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway.runtime.running import Running
from caseway.runtime.stage import Collection
from caseway_intake.domain.case import Case
from caseway_intake.gateway.answers import answer, guarded
from caseway_intake.gateway.backgrounds import BackgroundReader
from caseway_intake.gateway.contents import content_routes
from caseway_intake.gateway.readers import check_reader, is_hidden
from caseway_intake.gateway.refusals import Refusal, problems_of, refusal
from caseway_intake.gateway.showing import shown, shown_restricted

_PATIENCE_MS = 2_000
"""A search by text looks at many cases; beyond this it is given up rather than slow down the desk's work."""


class Query(BaseModel):
    """What `GET /v1/cases` may ask for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: CaseStatus | None = None
    turn: Turn | None = None
    channel: Channel | None = None
    priority: Priority | None = None
    category: str | None = None
    customer: str | None = None
    number: int | None = None
    view: str | None = Field(default=None, max_length=300)
    """A list that the case stands on: `callbacks`, `voices`, `unjudged`, `unchecked`, `incidents`, `data-requests`, `merged`,
    `about:<case>`, `incident:<incident>`, `approval:<person>`, `follower:<person>`, `department:<department>`."""
    record_type: Literal["case", "voice"] | None = None
    q: str | None = Field(default=None, min_length=2, max_length=100)
    """Part of the subject, in any case of letters."""
    limit: int = Field(default=50, ge=1, le=200)
    after: str | None = None
    """`next` of the page before."""


def reading_routes(running: Running, cases: Collection) -> list[Route]:
    """One case, and many; and what one holds."""
    reader = CaseReader(running, cases)
    return [
        Route("/v1/cases", guarded(reader.many), methods=["GET"]),
        Route("/v1/cases/{case_id}", guarded(reader.one), methods=["GET"]),
        *content_routes(running, cases),
    ]


class CaseReader:
    """Shows cases as intake's own database has them: a moment behind the facts at most."""

    def __init__(self, running: Running, cases: Collection) -> None:
        self._running = running
        self._load = cases.load
        self._cases = running.database[cases.name]
        self._background = BackgroundReader(running, cases)

    async def one(self, request: Request) -> Response:
        """The case, or 404."""
        reader = check_reader(self._running.settings, request)
        try:
            document = await self._cases.find_one({"_id": request.path_params["case_id"]}, max_time_ms=_PATIENCE_MS)
            if document is None:
                raise refusal(404, "no such case", field="case_id")
            case: Case = self._load(document)
            told = self._shown(case, reader)
            if not is_hidden(case, reader):
                told["background"] = await self._background.told(case)
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error
        return answer(200, told)

    async def many(self, request: Request) -> Response:
        """The newest first, a page at a time."""
        reader = check_reader(self._running.settings, request)
        query = _query(request)
        wanted = _filter(query)
        try:
            cursor = self._cases.find(wanted, max_time_ms=_PATIENCE_MS)
            found = await cursor.sort([("opened_at", -1), ("_id", -1)]).limit(query.limit + 1).to_list(None)
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error
        page = found[: query.limit]
        following = _cursor(page[-1]) if len(found) > query.limit else None
        return answer(200, {"cases": [self._shown(self._load(each), reader) for each in page], "next": following})

    def _shown(self, case: Case, reader: Actor | None) -> dict[str, Any]:
        """The case; one that is only kept, to officers alone."""
        if is_hidden(case, reader):
            return shown_restricted(case)
        return shown(case, self._running.configuration.life)


def _query(request: Request) -> Query:
    try:
        return Query.model_validate(dict(request.query_params))
    except ValidationError as wrong:
        raise Refusal(422, *problems_of(wrong)) from wrong


def _filter(query: Query) -> dict[str, Any]:
    exact = {
        "status": query.status,
        "turn": query.turn,
        "channel": query.channel,
        "priority": query.priority,
        "category": query.category,
        "customer.id": query.customer,
        "number": query.number,
        "views": query.view,
    }
    wanted: dict[str, Any] = {name: value for name, value in exact.items() if value is not None}
    if query.record_type is not None:
        wanted["record_type"] = "voice" if query.record_type == "voice" else {"$exists": False}
    if query.q:
        wanted["subject"] = {"$regex": re.escape(query.q), "$options": "i"}
    if query.after:
        opened_at, case_id = _read_cursor(query.after)
        wanted["$or"] = [{"opened_at": {"$lt": opened_at}}, {"opened_at": opened_at, "_id": {"$lt": case_id}}]
    return wanted


def _cursor(document: Mapping[str, Any]) -> str:
    """Names a place in the order, so that cases opened meanwhile shift nothing."""
    text = f"{document['opened_at'].isoformat()} {document['_id']}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[dt.datetime, str]:
    try:
        opened_at, _, case_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return dt.datetime.fromisoformat(opened_at), case_id
    except (binascii.Error, ValueError) as wrong:
        raise refusal(422, "`next` of the page before", field="after") from wrong
