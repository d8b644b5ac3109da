"""How figures are read from cells, and the desk from cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from caseway.runtime.mongo import Database
from caseway.runtime.replaying import rebuilt_since
from caseway.runtime.running import Running
from caseway_analytics.adapters.states import CELLS, TOTALS
from caseway_analytics.adapters.unfinished import Unfinished
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.figures import Cell, Figure
from caseway_analytics.domain.gathering import Stored
from caseway_analytics.domain.known import NOTHING, Known
from caseway_analytics.domain.layers import cut_in, stretches
from caseway_analytics.domain.measures import DERIVED
from caseway_analytics.domain.questions import Question, needed
from caseway_analytics.settings import Configuration

_MOST_LIVE = 20_000
"""Cases that the wall looks at; a desk with more open ones sees its first 20,000."""
_BATCH = 10_000
"""Documents asked for at once: a year is tens of thousands."""


class MongoFigures:
    """The service's database, read."""

    def __init__(
        self,
        database: Database,
        zone: str = "UTC",
        known: Known = NOTHING,
        now: Callable[[], dt.datetime] | None = None,
    ) -> None:
        """With a clock also what still runs is counted, up to now."""
        self._database = database
        self._zone = ZoneInfo(zone)
        self._known = known
        self._now = now
        self._unfinished = Unfinished(database)

    async def stored(self, question: Question, measures: Iterable[str] | None = None) -> Sequence[Stored]:
        """The cells that answer a question, as they are stored, with these measures (or those it needs)."""
        names = tuple(needed(question.measure) if measures is None else measures)
        derived = DERIVED.get(question.measure)
        is_running = derived is not None and derived.is_running
        spans = [
            {"cut": cut_in(question, layer), "grain": layer, "slot": {"$gte": starts_at, "$lt": ends_at}}
            for layer, starts_at, ends_at in stretches(question, self._zone, is_running=is_running)
        ]
        fields = ("n", "w", "h") if question.hours == "business" else ("n", "ms", "b")
        wanted = {"_id": 0, "slot": 1, "values": 1} | {
            f"m.{name}.{each}": 1 for name in names for each in (*fields, "s")
        }
        query: dict[str, Any] = {"$or": spans}
        for name, values in question.filters.items():
            query[f"values.{CUTS[question.cut].index(name)}"] = {"$in": sorted(values)}
        cells = self._database[CELLS.name].find(query, wanted).batch_size(_BATCH)
        found: list[Stored] = [*await cells.to_list(None)]
        if self._now is not None:
            found += await self._unfinished.cells(question, names, self._known, self._now())
        return found

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
    """The service's own, with what runs until now."""
    configuration: Configuration = running.configuration
    return MongoFigures(running.database, configuration.measures.zone, known=configuration.known, now=running.clock.now)


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
