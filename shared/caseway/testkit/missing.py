"""What a test needs and this machine may not have.

On a laptop such a test is skipped and named at the end of the run; in CI it fails: there, everything is installed.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

REASON = "not on this machine: "


def missing(what: str) -> NoReturn:
    """Skip this test and name it, or fail it in CI."""
    if is_ci():
        pytest.fail(f"{REASON}{what} (CI must have everything)", pytrace=False)
    pytest.skip(REASON + what)


def is_ci() -> bool:
    """Whether the environment says CI, with any value but an empty one, 0 or false."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


@pytest.fixture(scope="session")
def tool() -> Callable[..., Path]:
    """Find a program by the first of its names that is installed: `tool("chromium", "chromium-browser")`."""
    return find_tool


def find_tool(*names: str) -> Path:
    """Its path; otherwise the test counts as not run, or as failed in CI."""
    for name in names:
        if path := shutil.which(name):
            return Path(path)
    missing(f"the program {' or '.join(names)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not run, and why: a green line must not hide it."""
    not_run = [report for report in terminalreporter.stats.get("skipped", []) if REASON in str(report.longrepr)]
    if not not_run:
        return
    terminalreporter.section("not run on this machine")
    for report in not_run:
        reason = str(report.longrepr[2]).partition(REASON)[2]
        terminalreporter.line(f"{report.nodeid}: {reason}")
