"""How figures are read from cells, and the desk from cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from caseway.runtime.mongo import Database
from caseway.runtime.replaying import rebuilt_since
from caseway.runtime.running import Running
from caseway_analytics.adapters.gathering import kept_in
from caseway_analytics.adapters.states import CELLS, TOTALS
from caseway_analytics.adapters.unfinished import Unfinished
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.figures import Cell, Figure
from caseway_analytics.domain.gathering import Stored
from caseway_analytics.domain.layers import Kept, cut_in, stretches
from caseway_analytics.domain.measures import DERIVED
from caseway_analytics.domain.questions import Keeping, Question, needed
from caseway_analytics.settings import Configuration

_BATCH = 10_000
"""Documents asked for at once: a year is tens of thousands."""


class MongoFigures:
    """The service's database, read."""

    def __init__(
        self,
        database: Database,
        zone: str = "UTC",
        keeping: Keeping | None = None,
        unfinished: Unfinished | None = None,
    ) -> None:
        """With `unfinished` also what still runs is counted."""
        self._database = database
        self._zone = ZoneInfo(zone)
        self._keeping = keeping or Keeping()
        self._unfinished = unfinished

    async def keeping(self) -> Keeping:
        """How long figures stay how fine, and in which zones: a zone that was configured later waits for a replay."""
        kept = await kept_in(self._database) or Kept()
        return replace(self._keeping, zones=self._keeping.zones & kept.zones)

    async def stored(
        self, question: Question, measures: Iterable[str] | None = None, now: dt.datetime | None = None
    ) -> Sequence[Stored]:
        """The cells that answer a question, as they are stored, with these measures (or those it needs).

        What still runs is counted up to `now`.
        """
        names = tuple(needed(question.measure) if measures is None else measures)
        kept = await kept_in(self._database) or Kept()
        cells = self._database[CELLS.name].find(self._query(question, kept), _wanted(question, names))
        found: list[Stored] = [*await cells.batch_size(_BATCH).to_list(None)]
        if self._unfinished is not None and now is not None:
            found += await self._unfinished.cells(question, names, now)
        return found

    def _query(self, question: Question, kept: Kept) -> dict[str, Any]:
        derived = DERIVED.get(question.measure)
        is_running = derived is not None and derived.is_running
        spans = [
            {"cut": cut_in(question, layer, kept), "grain": layer, "slot": {"$gte": starts_at, "$lt": ends_at}}
            for layer, starts_at, ends_at in stretches(question, self._zone, kept, is_running=is_running)
        ]
        filters = {
            f"values.{CUTS[question.cut].index(name)}": {"$in": sorted(values)}
            for name, values in question.filters.items()
        }
        return {"$or": spans, **filters}

    async def cells(
        self, starts_at: dt.datetime | None, ends_at: dt.datetime | None, measures: Iterable[str] = ()
    ) -> list[Cell]:
        """Every cell of the desk's cut in the span; with some measures, or all."""
        slots = {name: at for name, at in (("$gte", starts_at), ("$lt", ends_at)) if at is not None}
        wanted = dict.fromkeys(("slot", "cut", "values"), 1) | {f"m.{name}": 1 for name in measures}
        query: dict[str, Any] = {"cut": "desk", "grain": {"$in": ["slot", "half_hour"]}} | (
            {"slot": slots} if slots else {}
        )
        found = await self._database[CELLS.name].find(query, wanted if measures else None).to_list(None)
        return [cell_of(document) for document in found]

    async def since(self) -> dt.datetime | None:
        """From when on figures are whole, where they were rebuilt from a log that no longer reaches back further."""
        return await rebuilt_since(self._database, "analytics")

    async def totals(self) -> dict[tuple[str, str, str], int]:
        """Counts over all time by measure, channel and queue, with the milliseconds under `<measure>.ms`."""
        counted: dict[tuple[str, str, str], int] = {}
        async for document in self._database[TOTALS.name].find({}):
            cell = document["channel"], document["queue"]
            for name, figure in document.get("m", {}).items():
                for field, measure in (("n", name), ("ms", f"{name}.ms")):
                    key = (measure, *cell)
                    counted[key] = counted.get(key, 0) + figure.get(field, 0)
        return counted


def figures_of(running: Running) -> MongoFigures:
    """The service's own, with what still runs."""
    configuration: Configuration = running.configuration
    unfinished = Unfinished(running.database, configuration.known)
    keeping = configuration.measures.keep.keeping()
    return MongoFigures(running.database, configuration.measures.zone, keeping, unfinished)


def _wanted(question: Question, names: Iterable[str]) -> dict[str, int]:
    """Of each document, no more than answers."""
    fields = ("n", "w", "h") if question.hours == "business" else ("n", "ms", "b")
    return {"_id": 0, "slot": 1, "values": 1} | {f"m.{name}.{each}": 1 for name in names for each in (*fields, "s")}


def cell_of(document: Mapping[str, Any]) -> Cell:
    """The cell of a document."""
    return Cell(
        starts_at=document["slot"],
        values=dict(zip(CUTS[document["cut"]], document["values"], strict=True)),
        figures={name: _figure(each) for name, each in document.get("m", {}).items()},
    )


def _figure(document: Mapping[str, Any]) -> Figure:
    return Figure(
        count=document.get("n", 0),
        milliseconds=document.get("ms", 0),
        buckets={int(bucket): count for bucket, count in document.get("b", {}).items() if count},
    )
