"""The checkers can fail: with one guard removed at a time, at least one goes red (delivery.md, "Checkers").

The epoch's guard is not among them: without it a woken zombie is still caught by its long sleep and by the arrivals it
reads anew, so no run here shows the loss. `tests/integration/test_runtime_guard.py` proves the guard by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from tests.chaos_desk import Desk, opened

MUTANTS = "caseway.testkit.chaos.mutants"
pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]


def _start(desk: Desk, mutant: str, **environment: str) -> ServiceProcess:
    return desk.intake(MUTANTS, mutant, "intake", **environment)


async def _killed_before_publishing(desk: Desk, mutant: str) -> None:
    victim = _start(desk, mutant, CASEWAY_FAILPOINTS="publish.before:3:kill")
    while victim.process.poll() is None:
        await desk.load.send(20, per_second=200)
    await _start(desk, mutant).until_ready()


async def _killed_after_the_acknowledgement(desk: Desk, mutant: str) -> None:
    """The edge's commands stand on the topic twice: the core must know them by their sequence."""
    victim = _start(desk, mutant, CASEWAY_FAILPOINTS="publish.after_ack:6:kill")
    while victim.process.poll() is None:
        await desk.contacts.send(20, per_second=200)
    await _start(desk, mutant).until_ready()


async def _doubled(desk: Desk, mutant: str) -> None:
    await _start(desk, mutant).until_ready()
    await desk.load.send(60, per_second=200, copies=2)


async def _joining_and_leaving(desk: Desk, mutant: str) -> None:
    sending = asyncio.create_task(desk.load.send(900, per_second=100))
    for _ in range(3):
        process = await _start(desk, mutant).until_ready()
        await asyncio.sleep(1)
        await process.terminate()
    await _start(desk, mutant).until_ready()
    await sending


Fault = Callable[[Desk, str], Awaitable[None]]


@pytest.mark.parametrize(
    ("mutant", "fault"),
    [
        ("outbox-is-skipped", _killed_before_publishing),
        ("sequence-is-ignored", _killed_after_the_acknowledgement),
        ("arrivals-are-forgotten", _doubled),
        ("seek-and-arm-apart", _joining_and_leaving),
    ],
)
async def test_without_a_guard_a_checker_goes_red(
    namespace: Namespace, tmp_path: Path, mutant: str, fault: Fault
) -> None:
    async with opened(namespace, tmp_path) as desk:
        with contextlib.suppress(AssertionError):
            await fault(desk, mutant)
        assert await desk.verdict(seconds=15) != {}
