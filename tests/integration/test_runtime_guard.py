"""Whoever lost a lane can write nothing on it, whatever it knows and whenever it wakes (delivery.md, 1 and 5)."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator

import pytest

from caseway.kernel.decision import Decision, Message, Put
from caseway.runtime.claiming import raise_epoch
from caseway.runtime.lane import Lane
from caseway.runtime.mongo import Client, Database, connect, database, prepare_collections
from caseway.runtime.outcome import Outcome
from caseway.runtime.stage import Collection
from caseway.runtime.transaction import Fenced, Store, applied
from caseway.testkit.namespaces import Namespace

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
THINGS = Collection(name="things")
NAMES = ("lanes", "outbox", "timers", "parked", "things")
LANE = "intake.core/0"


class Desk:
    """One service's database, and lanes that write to it."""

    def __init__(self, client: Client, place: Database) -> None:
        self.place = place
        self.store = Store(client, place, "intake.core", {THINGS.name: THINGS})

    def outcome(self, lane: Lane, value: int) -> Outcome:
        """A batch that puts `value` and moves the lane by one record."""
        outcome = Outcome(stage="intake.core", partitions=1, collections={THINGS.name: THINGS})
        message = Message(
            topic="t",
            partition=0,
            offset=0,
            key="k",
            id=str(value),
            source="s",
            type="t",
            data=None,
            time=NOW,
            recorded_at=NOW,
        )
        outcome.take(lane, message, Decision(changes=(Put(collection="things", id="t", value={"v": value}),)))
        share = outcome.of(lane)
        share.progress.next["t"] = share.progress.next.get("t", 0) + 1
        return outcome

    async def write(self, lane: Lane, value: int) -> None:
        """Write such a batch and commit it."""
        outcome = self.outcome(lane, value)
        async with self.store.transaction() as session:
            await self.store.write(outcome, {}, NOW, session)
            await self.store.commit(session)
        applied(outcome)

    async def stands(self) -> int:
        """What was written last."""
        return (await self.place.things.find_one({"_id": "t"}))["v"]


@pytest.fixture
async def desk(namespace: Namespace) -> AsyncIterator[Desk]:
    client = connect(namespace.mongo_url)
    place = database(client, namespace.prefix, "intake")
    await prepare_collections(place, [Collection(name=name) for name in NAMES])
    yield Desk(client, place)
    client.close()


async def test_an_owner_writes_batch_after_batch(desk: Desk) -> None:
    lane = await raise_epoch(desk.place, LANE)
    for value in (1, 2, 3):
        await desk.write(lane, value)
    assert await desk.stands() == 3
    assert (await raise_epoch(desk.place, LANE)).progress.next == {"t": 3}


async def test_whoever_lost_the_lane_is_fenced_even_if_nothing_was_written_since(desk: Desk) -> None:
    zombie = await raise_epoch(desk.place, LANE)
    await desk.write(zombie, 1)
    await raise_epoch(desk.place, LANE)
    with pytest.raises(Fenced) as fenced:
        await desk.write(zombie, 2)
    assert fenced.value.lanes == [0]
    assert await desk.stands() == 1


async def test_of_two_who_claim_at_once_the_last_one_owns(desk: Desk) -> None:
    claims = await asyncio.gather(*(raise_epoch(desk.place, LANE) for _ in range(8)))
    assert sorted(lane.epoch for lane in claims) == list(range(1, 9))
    assert len({lane.incarnation for lane in claims}) == 1
    owner = max(claims, key=lambda lane: lane.epoch)
    for lane in claims:
        if lane is not owner:
            with pytest.raises(Fenced):
                await desk.write(lane, 0)
    await desk.write(owner, 7)
    assert await desk.stands() == 7


async def test_one_batch_cannot_be_written_twice(desk: Desk) -> None:
    """The revision: the same owner, the same epoch, a batch it does not know to be committed."""
    lane = await raise_epoch(desk.place, LANE)
    outcome = desk.outcome(lane, 1)
    for attempt in range(2):
        async with desk.store.transaction() as session:
            if attempt:
                with pytest.raises(Fenced):
                    await desk.store.write(outcome, {}, NOW, session)
            else:
                await desk.store.write(outcome, {}, NOW, session)
                await desk.store.commit(session)


async def test_a_claim_waits_for_the_commit_in_doubt_and_sees_what_it_did(desk: Desk) -> None:
    """6: the claim queues behind the open transaction; `next` then tells."""
    lane = await raise_epoch(desk.place, LANE)
    async with desk.store.transaction() as session:
        await desk.store.write(desk.outcome(lane, 5), {}, NOW, session)
        claim = asyncio.create_task(raise_epoch(desk.place, LANE))
        _, pending = await asyncio.wait({claim}, timeout=0.3)
        assert pending, "the claim overtook an open transaction"
        await desk.store.commit(session)
    assert (await claim).progress.next == {"t": 1}
