"""A document changed by hand is found, and counted (delivery.md, step 14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest

from caseway.runtime import metrics
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.mongo import Database, connect, database
from caseway.runtime.stage import Collection
from caseway.runtime.watching import watch
from caseway.testkit.namespaces import Namespace

THINGS = Collection(name="things")
AT = dt.datetime(2026, 11, 22, 10, 0, 0, 123_000, tzinfo=dt.UTC)


@pytest.fixture
async def place(namespace: Namespace) -> AsyncIterator[Database]:
    client = connect(namespace.mongo_url)
    yield database(client, namespace.prefix, "intake")
    client.close()


async def _lane(place: Database) -> Lane:
    """A lane that remembers one state, as it is stored, and knows of another that it is absent."""
    lane = Lane(stage="intake.core", number=0, epoch=3, revision=7, incarnation="i", progress=Progress())
    value = {"version": 2, "at": AT, "tags": ("a", "b")}
    lane.cache.put(("things", "t"), value)
    lane.cache.put(("things", "nothing"), None)
    await place.lanes.insert_one({"_id": lane.id, "epoch": 3, "revision": 7})
    await place.things.insert_one({**value, "_id": "t", "_lane": lane.id})
    return lane


def _count(invariant: str) -> float:
    return metrics.INVARIANTS.labels("intake.core", invariant)._value.get()


async def test_what_is_remembered_is_what_is_stored(place: Database) -> None:
    assert await watch(await _lane(place), place, {"things": THINGS}) == []


async def test_a_state_corrupted_by_hand_is_found(place: Database) -> None:
    lane, before = await _lane(place), _count("state")
    await place.things.update_one({"_id": "t"}, {"$set": {"version": 3}})
    await place.things.insert_one({"_id": "nothing"})
    assert await watch(lane, place, {"things": THINGS}) == ["state", "state"]
    assert _count("state") == before + 2


async def test_a_second_writer_of_the_lane_is_found(place: Database) -> None:
    lane, before = await _lane(place), _count("lane")
    await place.lanes.update_one({"_id": lane.id}, {"$inc": {"revision": 1}})
    assert await watch(lane, place, {"things": THINGS}) == ["lane"]
    assert _count("lane") == before + 1
