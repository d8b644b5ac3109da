"""Figures rebuilt from the log, beside the live ones, on a real Kafka and a real MongoDB."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from pymongo import AsyncMongoClient

from caseway.runtime.configuration import load
from caseway.testkit.desk_facts import CaseTeller, day_of
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_analytics.domain.recount import recount
from caseway_analytics.settings import Configuration
from tests.analytics_desk import RETAIL, AnalyticsDesk, get

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
KNOWN = load(RETAIL, Configuration).value.known


@pytest.fixture
async def desk(namespace: Namespace, tmp_path) -> AnalyticsDesk:
    own = AnalyticsDesk(namespace, tmp_path)
    await own.prepare()
    return own


async def replayed(desk, *options, **environment):
    """What `caseway replay analytics` prints, and how it ends."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("caseway")), "replay", "analytics", *options,
        env={**os.environ, **desk.environment, **environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(120):
        told, _ = await process.communicate()
    return process.returncode, told.decode()


async def test_a_replay_rebuilds_every_cell_while_facts_come_in(desk):
    """S1-44: a new measure is back-filled by replay; what is broken is put right; nothing is lost meanwhile."""
    cases = list(day_of(5, 60, NOW - dt.timedelta(hours=4), dt.timedelta(hours=3)))
    facts = sorted((fact for case in cases for fact in case), key=lambda fact: fact.at)
    half = len(facts) // 2
    name = f"{desk.namespace.prefix}caseway_analytics"
    async with desk.service() as service, AsyncMongoClient(desk.namespace.mongo_url, tz_aware=True) as client:
        await service.until_ready(90)
        await desk.tell(*facts[:half])
        await eventually(lambda: equals(desk), "the first half is counted", seconds=60)
        # as if `handling` were new, and somebody had spoilt the rest
        await client[name].cells.update_many({}, {"$unset": {"m.handling": 1}, "$inc": {"m.contacts.n": 7}})
        assert not await equals(desk)
        before = await desk.totals()
        telling = asyncio.create_task(desk.tell(*facts[half:]))
        status, told = await replayed(desk, "--processes", "2")
        await telling
        assert status == 0, told
        assert "switched over" in told
        assert "lane 4 of 4" in told
        await eventually(lambda: equals(desk), "rebuilt figures go on with the second half", seconds=60)
        after = await desk.totals()
        left = await client[name].list_collection_names()
        halted = await client[name].lanes.count_documents({"halted": {"$ne": ""}})
    assert sum(each.get("contacts.n", 0) for each in after.values()) > sum(
        each.get("contacts.n", 0) for each in before.values()
    )
    assert not [each for each in left if each.endswith("~next")]
    assert halted == 0


@pytest.mark.slow
async def test_a_replay_killed_while_names_change_is_finished_by_the_next(desk):
    """Whatever is killed, the live figures are whole: after the second of eight renames, too."""
    facts = [fact for case in day_of(6, 20, NOW - dt.timedelta(hours=4), dt.timedelta(hours=3)) for fact in case]
    name = f"{desk.namespace.prefix}caseway_analytics"
    async with desk.service() as service, AsyncMongoClient(desk.namespace.mongo_url) as client:
        await service.until_ready(90)
        await desk.tell(*facts)
        await eventually(lambda: equals(desk), "everything is counted", seconds=60)
        status, told = await replayed(desk, CASEWAY_FAILPOINTS="replay.renamed:2:kill", CASEWAY_ENVIRONMENT="test")
        assert status == -9, told
        left = [each for each in await client[name].list_collection_names() if each.endswith("~next")]
        status, told = await replayed(desk)
        assert (status, "it is finished now" in told) == (0, True), told
        more = CaseTeller("later", 999)
        await desk.tell(more.opened(NOW), more.queued(NOW, "stores"))
        await eventually(lambda: equals(desk), "the service goes on with what was rebuilt", seconds=60)
        ended = [each for each in await client[name].list_collection_names() if each.endswith("~next")]
    assert 0 < len(left) < 8
    assert ended == []


@pytest.mark.slow
async def test_a_desk_that_few_facts_were_told_is_rebuilt_too(desk):
    """Lanes that have read nothing yet have nothing to rebuild, and keep nobody else's from it."""
    case = CaseTeller("only", 1)
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(case.opened(NOW), case.queued(NOW, "stores"))
        await eventually(lambda: equals(desk), "everything is counted", seconds=60)
        status, told = await replayed(desk)
        assert (status, "2 records read" in told) == (0, True), told
        assert await equals(desk)
        more = [CaseTeller(f"more-{number}", number).opened(NOW) for number in range(2, 12)]
        await desk.tell(*more)
        await eventually(lambda: equals(desk), "every lane goes on", seconds=60)


@pytest.mark.slow
async def test_a_log_cut_by_retention_is_refused_or_marked(desk):
    """A replay never loses figures in silence: it says from when the log is whole, and answers say so afterwards."""
    yesterday, this_morning = NOW - dt.timedelta(days=1), NOW - dt.timedelta(hours=5)
    early, late = [
        [fact for case in day_of(seed, 30, at, dt.timedelta(hours=1)) for fact in case]
        for seed, at in ((8, yesterday), (9, this_morning))
    ]
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(*early)
        await eventually(lambda: equals(desk), "the first day is counted", seconds=60)
        await cut(desk)
        await desk.tell(*late)
        await eventually(lambda: equals(desk), "the second day is counted", seconds=60)
        for options in ((), ("--processes", "2")):
            status, told = await replayed(desk, *options)
            assert (status, "--from-what-is-left" in told) == (1, True), told
        assert await equals(desk), "nothing was lost by asking"
        status, told = await replayed(desk, "--from-what-is-left")
        assert (status, "whole since" in told) == (0, True), told
        days = f"from={(NOW - dt.timedelta(days=2)).date()}&to={(NOW + dt.timedelta(days=2)).date()}"
        answer = (await get(service, f"/v1/measures/cases_opened?{days}&grain=all")).json()
        report = (await get(service, f"/v1/reports/busiest.json?{days}")).json()
    assert answer["total"]["count"] == 30
    assert dt.datetime.fromisoformat(answer["since"]) > yesterday
    assert any("Whole since" in note for note in report["tables"][0]["notes"])


async def cut(desk):
    """Delete what the topic of cases has, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=desk.namespace.kafka_url)
    await admin.start()
    try:
        places = [TopicPartition(desk.namespace.topic("cases"), number) for number in range(4)]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()


async def equals(desk):
    """Cell by cell."""
    return await desk.cells() == recount(desk.facts, KNOWN)
