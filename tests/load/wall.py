"""How soon a fact is on the wall of a large desk.

    python -m tests.load.wall

500 agents, 50 queues, 5,000 open cases, on the backends of CASEWAY_KAFKA_URL and CASEWAY_MONGO_URL. Prints how long a full
reading takes and how long following, how long from a fact's publication to its event, and the events' sizes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from caseway.kernel.vocabulary import Presence
from caseway.runtime.mongo import connect, database
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_analytics.adapters.sight import Sight
from caseway_analytics.domain.desk import Plan, Target
from caseway_analytics.domain.wall import wall
from tests.analytics_desk import AnalyticsDesk, get

AGENTS, QUEUES, CASES, PROBES = 500, 50, 5_000, 40
_CHUNK = 2_000
_PLAN = Plan(title="", zone="UTC", queues={}, targets={"*": Target(share=0.8, within_seconds=20)}, agents={})


async def main() -> None:
    """Prepare, measure, print, clean."""
    namespace = Namespace.new(os.environ["CASEWAY_KAFKA_URL"], os.environ["CASEWAY_MONGO_URL"])
    try:
        with tempfile.TemporaryDirectory() as folder:
            await _measured(AnalyticsDesk(namespace, Path(folder)), namespace)
    finally:
        await namespace.clean()


async def _measured(desk: AnalyticsDesk, namespace: Namespace) -> None:
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        facts = _facts(dt.datetime.now(dt.UTC))
        for place in range(0, len(facts), _CHUNK):
            await desk.tell(*facts[place : place + _CHUNK])

        async def has_all() -> bool:
            return bool((await get(service, "/v1/summary")).json()["cases_opened"] >= CASES)

        await eventually(has_all, "all is counted", seconds=300)
        await _sight(namespace)
        await _latencies(desk, service.url)


def _facts(now: dt.datetime) -> list[object]:
    facts: list[object] = [presence(now, f"agent-{place}", Presence.ONLINE, capacity=20.0) for place in range(AGENTS)]
    for place in range(CASES):
        case, queue = CaseTeller(f"case_load{place}", place), f"queue-{place % QUEUES}"
        facts += [
            case.opened(now),
            case.queued(now, queue),
            case.started(now, "resolution", now + dt.timedelta(hours=4)),
        ]
        if place % 2:
            facts.append(case.accepted(now, queue, f"agent-{place % AGENTS}"))
    return facts


async def _sight(namespace: Namespace) -> None:
    client = connect(namespace.mongo_url)
    sight = Sight(database(client, namespace.prefix, "analytics"), "UTC", 8)
    for what in ("full reading", "following, nothing new", "following, nothing new"):
        began = time.perf_counter()
        desk, _, _ = await sight.desk(dt.datetime.now(dt.UTC))
        read = time.perf_counter()
        content = wall(desk, _PLAN)
        _say(f"{what}: read {1000 * (read - began):.0f} ms, composed {1000 * (time.perf_counter() - read):.0f} ms")
    _say(f"{len(desk.live)} live cases, {len(content['agents'])} agents, {len(content['queues'])} queues")
    await sight.close()
    client.close()


async def _latencies(desk: AnalyticsDesk, url: str) -> None:
    """Each probe is a contact of a new case: how long until an event brings its number."""
    took, sizes, full = [], [], 0
    async with desk.telling(), httpx.AsyncClient(timeout=60) as http, http.stream("GET", f"{url}/v1/live") as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if line.startswith("data: ") and '"wall"' in line:
                full = len(line)
                break
        for probe in range(PROBES):
            await asyncio.sleep(0.1 + 0.037 * (probe % 10))  # so that probes meet every phase of the reading
            now = dt.datetime.now(dt.UTC)
            began = time.perf_counter()
            await desk.tell(CaseTeller(f"case_probe{probe}", 90_000 + probe).opened(now))
            async for line in lines:
                if line.startswith("data: ") and f'"{90_000 + probe}"' in line:
                    took.append(time.perf_counter() - began)
                    sizes.append(len(line))
                    json.loads(line.removeprefix("data: "))
                    break
    took.sort()
    _say(f"fact to event: median {1000 * statistics.median(took):.0f} ms, longest {1000 * took[-1]:.0f} ms of {PROBES}")
    _say(f"first event {full / 1024:.0f} KiB, later ones {statistics.mean(sizes) / 1024:.1f} KiB on average")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(main())
