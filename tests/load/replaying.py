"""How fast figures are rebuilt, beside how fast they were counted: `python -m tests.load.replaying [cases]`.

The same log twice, on the same machine and within the same minutes: once by the running service, which finds everything
waiting, once by `caseway replay analytics`. Nothing is asserted about speed; that both count the same is.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

import psutil

from caseway.local import Stack
from caseway.testkit.desk_facts import day_of
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.analytics_desk import AnalyticsDesk

STARTS_AT = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _used_by_children() -> float:
    """Of those that have ended: the service has not."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


async def run(namespace: Namespace, folder: Path, cases: int) -> None:
    desk = AnalyticsDesk(namespace, folder)
    await desk.prepare()
    facts = [fact for case in day_of(1, cases, STARTS_AT) for fact in case]
    opened = sum(type(fact).__name__ == "CaseOpened" for fact in facts)

    async def is_counted() -> bool:
        return sum(each.get("cases_opened.n", 0) for each in (await desk.totals()).values()) == opened

    async with desk.service() as service:
        await service.until_ready(90)
        service.pause()
        await desk.tell(*facts)
        process = psutil.Process(service.process.pid)
        used = _used(process)
        service.resume()
        began = time.monotonic()
        await eventually(is_counted, "everything is counted", seconds=600, every=0.25)
        live = len(facts) / (time.monotonic() - began)
        live_micros = 1e6 * (_used(process) - used) / len(facts)
        before = await desk.cells()
        used = _used_by_children()
        replay = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("caseway")), "replay", "analytics",
            env={**os.environ, **desk.environment}, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        told = (await replay.communicate())[0].decode()
        assert replay.returncode == 0, told
        micros = 1e6 * (_used_by_children() - used) / len(facts)
        assert await desk.cells() == before
    rate = float(re.findall(r"([\d,]+) a second", told)[-1].replace(",", ""))
    print(f"{len(facts)} facts: live {live:,.0f}/s, rebuilt {rate:,.0f}/s, {rate / live:.1f} times")
    print(f"of processor a fact: live {live_micros:.0f} us, rebuilt {micros:.0f} us, the start of `caseway` included")


async def main(cases: int) -> None:
    with Stack() as stack, tempfile.TemporaryDirectory() as folder:
        namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
        try:
            await run(namespace, Path(folder), cases)
        finally:
            await namespace.clean()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
