"""Searches texts of cases, and indexes them.

Lanes store texts without tokens, which costs them a plain write; `index` adds the tokens soon after. What is not yet
indexed is not found: the answer says how many that are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import UpdateOne

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.states import TEXTS
from caseway_analytics.domain.questions import BadQuestion
from caseway_analytics.domain.searching import folded, tokens

_BATCH = 500
_MOST = 100
_LONGEST = 200
_PARAMETERS = frozenset({"q", "kind", "limit"})


class MongoTexts:
    """The texts in the service's database."""

    def __init__(self, database: Database) -> None:
        self._texts = database[TEXTS.name]

    async def index(self) -> int:
        """Add the tokens of texts that have none; how many were done."""
        found = await self._texts.find({"tokens": None}).limit(_BATCH).to_list(None)
        writes = [
            # a text that was written anew or erased meanwhile is left as it is now
            UpdateOne(
                {"_id": each["_id"], "tokens": None, "text": each["text"]},
                {"$set": {"tokens": sorted(tokens(f"{each['subject']}\n{each['text']}"))}},
            )
            for each in found
        ]
        if writes:
            await self._texts.bulk_write(writes, ordered=False)
        return len(writes)

    async def found(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The newest texts that have every word of `q`.

        Raises:
            BadQuestion: naming the parameter.
        """
        if unknown := sorted(set(parameters) - _PARAMETERS):
            raise BadQuestion(unknown[0], "no such parameter; there are " + ", ".join(sorted(_PARAMETERS)))
        asked = parameters.get("q", "").strip()
        if not asked or len(asked) > _LONGEST or not tokens(asked):
            raise BadQuestion("q", f"words to look for, at most {_LONGEST} characters")
        limit = parameters.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
            raise BadQuestion("limit", f"a number from 1 to {_MOST}")
        query: dict[str, Any] = {"tokens": {"$all": sorted(tokens(asked))}, "what": {"$ne": "whispered"}}
        if kind := parameters.get("kind"):
            if kind not in {"case", "voice"}:
                raise BadQuestion("kind", "case or voice")
            query["kind"] = kind
        rows = await self._texts.find(query).sort("at", -1).limit(int(limit)).to_list(None)
        waiting = await self._texts.count_documents({"tokens": None}, limit=10_000)
        return {"q": asked, "found": [_row(each, asked) for each in rows], "not_indexed_yet": waiting}


def _row(document: Mapping[str, Any], asked: str) -> dict[str, Any]:
    return {
        "case_id": document["case_id"],
        "number": document["number"],
        "kind": document["kind"],
        "at": document["at"].isoformat(),
        "subject": document["subject"],
        "excerpt": _excerpt(document["text"], asked),
    }


def _excerpt(text: str, asked: str) -> str:
    """The words around the first hit; what folding lengthened is off by a little."""
    first = min(tokens(asked), key=lambda token: folded(text).find(token) % (len(text) + 1))
    place = max(0, folded(text).find(first))
    start = max(0, place - 60)
    return ("…" if start else "") + " ".join(text[start : place + 140].split())
