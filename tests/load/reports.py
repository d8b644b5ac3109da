"""How long a report over a year takes: `python -m tests.load.reports`.

A year of a desk with 5,000 cases a day, as its cells stand once they are gathered: 40 days by the half hour, the rest by
the day. Absolute numbers say something about the machine and the minute; nothing is asserted.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import os
import random
import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from caseway.local import Stack
from caseway.runtime.configuration import load
from caseway.runtime.mongo import connect, database, prepare_collections
from caseway_analytics.adapters.figures import MongoFigures
from caseway_analytics.adapters.forms import json_of, whole
from caseway_analytics.adapters.registers import Registers
from caseway_analytics.adapters.reporting import Reporter, asked_of
from caseway_analytics.adapters.states import CASES, CELLS, QUALITY, SERVING
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.layers import WHOLE
from caseway_analytics.domain.measures import MEASURES
from caseway_analytics.settings import Configuration

WARSAW = ZoneInfo("Europe/Warsaw")
RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
NOW = dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)
VALUES = {
    "channel": ["email", "chat", "phone", "web", "message"],
    "queue": ["customers", "stores", "marketplace", "phone", "other"],
    "priority": ["urgent", "high", "normal", "low"],
    "category": [f"category-{number}" for number in range(12)],
    "agent": [f"agent-{number}" for number in range(30)],
    "team": ["B"],
    "language": ["pl", "en", "de"],
    "segment": ["vip", "known", "unknown"],
    "skill": ["pl", "en", "de", "orders"],
}
REPORTS = ("day-by-team", "busiest", "channels", "promises", "forum-council")


def figure(chance: random.Random, measure: str) -> dict[str, Any]:
    count = chance.randint(1, 9)
    if not MEASURES[measure].is_timed:
        return {"n": count}
    spread: dict[str, int] = {}
    for _ in range(count):
        bucket = str(bucket_of(round(chance.expovariate(1 / 900_000))))
        spread[bucket] = spread.get(bucket, 0) + 1
    return {"n": count, "ms": count * 900_000, "b": spread, "w": count * 600_000, "h": spread}


def cells() -> Any:
    """By day for a year, by the busy half hours of forty days."""
    chance = random.Random(1)
    midnight = dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)
    days = [(midnight - dt.timedelta(days=day), "day") for day in range(41, 366)]
    halves = [
        (midnight - dt.timedelta(days=day) + dt.timedelta(minutes=30 * half), "half_hour")
        for day in range(1, 41)
        for half in range(14, 38)
    ]
    firsts = [dt.date(2025 + (11 + place) // 12, (11 + place) % 12 + 1, 1) for place in range(12)]
    months = [(dt.datetime.combine(on, dt.time(), WARSAW).astimezone(dt.UTC), "month") for on in firsts]
    days += [(midnight - dt.timedelta(days=day), "day") for day in range(1, 41)]
    for cut in ("desk", "agents", "subjects", "people", "skills", WHOLE):
        keys = list(itertools.product(*(VALUES.get(name, [""]) for name in CUTS.get(cut, ()))))
        for (slot, grain), key in itertools.product(days + halves + months, keys):
            if grain == "half_hour" and (cut == WHOLE or chance.random() > 0.5):
                continue  # not every combination occurs in every half hour
            names = chance.sample(sorted(MEASURES), 12)
            yield {
                "cut": cut,
                "slot": slot,
                "grain": grain,
                "values": list(key),
                "m": {n: figure(chance, n) for n in names},
            }


async def run(mongo_url: str) -> None:
    client = connect(mongo_url)
    prefix = f"{os.environ.get('CASEWAY_NAMESPACE', 'bench_')}{os.getpid()}_"
    db = database(client, prefix, "analytics")
    await prepare_collections(db, (CELLS, CASES, QUALITY, SERVING))
    try:
        made = cells()
        count = 0
        while batch := list(itertools.islice(made, 20_000)):
            await db.cells.insert_many(batch, ordered=False)
            count += len(batch)
        print(f"{count} cells")
        configuration = load(RETAIL, Configuration).value
        reporter = Reporter(MongoFigures(db, "Europe/Warsaw"), Registers(db), configuration)
        for name in REPORTS:
            entry = configuration.reports.reports[name]
            asked = asked_of(entry, {"from": "2025-11-23", "to": "2026-11-23"}, now=NOW, zone="Europe/Warsaw")
            for _ in range(2):
                began = time.monotonic()
                size = len(await whole(json_of(await reporter.report(name, entry, asked))))
                took = time.monotonic() - began
            print(f"{name:<16} a year: {took:.2f} s, {size} bytes")
    finally:
        await client.drop_database(f"{prefix}caseway_analytics")


def main() -> None:
    """Run it on its own MongoDB, or on that of `CASEWAY_MONGO_URL`."""
    with Stack() as stack:
        asyncio.run(run(stack.mongo_url))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
