"""What senders do beside sending: bounces, and forgetting."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pymongo.errors import PyMongoError

from caseway.kernel.decision import Decision, Delete
from caseway.kernel.errors import Transient
from caseway.kernel.ids import derived_id
from caseway.kernel.values import replace
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_notifier.adapters.documents import load_delivery, load_errand
from caseway_notifier.domain.delivery import State, conclude
from caseway_notifier.domain.errand import BOUNCE, Errand
from caseway_notifier.domain.fanout.record import joined, onward, outcome_fact, row
from caseway_notifier.domain.kept import BUDGETS, CONTENTS, DELIVERIES, ERRANDS

_SECONDS = 1.0
_LOT = 100

Commit = Callable[[int, int, str, Decision], Awaitable[bool]]
_log = logger(__name__)


class Errands:
    """Looks for errands of the buckets that this process holds."""

    def __init__(self, running: Running, held: Callable[[], Mapping[int, int]], commit: Commit) -> None:
        self._running = running
        self._held = held
        self._commit = commit

    async def run(self) -> None:
        """For ever; what fails is found again the next time."""
        while True:
            await asyncio.sleep(_SECONDS)
            try:
                await self._look()
            except (Transient, PyMongoError) as error:
                _log.warning("errands not done", reason=type(error).__name__)

    async def _look(self) -> None:
        held = self._held()
        cursor = self._running.database[ERRANDS].find({"bucket": {"$in": list(held)}}).limit(_LOT)
        for errand in [load_errand(each) async for each in cursor]:
            await self._do(errand, held[errand.bucket])

    async def _do(self, errand: Errand, epoch: int) -> None:
        done = Decision(changes=(Delete(collection=ERRANDS, id=errand.id),))
        if errand.kind == BOUNCE:
            done += await self._came_back(errand)
        elif not await self._forget(errand.case_id):
            return
        await self._commit(errand.bucket, epoch, derived_id("errand", errand.id), done)

    async def _came_back(self, errand: Errand) -> Decision:
        """What was delivered to the address under that Message-ID was not, after all."""
        query = {
            "case_id": errand.case_id,
            "bucket": errand.bucket,
            "recipient": errand.address,
            "state": State.DELIVERED.value,
            **({"mailing.message_id": errand.message_id} if errand.message_id else {}),
        }
        now, version = self._running.clock.now(), self._running.version
        found = [load_delivery(each) async for each in self._running.database[DELIVERIES].find(query)]
        if not errand.message_id:
            found = sorted(found, key=lambda each: each.requested_at)[-1:]
        back = [conclude(replace(each, bundle=""), State.GIVEN_UP, errand.reason, now) for each in found]
        return joined(row(each, (outcome_fact(each, now, version),)) + onward(each, now, version) for each in back)

    async def _forget(self, case_id: str) -> bool:
        """Wipe whom it went to and what it said; False while anything of the case is under way."""
        deliveries = self._running.database[DELIVERIES]
        if await deliveries.find_one({"case_id": case_id, "due_at": {"$ne": None}}, {"_id": 1}):
            return False
        contents = [
            each async for each in deliveries.find({"case_id": case_id, "content": {"$gt": ""}}, {"content": 1})
        ]
        await self._running.database[CONTENTS].delete_many(
            {"_id": {"$in": list({each["content"] for each in contents})}}
        )
        nobody: dict[str, Any] = {"recipient": "", "obstacles": [], "hops": [], "bundle": "", "words": None}
        mail = {
            "mailing.to": "",
            "mailing.name": "",
            "mailing.copies": [],
            "mailing.in_reply_to": "",
            "mailing.references": [],
        }
        customers = {"case_id": case_id, "reference": {"$regex": "^customer:"}}
        addresses = [each for each in await deliveries.distinct("recipient", customers) if each]
        names = {"$regex": f"\\|({'|'.join(map(re.escape, addresses))})$"}
        if addresses:
            await self._running.database[BUDGETS].delete_many({"_id": names})
        await deliveries.update_many({**customers, "mailing": {"$type": "object"}}, {"$set": {**nobody, **mail}})
        await deliveries.update_many({**customers, "mailing": {"$not": {"$type": "object"}}}, {"$set": nobody})
        return True
