"""A calendar that changes under many running clocks: how long they take to follow, and what goes on meanwhile.

`python -m tests.load.recomputing`: two hundred thousand cases with a running clock stand; promises fall due, and cases are
opened, at an even rate all the time. Then the calendar gets another holiday, and the service hears of it (SIGHUP). One table:
how long until every clock was reckoned anew, and how late facts were told and promises fired before that and while it
lasted. Nothing is asserted but that every case was looked at, and each promise fired once.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import itertools
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from tests.load import corner, payloads
from tests.load.crowd import RETAIL
from tests.load.promises import lead, most_bytes, process, running, say, told, used
from tests.load.standing import Filler, evenly

_QUIET_SECONDS = 20.0
"""How long it is watched before anything changes."""
_HEAD = "| | facts | p50 ms | p99 ms | last ms | firings | p50 ms | p99 ms | last ms | processor, of one core |"
_RULE = "| :--- | " + " | ".join(["---:"] * 9) + " |"


def _arguments() -> argparse.Namespace:
    reading = argparse.ArgumentParser(prog="python -m tests.load.recomputing", description=__doc__.splitlines()[0])
    reading.add_argument("--open", type=int, default=200_000, help="cases with a running clock")
    reading.add_argument("--rate", type=int, default=20, help="cases opened a second, and promises that fall due")
    reading.add_argument("--pace", type=int, default=500, help="`recomputed_per_second`; 500 where nothing is said")
    return reading.parse_args()


class Scenario:
    """A copy of the retail scenario whose calendar can be changed."""

    def __init__(self, folder: Path, pace: int) -> None:
        self.folder = folder
        folder.mkdir()
        for each in RETAIL.iterdir():
            if each.name not in {"calendars.yaml", "milestones.yaml"}:
                (folder / each.name).symlink_to(each)
        self._write("milestones.yaml", self._read("milestones.yaml") | {"recomputed_per_second": pace})
        self._write("calendars.yaml", self._read("calendars.yaml"))

    def close_a_day(self) -> None:
        """The desk has a holiday more: the first day on which its clocks would run."""
        calendars = self._read("calendars.yaml")
        days = (WallClock().now().date() + dt.timedelta(days=number) for number in itertools.count(1))
        day = next(each for each in days if each.weekday() < 5)
        calendars["desk"]["exceptions"][day] = "closed"
        self._write("calendars.yaml", calendars)

    @staticmethod
    def _read(name: str) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load((RETAIL / name).read_text(encoding="utf-8"))
        return content

    def _write(self, name: str, content: dict[str, Any]) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


async def _open_cases(namespace: Namespace, rate: int, stopping: asyncio.Event) -> None:
    """Cases are opened, one after the other, until told to stop."""
    producer = AIOKafkaProducer(bootstrap_servers=namespace.kafka_url, acks="all", linger_ms=5)
    await producer.start()
    began = time.monotonic()
    try:
        for number, record in enumerate(payloads.case_openings("run", 10**6)):
            if stopping.is_set():
                return
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            await producer.send_and_wait(
                namespace.topic(record.topic), record.value, key=record.key.encode(), partition=record.partition,
                headers=list(record.headers),
            )  # fmt: skip
    finally:
        await producer.stop()


async def _read_all(namespace: Namespace, topic: str) -> list[tuple[dict[str, Any], str, float]]:
    """Every record of a topic: its fact, its id, and when Kafka stored it."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, auto_offset_reset="earliest")
    await consumer.start()
    found: list[tuple[dict[str, Any], str, float]] = []
    try:
        places = [TopicPartition(namespace.topic(topic), number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for each in records:
                    id_ = (dict(each.headers)["ce_id"] or b"").decode()
                    found.append((orjson.loads(each.value), id_, each.timestamp / 1000))
    finally:
        await consumer.stop()
    return found


async def _fact_delays(namespace: Namespace) -> list[tuple[float, float]]:
    """Of each opened case: when Kafka had it, and how long until its first promise was told."""
    opened = {id_: at for _, id_, at in await _read_all(namespace, "cases")}
    first: dict[str, float] = {}
    for fact, _, at in await _read_all(namespace, "milestones"):
        first[fact["cause"]] = min(at, first.get(fact["cause"], at))
    return [(at, first[id_] - at) for id_, at in opened.items() if id_ in first]


def _cells(late: Sequence[float]) -> list[str]:
    cuts = statistics.quantiles(late, n=100) if len(late) > 1 else [float("nan")] * 99
    figures = (cuts[49], cuts[98], max(late, default=float("nan")))
    return [f"{len(late):,}", *(f"{seconds * 1000:,.0f}" for seconds in figures)]


def _row(title: str, facts: Sequence[float], firings: Sequence[float], share: float) -> str:
    return f"| {' | '.join([title, *_cells(facts), *_cells(firings), f'{share:.0%}'])} |"


async def _all_followed(filler: Filler, version: str, count: int) -> None:
    """Say how far it is, until no clock is of the version before."""
    last = time.monotonic()
    standing = {"configured": version, "_id": {"$regex": "^case_far"}}
    while behind := filler.database["cases"].count_documents(standing):
        if time.monotonic() - last > 20.0:
            last = time.monotonic()
            say(f"  {count - behind:,} of {count:,} were reckoned anew")
        await asyncio.sleep(2.0)


async def _measure(namespace: Namespace, asked: argparse.Namespace, folder: Path) -> None:
    scenario = Scenario(folder / "scenario", asked.pace)
    standing, due = (Filler(namespace, calendar, scenario.folder) for calendar in ("desk", "always"))
    standing.fill("far", evenly(WallClock().now() + standing.terms.target - dt.timedelta(hours=1), 1_000, asked.open))
    lasting = _QUIET_SECONDS + 1.5 * asked.open / asked.pace + 20
    start = (WallClock().now() + dt.timedelta(seconds=lead())).replace(microsecond=0)
    due.fill("soon", evenly(start, asked.rate, int(asked.rate * lasting)))
    child = process(namespace, folder, module="caseway_escalation", CASEWAY_CONFIG=str(scenario.folder))
    stopping = asyncio.Event()
    with running(child) as seen:
        opening = asyncio.create_task(_open_cases(namespace, asked.rate, stopping))
        await asyncio.sleep(start.timestamp() - time.time())
        marks = [(time.time(), used(seen))]
        await asyncio.sleep(_QUIET_SECONDS)
        marks.append((time.time(), used(seen)))
        scenario.close_a_day()
        child.send_signal(signal.SIGHUP)
        await _all_followed(standing, standing.version, asked.open)
        marks.append((time.time(), used(seen)))
        stopping.set()
        await opening
        await asyncio.sleep(2.0)
        held = most_bytes(child.pid)
    await _say(namespace, asked, marks, held)


async def _say(
    namespace: Namespace, asked: argparse.Namespace, marks: Sequence[tuple[float, float]], held: int
) -> None:
    facts = await _fact_delays(namespace)
    firings, twice, _ = await told(namespace, "case_soon")
    moved = sum(fact.get("reason") == "calendar changed" for fact, _, _ in await _read_all(namespace, "milestones"))
    rows = []
    for title, (since, before), (until, after) in zip(("before", "meanwhile"), marks, marks[1:], strict=False):
        delays = [late for at, late in facts if since <= at < until]
        late = [at - due_at for due_at, at in firings.values() if since <= due_at < until]
        rows.append(_row(title, delays, late, (after - before) / (until - since)))
    took = marks[2][0] - marks[1][0]
    say(
        f"\n{asked.open:,} cases were reckoned anew within {took:.0f} s of the change, {asked.open / took:,.0f} a second; "
        f"{moved:,} deadlines moved; {twice} promises fired twice; {held / 2**20:.0f} MiB at most; "
        f"load {os.getloadavg()[0]:.1f} at the end\n"
    )
    say("\n".join([_HEAD, _RULE, *rows]))


async def _run(stack: Stack, asked: argparse.Namespace, folder: Path) -> None:
    namespace = await corner.opened(f"recomputing_{os.getpid()}_", stack.kafka_url, stack.mongo_url)
    try:
        await _measure(namespace, asked, folder)
    finally:
        await namespace.clean()


def main() -> None:
    """Run it."""
    asked = _arguments()
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-recomputing-") as folder:
        say(f"{asked.open:,} clocks, {asked.rate} cases opened and {asked.rate} promises due a second:")
        asyncio.run(_run(stack, asked, Path(folder)))


if __name__ == "__main__":
    main()
