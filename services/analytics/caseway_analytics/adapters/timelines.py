"""Reads one case: where it stands, its course, its texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.states import AGENTS, CASES, TEXTS, load_agent, load_course, load_history
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.entries import Entry
from caseway_analytics.domain.live import LiveCase, live_case

_MOST_TEXTS = 200
_MOST_HELD = 50


class MongoTimelines:
    """The service's database, read case by case."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def found(self, name: str) -> tuple[LiveCase, Sequence[Entry]] | None:
        """A case by its id, or by its number as people say it."""
        query: dict[str, Any] = {"_id": name} if name.startswith("case_") or not name.isdecimal() else {"number": name}
        document = await self._database[CASES.name].find_one(query)
        if document is None:
            return None
        return live_case(document["_id"], load_history(document)), load_course(document)

    async def agents(self) -> list[Agent]:
        """Everyone whose presence was ever told."""
        return [load_agent(document) async for document in self._database[AGENTS.name].find()]

    async def conversation(self, case_id: str, *, whispers_only: bool = False) -> list[dict[str, Any]]:
        """What was said on the case, the newest last; of a long one, the last two hundred."""
        query: dict[str, Any] = {"_id": {"$gte": f"{case_id}/", "$lt": f"{case_id}0"}}
        if whispers_only:
            query["what"] = "whispered"
        found = await self._database[TEXTS.name].find(query).sort("at", -1).limit(_MOST_TEXTS).to_list(None)
        found.sort(key=lambda document: int(document["_id"].rpartition("/")[2]))  # the case's own order: its version
        return [_said(document) for document in found]

    async def held_by(self, agent: str) -> list[tuple[LiveCase, Sequence[Entry]]]:
        """What an agent holds, or is offered."""
        query = {"is_live": True, "items.agent": agent}
        found = await self._database[CASES.name].find(query).limit(_MOST_HELD).to_list(None)
        return [(live_case(each["_id"], load_history(each)), load_course(each)) for each in found]


def _said(document: Mapping[str, Any]) -> dict[str, Any]:
    at: dt.datetime = document["at"]
    return {
        "at": at.isoformat(),
        "what": document.get("what", ""),
        "by": document.get("by", ""),
        "person": document.get("person", ""),
        "subject": document["subject"],
        "text": document["text"],
    }
