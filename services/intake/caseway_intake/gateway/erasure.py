"""The loop that erases.

It finds a person's cases, and removes what they left elsewhere. The core writes errands in the transaction that
decides; this loop works each off, and only then removes it. Whatever it does may be done twice: commands carry ids by
which a repeat is known, and what is gone stays gone.
"""

from __future__ import annotations

import asyncio
from typing import Any, assert_never

from pymongo.errors import PyMongoError

from caseway.contracts.parts import Actor
from caseway.contracts.voice_commands import EraseCase
from caseway.kernel.errors import Transient
from caseway.kernel.ids import derived_id
from caseway.runtime.blobs import BLOBS
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_intake import metrics
from caseway_intake.adapters.errands import ERRANDS
from caseway_intake.domain.admission.addressees import CORRESPONDENTS
from caseway_intake.domain.admission.knowledge import BACKGROUNDS, CLAIMS, CONVERSATIONS, ENDED_CHATS, RECEIVED
from caseway_intake.domain.background import of_customer, of_order
from caseway_intake.domain.correspondents import correspondent_id, customer_id
from caseway_intake.domain.life import Search, Trace
from caseway_intake.domain.life.steps import ERASURE
from caseway_intake.gateway.arrivals import Arrival, publish
from caseway_intake.handlers.core import CASES

_REST_SECONDS = 1.0
"""Between two looks. The law counts days; a person who waits for the officer's answer counts seconds."""
_PAGE = 500
"""Cases told in one go."""
_ACTOR = Actor(kind="machine", id="intake.erasure")


async def erasure(running: Running) -> None:
    """Works off errands as long as the service runs."""
    eraser = Eraser(running)
    while True:
        try:
            await eraser.work_off()
        except (PyMongoError, Transient) as error:
            logger(__name__).warning("erasure waits", reason=type(error).__name__)
        await asyncio.sleep(_REST_SECONDS)


class Eraser:
    """Works off errands, the oldest first."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._database = running.database

    async def work_off(self) -> int:
        """All errands that are there now; how many there were."""
        documents = await self._database[ERRANDS.name].find().sort("_id", 1).to_list(None)
        for document in documents:
            errand: Trace | Search = ERRANDS.load(document)
            match errand:
                case Search():
                    await self._tell_cases(errand)
                case Trace():
                    await self._remove_traces(errand)
                case _:
                    assert_never(errand)
            await self._database[ERRANDS.name].delete_one({"_id": errand.id})
            metrics.ERRANDS.labels(document["kind"]).inc()
        return len(documents)

    async def _tell_cases(self, search: Search) -> None:
        """Every case of the customer, and those that nobody linked but that write from their address."""
        wanted = _cases_of(search)
        after = ""
        while wanted:
            query = {**wanted, "_id": {"$gt": after}}
            found = await self._database[CASES].find(query, {"_id": 1}).sort("_id", 1).limit(_PAGE).to_list(None)
            for each in found:
                await self._tell(search, each["_id"])
            if len(found) < _PAGE:
                break
            after = found[-1]["_id"]
        if search.customer is not None and search.action == "erasure":
            await self._forget_background(search.customer)

    async def _forget_background(self, customer: str) -> None:
        """Mails, orders, entitlements and earlier cases, under the customer's name and under the orders' numbers."""
        name = of_customer(customer)
        document = await self._database[BACKGROUNDS].find_one({"_id": name}, {"orders.order": 1})
        await self._database[CORRESPONDENTS].delete_one({"_id": customer_id(customer)})
        numbers = [of_order(each["order"]) for each in (document or {}).get("orders", ())]
        await self._database[BACKGROUNDS].delete_many({"_id": {"$in": [name, *numbers]}})

    async def _tell(self, search: Search, case_id: str) -> None:
        command = EraseCase(
            case_id=case_id, actor=_ACTOR, request=search.id, customer=search.customer, action=search.action
        )
        arrival = Arrival(
            topic=command.topic(),
            key=command.key(),
            type=command.TYPE,
            id=derived_id(search.id, case_id),
            source=ERASURE,
            value=command.model_dump_json(exclude_unset=True).encode(),
        )
        await publish(self._running, arrival)

    async def _remove_traces(self, trace: Trace) -> None:
        """What the edge keeps to know a mail or chat by, and files that no other case has."""
        for name in (CLAIMS, RECEIVED, CONVERSATIONS):
            await self._database[name].delete_many({"_id": {"$in": list(trace.keys)}})
        for name in (CONVERSATIONS, ENDED_CHATS):
            await self._database[name].delete_many({"case_id": trace.case_id})
        for address in trace.addresses:
            await self._database[CORRESPONDENTS].delete_one({"_id": correspondent_id(address)})
        for digest in trace.files:
            if await self._database[CASES].find_one({"files": digest}, {"_id": 1}) is None:
                await self._database[BLOBS.name].delete_many({"_id": {"$regex": f"^{digest}/"}})


def _cases_of(search: Search) -> dict[str, Any]:
    ways: list[dict[str, Any]] = []
    if search.customer is not None:
        ways.append({"customer.id": search.customer})
    if search.email is not None:
        ways.append({"customer.id": None, "answer.email": search.email})
    return {"$or": ways} if ways else {}
