"""Voices, the response sheet, approvals, a person's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.kernel.errors import Transient
from caseway.runtime.running import Running
from caseway.runtime.stage import Collection
from caseway_intake.adapters.cases import CALLBACKS, VOICES
from caseway_intake.domain.admission.knowledge import CUSTOMERS
from caseway_intake.domain.case import Case
from caseway_intake.gateway.answers import answer, guarded
from caseway_intake.gateway.readers import check_reader
from caseway_intake.gateway.refusals import refusal
from caseway_intake.gateway.showing import shown, shown_callback, shown_voice

_PATIENCE_MS = 5_000
_MOST = 500
"""Entries of a list, and cases of an export; a desk with more open call-backs has other worries."""


def list_routes(running: Running, cases: Collection) -> list[Route]:
    """Lists, and the export of what is kept of a person."""
    lists = Lists(running, cases)
    return [
        Route("/v1/voices", guarded(lists.voices), methods=["GET"]),
        Route("/v1/voices/{case_id}", guarded(lists.voice), methods=["GET"]),
        Route("/v1/response-sheet", guarded(lists.response_sheet), methods=["GET"]),
        Route("/v1/approvals/{person}", guarded(lists.approvals), methods=["GET"]),
        Route("/v1/customers/{customer}/personal-data", guarded(lists.personal_data), methods=["GET"]),
    ]


class Lists:
    """Reads intake's own database: a moment behind the facts at most."""

    def __init__(self, running: Running, cases: Collection) -> None:
        self._running = running
        self._load = cases.load
        self._name = cases.name

    async def voices(self, request: Request) -> Response:
        """Every voice that was shared, the newest first: for all employees (S0-03)."""
        check_reader(self._running.settings, request)
        return answer(200, {"voices": await self._listed({"views": VOICES}, shown_voice)})

    async def voice(self, request: Request) -> Response:
        """One voice, as all employees see it."""
        check_reader(self._running.settings, request)
        wanted = {"_id": request.path_params["case_id"], "views": VOICES}
        found = await self._listed(wanted, shown_voice)
        if not found:
            raise refusal(404, "no voice that was shared", field="case_id")
        return answer(200, found[0])

    async def response_sheet(self, request: Request) -> Response:
        """The 対応シート: whom a supervisor, or somebody for them, has still to call back (S2-14)."""
        check_reader(self._running.settings, request)
        return answer(200, {"callbacks": await self._listed({"views": CALLBACKS}, shown_callback)})

    async def approvals(self, request: Request) -> Response:
        """What waits for this person's decision."""
        check_reader(self._running.settings, request)
        wanted = {"views": f"approval:{request.path_params['person']}"}
        return answer(200, {"approvals": await self._listed(wanted, _shown_approval)})

    async def personal_data(self, request: Request) -> Response:
        """What intake keeps of a customer: for officers, once they granted the person's request (S4-05)."""
        reader = check_reader(self._running.settings, request)
        if reader is not None and reader.kind != "officer":
            raise refusal(403, "an officer exports a person's data")
        customer = request.path_params["customer"]
        cases = await self._cases({"customer.id": customer})
        if not any(_grants_access(case, customer) for case in cases):
            raise refusal(403, "no request for access was granted for this customer")
        try:
            record = await self._running.database[CUSTOMERS].find_one({"_id": customer}, max_time_ms=_PATIENCE_MS)
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error
        return answer(200, {"customer": customer, "record": _plain(record), "cases": [shown(case) for case in cases]})

    async def _listed(self, wanted: Mapping[str, Any], show: Callable[[Case], Any]) -> list[Any]:
        return [show(case) for case in await self._cases(wanted)]

    async def _cases(self, wanted: Mapping[str, Any]) -> list[Case]:
        try:
            cursor = self._running.database[self._name].find(wanted, max_time_ms=_PATIENCE_MS)
            found = await cursor.sort([("opened_at", -1), ("_id", -1)]).limit(_MOST).to_list(None)
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error
        return [self._load(each) for each in found]


def _grants_access(case: Case, customer: str) -> bool:
    return any(
        each.action == "access" and each.granted is True and each.customer == customer for each in case.privacy.requests
    )


def _shown_approval(case: Case) -> dict[str, Any]:
    """What has to be decided: the text as it was written, since its reader decides on it."""
    told = shown(case)
    return {"case_id": case.id, "number": case.number, "department": told["department"], "voice": told["voice"]}


def _plain(record: Mapping[str, Any] | None) -> dict[str, Any]:
    """The registration as the edge keeps it, without what belongs to the runtime."""
    return {name: value for name, value in (record or {}).items() if not name.startswith("_")}
