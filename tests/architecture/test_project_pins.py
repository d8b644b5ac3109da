"""The pins belong to what the projects declare."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT, SERVICES, faults_named

PROJECTS = {name: ROOT / "services" / name for name in SERVICES} | {"tools": ROOT / "shared", "dev": ROOT}


@pytest.mark.parametrize("pins", PROJECTS)
def test_everything_that_is_declared_is_pinned_within_its_bounds(pins: str) -> None:
    """After a change of a pyproject.toml: `make pins`."""
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / f"requirements/{pins}.txt").read_text(), re.MULTILINE))
    wanted = _declared(PROJECTS[pins], {"runtime"} if pins == "tools" else set())
    faults = [
        f"{each} is declared, {pinned.get(canonicalize_name(each.name), 'nothing')} is pinned"
        for each in wanted
        if (name := canonicalize_name(each.name)) not in pinned or pinned[name] not in each.specifier
    ]
    assert wanted
    assert not faults, faults_named(faults)


def _declared(folder: Path, extras: set[str]) -> list[Requirement]:
    """What a project needs from outside, also through our shared package."""
    project = _read(folder)["project"]
    listed = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    found = []
    for requirement in map(Requirement, listed):
        if requirement.name == "caseway":
            found += _declared(ROOT / "shared", requirement.extras)
        elif requirement.name.startswith("caseway-"):
            found += _declared(ROOT / "services" / requirement.name.removeprefix("caseway-"), requirement.extras)
        else:
            found.append(requirement)
    return found


def _read(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
