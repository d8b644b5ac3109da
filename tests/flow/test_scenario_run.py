"""`caseway run`: everything starts, says where it is, and is gone afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from caseway.local.process import Identity
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually

pytestmark = [pytest.mark.backends, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
COMMAND = "import sys; from caseway.cli import main; sys.exit(main())"
SERVICES = {"intake", "router", "escalation", "notifier", "analytics"}


class Run:
    """One `caseway run` on the tests' stack."""

    def __init__(self, namespace: Namespace, folder: Path, *arguments: str) -> None:
        self.log = folder / "run.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CASEWAY_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", COMMAND, "run", *arguments],
                cwd=ROOT,
                env={**inherited, **namespace.environment(), "CASEWAY_LOCAL_FOLDER": str(folder)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def told(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(encoding="utf-8")

    def services(self) -> dict[str, Identity]:
        """The services' processes, each the child of a keeper that is our child."""
        rows = [_row(each) for each in Path("/proc").iterdir() if each.name.isdigit()]
        keepers = {pid for pid, parent, _ in rows if parent == self.process.pid}
        return {
            found[1]: Identity.of(pid)
            for pid, parent, command in rows
            if parent in keepers and (found := re.search(r"-m caseway_(\w+)", command))
        }

    async def until_open(self) -> None:
        """The placard is printed."""

        def look() -> bool:
            assert self.process.poll() is None, self.told
            return "the desk is open" in self.told

        await eventually(look, "the desk is open", seconds=150, every=0.2)


def _row(entry: Path) -> tuple[int, int, str]:
    """Process, parent, command; nothing of one that is gone meanwhile."""
    try:
        stat = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        command = (entry / "cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
    except OSError:
        return 0, 0, ""
    return int(entry.name), int(stat[1]), command


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """What a failing test left running is killed, and with it all it started."""
    started: list[Run] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()


async def test_it_opens_a_desk_and_says_when_a_service_is_lost_and_leaves_nothing_behind(
    namespace: Namespace, tmp_path: Path, runs: list[Run]
) -> None:
    run = Run(namespace, tmp_path, "--rate", "240", "--seed", "2")
    runs.append(run)
    await run.until_open()
    services = run.services()
    assert set(services) == SERVICES
    wall = re.search(r"wallboard +(http://\S+?/)\s", run.told)
    assert wall
    async with httpx.AsyncClient() as client:
        assert (await client.get(wall[1])).status_code == 200

        async def has_cases() -> bool:
            return bool((await client.get(f"{wall[1]}v1/summary")).json()["cases_opened"] > 5)

        await eventually(has_cases, "cases", seconds=60, every=0.3)
    services["escalation"].kill()
    await eventually(lambda: "escalation ended by SIGKILL" in run.told, "the loss is told", seconds=20)
    run.process.send_signal(signal.SIGINT)
    await eventually(lambda: run.process.poll() is not None, "it has ended", seconds=60)
    assert run.process.returncode == 1, run.told
    assert "BECAME, by the services' own figures" in run.told
    assert "Traceback" not in run.told
    assert not [name for name, each in services.items() if each.is_alive()]
    for name in SERVICES - {"escalation"}:
        (log,) = tmp_path.glob(f"run/*/{name}.log")
        assert '"stopped"' in log.read_text(encoding="utf-8"), f"{name} was not let drain"


async def test_killed_outright_it_takes_everything_with_it(
    namespace: Namespace, tmp_path: Path, runs: list[Run]
) -> None:
    run = Run(namespace, tmp_path, "voices")
    runs.append(run)
    services = await eventually(
        lambda: found if set(found := run.services()) == SERVICES else None, "five services", seconds=60
    )
    assert services
    run.process.kill()
    await eventually(lambda: not any(each.is_alive() for each in services.values()), "all are gone", seconds=20)


@pytest.mark.slow
async def test_a_scenario_without_traffic_is_a_desk_to_be_used(
    namespace: Namespace, tmp_path: Path, runs: list[Run]
) -> None:
    """In Japanese, and nobody of ours writes: it says so, and how to write to it."""
    run = Run(namespace, tmp_path, "product-support", "--for", "1s")
    runs.append(run)
    await eventually(lambda: run.process.poll() is not None, "it has ended", seconds=150, every=0.2)
    assert run.process.returncode == 0, run.told
    assert "the desk is yours" in run.told
    assert "--mail-rcpt support@kuraemon.example.com" in run.told
    assert "/v1/pools/support" in run.told
    assert not run.services()


async def test_a_wrong_configuration_is_said_and_nothing_is_left(
    namespace: Namespace, tmp_path: Path, runs: list[Run]
) -> None:
    """A service that refuses to start ends the whole run, with its words."""
    scenario = tmp_path / "scenario"
    scenario.mkdir()
    for each in (ROOT / "deploy" / "scenarios" / "retail").glob("*.yaml"):
        text = each.read_text(encoding="utf-8")
        text = text.replace("queue: stores", "queue: no-such-queue") if each.name == "routing.yaml" else text
        (scenario / each.name).write_text(text, encoding="utf-8")
    run = Run(namespace, tmp_path, str(scenario))
    runs.append(run)
    await eventually(lambda: run.process.poll() is not None, "it has ended", seconds=150, every=0.2)
    assert run.process.returncode == 1
    assert "Traceback" not in run.told
    assert re.search(r"(router|notifier) ended with status 1", run.told), run.told
    assert not run.services()
