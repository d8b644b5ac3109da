"""Gathers cells into half hours, days, weeks and months.

A lane's cell is *moved*, in one transaction: added to each of the layers, and removed. So every figure stands either in a
lane's cell or in the layers, whatever is killed; a question reads lanes' cells, and of the layers the coarsest that fits
each stretch of its span. A late fact makes a small cell that is gathered in turn. A lane that adds to a cell just then
conflicts with it, and one of the two goes again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import DeleteMany, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from caseway.runtime import failpoints
from caseway.runtime.mongo import Client, Database
from caseway_analytics.adapters.states import CELLS
from caseway_analytics.domain.calendar import start_of
from caseway_analytics.domain.layers import PERIODS, SLOTS, Kept, everything
from caseway_analytics.domain.moving import Amounts, Place, Until, additions
from caseway_analytics.domain.questions import Keeping, gathered_before

FRESH = dt.timedelta(hours=2)
"""Half hours that are still being written are left to their lanes."""
_MOST = 1_000
"""Documents moved in one transaction, about: it must stay far below five seconds."""
_MARK = "layers"
"""Of the document that says what the layers hold: it stands among the cells, so that a replay takes it away with them."""

_HELD = ("roll_ups", "periods", "zones")


async def kept_in(database: Database, session: Any = None) -> Kept | None:
    """What the layers hold; None while nothing was gathered."""
    mark = await database[CELLS.name].find_one({"_id": _MARK}, session=session)
    if mark is not None:
        return Kept(**{name: frozenset(mark[name]) for name in _HELD})
    layered = {"grain": {"$nin": [SLOTS, "mark"]}}
    return None if await database[CELLS.name].find_one(layered, {"_id": 1}, session=session) is None else Kept()


def mark_of(kept: Kept) -> dict[str, Any]:
    """The document that says it."""
    return {"_id": _MARK, "grain": "mark", **{name: sorted(getattr(kept, name)) for name in _HELD}}


class Gatherer:
    """Moves cells of the service's database; several processes may run it at once."""

    def __init__(self, client: Client, database: Database, zone: str, keeping: Keeping) -> None:
        self._client = client
        self._database = database
        self._zone = ZoneInfo(zone)
        self._keeping = keeping

    async def run(self, now: dt.datetime) -> int:
        """Gather what lanes no longer write, and drop what is too fine for its age; how many cells were moved."""
        half_hours = gathered_before(now, self._keeping.half_hours, self._zone.key)
        days = start_of(gathered_before(now, self._keeping.days, self._zone.key), "month", self._zone)
        moved = await self._gather(now - FRESH, Until(half_hours=half_hours, days=days))
        zones = ["", *(f" {zone}" for zone in self._keeping.zones)]
        finer = [f"{period}{zone}" for period in PERIODS if period != "month" for zone in zones]
        for grains, before in ((["half_hour"], half_hours), (finer, days)):
            await self._database[CELLS.name].delete_many({"grain": {"$in": grains}, "slot": {"$lt": before}})
        return moved

    async def _gather(self, before: dt.datetime, until: Until) -> int:
        moved = 0
        while True:
            query = {"grain": SLOTS, "slot": {"$lt": before}}
            found = await self._database[CELLS.name].find(query, {"_id": 1}).sort("slot", 1).limit(_MOST).to_list(None)
            if not found or not await self._move([document["_id"] for document in found], until):
                return moved
            moved += len(found)

    async def _move(self, ids: Sequence[str], until: Until) -> bool:
        """Add them to the layers and remove them; False when somebody else touched one of them."""
        try:
            async with await self._client.start_session() as session, session.start_transaction():
                cells = self._database[CELLS.name]
                kept = await self._kept(session)
                fresh = await cells.find({"_id": {"$in": list(ids)}}, session=session).to_list(None)
                added = additions(fresh, kept, until, self._zone)
                writes: list[UpdateOne | DeleteMany] = [_addition(place, amounts) for place, amounts in added.items()]
                writes.append(DeleteMany({"_id": {"$in": [document["_id"] for document in fresh]}}))
                await cells.bulk_write(writes, ordered=True, session=session)
                failpoints.hit("gather.mid")
        except (OperationFailure, BulkWriteError) as error:
            if error.has_error_label("TransientTransactionError"):
                return False
            raise
        return True

    async def _kept(self, session: Any) -> Kept:
        """What the layers hold; with the first cell that is gathered it is decided, by configuration."""
        kept = await kept_in(self._database, session)
        if kept is None:
            kept = everything(self._keeping.zones)
            await self._database[CELLS.name].insert_one(mark_of(kept), session=session)
        return kept


def _addition(place: Place, amounts: Amounts) -> UpdateOne:
    fixed = {"cut": place.cut, "slot": place.slot, "grain": place.layer, "values": list(place.values)}
    return UpdateOne({"_id": place.id}, {"$inc": amounts, "$setOnInsert": fixed}, upsert=True)
