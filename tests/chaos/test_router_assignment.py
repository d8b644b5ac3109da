"""Three routers, of which one is killed again and again: work is assigned as it may be, and none is lost.

Source: issue "Shown by"; delivery.md, checkers 4, 6, 10, 11, 13. `make chaos` runs the long form.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from caseway.runtime.configuration import load
from caseway.runtime.kafka import create_topics
from caseway.scenario.spread import Spread, staff_in
from caseway.testkit.chaos.assignment import in_the_order_of_lanes
from caseway.testkit.chaos.checkers import equal_ids_equal_bytes, nobody_halted, nothing_skipped
from caseway.testkit.chaos.dump import Dump, dump
from caseway.testkit.chaos.load import Journal
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from caseway_router.settings import Configuration
from tests.router_crew import POOL, Crew, every

RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
PARTITIONS = 4
TOPICS = ("cases", "milestones", "work.commands", "work", "router.parked")
COLLECTIONS = ("lanes", "outbox", "work_items", "attendances")
pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(480)]


class Routers:
    """Three processes; the oldest is killed, and another takes its place."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace, self.folder = namespace, folder
        self.running = [self._process() for _ in range(3)]
        self.killed_count = 0

    async def until_ready(self) -> None:
        for process in self.running:
            await process.until_ready()

    async def kill_one(self) -> None:
        victim = self.running.pop(0)
        await asyncio.to_thread(victim.kill)
        self.killed_count += 1
        self.running.append(self._process())

    def end(self) -> None:
        for process in self.running:
            process.kill()

    def _process(self) -> ServiceProcess:
        environment = self.namespace.environment() | {"CASEWAY_CONFIG": str(RETAIL), "CASEWAY_SESSION_SECONDS": "3"}
        return ServiceProcess("router", environment, self.folder).start()


@pytest.fixture
async def routers(namespace: Namespace, tmp_path: Path) -> AsyncIterator[Routers]:
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    three = Routers(namespace, tmp_path)
    try:
        await three.until_ready()
        yield three
    finally:
        three.end()


@pytest.mark.parametrize(("kills", "seconds_between"), [(3, 60.0), (8, 8.0)], ids=["each-minute", "each-eight-seconds"])
async def test_one_of_three_routers_killed_again_and_again(
    routers: Routers, kills: int, seconds_between: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """6: at most one holder, load ≤ capacity, skills held, nobody absent; and every case is served."""
    plan = load(RETAIL, Configuration).value.plans[POOL]
    async with Crew(routers.namespace, PARTITIONS) as crew:
        await crew.sits_down(*sorted(plan.agents))
        killing = asyncio.create_task(every(seconds_between, kills, routers.kill_one))
        await crew.opens(int(kills * seconds_between * 5), per_second=5)
        await killing
        assert routers.killed_count == kills
        try:
            await eventually(lambda: not crew.unserved(), "every case served", seconds=120)
        except AssertionError:
            pytest.fail(f"not served: {crew.unserved()[:20]}")
    await _settled(routers)
    found = await _dump(routers)
    spread = Spread(staff_in(RETAIL))
    spread.see(in_the_order_of_lanes(found.on("work")))
    with capsys.disabled():
        sys.stdout.write(f"\n{spread.table()}\n")
    assert spread.audit.wrong == []
    assert spread.audit.offered_count >= len(crew.opened)
    assert _wrong(found) == {}
    queued = Counter(fact["case_id"] for name, fact in in_the_order_of_lanes(found.on("work")) if name == "queued")
    assert queued == dict.fromkeys(crew.opened, 1)
    assert found.collections["work_items"] == []


async def _settled(routers: Routers) -> None:
    async def is_settled() -> bool:
        return not _wrong(await _dump(routers))

    await eventually(is_settled, "all lanes at the end", seconds=60, every=1.0)


async def _dump(routers: Routers) -> Dump:
    return await dump(routers.namespace, "router", TOPICS, COLLECTIONS)


def _wrong(found: Dump) -> dict[str, list[str]]:
    journal = Journal()
    wrong = {each.__name__: each(found, journal) for each in (equal_ids_equal_bytes, nothing_skipped, nobody_halted)}
    wrong["parked"] = [record.headers.get("caseway_reason", "") for record in found.on("router.parked")]
    return {name: faults for name, faults in wrong.items() if faults}
