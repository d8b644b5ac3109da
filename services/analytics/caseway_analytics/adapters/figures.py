"""How figures are read from cells, and the desk from cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.states import AGENTS, CASES, CELLS, TOTALS, load_agent, load_history
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.figures import Cell, Figure, summed
from caseway_analytics.domain.gathering import Stored
from caseway_analytics.domain.history import History
from caseway_analytics.domain.layers import stretches
from caseway_analytics.domain.measures import DERIVED
from caseway_analytics.domain.questions import Question, needed

_MOST_LIVE = 20_000
"""Cases that the wall looks at; a desk with more open ones sees its first 20,000."""
_BATCH = 10_000
"""Documents asked for at once: a year is tens of thousands."""


class MongoFigures:
    """The service's database, read."""

    def __init__(self, database: Database, zone: str = "UTC") -> None:
        self._database = database
        self._zone = ZoneInfo(zone)

    async def stored(self, question: Question, measures: Iterable[str] | None = None) -> Sequence[Stored]:
        """The cells that answer a question, as they are stored, with these measures (or those it needs)."""
        names = needed(question.measure) if measures is None else measures
        derived = DERIVED.get(question.measure)
        is_running = derived is not None and derived.is_running
        spans = [
            {"cut": question.cut, "grain": layer, "slot": {"$gte": starts_at, "$lt": ends_at}}
            for layer, starts_at, ends_at in stretches(question, self._zone, is_running=is_running)
        ]
        fields = ("n", "w", "h") if question.hours == "business" else ("n", "ms", "b")
        wanted = {"_id": 0, "slot": 1, "values": 1} | {f"m.{name}.{each}": 1 for name in names for each in fields}
        query: dict[str, Any] = {"$or": spans}
        for name, values in question.filters.items():
            query[f"values.{CUTS[question.cut].index(name)}"] = {"$in": sorted(values)}
        found = self._database[CELLS.name].find(query, wanted).batch_size(_BATCH)
        return await found.to_list(None)

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
        return [_cell(document) for document in found]

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

    async def live(self) -> list[History]:
        """Cases that are open or have work."""
        found = self._database[CASES.name].find({"is_live": True}).limit(_MOST_LIVE)
        return [load_history(document) async for document in found]

    async def latest(self, count: int) -> list[History]:
        """The cases opened last, the newest first."""
        found = self._database[CASES.name].find({"opened_at": {"$ne": None}}).sort("opened_at", -1).limit(count)
        return [load_history(document) async for document in found]

    async def agents(self) -> list[Agent]:
        """Everyone whose presence was ever told."""
        return [load_agent(document) async for document in self._database[AGENTS.name].find({})]


class Today:
    """The day's cells, of which only the last two hours are read each time.

    Facts that come later still are seen within `REREAD`, when the whole day is read again.
    """

    REREAD = dt.timedelta(seconds=30)

    def __init__(self, figures: MongoFigures) -> None:
        self._figures = figures
        self._older: list[Cell] = []
        self._older_span: tuple[dt.datetime, dt.datetime] | None = None
        self._read_at: dt.datetime | None = None

    async def cells(self, day_start: dt.datetime, now: dt.datetime) -> list[Cell]:
        """The cells since the day began, lanes added up."""
        recent = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=1)
        split = max(day_start, recent)
        if self._older_span != (day_start, split) or self._read_at is None or now - self._read_at > self.REREAD:
            self._older = merged(await self._figures.cells(day_start, split)) if split > day_start else []
            self._older_span, self._read_at = (day_start, split), now
        return [*self._older, *merged(await self._figures.cells(split, None))]


def merged(cells: Iterable[Cell]) -> list[Cell]:
    """The lanes' cells of one half hour and the same values as one."""
    groups: dict[tuple[dt.datetime, tuple[str, ...]], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.starts_at, tuple(cell.values.values())), []).append(cell)
    return [
        Cell(
            starts_at=starts_at,
            values=group[0].values,
            figures={
                name: summed(cell.of(name) for cell in group)
                for name in dict.fromkeys(name for cell in group for name in cell.figures)
            },
        )
        for (starts_at, _), group in groups.items()
    ]


def _cell(document: Mapping[str, Any]) -> Cell:
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
