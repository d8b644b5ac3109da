"""Gathers cells into half hours, days and months.

A lane's cell is *moved*, in one transaction: added to each of the three layers, and removed. So every figure stands either
in a lane's cell or in the layers, whatever is killed; a question reads lanes' cells, and of the layers the coarsest that
fits each stretch of its span. A late fact makes a small cell that is gathered in turn. A lane that adds to a cell just
then conflicts with it, and one of the two goes again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import DeleteMany, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from caseway.runtime.mongo import Client, Database
from caseway_analytics.adapters.states import CELLS
from caseway_analytics.domain.layers import WHOLE
from caseway_analytics.domain.questions import Keeping, gathered_before

FRESH = dt.timedelta(hours=2)
"""Half hours that are still being written are left to their lanes."""
_MOST = 1_500
"""Documents moved in one transaction, about: it must stay far below five seconds."""


class Gatherer:
    """Moves cells of the service's database; several processes may run it at once."""

    def __init__(self, client: Client, database: Database, zone: str, keeping: Keeping) -> None:
        self._client = client
        self._database = database
        self._zone = ZoneInfo(zone)
        self._keeping = keeping

    async def run(self, now: dt.datetime) -> int:
        """Gather what lanes no longer write, and drop what is too fine for its age; how many cells were moved."""
        days = gathered_before(now, self._keeping.half_hours, self._zone.key)
        months = self._start_of(gathered_before(now, self._keeping.days, self._zone.key), "month")
        moved = await self._gather(now - FRESH, days, months)
        for grain, before in (("half_hour", days), ("day", months)):
            await self._database[CELLS.name].delete_many({"grain": grain, "slot": {"$lt": before}})
        return moved

    async def _gather(self, before: dt.datetime, days: dt.datetime, months: dt.datetime) -> int:
        moved = 0
        while True:
            query = {"grain": "slot", "slot": {"$lt": before}}
            found = await self._database[CELLS.name].find(query, {"_id": 1}).sort("slot", 1).limit(_MOST).to_list(None)
            if not found or not await self._move([document["_id"] for document in found], days, months):
                return moved
            moved += len(found)

    async def _move(self, ids: Sequence[str], days: dt.datetime, months: dt.datetime) -> bool:
        """Add them to the layers and remove them; False when somebody else touched one of them."""
        try:
            async with await self._client.start_session() as session, session.start_transaction():
                cells = self._database[CELLS.name]
                fresh = await cells.find({"_id": {"$in": list(ids)}}, session=session).to_list(None)
                writes: list[UpdateOne | DeleteMany] = list(self._additions(fresh, days, months))
                writes.append(DeleteMany({"_id": {"$in": [document["_id"] for document in fresh]}}))
                await cells.bulk_write(writes, ordered=True, session=session)
        except (OperationFailure, BulkWriteError) as error:
            if error.has_error_label("TransientTransactionError"):
                return False
            raise
        return True

    def _additions(
        self, found: Sequence[Mapping[str, Any]], days: dt.datetime, months: dt.datetime
    ) -> Sequence[UpdateOne]:
        sums: dict[str, tuple[dict[str, Any], dict[str, int]]] = {}
        for document in found:
            amounts = _flat("m", document.get("m", {}))
            for grain, cut, values in _places(document, days, months):
                slot = self._start_of(document["slot"], grain)
                id_ = f"{grain}/{cut}/{slot:%Y-%m-%dT%H:%M}/" + "\x1f".join(values)
                fixed = {"cut": cut, "slot": slot, "grain": grain, "values": values}
                _, into = sums.setdefault(id_, (fixed, {}))
                for name, amount in amounts:
                    into[name] = into.get(name, 0) + amount
        return [
            UpdateOne(
                {"_id": id_}, {"$inc": {n: a for n, a in amounts.items() if a}, "$setOnInsert": fixed}, upsert=True
            )
            for id_, (fixed, amounts) in sums.items()
            if any(amounts.values())
        ]

    def _start_of(self, slot: dt.datetime, grain: str) -> dt.datetime:
        if grain == "half_hour":
            return slot
        local = slot.astimezone(self._zone).replace(hour=0, minute=0, fold=0)
        return (local.replace(day=1) if grain == "month" else local).astimezone(dt.UTC)


def _places(
    document: Mapping[str, Any], days: dt.datetime, months: dt.datetime
) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Each layer's grain, cut and values that a cell is added to."""
    for grain in _layers(document["slot"], days, months):
        yield grain, document["cut"], document["values"]
        if document["cut"] == "desk" and grain != "half_hour":
            yield grain, WHOLE, ()


def _layers(slot: dt.datetime, days: dt.datetime, months: dt.datetime) -> Iterator[str]:
    """The layers that are still kept of that time."""
    if slot >= days:
        yield "half_hour"
    if slot >= months:
        yield "day"
    yield "month"


def _flat(path: str, value: Mapping[str, Any]) -> list[tuple[str, int]]:
    """A document's numbers by dotted path."""
    found: list[tuple[str, int]] = []
    for name, inner in value.items():
        place = f"{path}.{name}"
        found += _flat(place, inner) if isinstance(inner, Mapping) else [(place, inner)]
    return found
