"""`GET /v1/cases/{case_id}/background`: who it may be.

What the case's first fact told was so when the contact came. Before somebody calls back, the registry is looked at
again: "not linked" never meant "not registered" (S2-03 to S2-07).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from caseway.kernel.errors import Transient
from caseway.runtime.running import Running
from caseway.runtime.stage import Collection
from caseway_intake.adapters.edge_states import COLLECTIONS
from caseway_intake.adapters.numbers import to_e164
from caseway_intake.domain import background
from caseway_intake.domain.admission.knowledge import BACKGROUNDS, CUSTOMERS, POINTS
from caseway_intake.domain.background import Known
from caseway_intake.domain.case import Case
from caseway_intake.domain.customers import Match, email_value, match, phone_value, point_of_email, point_of_phone
from caseway_intake.gateway.answers import answer, guarded
from caseway_intake.gateway.readers import check_reader, is_hidden
from caseway_intake.gateway.refusals import refusal

_PATIENCE_MS = 2_000
_EARLIER_CASES = 20
_EDGE_STATES = {each.name: each for each in COLLECTIONS}


def background_routes(running: Running, cases: Collection) -> list[Route]:
    """One route."""
    reader = BackgroundReader(running, cases)
    return [Route("/v1/cases/{case_id}/background", guarded(reader.one), methods=["GET"])]


class BackgroundReader:
    """Shows the registrations that may be the customer's, and orders and earlier cases of a linked one."""

    def __init__(self, running: Running, cases: Collection) -> None:
        self._running = running
        self._cases = cases

    async def one(self, request: Request) -> Response:
        """The background of a case's customer, as it is now."""
        reader = check_reader(self._running.settings, request)
        try:
            document = await self._find(self._cases.name, request.path_params["case_id"])
            if document is None:
                raise refusal(404, "no such case", field="case_id")
            case: Case = self._cases.load(document)
            if is_hidden(case, reader):
                raise refusal(403, "the case is only kept: for officers alone")
            return answer(200, await self.told(case))
        except PyMongoError as error:
            raise Transient(type(error).__name__) from error

    async def told(self, case: Case) -> dict[str, Any]:
        """What the registry says now."""
        found = await self._registered(case)
        customer = case.customer.id or (found.holder.customer if found.holder else None)
        known = await self._known(customer) if customer else background.NOTHING
        return {
            "case_id": case.id,
            "customer": {"state": case.customer.state, "id": case.customer.id, "name": case.customer.name},
            "candidates": [
                {"customer": each.customer, "name": each.name or None, "matched_by": each.value.partition(":")[0]}
                for each in ((found.holder,) if found.holder else found.holders)
                if each.customer != case.customer.id
            ],
            "bounced": await self._bounced(customer),
            "orders": [asdict(each) for each in known.orders],
            "entitlements": [asdict(each) for each in known.entitlements],
            "last_contact_at": known.last_contact_at,
            "last_channel": known.last_channel,
            "cases": await self._earlier(case, customer),
        }

    async def _registered(self, case: Case) -> Match:
        """Who has the address or number that the case is answered to."""
        region = self._running.configuration.mailboxes.region
        evidence = []
        written = dict.fromkeys(each for each in (case.answer.to, case.answer.email) if each)
        for each in written:
            is_mail = "@" in each
            value = email_value(each) if is_mail else phone_value(each, region, to_e164)
            point = point_of_email(each) if is_mail else point_of_phone(each)
            document = await self._find(POINTS, point) if value and point else None
            if document is not None:
                evidence.append((value, _EDGE_STATES[POINTS].load(document)))
        return match(evidence)

    async def _bounced(self, customer: str | None) -> list[str]:
        """Addresses of the customer's where nothing arrives."""
        document = await self._find(CUSTOMERS, customer) if customer else None
        return [each.partition(":")[2] for each in (document or {}).get("bounced", ())]

    async def _known(self, customer: str) -> Known:
        document = await self._find(BACKGROUNDS, background.of_customer(customer))
        known: Known = _EDGE_STATES[BACKGROUNDS].load(document) if document else background.NOTHING
        return known

    async def _earlier(self, case: Case, customer: str | None) -> list[dict[str, Any]]:
        if customer is None:
            return []
        wanted = {"customer.id": customer, "_id": {"$ne": case.id}}
        cursor = self._running.database[self._cases.name].find(wanted, max_time_ms=_PATIENCE_MS)
        found = await cursor.sort([("opened_at", -1), ("_id", -1)]).limit(_EARLIER_CASES).to_list(None)
        return list(_glances(map(self._cases.load, found)))

    async def _find(self, collection: str, name: str) -> dict[str, Any] | None:
        return await self._running.database[collection].find_one({"_id": name}, max_time_ms=_PATIENCE_MS)


def _glances(cases: Iterable[Case]) -> Iterable[dict[str, Any]]:
    for each in cases:
        yield {
            "case_id": each.id,
            "number": each.number,
            "status": each.status,
            "channel": each.channel,
            "category": each.nature.category,
            "subject": each.nature.subject,
            "opened_at": each.opened_at,
        }
