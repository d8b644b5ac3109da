"""Erases what quality records say of a customer.

A customer's records lie on other lanes than the case whose erasure was told. So the lane leaves a note in its transaction,
from then on whoever writes a record of that customer writes it bare, and this sweeps what was written before. A sweep is one
transaction; killed at any moment it is begun again by the next, here or in another process. What a lane had read before the
note and wrote after the first sweep is found by a second one, when no such transaction can still be open.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pymongo import ASCENDING

from caseway.runtime import failpoints
from caseway.runtime.mongo import Client, Database
from caseway_analytics.adapters.states import ERASED, QUALITY, SERVING
from caseway_analytics.domain.surveyed import BARE

SECOND_SWEEP = dt.timedelta(minutes=5)
"""MongoDB ends a transaction after one minute, unless its operator allows more."""
_MOST = 500


class Eraser:
    """Erases in the service's database; several processes may run it at once."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database

    async def run(self, now: dt.datetime) -> int:
        """Sweep for every note that is not done with; how many there were."""
        is_due = {"$or": [{"swept_at": None}, {"swept_at": {"$lt": now - SECOND_SWEEP}}], "is_done": None}
        found = self._database[ERASED.name].find(is_due, {"swept_at": 1}).sort("_id", ASCENDING)
        notes = await found.limit(_MOST).to_list(None)
        for note in notes:
            await self._sweep(note, now)
        return len(notes)

    async def _sweep(self, note: dict[str, Any], now: dt.datetime) -> None:
        customer = note["_id"]
        step: dict[str, Any] = {"is_done": True} if note.get("swept_at") else {"swept_at": now}
        async with await self._client.start_session() as session, session.start_transaction():
            await self._database[QUALITY.name].update_many({"customer": customer}, {"$set": BARE}, session=session)
            failpoints.hit("erase.mid")
            await self._database[SERVING.name].delete_many({"customer": customer}, session=session)
            await self._database[ERASED.name].update_one({"_id": customer}, {"$set": step}, session=session)
