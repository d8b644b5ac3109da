"""Many promises in one process: how late they fire, and in how much memory.

`python -m tests.load.promises`: a million cases with a running clock stand in the database; for a minute a thousand a
second fall due. How late each was, is from its deadline to the broker's stamp on `milestone.violated`: outbox and
Kafka included. Nothing is asserted but that each fired once. `tests.load.beside` puts another scheduler beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import orjson
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.local.ports import free_ports
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.load import corner
from tests.load.standing import Filler, evenly
from tests.load.throughput import RETAIL, ROOT

_HEAD = f"| {'':<44} | {'fired':>15} | a second | p50 ms | p99 ms | last ms | MiB, most | processor µs a firing |"
_RULE = f"| {'-' * 44} | {'-' * 14}: | -------: | -----: | -----: | ------: | --------: | --------------------: |"


def _arguments() -> argparse.Namespace:
    reading = argparse.ArgumentParser(prog="python -m tests.load.promises", description=__doc__.splitlines()[0])
    reading.add_argument("--open", type=int, default=1_000_000, help="cases with a running clock")
    reading.add_argument("--rate", type=int, default=1_000, help="deadlines a second")
    reading.add_argument("--seconds", type=int, default=60)
    reading.add_argument("--overdue", type=int, default=0, help="deadlines that have passed when the process starts")
    reading.add_argument("--kill-after", type=float, help="seconds after the start: SIGKILL, and started again")
    return reading.parse_args()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What one process did."""

    title: str
    late: Sequence[float]
    """Seconds, of what fell due while it ran."""
    wanted: int
    seconds: float
    """From the first deadline to the last firing."""
    most_bytes: int
    processor_seconds: float
    """From the first deadline on, for each firing since then."""

    def row(self) -> str:
        """Of the table."""
        cuts = statistics.quantiles(self.late, n=100) if len(self.late) > 1 else [float("nan")] * 99
        last = max(self.late, default=float("nan"))
        return (
            f"| {self.title:<44} | {f'{len(self.late):,}/{self.wanted:,}':>15} | {len(self.late) / self.seconds:>8,.0f} "
            f"| {cuts[49] * 1000:>6,.0f} | {cuts[98] * 1000:>6,.0f} | {last * 1000:>7,.0f} "
            f"| {self.most_bytes / 2**20:>9,.0f} | {self.processor_seconds * 1e6:>21,.0f} |"
        )


class Told(NamedTuple):
    """What stands on Kafka of promises that were broken."""

    facts: Mapping[str, tuple[float, float]]
    """By case: when it was due, and when Kafka stored that it was broken."""
    twice: int
    """Cases of which that was decided more than once."""
    repeats: int
    """Rows that were published again, as they may be after any error: each has its sequence of the first time, by which
    readers know and drop it."""


async def told(namespace: Namespace, prefix: str) -> Told:
    """All that was told of the cases whose name begins so."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[str, tuple[float, float]] = {}
    sequences: dict[str, Counter[bytes | None]] = {}
    try:
        places = [TopicPartition(namespace.topic("milestones"), number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    fact = orjson.loads(record.value)
                    if "noticed_at" not in fact or "rung" in fact or not fact["case_id"].startswith(prefix):
                        continue
                    sequences.setdefault(fact["case_id"], Counter())[dict(record.headers)["ce_sequence"]] += 1
                    due_at = dt.datetime.fromisoformat(fact["due_at"]).timestamp()
                    found.setdefault(fact["case_id"], (due_at, record.timestamp / 1000))
    finally:
        await consumer.stop()
    twice = sum(len(each) > 1 for each in sequences.values())
    return Told(found, twice, sum(each.total() - len(each) for each in sequences.values()))


def process(namespace: Namespace, folder: Path, module: str = "", **environment: str) -> subprocess.Popen[bytes]:
    """Escalation's process: with its one stage and nothing beside it, or a whole service's module."""
    (port,) = free_ports(1)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
    environment = {
        **inherited,
        **namespace.environment(),
        "CASEWAY_CONFIG": str(RETAIL),
        "CASEWAY_SIGNING_KEY": "bench",
        "CASEWAY_HTTP_PORT": str(port),
        "CASEWAY_LOG_LEVEL": "WARNING",
        **environment,
    }
    with (folder / "escalation.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *([module] if module else ["tests.load.one_stage", "escalation", "escalation"])],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def used(process: psutil.Process) -> float:
    """Processor seconds so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def most_bytes(pid: int) -> int:
    """The most memory that a process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def say(text: str) -> None:
    """At once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def running(child: subprocess.Popen[bytes]) -> Iterator[psutil.Process]:
    """Killed at the end, whatever happened."""
    try:
        yield psutil.Process(child.pid)
    finally:
        if child.poll() is None:
            if "BENCH_PROFILE" in os.environ:
                child.terminate()
                child.wait(20)
            child.kill()
        child.wait()


async def _ours(stack: Stack, asked: argparse.Namespace, folder: Path) -> Fired:
    namespace = await corner.opened(f"promises_{os.getpid()}_", stack.kafka_url, stack.mongo_url)
    try:
        return await _fired(namespace, asked, folder)
    finally:
        await namespace.clean()


async def _fired(namespace: Namespace, asked: argparse.Namespace, folder: Path) -> Fired:
    filler, count = Filler(namespace), asked.rate * asked.seconds
    begun = time.monotonic()
    filler.fill("far", evenly(_later(hours=6), 100, max(0, asked.open - count - asked.overdue)))
    filler.fill("past", evenly(_later(hours=-3), 100, asked.overdue))
    say(f"  {asked.open:,} promises stood after {time.monotonic() - begun:.0f} s")
    start = _later(seconds=lead()).replace(microsecond=0)
    filler.fill("soon", evenly(start, asked.rate, count))
    launched = time.time()
    if asked.kill_after:
        with running(process(namespace, folder)):
            await asyncio.sleep(asked.kill_after)
        say(f"  killed {asked.kill_after:.0f} s after it was launched: {filler.violated():,} had been decided")
    with running(process(namespace, folder)) as child:
        await asyncio.sleep(max(0.0, start.timestamp() - time.time()))
        before, fired_before = used(child), filler.violated()
        await _until_violated(filler, count + asked.overdue, asked.seconds * 3 + 60 + asked.overdue / 100)
        processor_seconds = (used(child) - before) / max(1, filler.violated() - fired_before)
        await asyncio.sleep(1.0)  # the last rows are on their way
        held = most_bytes(child.pid)
    facts, twice, repeats = await told(namespace, "case_soon")
    last = max((stored for _, stored in facts.values()), default=start.timestamp())
    say(f"  {twice} fired twice, {repeats} rows published again")
    if asked.overdue:
        await _say_overdue(namespace, asked.overdue, launched)
    return Fired(
        title=f"caseway, {asked.open:,} stand",
        late=[stored - due_at for due_at, stored in facts.values()],
        wanted=count,
        seconds=last - start.timestamp(),
        most_bytes=held,
        processor_seconds=processor_seconds,
    )


def lead() -> float:
    """Seconds until the first deadline, so that the process has started by then: several times what importing it takes."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import caseway_escalation.app"], cwd=ROOT, check=True)
    return 10 + 6 * (time.monotonic() - begun)


async def _until_violated(filler: Filler, count: int, seconds: float) -> None:
    async def are_violated() -> bool:
        return filler.violated() >= count

    with contextlib.suppress(AssertionError):  # what is missing, the table tells
        await eventually(are_violated, f"{count} violations", seconds=seconds, every=0.5)


async def _say_overdue(namespace: Namespace, count: int, launched: float) -> None:
    facts, twice, repeats = await told(namespace, "case_past")
    stored = [at for _, at in facts.values()]
    say(
        f"  of {count:,} overdue {len(facts):,} fired, {twice} twice ({repeats} rows published again): the first "
        f"{min(stored) - launched:.1f} s after the process was launched, all within {max(stored) - min(stored):.1f} s more"
    )


def _later(**lengths: float) -> dt.datetime:
    return WallClock().now() + dt.timedelta(**lengths)


def main() -> None:
    """Run it."""
    asked = _arguments()
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-promises-") as folder:
        say(f"{asked.rate:,} deadlines a second for {asked.seconds} s, {os.cpu_count()} cores:")
        row = asyncio.run(_ours(stack, asked, Path(folder))).row()
        say("\n".join([f"  load {os.getloadavg()[0]:.1f} at the end\n", _HEAD, _RULE, row]))


if __name__ == "__main__":
    main()
