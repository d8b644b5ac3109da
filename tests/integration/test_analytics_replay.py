"""Figures rebuilt from the log, beside the live ones, on a real Kafka and a real MongoDB."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from caseway.runtime.configuration import load
from caseway.testkit.desk_facts import day_of
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_analytics.domain.recount import recount
from caseway_analytics.settings import Configuration
from tests.analytics_desk import RETAIL, AnalyticsDesk

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
KNOWN = load(RETAIL, Configuration).value.known


@pytest.fixture
async def desk(namespace: Namespace, tmp_path) -> AnalyticsDesk:
    own = AnalyticsDesk(namespace, tmp_path)
    await own.prepare()
    return own


async def replayed(desk):
    """What `caseway replay analytics` prints, and how it ends."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("caseway")), "replay", "analytics",
        env={**os.environ, **desk.environment}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
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
        status, told = await replayed(desk)
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


async def equals(desk):
    """Cell by cell."""
    return await desk.cells() == recount(desk.facts, KNOWN)
