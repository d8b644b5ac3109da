"""Which deliveries wait for an attempt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from caseway_notifier.adapters.documents import load_budget, load_content, load_delivery
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Delivery, Urgency
from caseway_notifier.domain.kept import BUDGETS, CONTENTS, DELIVERIES
from caseway_notifier.domain.taking import budget_of

Database = AsyncIOMotorDatabase[dict[str, Any]]

_HURRIED = (Urgency.URGENT.value, Urgency.NORMAL.value)


class Waiting:
    """Reads the deliveries that are due; only their bucket's holder changes them, so what is read stays so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = 0

    async def hurried(
        self, buckets: Collection[int], now: dt.datetime, without: Collection[str], limit: int
    ) -> list[Delivery]:
        """What is urgent or ordinary, longest due first, but for destinations that have enough in hand."""
        query = _due(buckets, _HURRIED, now, without)
        return [
            load_delivery(each) async for each in self._database[DELIVERIES].find(query).sort("due_at", 1).limit(limit)
        ]

    async def bulk(
        self, buckets: Collection[int], now: dt.datetime, without: Collection[str], limit: int
    ) -> list[Delivery]:
        """Broadcasts, bucket by bucket in turn: many of one bucket are leased in one transaction."""
        ahead = [each for each in buckets if each >= self._turn]
        found = await self._bulk(ahead, now, without, limit)
        if not found:
            self._turn = 0
            found = await self._bulk(buckets, now, without, limit)
        self._turn = found[-1].bucket + 1 if len(found) == limit else 0
        return found

    async def _bulk(
        self, buckets: Collection[int], now: dt.datetime, without: Collection[str], limit: int
    ) -> list[Delivery]:
        if not buckets:
            return []
        cursor = self._database[DELIVERIES].find(_due(buckets, (Urgency.BULK.value,), now, without))
        return [load_delivery(each) async for each in cursor.sort([("bucket", 1), ("due_at", 1)]).limit(limit)]

    async def contents(self, ids: Iterable[str]) -> Mapping[str, Content]:
        """What they say, by id."""
        cursor = self._database[CONTENTS].find({"_id": {"$in": list(ids)}})
        return {each["_id"]: load_content(each) async for each in cursor}

    async def budgets(self, deliveries: Iterable[Delivery]) -> dict[str, Budget]:
        """The budgets that these deliveries count against."""
        ids = list(filter(None, {budget_of(each) for each in deliveries}))
        if not ids:
            return {}
        return {each["_id"]: load_budget(each) async for each in self._database[BUDGETS].find({"_id": {"$in": ids}})}

    async def backlog(self, buckets: Collection[int]) -> tuple[int, dt.datetime | None]:
        """How many are not concluded, and when the first of them was due."""
        query = {
            "bucket": {"$in": list(buckets)},
            "urgency": {"$in": [each.value for each in Urgency]},
            "due_at": {"$gt": dt.datetime.fromtimestamp(0, dt.UTC)},
        }
        first = await self._database[DELIVERIES].find_one(query, {"due_at": 1}, sort=[("due_at", 1)])
        if first is None:
            return 0, None
        return await self._database[DELIVERIES].count_documents(query), first["due_at"]


def _due(
    buckets: Collection[int], urgencies: Collection[str], now: dt.datetime, without: Collection[str]
) -> dict[str, Any]:
    """What is concluded has no `due_at`, and `$lte` never matches that."""
    query: dict[str, Any] = {
        "bucket": {"$in": list(buckets)},
        "urgency": {"$in": list(urgencies)},
        "due_at": {"$lte": now},
    }
    if without:
        query["destination"] = {"$nin": list(without)}
    return query
