"""The desk as it is now, kept up to date in memory.

Read in full once; from then on only what changed. With five thousand open cases a full reading takes the better part of a
second, following them a few milliseconds (measured; see the ADR on this).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable
from typing import Any

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.figures import cell_of
from caseway_analytics.adapters.following import Following
from caseway_analytics.adapters.states import AGENTS, CASES, CELLS, load_agent, load_history
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.desk import Desk, day_start
from caseway_analytics.domain.live import LiveCase, live_case
from caseway_analytics.domain.sums import Sums

_MOST_LIVE = 20_000
"""Cases that the wall looks at; a desk with more open ones sees 20,000 of them."""
_CHUNK = 1_000
_FINE = ("slot", "half_hour")
_PATTERNS = {CASES.name: "", AGENTS.name: "", CELLS.name: r"(^|/)desk/"}


class Sight:
    """What there is to see."""

    def __init__(self, database: Database, zone: str, latest: int) -> None:
        self._database = database
        self._zone = zone
        self._latest_count = latest
        self._following = Following(database, _PATTERNS)
        self._live: dict[str, LiveCase] = {}
        self._latest: list[LiveCase] = []
        self._agents: dict[str, Agent] = {}
        self._today = Sums()
        self._day: dt.datetime | None = None

    async def desk(self, now: dt.datetime) -> tuple[Desk, frozenset[str] | None, bool]:
        """The desk now, which cases changed since the last time (None: any may have), and whether anything did.

        Raises:
            PyMongoError: the database does not answer.
        """
        changes = await self._following.changes()
        day = day_start(now, self._zone)
        if changes is None or day != self._day:
            touched = None
            await self._read_all(day)
        else:
            touched = frozenset(changes.ids.get(CASES.name, ()))
            await self._read_cases(touched)
            await self._read_agents(changes.ids.get(AGENTS.name, ()))
            await self._read_cells(changes.ids.get(CELLS.name, ()), day)
        desk = Desk(
            now=now, live=self._live.values(), latest=self._latest, agents=self._agents.values(), today=self._today
        )
        return desk, touched, touched is None or bool(changes)

    async def close(self) -> None:
        """Follow no longer."""
        await self._following.close()

    async def _read_all(self, day: dt.datetime) -> None:
        self._day = None  # until all is read: what is interrupted begins anew
        found = self._database[CASES.name].find({"is_live": True}).limit(_MOST_LIVE)
        self._live = {document["_id"]: _live(document) async for document in found}
        self._agents = {document["_id"]: load_agent(document) async for document in self._database[AGENTS.name].find()}
        today = Sums()
        query = {"cut": "desk", "grain": {"$in": list(_FINE)}, "slot": {"$gte": day}}
        async for document in self._database[CELLS.name].find(query):
            today.put(document["_id"], cell_of(document))
        self._today = today
        await self._read_latest()
        self._day = day

    async def _read_cases(self, ids: frozenset[str]) -> None:
        if not ids:
            return
        found = {document["_id"]: _live(document) async for document in self._found(CASES.name, ids)}
        for id_ in ids:
            case = found.get(id_)
            if case is not None and case.is_live:
                self._live[id_] = case
            else:
                self._live.pop(id_, None)
        await self._read_latest()

    async def _read_latest(self) -> None:
        if self._latest_count:
            found = self._database[CASES.name].find({"opened_at": {"$ne": None}}).sort("opened_at", -1)
            self._latest = [_live(document) async for document in found.limit(self._latest_count)]

    async def _read_agents(self, ids: Iterable[str]) -> None:
        found = {document["_id"]: load_agent(document) async for document in self._found(AGENTS.name, ids)}
        for id_ in ids:
            if id_ in found:
                self._agents[id_] = found[id_]
            else:
                self._agents.pop(id_, None)

    async def _read_cells(self, ids: Iterable[str], day: dt.datetime) -> None:
        found = {document["_id"]: document async for document in self._found(CELLS.name, ids)}
        for id_ in ids:
            document = found.get(id_)
            is_todays = document is not None and document["grain"] in _FINE and document["slot"] >= day
            self._today.put(id_, cell_of(document) if document is not None and is_todays else None)

    async def _found(self, collection: str, ids: Iterable[str]) -> AsyncIterator[dict[str, Any]]:
        """Chunk by chunk: after an import there may be tens of thousands, of which only a little is kept."""
        wanted = list(ids)
        for place in range(0, len(wanted), _CHUNK):
            query = {"_id": {"$in": wanted[place : place + _CHUNK]}}
            for document in await self._database[collection].find(query).to_list(None):
                yield document


def _live(document: dict[str, Any]) -> LiveCase:
    return live_case(document["_id"], load_history(document))
