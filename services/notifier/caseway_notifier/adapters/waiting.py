"""Which deliveries wait for an attempt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, MutableMapping, Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from caseway_notifier.adapters.documents import load_budget, load_content, load_delivery, load_obstacle
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Delivery, Urgency
from caseway_notifier.domain.fanout.record import Kept
from caseway_notifier.domain.kept import BUDGETS, CONTENTS, DELIVERIES, OBSTACLES
from caseway_notifier.domain.taking import counts_of

Database = AsyncIOMotorDatabase[dict[str, Any]]

ContentCache = MutableMapping[str, Content]
_MOST_COMPANIONS = 500
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

    async def kept(self, deliveries: Sequence[Delivery], contents: ContentCache) -> Kept:
        """What is kept about the recipients of these deliveries, and what they are to read."""
        budgets = {name for each in deliveries for name in counts_of(each)}
        obstacles = {name for each in deliveries for name in each.obstacles}
        wanted = {each.content for each in deliveries if each.content and each.words is None}
        missing = [each for each in wanted if each not in contents]
        if missing:
            cursor = self._database[CONTENTS].find({"_id": {"$in": missing}})
            contents.update({each["_id"]: load_content(each) async for each in cursor})
        return Kept(
            budgets={each.id: each for each in await self._found(BUDGETS, budgets, load_budget)},
            obstacles={each.id: each for each in await self._found(OBSTACLES, obstacles, load_obstacle)},
            contents={
                **{each: contents[each] for each in wanted if each in contents},
                **{each.content: each.words for each in deliveries if each.words is not None},
            },
        )

    async def _found(self, collection: str, ids: Collection[str], load: Callable[[dict[str, Any]], Any]) -> list[Any]:
        if not ids:
            return []
        return [load(each) async for each in self._database[collection].find({"_id": {"$in": list(ids)}})]

    async def companions(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Those not due yet that go out with these as one mail."""
        bundles = {each.bundle for each in deliveries if each.bundle and not each.sealed}
        if not bundles:
            return []
        query = {
            "bucket": {"$in": list({each.bucket for each in deliveries})},
            "urgency": Urgency.NORMAL.value,
            "due_at": {"$gt": dt.datetime.fromtimestamp(0, dt.UTC)},
            "bundle": {"$in": list(bundles)},
            "sealed": None,
        }
        there = {each.id for each in deliveries}
        cursor = self._database[DELIVERIES].find(query).sort("due_at", 1).limit(_MOST_COMPANIONS)
        return [load_delivery(each) async for each in cursor if each["_id"] not in there]

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
