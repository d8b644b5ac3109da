"""`make bench`: how fast each stage is beside a plain loop.

One run on one Kafka and one MongoDB: its own, or those of `CASEWAY_KAFKA_URL` and `CASEWAY_MONGO_URL`. Absolute
numbers say something about the machine and the minute; the ratios are what to compare. No speed is ever asserted: that
everything was processed is.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from caseway.local import Stack
from tests.load import corner, grown, latency, offer, router_cost, router_engine, table, taking_over
from tests.load.table import Row
from tests.load.throughput import CASES, ROOT, Bench, Speed

RATES = (25, 50, 100, 150, 200, 300)


def _arguments() -> argparse.Namespace:
    reading = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    reading.add_argument("--short", action="store_true", help="under a minute: that all of it works, not how fast")
    reading.add_argument("--events", type=int, help="a stage (default 12,000; mails a fifth)")
    reading.add_argument(
        "--only", default="", help="stages whose title contains this; `latency`; `offer`; `cost`; `engine`; `memory`"
    )
    reading.add_argument("--store", type=int, default=0, help="cases and Message-IDs there before intake is measured")
    reading.add_argument("--rates", default="", help="contacts a second, such as 100,200")
    reading.add_argument("--seconds", type=float, help="how long each rate is held (default 15)")
    reading.add_argument("--output", type=Path, default=ROOT / ".caseway" / "bench")
    return reading.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _stages(bench: Bench, asked: argparse.Namespace) -> list[Row]:
    events = asked.events or (600 if asked.short else 12_000)
    rows: list[Row] = []
    chosen = [each for each in CASES if asked.only in each.title]
    if asked.store:  # intake's stages share a store then, and the core's input is what the edge writes
        chosen.sort(key=lambda each: each.stage == "intake.core")
    for case in chosen:
        before = await bench.raw(events)
        speed = await bench.stage(case, int(events * case.share))
        # a short run proves that it works: once is enough
        after = before if asked.short else await bench.raw(events)
        rows.append(Row(case=case, speed=speed, raw=_mean(before, after)))
        _say(f"  {case.title:<38} {speed.rate:>8,.0f}/s  {rows[-1].ratio:.2f} of the raw loop")
    return rows


def _mean(one: Speed, other: Speed) -> Speed:
    return Speed(
        events=one.events + other.events,
        seconds=one.seconds + other.seconds,
        processor_seconds=one.processor_seconds + other.processor_seconds,
    )


async def _latency(stack: Stack, asked: argparse.Namespace, folder: Path, prefix: str) -> list[latency.Held]:
    namespace = await corner.opened(f"{prefix}desk_", stack.kafka_url, stack.mongo_url)
    rates = [int(rate) for rate in asked.rates.split(",") if rate] or ([25] if asked.short else list(RATES))
    try:
        steps = await latency.climb(namespace, folder, rates, asked.seconds or (4.0 if asked.short else 15.0))
    finally:
        await namespace.clean()
    for step in steps:
        assert step.offered == step.sent or not asked.short, f"{step.offered} of {step.sent} contacts were offered"
    return steps


async def _offers(stack: Stack, asked: argparse.Namespace, folder: Path, prefix: str) -> None:
    _say("queue command to offered, the router alone:")
    rates = [int(rate) for rate in asked.rates.split(",") if rate] or [100]
    namespace = await corner.opened(f"{prefix}offer_", stack.kafka_url, stack.mongo_url)
    try:
        found = await offer.hold(namespace, folder, rates, asked.seconds or (4.0 if asked.short else 30.0))
    finally:
        await namespace.clean()
    _say(f"{table.machine()}\n\n{table.offers(found)}\n")


async def _memory(stack: Stack, asked: argparse.Namespace, folder: Path, prefix: str) -> None:
    count = asked.events or (2_000 if asked.short else 200_000)
    _say(f"one intake, {count:,} contacts:")
    namespace = await corner.opened(f"{prefix}memory_", stack.kafka_url, stack.mongo_url)
    try:
        await grown.remember(namespace, folder, count, ROOT / "deploy" / "scenarios" / "retail")
    finally:
        await namespace.clean()
    _say(table.machine())


async def _run(stack: Stack, asked: argparse.Namespace, folder: Path) -> None:
    # a topic that is being deleted cannot be made anew: each run has names of its own
    prefix = f"{os.environ.get('CASEWAY_NAMESPACE') or 'bench_'}{os.getpid()}_"
    if asked.only == "memory":
        await _memory(stack, asked, folder, prefix)
        return
    if asked.only == "offer":
        await _offers(stack, asked, folder, prefix)
        return
    if asked.only == "takeover" or not asked.only:
        await taking_over.measure(stack.mongo_url, prefix, *((500, 2_000) if asked.short else (10_000, 100_000)))
    if asked.only == "takeover":
        return
    bench = Bench(stack.kafka_url, stack.mongo_url, folder, prefix, asked.store)
    rows, steps = [], []
    if asked.only != "latency":
        _say("one process of each, everything waiting:")
        try:
            rows = await _stages(bench, asked)
        finally:
            await bench.close()
    if not asked.only or asked.only == "latency":
        _say("contact to offered, five services:")
        steps = await _latency(stack, asked, folder, prefix)
    table.save(asked.output / ("short.json" if asked.short else "bench.json"), rows, steps)
    _say(
        f"\n{table.machine()}\n\n{table.throughput(rows)}\n\nµs an event by step, as the stage says:\n{table.shares(rows)}\n\n{table.latency(steps)}\n"
    )


def main() -> None:
    """Run the bench."""
    asked = _arguments()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it complains of topics that were made this very moment
    if asked.only == "engine" or not (asked.only or asked.short):
        router_engine.main(*((1_000, 1_000, 50) if asked.short else (10_000, 100_000, 200)))
    if asked.only == "cost":
        router_cost.main(*((50, 3) if asked.short else (500, 30)))
    if asked.only in {"engine", "cost"}:
        return
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-bench-") as folder:
        try:
            asyncio.run(_run(stack, asked, Path(folder)))
        except AssertionError:
            for log in sorted(Path(folder).glob("*.log")):
                _say(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}")
            raise


if __name__ == "__main__":
    main()
