"""Copies of a service with one wrong line, and what its laws say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copied(package: Path, folder: Path) -> Path:
    """A copy of the service's package, to be broken."""
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / package.name


def broken(package: Path, folder: Path, mutant: tuple[str, str, str]) -> Path:
    """A copy in which one line is another: where, the line as it is, and as it is to be.

    Raises:
        AssertionError: there is no such line any more, or there are several.
    """
    where, right, wrong = mutant
    copy = copied(package, folder)
    text = (copy / where).read_text()
    assert text.count(right) == 1, f"{where} has no such line any more, or several: {right}"
    (copy / where).write_text(text.replace(right, wrong))
    return copy


def holds(copy: Path, laws: str, seconds: float) -> bool:
    """Whether `laws`, a program that prints `holds` or `broken: …`, find nothing wrong with the copy.

    What they found is shown with `-rP`.

    Raises:
        TimeoutExpired: they have not ended.
    """
    ended = subprocess.run(
        [sys.executable, "-c", laws, str(copy)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(copy.parent), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds,
    )
    found = next(line for line in ended.stdout.splitlines() if line.startswith(("broken:", "holds")))
    say(found)
    return found == "holds"


def say(found: str) -> None:
    """By what it was caught."""
    print(found)  # noqa: T201 - what a person who keeps the table wants to know
