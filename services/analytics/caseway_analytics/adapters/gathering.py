"""Gathers what is old: lanes' cells into one, half hours into days, days into months.

What is gathered is *moved*, in one transaction: added to the coarser cell and removed from the finer ones. So every
figure stands in exactly one place whatever is killed, a question adds up whatever it finds, and a late fact simply
makes a small cell that is gathered in turn. A lane that adds to a cell just then conflicts with it, and one of the two
goes again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import DeleteMany, UpdateOne
from pymongo.errors import OperationFailure

from caseway.runtime.mongo import Client, Database
from caseway_analytics.adapters.states import CELLS
from caseway_analytics.domain.questions import Keeping, gathered_before

FRESH = dt.timedelta(hours=2)
"""Half hours that are still being written are left to their lanes."""
_MOST = 3_000
"""Documents moved in one transaction, about: it must stay far below five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Cells of one grain that become coarser."""

    grain: str
    into: str
    before: dt.datetime


class Gatherer:
    """Moves cells of the service's database; several processes may run it at once."""

    def __init__(self, client: Client, database: Database, zone: str, keeping: Keeping) -> None:
        self._client = client
        self._database = database
        self._zone = ZoneInfo(zone)
        self._keeping = keeping

    async def run(self, now: dt.datetime) -> int:
        """Gather whatever is old enough; how many documents were moved."""
        days = gathered_before(now, self._keeping.slots, self._zone.key)
        months = gathered_before(now, self._keeping.days, self._zone.key).replace(day=1)
        steps = (
            _Step(grain="slot", into="half_hour", before=now - FRESH),
            _Step(grain="half_hour", into="day", before=days),
            _Step(grain="slot", into="day", before=days),
            _Step(grain="day", into="month", before=months),
        )
        return sum([await self._gather(step) for step in steps])

    async def _gather(self, step: _Step) -> int:
        moved = 0
        while True:
            found = await self._old(step)
            if not found:
                return moved
            if not await self._move(found, step.into):
                return moved
            moved += len(found)

    async def _old(self, step: _Step) -> Sequence[Mapping[str, Any]]:
        query = {"grain": step.grain, "slot": {"$lt": step.before}}
        return await self._database[CELLS.name].find(query).sort("slot", 1).limit(_MOST).to_list(None)

    async def _move(self, found: Sequence[Mapping[str, Any]], into: str) -> bool:
        """Add them to the coarser cells and remove them; False when somebody else touched one of them."""
        ids = [document["_id"] for document in found]
        try:
            async with await self._client.start_session() as session, session.start_transaction():
                cells = self._database[CELLS.name]
                fresh = await cells.find({"_id": {"$in": ids}}, session=session).to_list(None)
                writes: list[UpdateOne | DeleteMany] = list(self._additions(fresh, into))
                writes.append(DeleteMany({"_id": {"$in": [document["_id"] for document in fresh]}}))
                await cells.bulk_write(writes, ordered=True, session=session)
        except OperationFailure as error:
            if error.has_error_label("TransientTransactionError"):
                return False
            raise
        return True

    def _additions(self, found: Sequence[Mapping[str, Any]], into: str) -> Sequence[UpdateOne]:
        sums: dict[str, tuple[dict[str, Any], dict[str, int]]] = {}
        for document in found:
            slot = self._start_of(document["slot"], into)
            id_ = f"{into}/{document['cut']}/{slot:%Y-%m-%dT%H:%M}/" + "\x1f".join(document["values"])
            fixed = {"cut": document["cut"], "slot": slot, "grain": into, "values": document["values"]}
            _, amounts = sums.setdefault(id_, (fixed, {}))
            for name, amount in _flat("m", document.get("m", {})):
                amounts[name] = amounts.get(name, 0) + amount
        return [
            UpdateOne(
                {"_id": id_}, {"$inc": {n: a for n, a in amounts.items() if a}, "$setOnInsert": fixed}, upsert=True
            )
            for id_, (fixed, amounts) in sums.items()
            if any(amounts.values())
        ]

    def _start_of(self, slot: dt.datetime, into: str) -> dt.datetime:
        if into == "half_hour":
            return slot
        local = slot.astimezone(self._zone).replace(hour=0, minute=0, fold=0)
        return (local.replace(day=1) if into == "month" else local).astimezone(dt.UTC)


def _flat(path: str, value: Mapping[str, Any]) -> list[tuple[str, int]]:
    """A document's numbers by dotted path."""
    found: list[tuple[str, int]] = []
    for name, inner in value.items():
        place = f"{path}.{name}"
        found += _flat(place, inner) if isinstance(inner, Mapping) else [(place, inner)]
    return found
