"""Escalation killed and stopped in the middle of firing: each rung and each deadline once, at its own instant (S1-19)."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from caseway.contracts.cases import CaseNoted, CaseOpened
from caseway.local import Stack
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE
from tests.integration.test_escalation_service import PARTITIONS, Desk, instant

PROMISES = [{"name": "short", "target": "3s", "warn_before": "1s", "calendar": "always"}]
RUNG = {"after": "1s", "do": "notify", "to": ["role:coordinators"]}
LADDERS = {
    "ladders": {"noted": {"starts": [{"fact": "case.noted"}], "entries": [{"name": "all", "rungs": [RUNG] * 4}]}}
}
CASES = [f"case_{number}" for number in range(2)]
AFTER = [0, 1, 2, 3, 4, 4]
"""Seconds: started; four rungs; ended with the last."""


@pytest.fixture
async def desk(stack: Stack, tmp_path: Path) -> AsyncIterator[Desk]:
    kinds = {"first_response": FIRST_RESPONSE | {"promises": PROMISES}}
    (tmp_path / "calendars.yaml").write_text(yaml.safe_dump(CALENDARS))
    (tmp_path / "milestones.yaml").write_text(yaml.safe_dump({"kinds": kinds}))
    (tmp_path / "ladders.yaml").write_text(yaml.safe_dump(LADDERS))
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    environment = namespace.environment() | {
        "CASEWAY_CONFIG": str(tmp_path),
        "CASEWAY_FAILPOINT_JOURNAL": str(tmp_path / "journal"),
    }
    service = ServiceProcess("escalation", environment, tmp_path)
    try:
        yield Desk(namespace, service)
    finally:
        service.kill()
        await namespace.clean()


async def _open(desk: Desk) -> None:
    for case in CASES:
        await desk.tell(CaseOpened, case)
        await desk.tell(CaseNoted, case, text="x")


async def _all_is_told_once(desk: Desk) -> None:
    for case in CASES:
        facts = await desk.told(case, 9)
        ladder = [each for each in facts if "ladder" in each]
        start = instant(ladder[0]["at"])
        assert [instant(each["at"]) - start for each in ladder] == [dt.timedelta(seconds=each) for each in AFTER]
        promise = [each for each in facts if "ladder" not in each]
        assert [each["type"] for each in promise] == ["started", "warned", "violated"]
        assert instant(promise[2]["at"]) == instant(promise[0]["due_at"]) <= instant(promise[2]["noticed_at"])


async def _killed_at(desk: Desk, failpoint: str) -> None:
    await desk.service.start().until_ready()
    await _open(desk)
    desk.service.kill()
    desk.service.start(CASEWAY_FAILPOINTS=f"{failpoint}:2:kill")
    assert await asyncio.to_thread(desk.service.process.wait, 60) == -signal.SIGKILL
    await desk.service.start().until_ready()
    await _all_is_told_once(desk)


async def test_killed_after_timers_were_read_each_is_told_once_at_its_time(desk):
    await _killed_at(desk, "timer.after_read")


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", ["txn.before_guard", "txn.after_state", "commit.after", "publish.mid"])
async def test_killed_anywhere_while_it_fires_each_is_told_once_at_its_time(desk, failpoint):
    await _killed_at(desk, failpoint)


@pytest.mark.slow
async def test_a_process_that_slept_tells_all_at_its_time_and_notices_late(desk):
    """The process's own clock jumps: it was stopped for ten seconds, as by a suspended machine."""
    await desk.service.start().until_ready()
    await _open(desk)
    desk.service.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(10)
    desk.service.process.send_signal(signal.SIGCONT)
    await _all_is_told_once(desk)
