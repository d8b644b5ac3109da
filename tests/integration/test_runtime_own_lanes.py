"""Decisions on leased lanes share transactions, and each caller learns the truth about its own (delivery.md, 12)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from caseway.kernel.decision import Decision, Put
from caseway.kernel.errors import Transient
from caseway.runtime import failpoints
from caseway.runtime.claiming import raise_epoch
from caseway.runtime.kafka import producer
from caseway.runtime.mongo import Client, Database, DatabaseClock, connect, database, prepare_collections
from caseway.runtime.outbox import Publisher
from caseway.runtime.own_lanes import LeasedLanes
from caseway.runtime.stage import Collection
from caseway.testkit.namespaces import Namespace

STAGE = "notifier.senders"
THINGS = Collection(name="things")
NAMES = ("lanes", "outbox", "timers", "parked", "things")


class Senders:
    """One process's leased lanes."""

    def __init__(self, client: Client, place: Database, namespace: Namespace, clock: DatabaseClock) -> None:
        publisher = Publisher(STAGE, namespace.prefix, lambda: producer(namespace.kafka_url), place)
        self.place = place
        self.lanes = LeasedLanes(client, place, {THINGS.name: THINGS}, publisher, clock, 12)
        self.epochs: dict[int, int] = {}

    async def lease(self, count: int) -> None:
        """Take the first `count` lanes."""
        for number in range(count):
            epoch = await self.lanes.lease(STAGE, number, 30.0)
            assert epoch is not None
            self.epochs[number] = epoch

    async def write(self, number: int, thing: str) -> bool:
        """Put a thing, on that lane."""
        decision = Decision(changes=(Put(collection="things", id=thing, value={"lane": number}),))
        return await self.lanes.commit(STAGE, number, self.epochs[number], thing, decision)

    async def things(self) -> set[str]:
        """Every thing that was written."""
        return {document["_id"] async for document in self.place.things.find()}


@pytest.fixture
async def senders(namespace: Namespace) -> AsyncIterator[Senders]:
    client = connect(namespace.mongo_url)
    place = database(client, namespace.prefix, "notifier")
    await prepare_collections(place, [Collection(name=name) for name in NAMES])
    clock = DatabaseClock()
    await clock.refresh(place)
    yield Senders(client, place, namespace, clock)
    client.close()


async def test_decisions_that_come_at_once_share_a_transaction(senders: Senders) -> None:
    await senders.lease(8)
    wished = [(number % 8, f"thing-{number}") for number in range(400)]
    assert all(await asyncio.gather(*(senders.write(*each) for each in wished)))
    assert await senders.things() == {thing for _, thing in wished}
    revisions = [document["revision"] async for document in senders.place.lanes.find()]
    assert len(revisions) == 8
    assert max(revisions) < 10, "400 decisions took some transactions, not 400"


async def test_one_lost_lane_costs_the_others_nothing(senders: Senders) -> None:
    await senders.lease(4)
    await raise_epoch(senders.place, f"{STAGE}/2")
    results = await asyncio.gather(*(senders.write(number, f"thing-{number}") for number in range(4)))
    assert results == [True, True, False, True]
    assert await senders.things() == {"thing-0", "thing-1", "thing-3"}
    assert await senders.write(2, "later") is False


async def test_a_refused_decision_is_told_alone(senders: Senders) -> None:
    await senders.lease(2)
    bad = Decision(changes=(Put(collection="things", id="bad", value={"size": "x" * 17_000_000}),))
    good, refused = await asyncio.gather(
        senders.write(0, "good"),
        senders.lanes.commit(STAGE, 1, senders.epochs[1], "bad", bad),
        return_exceptions=True,
    )
    assert good is True
    assert isinstance(refused, Transient)
    assert await senders.things() == {"good"}


async def test_nobody_waits_for_ever_when_writing_fails(senders: Senders) -> None:
    await senders.lease(2)
    failpoints.install("txn.after_state:1:raise", None, "test")
    try:
        results = await asyncio.gather(*(senders.write(n, f"thing-{n}") for n in range(2)), return_exceptions=True)
    finally:
        failpoints.install("", None, "test")
    assert all(isinstance(result, Transient) for result in results)
    assert await senders.things() == set()
    assert await senders.write(0, "again") is True


async def test_leases_are_prolonged_together_and_what_another_took_is_gone(senders: Senders) -> None:
    await senders.lease(3)
    await raise_epoch(senders.place, f"{STAGE}/1")
    held = await senders.lanes.prolong(STAGE, [0, 1, 2, 7], 30.0)
    assert held == {0: senders.epochs[0], 2: senders.epochs[2]}
    assert not await senders.write(1, "too late")
    assert await senders.write(2, "in time")


async def test_what_another_process_holds_is_not_free(senders: Senders) -> None:
    await senders.lease(3)
    await senders.place.lanes.update_one({"_id": f"{STAGE}/2"}, {"$set": {"owner": "another:1"}})
    assert await senders.lanes.free(STAGE, [5, 2, 0]) == [5, 0]


async def test_a_lane_that_another_process_has_only_just_created_can_be_leased(senders):
    """Between its creation and its first lease a lane has no owner: two who begin together both come to an answer."""
    await senders.place.lanes.insert_one(
        {"_id": f"{STAGE}/0", "epoch": 0, "revision": 0, "incarnation": "1", "halted": ""}
    )
    await senders.lease(1)
    assert await senders.write(0, "first")
