"""Promises beside APScheduler: the same timers, the same work, the same accident.

`python -m tests.load.beside`: first we, then APScheduler with its MongoDB store (`tests.load.apscheduler_jobs`), each in one
process on the same Kafka and MongoDB. So many timers stand, a part of them falls due at an even rate; each firing is written
to MongoDB and told on Kafka, acknowledged. Two thirds through, the process is killed (SIGKILL) and started again. One table:
how late, from the deadline to Kafka's stamp, what fell due before that was; how much of all was lost, and how much decided
twice. Nothing is asserted: the table tells.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from pymongo import MongoClient

from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from tests.load import apscheduler_jobs, corner
from tests.load.promises import Told, lead, most_bytes, process, running, say, told, used
from tests.load.standing import Filler, evenly
from tests.load.throughput import ROOT

Start = Callable[[], subprocess.Popen[bytes]]
_AFTERWARDS = 45.0
"""Seconds after the last deadline until whatever is not told is called lost: the group's session, and time to catch up."""
_HEAD = (
    "| one process | stand | due | lost | twice | p50 ms | p99 ms | last ms | back after s | MiB, most | µs a firing |"
)
_RULE = "| :--- | " + " | ".join(["---:"] * 10) + " |"


def _arguments() -> argparse.Namespace:
    reading = argparse.ArgumentParser(prog="python -m tests.load.beside", description=__doc__.splitlines()[0])
    reading.add_argument("--open", type=int, default=30_000, help="timers that stand, those that fall due included")
    reading.add_argument("--rate", type=int, default=200, help="deadlines a second")
    reading.add_argument("--seconds", type=int, default=45)
    return reading.parse_args()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one of them did."""

    title: str
    stand: int
    wanted: int
    start: float
    killed: float
    told: Told
    bytes: int
    """The most that it held."""
    processor_seconds: float
    """From the first deadline to the kill."""

    def row(self) -> str:
        """Of the table."""
        before = [(due_at, at) for due_at, at in self.told.facts.values() if at < self.killed]
        late = [at - due_at for due_at, at in before if due_at < self.killed]
        cuts = statistics.quantiles(late, n=100) if len(late) > 1 else [float("nan")] * 99
        after = [at for _, at in self.told.facts.values() if at >= self.killed]
        cells = [
            self.title, f"{self.stand:,}", f"{self.wanted:,}", f"{self.wanted - len(self.told.facts):,}", f"{self.told.twice:,}",
            *(f"{seconds * 1000:,.0f}" for seconds in (cuts[49], cuts[98], max(late, default=float("nan")))),
            f"{min(after, default=float('nan')) - self.killed:.1f}", f"{self.bytes / 2**20:,.0f}",
            f"{self.processor_seconds / max(1, len(before)) * 1e6:,.0f}",
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"


class Course:
    """The same course for both."""

    def __init__(self, namespace: Namespace, asked: argparse.Namespace, folder: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self._asked = asked
        self.count = asked.rate * asked.seconds

    async def ran(self, title: str, start: Start, stood: Callable[[str, dt.datetime, int, int], None]) -> Run:
        """Stand the timers, let them fall due, kill, begin again, and read what was told."""
        asked, now = self._asked, WallClock().now()
        stood("far", now + dt.timedelta(hours=6), 1_000, asked.open - self.count)
        first = (WallClock().now() + dt.timedelta(seconds=lead())).replace(microsecond=0)
        stood("soon", first, asked.rate, self.count)
        with running(start()) as child:
            await asyncio.sleep(first.timestamp() - time.time())
            before = used(child)
            await asyncio.sleep(asked.seconds * 2 / 3)
            processor_seconds, held = used(child) - before, most_bytes(child.pid)
            child.kill()
            killed = time.time()
        with running(start()) as child:
            held = max(held, await self._all_told(child, first.timestamp() + asked.seconds + _AFTERWARDS))
        return Run(
            title=title, stand=asked.open, wanted=self.count, start=first.timestamp(), killed=killed,
            told=await told(self.namespace, "case_soon"), bytes=held, processor_seconds=processor_seconds,
        )  # fmt: skip

    async def _all_told(self, child: psutil.Process, until: float) -> int:
        """Wait until all is told, or long enough; the most memory held meanwhile."""
        while time.time() < until:
            await asyncio.sleep(3.0)
            if len((await told(self.namespace, "case_soon")).facts) >= self.count:
                break
        await asyncio.sleep(2.0)  # what is decided twice comes, if it does, beside the last
        return most_bytes(child.pid)


async def _ours(stack: Stack, asked: argparse.Namespace, folder: Path) -> Run:
    namespace = await corner.opened(f"beside_{os.getpid()}_", stack.kafka_url, stack.mongo_url)
    filler = Filler(namespace)

    def stood(prefix: str, first: dt.datetime, rate: int, count: int) -> None:
        filler.fill(prefix, evenly(first, rate, count))

    try:
        return await Course(namespace, asked, folder).ran("caseway", lambda: process(namespace, folder), stood)
    finally:
        await namespace.clean()


async def _theirs(stack: Stack, asked: argparse.Namespace, folder: Path) -> Run:
    namespace = await corner.opened(f"beside_ap_{os.getpid()}_", stack.kafka_url, stack.mongo_url)
    database = f"{namespace.prefix}apscheduler"
    arguments = [stack.mongo_url, stack.kafka_url, database, namespace.topic("milestones")]

    def start() -> subprocess.Popen[bytes]:
        with (folder / "apscheduler.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.load.apscheduler_jobs", *arguments],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def stood(prefix: str, first: dt.datetime, rate: int, count: int) -> None:
        apscheduler_jobs.stand(stack.mongo_url, database, prefix, evenly(first, rate, count))

    try:
        return await Course(namespace, asked, folder).ran("APScheduler, MongoDBJobStore", start, stood)
    finally:
        with MongoClient[dict[str, object]](stack.mongo_url) as client:
            client.drop_database(database)
        await namespace.clean()


def main() -> None:
    """Run it."""
    asked = _arguments()
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-beside-") as folder:
        say(f"{asked.open:,} timers, {asked.rate:,} due a second for {asked.seconds} s, killed after two thirds:")
        rows = [asyncio.run(run(stack, asked, Path(folder))) for run in (_ours, _theirs)]
        say("\n".join([f"  load {os.getloadavg()[0]:.1f} at the end\n", _HEAD, _RULE, *(each.row() for each in rows)]))
        say(
            f"\n{rows[0].told.repeats:,} of our rows were published again after the kill; readers know them by ce_sequence."
        )


if __name__ == "__main__":
    main()
