"""Erases what quality records say of a customer.

A customer's records lie on other lanes than the case whose erasure was told, so the lanes leave a note, and this reads
the notes. It may run twice, or in two processes: what is gone stays gone.
"""

from __future__ import annotations

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.states import ERASED, QUALITY, SERVING

_GONE = {"text": "", "representative": None, "reason": None}


class Eraser:
    """Erases in the service's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> int:
        """Erase for every note; how many customers there are."""
        customers = [note["_id"] async for note in self._database[ERASED.name].find({}, {"_id": 1})]
        if customers:
            await self._database[QUALITY.name].update_many({"customer": {"$in": customers}}, {"$set": _GONE})
            await self._database[SERVING.name].delete_many({"customer": {"$in": customers}})
        return len(customers)
