"""How a service starts and stops, by its own command and by FastStream's."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually

RETAIL = Path(__file__).parents[2] / "deploy/scenarios/retail"
SERVICES = ("intake", "router", "escalation", "notifier", "analytics")


def _environment(namespace: Namespace) -> dict[str, str]:
    return {**namespace.environment(), "CASEWAY_CONFIG": str(RETAIL), "CASEWAY_SMTP_PORT": "-1"}


async def test_a_service_waits_for_its_topics_and_names_what_is_missing(namespace: Namespace, tmp_path: Path) -> None:
    """Step 0: it refuses, naming the reason, and begins by itself once they are there."""
    async with ServiceProcess("intake", _environment(namespace), tmp_path).start() as intake:
        await eventually(lambda: "topics are missing" in intake.last_words(), "the reason in the log")
        assert (await intake.status("/livez"), await intake.status("/readyz")) == (200, 503)
        await create_topics(namespace.kafka_url, namespace.prefix, 2)
        await intake.until_ready()
        assert await intake.terminate() == 0, intake.last_words()


async def test_faststream_runs_a_service_too(namespace: Namespace, tmp_path: Path) -> None:
    await create_topics(namespace.kafka_url, namespace.prefix, 2)
    port = ServiceProcess("router", {}, tmp_path).port
    command = (
        "faststream",
        "run",
        "--factory",
        "caseway_router.app:application",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    )
    service = ServiceProcess("router", _environment(namespace), tmp_path, *command)
    service.port = port
    async with service.start():
        await service.until_ready()
        await service.terminate()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_wrong_configuration_ends_the_service_with_every_fault_named(
    namespace: Namespace, tmp_path: Path, service: str
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {**_environment(namespace), "CASEWAY_CONFIG": str(empty)}
    process = ServiceProcess(service, environment, tmp_path).start()
    assert await process.until_ended() == 1
    assert f"caseway-{service}: " in process.last_words()
    assert "Traceback" not in process.last_words()
