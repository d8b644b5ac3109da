"""How long reports over a year take: `python -m tests.load.reports [report …]`.

A year of a desk with 5,000 cases a day, 250 agents, 20 queues, as its cells stand once they are gathered, with 5,000 open
cases and a year of those that are done. Each report of the retail scenario in each form, and what else one may ask of a
year, twice; the second time counts. Processor time is this process's, without MongoDB's. Nothing is asserted. To fill a
database takes minutes: with `BENCH_KEPT=some_prefix_` it is kept, and used the next time.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from caseway.local import Stack
from caseway.runtime.configuration import load
from caseway.runtime.mongo import Database, connect, database, prepare_collections
from caseway_analytics.adapters.figures import MongoFigures
from caseway_analytics.adapters.forms import Workbook, csv_of, json_of, whole
from caseway_analytics.adapters.gathering import mark_of
from caseway_analytics.adapters.registers import Registers
from caseway_analytics.adapters.reporting import Reporter, asked_of
from caseway_analytics.adapters.states import AGENTS, CASES, CELLS, QUALITY, SERVING, dump_history
from caseway_analytics.adapters.unfinished import Unfinished
from caseway_analytics.domain import life, work
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.answers import answer
from caseway_analytics.domain.calendar import end_of, start_of
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.history import Face, History
from caseway_analytics.domain.known import Known
from caseway_analytics.domain.layers import PERIODS, everything, layer_of
from caseway_analytics.domain.measures import MEASURES
from caseway_analytics.domain.questions import Keeping, asked
from caseway_analytics.domain.roll_ups import ROLL_UPS, RollUp
from caseway_analytics.settings import Configuration

RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
DESK, KOLKATA = ZoneInfo("Europe/Warsaw"), ZoneInfo("Asia/Kolkata")
NOW = dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)
FIRST = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)
YEAR = {"from": "2025-11-23", "to": "2026-11-23"}
OPEN, DONE = 5_000, 50_000
AGENTS_COUNT = 250
KEEPING = Keeping(zones=frozenset({KOLKATA.key}))
VALUES = {
    "channel": ["email", "chat", "phone", "web", "message"],
    "queue": [f"queue-{number}" for number in range(20)],
    "priority": ["urgent", "high", "normal", "low"],
    "category": [f"category-{number}" for number in range(12)],
    "product": ["", "phones"],
    "agent": [f"agent-{number}" for number in range(AGENTS_COUNT)],
    "team": ["B"],
    "language": ["pl", "en", "de"],
    "segment": ["vip", "known", "unknown"],
    "skill": ["pl", "en", "de", "orders"],
    "department": ["call-centre", "shops", "web"],
    "campaign": ["", "newsletter"],
}
SHARE = {
    "desk": 0.3, "agents": 0.1, "subjects": 0.3, "people": 0.4, "skills": 0.5, "causes": 0.3,
    "desk:channel+queue": 0.7, "agents:team+agent": 0.6,
}  # fmt: skip
"""Of all combinations, how many occur in a day, where not all do."""
ABROAD = ("desk:", "desk:queue", "agents:team+agent")
"""What is asked of another zone."""
QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("handling", {"by": "agent", "grain": "all"}),
    ("handling", {"by": "agent", "grain": "month"}),
    ("contacts", {"by": "agent", "grain": "week"}),
    ("handling", {"by": "agent", "grain": "week"}),
    ("handling", {"agent": "agent-7", "grain": "day"}),
    ("pick_up", {"by": "queue,channel", "grain": "month"}),
    ("pick_up", {"by": "queue,priority", "grain": "month"}),
    ("service_level", {"by": "queue", "grain": "week"}),
    ("service_level", {"by": "queue", "grain": "day"}),
    ("contacts", {"by": "queue", "grain": "week", "zone": KOLKATA.key}),
    ("resolution", {"grain": "month", "zone": KOLKATA.key}),
    ("handling", {"by": "agent", "grain": "month", "zone": KOLKATA.key}),
    ("resolution", {"by": "priority", "grain": "day", "hours": "business"}),
    ("backlog_age", {"by": "queue", "grain": "week"}),
)


def main() -> None:
    """Run it on its own MongoDB, or on that of `CASEWAY_MONGO_URL`."""
    with Stack() as stack:
        asyncio.run(_run(stack.mongo_url, frozenset(sys.argv[1:])))


async def _run(mongo_url: str, names: frozenset[str]) -> None:
    client = connect(mongo_url)
    kept = os.environ.get("BENCH_KEPT", "")
    prefix = kept or f"{os.environ.get('CASEWAY_NAMESPACE', 'bench_')}{os.getpid()}_"
    db = database(client, prefix, "analytics")
    try:
        if await db.cells.find_one({"grain": "mark"}) is None:
            await _prepare(db)
        await _reports(db, names)
        await _questions(db, names)
    finally:
        if not kept:
            await client.drop_database(f"{prefix}caseway_analytics")


async def _prepare(db: Database) -> None:
    await prepare_collections(db, (CELLS, CASES, QUALITY, SERVING, AGENTS))
    await _fill(db.cells, "cells", itertools.chain(_cells(DESK, 0.05), _cells(KOLKATA, 0.0)))
    await _fill(db.cases, "cases", _cases())
    await _fill(db.agents, "agents", _agents())
    await db.cells.insert_one(mark_of(everything(KEEPING.zones)))


async def _reports(db: Database, names: frozenset[str]) -> None:
    configuration = load(RETAIL, Configuration).value
    reporter = Reporter(_figures(db, configuration.known), Registers(db), configuration)
    for name, entry in configuration.reports.reports.items():
        if name == "cases" or (names and name not in names):
            continue  # every case there is: an export, see tests.load.exports
        asked_for = asked_of(
            entry, {**YEAR, "customer": "customer-1", "changed_on": "2026-06-01"}, now=NOW, zone=DESK.key
        )
        for form, made in _FORMS.items():

            async def one() -> int:
                return await made(await reporter.report(name, entry, asked_for))  # noqa: B023 - awaited in its turn

            await _timed(f"{name}.{form}", one)


async def _questions(db: Database, names: frozenset[str]) -> None:
    figures = _figures(db, Known())
    for measure, parameters in QUESTIONS:
        if names and "questions" not in names:
            continue

        async def one() -> int:
            question = asked(measure, {**YEAR, **parameters}, now=NOW, zone=DESK.key, keeping=KEEPING)  # noqa: B023
            return len(answer(question, await figures.stored(question, now=NOW), as_of=NOW)["rows"])

        await _timed(f"{measure} {' '.join(parameters.values())}", one)


def _figures(db: Database, known: Known) -> MongoFigures:
    return MongoFigures(db, DESK.key, KEEPING, Unfinished(db, known))


async def _timed(what: str, one: Callable[[], Awaitable[int]]) -> None:
    for _ in range(2):
        began, used = time.monotonic(), time.process_time()
        size = await one()
        took, spent = time.monotonic() - began, time.process_time() - used
    sys.stdout.write(f"{what:<40} {1000 * took:6.0f} ms, {1000 * spent:6.0f} ms of processor, {size} bytes or rows\n")
    sys.stdout.flush()


async def _json(report: Any) -> int:
    return len(await whole(json_of(report)))


async def _csv(report: Any) -> int:
    return len(await whole(csv_of(report)))


async def _xlsx(report: Any) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        await Workbook(path, report).write()
        return path.stat().st_size


_FORMS = {"json": _json, "csv": _csv, "xlsx": _xlsx}


# --- a year -------------------------------------------------------------------------------------


def _cells(zone: ZoneInfo, halves: float) -> Iterator[dict[str, Any]]:
    """Days, weeks and months of a year in a zone; of the last forty days also some half hours."""
    chance = random.Random(1)
    starts: list[tuple[dt.datetime, str]] = []
    for period in PERIODS:
        at = start_of(FIRST, period, zone)
        while at < NOW:
            starts.append((at, layer_of(period, zone, DESK)))
            at = end_of(at, period, zone)
    if halves:
        busy = range(14, 38)
        midnight = start_of(NOW, "day", zone)
        starts += [
            (midnight - dt.timedelta(days=day) + dt.timedelta(minutes=30 * half), "half_hour")
            for day in range(40) for half in busy if chance.random() < halves or day == 0
        ]  # fmt: skip
    kept = (each for each in _kept() if zone is DESK or each[0] in ABROAD)
    keys = {name: [*_keys(chance, cut, dimensions)] for name, cut, dimensions in kept}
    for slot, layer in starts:
        for name, combinations in keys.items():
            most = _MOST[layer.split()[0]] if ":" in name and "agent" not in name else 12
            for values in combinations:
                if chance.random() < SHARE.get(name, 1.0):
                    yield {"cut": name, "slot": slot, "grain": layer, "values": values, "m": _amounts(chance, most)}


def _kept() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for cut in ("desk", "agents", "subjects", "people", "skills", "causes"):
        yield cut, cut, CUTS[cut]
    for each in ROLL_UPS:
        yield each.name, each.cut, each.dimensions


def _keys(chance: random.Random, cut: str, dimensions: tuple[str, ...]) -> Iterator[list[str]]:
    summed = RollUp(cut, dimensions)
    for values in itertools.product(*(VALUES[name] if name in dimensions else [""] for name in CUTS[cut])):
        yield summed.values(values)


_MOST = {"half_hour": 3, "day": 12, "week": 50, "month": 150}
"""How often a measure occurs in a cell, at most."""
_BOOK: dict[tuple[int, int], dict[str, Any]] = {}


def _amounts(chance: random.Random, most: int) -> dict[str, Any]:
    """One of fifty sets of figures: making each anew would take longer than all that is measured."""
    key = (most, chance.randrange(50))
    if key not in _BOOK:
        _BOOK[key] = {name: _figure(chance, name, most) for name in chance.sample(sorted(MEASURES), 25)}
    return _BOOK[key]


def _figure(chance: random.Random, measure: str, most: int) -> dict[str, Any]:
    count = chance.randint(1, most)
    if not MEASURES[measure].is_timed:
        return {"n": count, **({"s": count * 200_000_000} if measure.startswith("backlog") else {})}
    spread: dict[str, int] = {}
    for _ in range(count):
        bucket = str(bucket_of(round(chance.expovariate(1 / 900_000))))
        spread[bucket] = spread.get(bucket, 0) + 1
    return {"n": count, "ms": count * 900_000, "b": spread, "w": count * 600_000, "h": spread}


def _cases() -> Iterator[dict[str, Any]]:
    """Half of the open ones are held; of those that are done a part of the year's."""
    chance = random.Random(2)
    for number in range(OPEN):
        at = NOW - dt.timedelta(minutes=chance.randrange(60 * 24))
        case = _opened(chance, at, number)
        if number % 2:
            held = max(at, NOW - dt.timedelta(hours=chance.expovariate(1 / 2)))
            case = work.accepted(case, held, f"work-{number}", "queue-1", f"agent-{number % AGENTS_COUNT}", since=at)
        yield {"_id": f"open-{number}", **dump_history(case)}
    for number in range(DONE):
        at = NOW - dt.timedelta(minutes=chance.randrange(60 * 24 * 365))
        case = _opened(chance, at, number)
        case = work.accepted(case, at, f"work-{number}", "queue-1", f"agent-{number % AGENTS_COUNT}", since=at)
        later = at + dt.timedelta(seconds=chance.expovariate(1 / 900))
        case = work.completed(
            case,
            later,
            f"work-{number}",
            "queue-1",
            f"agent-{number % AGENTS_COUNT}",
            handling_ms=None,
            wrap_up_ms=None,
        )
        case = life.left(life.resolved(case, later), later)
        yield {"_id": f"done-{number}", **dump_history(case), "is_live": False}


def _opened(chance: random.Random, at: dt.datetime, number: int) -> History:
    face = Face(channel=chance.choice(VALUES["channel"]), priority="normal", category=chance.choice(VALUES["category"]))
    case = life.opened(History(), at, face=face, number=str(number), customer=f"customer-{number}")
    return work.queued(case, at, f"work-{number}", f"queue-{number % 20}", since=at)


def _agents() -> Iterator[dict[str, Any]]:
    for name in VALUES["agent"]:
        agent = Agent(id=name, presence="online", since=NOW - dt.timedelta(hours=3))
        yield {"_id": name, **dataclasses.asdict(agent)}


async def _fill(collection: Any, what: str, documents: Iterable[dict[str, Any]]) -> None:
    made, count, began = iter(documents), 0, time.monotonic()
    while batch := list(itertools.islice(made, 20_000)):
        await collection.insert_many(batch, ordered=False)
        count += len(batch)
    sys.stdout.write(f"{count} {what}, in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
