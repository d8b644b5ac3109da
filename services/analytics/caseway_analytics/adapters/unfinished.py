"""What still runs, counted up to an instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.states import AGENTS, CASES, HELD_FIELDS, load_agent, load_held
from caseway_analytics.domain.agents_told import presence_of
from caseway_analytics.domain.cells import Tally, counted, loose, together
from caseway_analytics.domain.gathering import Stored
from caseway_analytics.domain.history import Face, History, ItemState
from caseway_analytics.domain.known import Known
from caseway_analytics.domain.questions import Question
from caseway_analytics.domain.samples import Sample
from caseway_analytics.domain.times import worked
from caseway_analytics.domain.work import let_go

PRESENCES = frozenset({"signed_in", "away"})
WORK = "worked"
_BATCH = 2_000
_HELD = [ItemState.HELD.value, ItemState.WRAPPING.value]


class Unfinished:
    """Presences and stretches of work that have not ended stand in no cell; these are their cells until now."""

    def __init__(self, database: Database, known: Known) -> None:
        self._database = database
        self._known = replace(known, hours=None)  # work is told by the clock alone
        self._last: tuple[dt.datetime | None, Tally] = (None, {})

    async def cells(self, question: Question, measures: Iterable[str], now: dt.datetime) -> list[Stored]:
        """Of the measures that need any, within the question's span and cut."""
        wanted, until = set(measures), min(now, question.ends_at)
        tallies: list[Tally] = []
        if wanted & PRESENCES:
            tallies += [presence async for presence in self._presences(until)]
        if WORK in wanted:
            tallies.append(await self._stretches(until))
        return list(_stored(together(tallies), question, wanted))

    async def _presences(self, until: dt.datetime) -> AsyncIterator[Tally]:
        query = {"presence": {"$ne": "offline"}, "since": {"$lt": until}}
        async for document in self._database[AGENTS.name].find(query):
            agent = load_agent(document)
            yield loose(presence_of(agent, replace(agent, since=until), self._known))

    async def _stretches(self, until: dt.datetime) -> Tally:
        """The same instant is asked about by each section of a report: what was made of it last is kept."""
        if self._last[0] != until:
            held = {
                "is_live": True,
                "items": {"$elemMatch": {"state": {"$in": _HELD}, "since": {"$not": {"$gte": until}}}},
            }
            found = self._database[CASES.name].find(held, dict.fromkeys(HELD_FIELDS, 1)).batch_size(_BATCH)
            samples: dict[Face, list[tuple[str, Sample]]] = {}
            async for document in found:
                history = _all_let_go(load_held(document), until, self._known)
                samples.setdefault(history.face, []).extend((WORK, each) for each in worked(history))
            self._last = (until, together(counted(face, each) for face, each in samples.items()))
        return self._last[1]


def _all_let_go(history: History, until: dt.datetime, known: Known) -> History:
    """As if every agent let go of it just then; what began later is left as it is."""
    for name, item in history.items.items():
        began = item.focus_since or item.since
        if began is not None and began < until:
            history = let_go(history, until, name, known)
    return history


def _stored(tally: Tally, question: Question, wanted: set[str]) -> Iterator[Stored]:
    """The tally's cells in the form in which cells are stored."""
    for key, amounts in tally.items():
        if key.cut == question.cut and question.starts_at <= key.slot < question.ends_at:
            figures = _nested(amounts, wanted)
            if figures:
                yield {"slot": key.slot, "values": list(key.values), "m": figures}


def _nested(amounts: Mapping[str, int], wanted: set[str]) -> dict[str, dict[str, Any]]:
    """`worked.b.9` as `{"worked": {"b": {"9": …}}}`."""
    figures: dict[str, dict[str, Any]] = {}
    for path, amount in amounts.items():
        measure, field, *bucket = path.split(".")
        if measure in wanted:
            into = figures.setdefault(measure, {})
            if bucket:
                into.setdefault(field, {})[bucket[0]] = amount
            else:
                into[field] = amount
    return figures
