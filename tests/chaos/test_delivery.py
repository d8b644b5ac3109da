"""Nothing is lost or doubled, whatever is killed and whenever (delivery.md).

The short form runs by default; `make chaos` runs the long one (`-m chaos`). Every test ends the same way: heal, let it
settle, dump all topics and collections, and ask the checkers.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from caseway.runtime.kafka import create_topics
from caseway.testkit.chaos.checkers import COLLECTIONS, TOPICS, violations
from caseway.testkit.chaos.dump import dump
from caseway.testkit.chaos.load import Load, commands
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually

RETAIL = Path(__file__).parents[2] / "deploy/scenarios/retail"
PARTITIONS = 4
SESSION_SECONDS = 3
LANE_FAILPOINTS = (
    "claim.before",
    "claim.after_seek",
    "txn.after_guard",
    "txn.after_state",
    "txn.after_outbox",
    "commit.before",
    "commit.after",
    "publish.before",
    "publish.mid",
    "publish.after_ack",
    "remove.after",
    "advise.before",
)


class Desk:
    """Intake on its own topics: processes come and go, the load is journaled."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace = namespace
        self.load = Load(namespace, commands(secrets.token_hex(3)))
        self.folder = folder
        self.processes: list[ServiceProcess] = []

    def intake(self, **environment: str) -> ServiceProcess:
        """Start another intake."""
        settings = {
            **self.namespace.environment(),
            "CASEWAY_CONFIG": str(RETAIL),
            "CASEWAY_SMTP_PORT": "-1",
            "CASEWAY_SESSION_SECONDS": str(SESSION_SECONDS),
            "CASEWAY_FAILPOINTS_JOURNAL": str(self.folder / "failpoints.log"),
        }
        process = ServiceProcess("intake", settings, self.folder).start(**environment)
        self.processes.append(process)
        return process

    def journaled(self) -> str:
        """What the failpoints wrote down."""
        path = self.folder / "failpoints.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    async def verdict(self, seconds: float = 60.0) -> dict[str, list[str]]:
        """What is still wrong when all has settled; waits as long as something is."""
        with contextlib.suppress(AssertionError):
            await eventually(self._is_clean, "all checkers green", seconds=seconds, every=0.5)
        return violations(await self._dump(), self.load.journal)

    async def _is_clean(self) -> bool:
        return not violations(await self._dump(), self.load.journal)

    async def _dump(self):
        return await dump(self.namespace, "intake", TOPICS, COLLECTIONS)

    def end(self) -> None:
        """Kill what still runs."""
        for process in self.processes:
            if process.process.poll() is None:
                process.resume()
                process.kill()


@pytest.fixture
async def desk(namespace: Namespace, tmp_path: Path) -> AsyncIterator[Desk]:
    async with _desk(namespace, tmp_path) as desk:
        yield desk


@contextlib.asynccontextmanager
async def _desk(namespace: Namespace, folder: Path) -> AsyncIterator[Desk]:
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    desk = Desk(namespace, folder)
    try:
        yield desk
    finally:
        desk.end()


async def test_a_kill_at_any_failpoint_loses_and_doubles_nothing(desk: Desk) -> None:
    """Steps 1-9: the process dies at each failpoint in turn, under load, and another takes its lanes."""
    for failpoint in LANE_FAILPOINTS:
        passing = 1 if failpoint == "claim.before" else 2  # all lanes of a stage are claimed at once
        victim = desk.intake(CASEWAY_FAILPOINTS=f"{failpoint}:{passing}:kill")
        while victim.process.poll() is None:
            await desk.load.send(20, per_second=200)
        assert f"{failpoint} kill" in desk.journaled(), f"{failpoint} was never hit"
    await desk.intake().until_ready()
    assert await desk.verdict() == {}
    assert list(desk.load.journal.fates.values()).count("ok") > 20 * len(LANE_FAILPOINTS)


async def test_a_zombie_that_wakes_changes_nothing(desk: Desk) -> None:
    """2, 5: stopped past its session with records in its buffers; the other takes over; then it wakes."""
    zombie = await desk.intake().until_ready()
    sending = asyncio.create_task(desk.load.send(900, per_second=100))
    await asyncio.sleep(1)
    zombie.pause()
    await desk.intake().until_ready(seconds=40)
    await asyncio.sleep(1)
    zombie.resume()
    await sending
    assert await desk.verdict() == {}


async def test_two_that_join_and_leave_under_load(desk: Desk) -> None:
    """1, 10: rolling restarts; whoever leaves finishes its batch and lets go."""
    first = await desk.intake().until_ready()
    sending = asyncio.create_task(desk.load.send(900, per_second=100))
    second = await desk.intake().until_ready()
    assert await first.terminate() == 0
    third = desk.intake()
    await third.until_ready()
    assert await second.terminate() == 0
    await sending
    assert await desk.verdict() == {}


async def test_every_record_doubled_has_one_effect(desk: Desk) -> None:
    """Repeats from outside are known by (ce_source, ce_id)."""
    await desk.intake().until_ready()
    await desk.load.send(200, per_second=400, copies=3)
    assert await desk.verdict() == {}


async def test_a_broker_and_a_database_killed_under_load(private_stack, tmp_path: Path) -> None:
    """7: Kafka dies in the middle of a publication; 5, 6: mongod dies in the middle of a transaction."""
    namespace = Namespace.new(private_stack.kafka_url, private_stack.mongo_url)
    async with _desk(namespace, tmp_path) as desk:
        intake = await desk.intake().until_ready()
        sending = asyncio.create_task(desk.load.send(600, per_second=60))
        await asyncio.sleep(2)
        private_stack.mongo.kill()
        await eventually(lambda: _is_unready(intake), "not ready without MongoDB")
        await asyncio.to_thread(private_stack.mongo.restart)
        await intake.until_ready(seconds=60)
        private_stack.kafka.kill()
        await eventually(lambda: _is_unready(intake), "not ready without Kafka")
        await asyncio.to_thread(private_stack.kafka.restart)
        await intake.until_ready(seconds=60)
        await sending
        assert await desk.verdict(seconds=90) == {}


async def _is_unready(process: ServiceProcess) -> bool:
    return await process.status("/readyz") == 503 and await process.status("/livez") == 200
