"""A service that cannot take a changed configuration as it runs: it drains, and begins anew in the same process."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import httpx
import pytest

from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually

RETAIL = Path(__file__).parents[2] / "deploy/scenarios/retail"
HALF_DAY, CLOSED = '2026-12-31: ["08:00-14:00"]', "2026-12-31: closed"


async def _figures(service: ServiceProcess) -> list[str]:
    async with httpx.AsyncClient(timeout=5) as client:
        text = (await client.get(f"{service.url}/metrics")).text
    return [line for line in text.splitlines() if line.startswith("caseway_configuration_")]


async def _configured(service: ServiceProcess) -> tuple[str, bool]:
    """The version in force, and whether a change is refused."""
    figures = await _figures(service)
    (version,) = (line.split('"')[-2] for line in figures if line.startswith("caseway_configuration_info"))
    return version, any(line.startswith("caseway_configuration_refused") and line.endswith(" 1.0") for line in figures)


@pytest.mark.parametrize("name", ["router", pytest.param("intake", marks=pytest.mark.slow)])
async def test_a_good_change_begins_it_anew_and_a_bad_one_leaves_it_alone(
    namespace: Namespace, tmp_path: Path, name: str
) -> None:
    """design.md, 5: the old one is kept on a bad reload."""
    await create_topics(namespace.kafka_url, namespace.prefix, 2)
    shutil.copytree(RETAIL, tmp_path / "desk")
    calendars = tmp_path / "desk/calendars.yaml"
    written = calendars.read_text()
    environment = {
        **namespace.environment(),
        "CASEWAY_CONFIG": str(tmp_path / "desk"),
        "CASEWAY_SMTP_PORT": "-1",
        "CASEWAY_SIGNING_KEY": "whsec_" + "a2V5" * 8,
    }
    async with ServiceProcess(name, environment, tmp_path).start() as service:
        await service.until_ready()
        before, _ = await _configured(service)

        calendars.write_text(written.replace("Europe/Warsaw", "Europe/Atlantis"))
        service.process.send_signal(signal.SIGHUP)
        await eventually(lambda: "configuration refused" in service.last_words(), "the refusal in the log")
        assert await _configured(service) == (before, True)
        assert "calendars.yaml" in service.last_words()

        calendars.write_text(written.replace(HALF_DAY, CLOSED))
        service.process.send_signal(signal.SIGHUP)
        await eventually(lambda: '"stopped"' in service.last_words(), "the old one drained")
        await service.until_ready()
        after, is_refused = await _configured(service)
        assert (after != before, is_refused) == (True, False)
        assert await service.terminate() == 0, service.last_words()
