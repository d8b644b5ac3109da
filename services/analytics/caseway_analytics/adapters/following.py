"""What changed in the database since one last asked.

MongoDB's own stream of changes, read in batches: one command asks for everything since the last time, so that following a
busy desk costs no more commands than a quiet one. The names of what changed are enough; the documents are read afterwards,
each once however often it changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bson.int64 import Int64
from pymongo.errors import PyMongoError

from caseway.runtime.mongo import Database

_BATCH = 5_000
_MOST_BATCHES = 8
"""More than so many at once, and it is cheaper to read everything anew."""
_WRITES = frozenset({"insert", "replace", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids by collection."""

    ids: Mapping[str, set[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.ids.values())


class Following:
    """Follows some collections; begins with everything, and begins anew whenever something may have been missed."""

    def __init__(self, database: Database, patterns: Mapping[str, str]) -> None:
        """`patterns`: for each collection, what the ids look like that are wanted (a regular expression)."""
        self._database = database
        self._pipeline = [{"$changeStream": {}}, {"$match": {"$or": _wanted(patterns)}}, {"$project": _SHOWN}]
        self._session: Any = None
        self._cursor = 0

    async def changes(self) -> Changes | None:
        """What changed since the last call; None: anything may have, read everything.

        Raises:
            PyMongoError: the database does not answer; the next call says None.
        """
        if not self._cursor:
            await self._open()
            return None
        try:
            return await self._pulled()
        except PyMongoError:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the cursor; the next call begins anew."""
        session, self._session, self._cursor = self._session, None, 0
        if session is not None:
            with contextlib.suppress(PyMongoError):
                await session.end_session()

    async def _open(self) -> None:
        self._session = await self._database.client.start_session()
        command = {"aggregate": 1, "pipeline": self._pipeline, "cursor": {"batchSize": 0}}
        answer = await self._database.command(command, session=self._session)
        self._cursor = answer["cursor"]["id"]

    async def _pulled(self) -> Changes | None:
        found: dict[str, set[str]] = {}
        for _ in range(_MOST_BATCHES):
            events = await self._batch()
            for event in events:
                if event["operationType"] not in _WRITES:  # renamed by a replay, dropped: nothing is as it was
                    await self.close()
                    return await self.changes()
                found.setdefault(event["ns"]["coll"], set()).add(event["documentKey"]["_id"])
            if len(events) < _BATCH:
                return Changes(found)
        await self.close()
        return await self.changes()

    async def _batch(self) -> list[dict[str, Any]]:
        command = {
            "getMore": Int64(self._cursor),
            "collection": "$cmd.aggregate",
            "batchSize": _BATCH,
            "maxTimeMS": 1,  # what is there; nobody waits here for more
        }
        answer = await self._database.command(command, session=self._session)
        self._cursor = answer["cursor"]["id"]
        events: list[dict[str, Any]] = answer["cursor"]["nextBatch"]
        return events


_SHOWN = {"operationType": 1, "ns.coll": 1, "documentKey": 1}


def _wanted(patterns: Mapping[str, str]) -> list[dict[str, Any]]:
    collections = list(patterns)
    return [
        *({"ns.coll": name, "documentKey._id": {"$regex": pattern}} for name, pattern in patterns.items()),
        {"ns.coll": {"$in": collections}, "operationType": {"$nin": sorted(_WRITES)}},
        {"to.coll": {"$in": collections}},
    ]
