"""Wall clocks that are wrong by an hour, and jump: in a real process, and in a real MongoDB beneath it.

Nothing comes early; what was held is told once, at its own instant.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from caseway.contracts.cases import CaseNoted, CaseOpened
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.local.mongo import MongoRecipe
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.chaos.test_escalation_timers import AFTER, LADDERS
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE
from tests.integration.test_escalation_service import PARTITIONS, Desk, instant

pytestmark = pytest.mark.slow

HOUR = 3600
OUTAGE = 3 * HOUR
SHORT, LONG = "case_short", "case_long"
PROMISES = [
    {"name": "short", "when": {"field": "priority", "equals": "urgent"}, "target": "3s", "warn_before": "1s"},
    {"name": "long", "target": "30m", "warn_before": "1s"},
]


class WrongClock:
    """The wall clock of a process started with `environment`."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(file)}
        self.is_off(0)

    def is_off(self, seconds: int) -> None:
        """From now on by so much."""
        self._file.write_text(str(seconds))


@pytest.fixture
def clock(tool: Callable[..., Path], tmp_path: Path) -> WrongClock:
    library, source = tmp_path / "wrong_clock.so", Path(__file__).with_name("wrong_clock.c")
    command = [str(tool("cc")), "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl", "-pthread"]
    subprocess.run(command, check=True, timeout=60)
    return WrongClock(library, tmp_path / "seconds")


@pytest.fixture
def mongo(clock: WrongClock, tmp_path: Path) -> Iterator[str]:
    """A MongoDB of this test's own, which goes by the wrong clock."""
    folder = tmp_path / "mongo"
    folder.mkdir()
    recipe = MongoRecipe(folder, test_commands=False)
    recipe.prepare()
    with (folder / "log").open("wb") as log:
        mongod = subprocess.Popen(recipe.command(), env=os.environ | clock.environment, stdout=log, stderr=log)
    try:
        with asyncio.Runner() as runner:
            runner.run(eventually(recipe.answers, "MongoDB", seconds=90))
        yield recipe.url
    finally:
        mongod.kill()
        mongod.wait()


async def _desk(kafka_url: str, mongo_url: str, folder: Path, environment: dict[str, str]) -> Desk:
    promises = [promise | {"calendar": "always"} for promise in PROMISES]
    (folder / "calendars.yaml").write_text(yaml.safe_dump(CALENDARS))
    (folder / "milestones.yaml").write_text(
        yaml.safe_dump({"kinds": {"first_response": FIRST_RESPONSE | {"promises": promises}}})
    )
    (folder / "ladders.yaml").write_text(yaml.safe_dump(LADDERS))
    namespace = Namespace.new(kafka_url, mongo_url)
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    given = namespace.environment() | {"CASEWAY_CONFIG": str(folder)} | environment
    return Desk(namespace, ServiceProcess("escalation", given, folder))


async def _closed(desk: Desk) -> None:
    if desk.service._process is not None:
        desk.service.kill()
    await desk.namespace.clean()


@pytest.fixture
def world(clock: WrongClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A Kafka and a MongoDB that both go by the wrong clock, so that hours can pass at once."""
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    stack = Stack(own=True)
    stack.start()
    for name in clock.environment:
        monkeypatch.delenv(name)
    clock.is_off(-OUTAGE)
    yield stack
    stack.stop()


@pytest.fixture
async def misled(stack: Stack, clock: WrongClock, tmp_path: Path) -> AsyncIterator[Desk]:
    """A process whose own wall clock is wrong."""
    desk = await _desk(stack.kafka_url, stack.mongo_url, tmp_path, clock.environment)
    yield desk
    await _closed(desk)


@pytest.fixture
async def desk(stack: Stack, mongo: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A right process on a MongoDB whose clock is wrong."""
    desk = await _desk(stack.kafka_url, mongo, tmp_path, {})
    yield desk
    await _closed(desk)


async def _short_is_told_once(desk: Desk) -> None:
    facts = await desk.told(SHORT, 9)
    await asyncio.sleep(1)
    assert len(await desk.told(SHORT, 9)) == 9
    promise = [each for each in facts if "ladder" not in each]
    assert [each["type"] for each in promise] == ["started", "warned", "violated"]
    assert instant(promise[2]["at"]) == instant(promise[0]["due_at"]) <= instant(promise[2]["noticed_at"])
    ladder = [each for each in facts if "ladder" in each]
    start = instant(ladder[0]["at"])
    assert [instant(each["at"]) - start for each in ladder] == [dt.timedelta(seconds=each) for each in AFTER]
    for each in facts:
        if "noticed_at" in each:
            assert instant(each["at"]) <= instant(each["noticed_at"]) <= WallClock().now()


async def _opened(desk: Desk) -> None:
    await desk.tell(CaseOpened, LONG)
    await desk.tell(CaseOpened, SHORT, priority="urgent")
    await desk.tell(CaseNoted, SHORT, text="x")


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
async def test_a_process_whose_own_clock_is_wrong_is_neither_early_nor_late(misled, clock, seconds):
    """delivery.md: wall clock ±1 h. Wrong from the start, and wrong the other way in the middle."""
    clock.is_off(seconds)
    await misled.service.start().until_ready()
    await _opened(misled)
    await misled.told(SHORT, 3)
    clock.is_off(-seconds)
    await _short_is_told_once(misled)
    (started,) = await misled.told(LONG, 1)
    first_words = orjson.loads(misled.service.log.read_text().splitlines()[0])
    assert abs(instant(first_words["at"]) - WallClock().now()) > dt.timedelta(minutes=50), "it was misled"
    assert dt.timedelta(minutes=29) < instant(started["due_at"]) - WallClock().now() <= dt.timedelta(minutes=30)


async def _held(desk: Desk) -> bool:
    text = (await desk.get("/metrics")).text
    return 'caseway_timers_held{service="escalation"} 1.0' in text


async def _overdue(desk: Desk) -> bool:
    """By the switch, which reads every five seconds."""
    lines = (await desk.get("/metrics")).text.splitlines()
    (figure,) = (line for line in lines if line.startswith("caseway_milestones_overdue_seconds "))
    return float(figure.split()[1]) > 0


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
async def test_a_database_whose_time_jumps_holds_timers_until_it_is_right_again(desk, clock, seconds):
    """delivery.md, step 11: hold and alarm. The promise of thirty minutes is not broken within seconds."""
    await desk.service.start().until_ready()
    await desk.tell(CaseOpened, LONG)
    (started,) = await desk.told(LONG, 1)
    clock.is_off(seconds)
    await eventually(lambda: _held(desk), "timers held")
    assert "timers are held" in (await desk.get("/readyz")).text
    await _opened(desk)
    await eventually(lambda: _overdue(desk), "the dead man's switch sees what nobody is told of")
    await asyncio.sleep(5)  # readings enough, all steady, all wrong
    assert await _held(desk)
    assert len(await desk.told(LONG, 1)) == 1
    assert not [each for each in await desk.told(SHORT, 2) if each["type"] in {"warned", "violated", "rung-reached"}]
    clock.is_off(0)
    await desk.service.until_ready()
    await _short_is_told_once(desk)
    assert [each["due_at"] for each in await desk.told(LONG, 1)] == [started["due_at"]]
    assert 'caseway_clock_jumps_total{service="escalation"}' in (await desk.get("/metrics")).text


CASES = [f"case_{number}" for number in range(24)]
EVERY_FORTY_MINUTES = {
    "ladders": {
        "late": {
            "starts": [{"fact": "milestone.violated"}],
            "entries": [
                {
                    "name": "all",
                    "rungs": [{"do": "notify", "to": ["role:coordinators"]}],
                    "repeat": {"after": "40m", "times": 8},
                }
            ],
        }
    }
}


async def test_an_outage_of_three_hours_is_made_up_for_once_and_told_as_it_fell_due(world, clock, tmp_path):
    """S1-19: every deadline once, at its own instant; of the warnings and rungs that piled up only the last speak."""
    desk = await _desk(world.kafka_url, world.mongo_url, tmp_path, clock.environment)
    (tmp_path / "ladders.yaml").write_text(yaml.safe_dump(EVERY_FORTY_MINUTES))
    try:
        await desk.service.start().until_ready()
        opened = {case: await desk.tell(CaseOpened, case, _three_hours_ago()) for case in CASES}
        for case in CASES:
            await desk.told(case, 1)
        desk.service.kill()
        clock.is_off(0)
        back = WallClock().now()
        await desk.service.start().until_ready()
        for case in CASES:
            _is_made_up_for(await desk.told(case, 8), opened[case], back)
        await asyncio.sleep(1)
        assert [len(await desk.told(case, 8)) for case in CASES] == [8] * len(CASES)
        await eventually(lambda: _all_is_shown(desk), "the figures")
    finally:
        await _closed(desk)


async def _all_is_shown(desk: Desk) -> bool:
    text = (await desk.get("/metrics")).text
    rungs = f'caseway_ladder_rungs{{ladder="late",outcome="done"}} {len(CASES)}.0'
    return rungs in text and "caseway_milestones_overdue_seconds 0.0" in text


def _three_hours_ago() -> dt.datetime:
    return WallClock().now() - dt.timedelta(seconds=OUTAGE)


def _is_made_up_for(facts: list[dict[str, Any]], opened: dt.datetime, back: dt.datetime) -> None:
    """Begun before the outage; warned, violated, and four rounds of the ladder in it, of which one is told to anybody."""
    started, warned, violated, began, *rungs = facts
    assert [each["type"] for each in facts[:4]] == ["started", "warned", "violated", "started"]
    due_at = instant(started["due_at"])
    assert abs(due_at - opened - dt.timedelta(minutes=30)) < dt.timedelta(seconds=1)
    assert (instant(warned["at"]), warned["is_overtaken"]) == (due_at - dt.timedelta(seconds=1), True)
    assert instant(violated["at"]) == instant(began["at"]) == due_at
    assert [instant(each["at"]) - due_at for each in rungs] == [dt.timedelta(minutes=40 * turn) for turn in range(4)]
    assert [each["outcome"] for each in rungs] == ["overtaken"] * 3 + ["done"]
    assert [len(each["recipients"]) for each in rungs] == [0, 0, 0, 1]
    assert all(back <= instant(each["noticed_at"]) <= WallClock().now() for each in (warned, violated, *rungs))
