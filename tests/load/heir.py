"""How soon a lane's new owner fires, when the old one is killed.

`python -m tests.load.heir`: of two processes one is killed (SIGKILL) that held a lane with a hundred thousand
open promises, some of them due meanwhile. Told is how long it took from the kill to the new owner's claim (the group's
session must run out first), and from there to the first fact on Kafka. Nothing is asserted but that each fired once.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.load import corner
from tests.load.promises import process, running, say, told
from tests.load.standing import Filler, evenly


def _arguments() -> argparse.Namespace:
    reading = argparse.ArgumentParser(prog="python -m tests.load.heir", description=__doc__.splitlines()[0])
    reading.add_argument("--open", type=int, default=100_000, help="promises on the lane")
    reading.add_argument("--due", type=int, default=1_000, help="of them due by the time it is taken")
    reading.add_argument("--session", type=float, default=10.0, help="seconds until Kafka misses the killed one")
    return reading.parse_args()


def _owners(filler: Filler) -> Mapping[int, str]:
    """By lane: the process that has it."""
    lanes = filler.database["lanes"].find({"_id": {"$regex": "^escalation/"}}, {"owner": 1})
    return {int(each["_id"].rpartition("/")[2]): each["owner"].rpartition(":")[2] for each in lanes}


async def _claimed(filler: Filler, lane: int, pid: int) -> float:
    """When the process has taken the lane."""
    await eventually(lambda: _owners(filler).get(lane) == str(pid), f"lane {lane} taken", seconds=120, every=0.01)
    return time.time()


async def _measure(namespace: Namespace, asked: argparse.Namespace, folder: Path) -> None:
    filler = Filler(namespace)
    environment = {"CASEWAY_SESSION_SECONDS": str(asked.session)}
    with (
        running(process(namespace, folder, **environment)) as one,
        running(process(namespace, folder, **environment)) as two,
    ):
        both = {str(one.pid), str(two.pid)}
        await eventually(
            lambda: len(found := _owners(filler)) == PARTITIONS and set(found.values()) == both,
            "both have lanes", seconds=120, every=0.5,
        )  # fmt: skip
        lane = next(number for number, owner in _owners(filler).items() if owner == str(one.pid))
        # behind the owner's back, within what it has looked at already: they are left to the next
        now = WallClock().now()
        filler.fill("far", evenly(now + dt.timedelta(hours=6), 100, asked.open - asked.due), lane)
        filler.fill("due", evenly(WallClock().now() - dt.timedelta(seconds=2), 10_000, asked.due), lane)
        one.kill()
        killed = time.time()
        claimed = await _claimed(filler, lane, two.pid)
        await eventually(lambda: filler.violated() >= asked.due, "all fired", seconds=300, every=0.5)
        await asyncio.sleep(1.0)
    facts, twice, _ = await told(namespace, "case_due")
    stored = sorted(at for _, at in facts.values())
    say(
        f"| {asked.open:>9,} | {asked.due:>9,} | {len(stored):>9,} | {twice:>5} | {claimed - killed:>15.1f} "
        f"| {stored[0] - claimed:>21.2f} | {stored[-1] - claimed:>20.2f} |"
    )


async def _run(stack: Stack, asked: argparse.Namespace, folder: Path) -> None:
    namespace = await corner.opened(f"heir_{os.getpid()}_", stack.kafka_url, stack.mongo_url)
    say(
        "| open      | due then  | fired     | twice | kill to claim s | claim to first fact s | claim to last fact s |"
    )
    say(
        "| --------: | --------: | --------: | ----: | --------------: | --------------------: | -------------------: |"
    )
    try:
        await _measure(namespace, asked, folder)
    finally:
        await namespace.clean()


def main() -> None:
    """Run it."""
    asked = _arguments()
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-heir-") as folder:
        asyncio.run(_run(stack, asked, Path(folder)))


if __name__ == "__main__":
    main()
