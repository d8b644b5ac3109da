"""A transaction left open by a killed process does not hold up who comes after it (delivery.md)."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from pymongo import MongoClient

from caseway.runtime import abandoned
from caseway.runtime.mongo import connect, database
from caseway.testkit.namespaces import Namespace

DYING = """
import os, sys
from pymongo import MongoClient

url, name, owner = sys.argv[1:]
client = MongoClient(url, appname=owner)
session = client.start_session()
session.start_transaction()
client[name].lanes.update_one({"_id": "router.core/0"}, {"$inc": {"epoch": 1}}, session=session)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def lanes(namespace: Namespace, monkeypatch: pytest.MonkeyPatch):
    """A lane that a killed process's transaction has in its hands."""
    monkeypatch.setattr(abandoned, "IDLE_SECONDS", 0.3)
    place = database(connect(namespace.mongo_url), namespace.prefix, "router")
    with MongoClient(namespace.mongo_url) as client:
        client[place.name].lanes.insert_one({"_id": "router.core/0", "epoch": 1})
    subprocess.run([sys.executable, "-c", DYING, namespace.mongo_url, place.name, "gone:1"], check=False, timeout=30)
    yield place
    place.client.close()


async def _raise_epoch(place) -> dict:
    return await place.lanes.find_one_and_update({"_id": "router.core/0"}, {"$inc": {"epoch": 1}})


async def test_a_killed_owners_transaction_is_ended(lanes):
    """Its lane can be taken at once, and is as it was before the transaction."""
    await asyncio.sleep(0.5)
    await abandoned.end_abandoned(lanes, ["gone:1", "never-there:2"])
    async with asyncio.timeout(5):
        assert (await _raise_epoch(lanes))["epoch"] == 1


async def test_nobody_elses_transaction_is_touched(lanes):
    """Another name, or one that did something just now: it stands, and the lane stays taken."""
    await abandoned.end_abandoned(lanes, [])
    await abandoned.end_abandoned(lanes, ["another:1"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await _raise_epoch(lanes)
