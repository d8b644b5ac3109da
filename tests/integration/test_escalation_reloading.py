"""Rules, calendars and promises changed while the service runs, in a real process."""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.contracts.cases import CaseOpened
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.escalation_builders import RESOLUTION
from tests.integration.test_escalation_service import PARTITIONS, Desk, instant

ALL_DAY = {"zone": "Europe/Warsaw", "versions": [{"week": {"every-day": ["00:00-24:00"]}}]}


def _closed() -> dict[str, Any]:
    """A holiday that was forgotten: the days around now."""
    today = WallClock().now().date()
    days = (today + dt.timedelta(days=number) for number in range(-1, 3))
    return ALL_DAY | {"exceptions": {day.isoformat(): "closed" for day in days}}


def _written(folder: Path, name: str, content: Any) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))


def _promises(target: str, **more: Any) -> dict[str, Any]:
    promises = [{"name": "normal", "target": target, "calendar": "desk", "warn_before": []}]
    return {"kinds": {"resolution": RESOLUTION | {"promises": promises} | more}}


@pytest.fixture
async def desk(stack: Stack, tmp_path: Path) -> AsyncIterator[Desk]:
    _written(tmp_path, "milestones", _promises("8h"))
    _written(tmp_path, "calendars", {"desk": ALL_DAY})
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    service = ServiceProcess("escalation", namespace.environment() | {"CASEWAY_CONFIG": str(tmp_path)}, tmp_path)
    try:
        await service.start().until_ready()
        yield Desk(namespace, service)
    finally:
        service.kill()
        await namespace.clean()


async def _figures(desk: Desk, wanted: Callable[[dict[str, str]], bool], what: str) -> dict[str, str]:
    """`/metrics`, once they say so."""

    async def said() -> dict[str, str] | None:
        lines = (await desk.get("/metrics")).text.splitlines()
        figures = dict(line.rsplit(" ", 1) for line in lines if line.startswith("caseway_"))
        return figures if wanted(figures) else None

    return await eventually(said, what)


def _version(figures: dict[str, str]) -> str:
    (version,) = (name.split('"')[-2] for name in figures if name.startswith("caseway_configuration_info"))
    return version


async def test_a_change_of_the_calendar_reaches_running_clocks_and_a_bad_one_is_refused(desk, tmp_path):
    """S1-19: nobody restarts anything; what was refused leaves all as it was, and says so."""
    await desk.tell(CaseOpened, "case_1")
    (started,) = await desk.told("case_1", 1)
    _written(tmp_path, "calendars", {"desk": _closed()})
    moved = (await desk.told("case_1", 2))[1]
    assert (moved["type"], moved["reason"]) == ("started", "calendar changed")
    assert moved["replaces_due_at"] == started["due_at"]
    assert instant(moved["due_at"]) > instant(started["due_at"]) + dt.timedelta(days=1)
    assert moved["configuration"] != started["configuration"]
    figures = await _figures(desk, lambda said: said["caseway_milestones_outdated"] == "0.0", "nothing left to reckon")
    assert _version(figures) == moved["configuration"]

    _written(tmp_path, "milestones", _promises("8 moons"))
    refused = 'caseway_configuration_refused{service="escalation"}'
    figures = await _figures(desk, lambda said: said.get(refused) == "1.0", "the refusal")
    assert _version(figures) == moved["configuration"]
    assert "milestones.yaml: kinds.resolution.promises.0.target" in desk.service.log.read_text()
    await desk.tell(CaseOpened, "case_2")
    (by_the_old,) = await desk.told("case_2", 1)
    assert (by_the_old["configuration"], by_the_old["target_seconds"]) == (moved["configuration"], 8 * 3600)

    _written(tmp_path, "milestones", _promises("6h"))
    desk.service.process.send_signal(signal.SIGHUP)
    figures = await _figures(desk, lambda said: said.get(refused) == "0.0", "the change")
    await desk.tell(CaseOpened, "case_3")
    (by_the_new,) = await desk.told("case_3", 1)
    assert (by_the_new["configuration"], by_the_new["target_seconds"]) == (_version(figures), 6 * 3600)
    kept = (await desk.get("/v1/cases/case_1/milestones")).json()["milestones"][0]
    assert kept["target_seconds"] == 8 * 3600, "a running promise keeps its terms"


@pytest.mark.slow
async def test_changed_promises_are_followed_where_the_kind_says_so(desk, tmp_path):
    """S1-17: recomputed by policy, as a fact with the old and the new deadline, and why."""
    _written(tmp_path, "milestones", _promises("8h", on_new_version="recompute"))
    desk.service.process.send_signal(signal.SIGHUP)
    await eventually(lambda: "configuration changed" in desk.service.last_words(), "the change")
    await desk.tell(CaseOpened, "case_1")
    (started,) = await desk.told("case_1", 1)
    _written(tmp_path, "milestones", _promises("5h", on_new_version="recompute"))
    desk.service.process.send_signal(signal.SIGHUP)
    moved = (await desk.told("case_1", 2))[1]
    assert (moved["type"], moved["reason"]) == ("started", "promises changed")
    assert moved["replaces_due_at"] == started["due_at"]
    assert instant(started["due_at"]) - instant(moved["due_at"]) == dt.timedelta(hours=3)
