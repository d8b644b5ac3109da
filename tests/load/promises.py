"""Many promises in one process: how late they fire, and in how much memory.

`python -m tests.load.promises`: a million cases with a running clock stand in the database; for a minute a thousand a
second fall due. How late each was, is from its deadline to the broker's stamp on `milestone.violated`: outbox and
Kafka included. Beside it, in the same run, APScheduler with its MongoDB store fires the same due times; its jobs only
note the time, in memory, which is less than we do. Nothing is asserted but that each fired once.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import MongoClient

from caseway.contracts.codec import partition_of
from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.local.ports import free_ports
from caseway.runtime.configuration import load
from caseway.testkit.namespaces import Namespace
from caseway_escalation.adapters.cases import dump
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.settings import Configuration
from tests.load import corner
from tests.load.throughput import RETAIL, ROOT

LEAD = dt.timedelta(seconds=30)
"""Until the first deadline, so that the process has started."""
TARGET = dt.timedelta(hours=8)
_DATABASE = "caseway_escalation"


def _arguments() -> argparse.Namespace:
    reading = argparse.ArgumentParser(prog="python -m tests.load.promises", description=__doc__.splitlines()[0])
    reading.add_argument("--open", type=int, default=1_000_000, help="cases with a running clock")
    reading.add_argument("--rate", type=int, default=1_000, help="deadlines a second")
    reading.add_argument("--seconds", type=int, default=60)
    reading.add_argument("--overdue", type=int, default=0, help="deadlines that have passed when the process starts")
    reading.add_argument("--without-apscheduler", action="store_true")
    return reading.parse_args()


class Filler:
    """Puts cases and their timers where the service would have."""

    def __init__(self, namespace: Namespace) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(namespace.mongo_url)
        self._database = self._client[f"{namespace.prefix}{_DATABASE}"]
        loaded = load(RETAIL, Configuration)
        self._version = loaded.version
        self._hours = loaded.value.promises.calendars["always"]
        kind = loaded.value.promises.kinds["resolution"]
        self._terms = next(each.terms for each in kind.promises if each.terms.calendar == "always")

    def fill(self, prefix: str, due: Iterator[dt.datetime]) -> None:
        """One case a deadline."""
        cases, timers = [], []
        for number, due_at in enumerate(due):
            case, timer = self._documents(f"case_{prefix}_{number}", due_at)
            cases.append(case)
            timers.append(timer)
            if len(cases) == 5_000:
                self._insert(cases, timers)
                cases, timers = [], []
        self._insert(cases, timers)

    def _insert(self, cases: list[dict[str, Any]], timers: list[dict[str, Any]]) -> None:
        if cases:
            self._database["cases"].insert_many(cases, ordered=False)
            self._database["timers"].insert_many(timers, ordered=False)

    def _documents(self, case_id: str, due_at: dt.datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        lane = f"escalation/{partition_of(case_id.encode(), PARTITIONS)}"
        milestone = clock.started(
            id=f"milestone_{case_id}",
            kind="resolution",
            instance=1,
            terms=self._terms,
            at=due_at - self._terms.target,
            hours=self._hours,
            given_by=self._version,
        )
        told = tuple(each.before for each in milestone.warnings)
        milestone = dataclasses.replace(milestone, warned=told)
        document = dump(Case(id=case_id, milestones=(milestone,), configured=self._version))
        key = case_id
        timer = {
            "_id": f"{lane}/{key}",
            "lane": lane,
            "key": key,
            "kind": "next",
            "due_at": due_at,
            "armed_by": f"fact-{case_id}",
            "data": {"case_id": case_id},
        }
        return {"_id": case_id, "_lane": lane, **document}, timer


def _evenly(start: dt.datetime, rate: int, count: int) -> Iterator[dt.datetime]:
    for number in range(count):
        yield start.replace(microsecond=0) + dt.timedelta(milliseconds=number * 1000 // rate)


async def _lateness(namespace: Namespace, count: int, seconds: float) -> tuple[list[float], int, float]:
    """Of the violations on the topic: how late each was, how many came twice, and when the first was stored."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, auto_offset_reset="earliest")
    await consumer.start()
    late: dict[str, float] = {}
    twice, first = 0, float("inf")
    try:
        consumer.assign([TopicPartition(namespace.topic("milestones"), number) for number in range(PARTITIONS)])
        ends = time.monotonic() + seconds
        while len(late) < count and time.monotonic() < ends:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    told = orjson.loads(record.value)
                    if "noticed_at" not in told or told["case_id"] in late:
                        twice += told["case_id"] in late
                        continue
                    due_at = dt.datetime.fromisoformat(told["due_at"]).timestamp()
                    late[told["case_id"]] = record.timestamp / 1000 - due_at
                    first = min(first, record.timestamp / 1000)
    finally:
        await consumer.stop()
    return list(late.values()), twice, first


def _process(namespace: Namespace, folder: Path) -> subprocess.Popen[bytes]:
    (port,) = free_ports(1)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
    environment = {
        **inherited,
        **namespace.environment(),
        "CASEWAY_CONFIG": str(RETAIL),
        "CASEWAY_SIGNING_KEY": "bench",
        "CASEWAY_HTTP_PORT": str(port),
        "CASEWAY_LOG_LEVEL": "WARNING",
    }
    with (folder / "escalation.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.load.one_stage", "escalation", "escalation"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _quantiles(late: list[float]) -> str:
    if len(late) < 2:
        return f"{len(late)} fired"
    cuts = statistics.quantiles(late, n=100)
    return f"p50 {cuts[49] * 1000:,.0f} ms, p99 {cuts[98] * 1000:,.0f} ms, last {max(late) * 1000:,.0f} ms"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _ours(stack: Stack, asked: argparse.Namespace, folder: Path) -> None:
    namespace = await corner.opened(f"promises_{os.getpid()}_", stack.kafka_url, stack.mongo_url)
    child = None
    try:
        filler, count = Filler(namespace), asked.rate * asked.seconds
        begun = time.monotonic()
        far = WallClock().now() + dt.timedelta(hours=6)
        filler.fill("far", _evenly(far, 100, max(0, asked.open - count - asked.overdue)))
        past = WallClock().now() - dt.timedelta(hours=3)
        filler.fill("past", _evenly(past, 100, asked.overdue))
        _say(f"  {asked.open:,} promises stood after {time.monotonic() - begun:.0f} s")
        start = WallClock().now() + LEAD
        filler.fill("soon", _evenly(start, asked.rate, count))
        child = _process(namespace, folder)
        launched = time.time()
        late, twice, first = await _lateness(namespace, count + asked.overdue, LEAD.seconds + 3 * asked.seconds + 60)
        on_time = [each for each in late if each < 3600]
        used = psutil.Process(child.pid)
        _say(
            f"  ours: {len(late):,} of {count + asked.overdue:,} fired, {twice} twice; {_quantiles(on_time)}; "
            f"memory {used.memory_info().rss / 2**20:,.0f} MiB, processor {used.cpu_times().user:,.0f} s; "
            f"the first {first - launched:.1f} s after the process was launched"
        )
    finally:
        if child is not None:
            child.kill()
            child.wait()
        await namespace.clean()


def _theirs(stack: Stack, asked: argparse.Namespace) -> None:
    """In a process of its own, as ours."""
    count = asked.rate * asked.seconds
    arguments = [stack.mongo_url, str(asked.rate), str(count)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.load.apscheduler_jobs", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        _say(f"  APScheduler: {done.stderr[-500:]}")
        return
    told = orjson.loads(done.stdout.splitlines()[-1])
    _say(
        f"  APScheduler: {len(told['late']):,} of {count:,} fired, none but these stood; {_quantiles(told['late'])}; "
        f"memory {told['memory'] / 2**20:,.0f} MiB, processor {told['processor']:,.0f} s"
    )


def main() -> None:
    """Run it."""
    asked = _arguments()
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-promises-") as folder:
        _say(f"{asked.rate:,} deadlines a second for {asked.seconds} s, {os.cpu_count()} cores:")
        asyncio.run(_ours(stack, asked, Path(folder)))
        if not asked.without_apscheduler:
            _theirs(stack, asked)
        _say(f"  load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
