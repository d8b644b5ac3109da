"""What the database says about pools and cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorDatabase

from caseway_router.adapters.documents import load_attendance, load_item, load_offer
from caseway_router.adapters.routed_documents import load_routed
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.items import WorkItem
from caseway_router.domain.ledger import ATTENDANCES, DECISIONS, WORK_ITEMS
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.staff import Attendance, Seat

Database = AsyncIOMotorDatabase[dict[str, Any]]
ROUTED_CASES = "routed_cases"
MOST_AGENTS = 20_000
"""Read for one page of a pool; more than any pool has."""
MOST_AHEAD = 2_000
"""Items compared to tell how many go before one; a longer queue is told as at least so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How much goes before a waiting item in its queue."""

    count: int
    is_least: bool
    """There may be more: only the oldest were compared."""


async def waiting_by_queue(database: Database, pool: str) -> Mapping[str, tuple[int, dt.datetime]]:
    """By queue: how many items wait, and since when the oldest does."""
    pipeline: Sequence[Mapping[str, Any]] = [
        {"$match": {"pool": pool, "standing.is": "waiting"}},
        {"$group": {"_id": "$queue", "count": {"$sum": 1}, "oldest": {"$min": "$queued_at"}}},
    ]
    found = database[WORK_ITEMS].aggregate(list(pipeline))
    return {each["_id"]: (each["count"], each["oldest"]) async for each in found}


async def waiting_in(database: Database, pool: str, queue: str, limit: int) -> Sequence[WorkItem]:
    """What waits in a queue, the oldest first, at most so many."""
    query = {"pool": pool, "standing.is": "waiting", "queue": queue}
    found = database[WORK_ITEMS].find(query).sort("queued_at", 1).limit(limit)
    return [load_item(document) async for document in found]


async def ahead_of(database: Database, plan: PoolPlan, item: WorkItem) -> Ahead:
    """What goes before the item in its queue."""
    others = await waiting_in(database, item.pool, item.queue, MOST_AHEAD)
    place = plan.urgency(item)
    before = sum(plan.urgency(each) < place for each in others)
    return Ahead(count=before, is_least=len(others) >= MOST_AHEAD)


async def attendances(database: Database, pool: str) -> Sequence[Attendance]:
    """Every agent of the pool who was ever present."""
    found = database[ATTENDANCES].find({"pool": pool}).limit(MOST_AGENTS)
    return [load_attendance(document) async for document in found]


async def taken(database: Database, pool: str) -> Sequence[WorkItem]:
    """All work of the pool that is offered, held or wrapped up."""
    found = database[WORK_ITEMS].find({"pool": pool, "standing.is": {"$in": ["offered", "held", "wrapping_up"]}})
    return [load_item(document) async for document in found]


async def seats(database: Database, plan: PoolPlan) -> Mapping[str, Seat]:
    """Everybody who was ever present and is still configured, with what they hold."""
    present = await attendances(database, plan.pool)
    found = {each.agent: Seat(plan.agents[each.agent], each) for each in present if each.agent in plan.agents}
    for item in await taken(database, plan.pool):
        if item.agent in found:
            found[item.agent].take(item)
    return found


async def work_of(database: Database, case_id: str) -> WorkItem | None:
    """The case's work, as it stands now."""
    document = await database[WORK_ITEMS].find_one({"_id": case_id})
    return load_item(document) if document else None


async def case_of(database: Database, case_id: str) -> RoutedCase | None:
    """The case, as the edge remembers it."""
    document = await database[ROUTED_CASES].find_one({"_id": case_id})
    return load_routed(document) if document else None


async def offers_of(database: Database, case_id: str, limit: int) -> Sequence[DecidedOffer]:
    """The case's newest offers, the newest last."""
    found = database[DECISIONS].find({"case_id": case_id}).sort("at", -1).limit(limit)
    return [load_offer(document) async for document in found][::-1]


async def presence_counts(database: Database, pool: str) -> Mapping[str, int]:
    """By presence: how many agents."""
    pipeline: Sequence[Mapping[str, Any]] = [
        {"$match": {"pool": pool}},
        {"$group": {"_id": "$presence", "count": {"$sum": 1}}},
    ]
    return {each["_id"]: each["count"] async for each in database[ATTENDANCES].aggregate(list(pipeline))}
