"""What a poll comes to when part of it fails, on a real MongoDB (delivery.md, "The steps")."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from caseway.contracts.case_commands import ResolveCase
from caseway.contracts.cases import CaseResolved
from caseway.contracts.parts import Actor
from caseway.kernel.decision import Decision, Message, Put, Ref
from caseway.kernel.errors import Transient
from caseway.runtime import failpoints
from caseway.runtime.applying import Applier
from caseway.runtime.deciding import ARRIVALS, Decider
from caseway.runtime.items import Item
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.mongo import Client, Database, DatabaseClock, connect, database, prepare_collections
from caseway.runtime.stage import Collection, Handle, Stage
from caseway.runtime.transaction import Store
from caseway.testkit.namespaces import Namespace

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
THINGS = Collection(name="things", shared=True)
WE = Actor(kind="agent", id="a1")

pytestmark = pytest.mark.backends


class Bench:
    """One stage's applier on a database of its own, with one lane."""

    def __init__(self, client: Client, place: Database, clock: DatabaseClock) -> None:
        self.place = place
        self._client = client
        self._clock = clock
        self.lane = Lane(stage="s", number=0, epoch=1, revision=0, incarnation="i", progress=Progress(), is_armed=True)

    async def prepare(self) -> None:
        """The lane's document, as a claim makes it."""
        await self.place.lanes.insert_one({"_id": "s/0", "epoch": 1, "revision": 0, "incarnation": "i"})

    def applier(self, handle: Handle, max_records: int = 500) -> Applier:
        collections = {each.name: each for each in (THINGS, ARRIVALS)}
        stage = Stage(
            name="s",
            topics=("case.commands",),
            handles={ResolveCase: handle},
            collections=(THINGS,),
            max_records=max_records,
        )
        decider = Decider(
            stage=stage,
            service="intake",
            configuration=None,
            version="v",
            partitions=4,
            max_parked=3,
            collections=collections,
        )
        return Applier(decider, Store(self._client, self.place, "s", collections), self.place, self._clock)

    def items(self, handle: Handle, count: int) -> list[Item]:
        return [
            Item(lane=0, topic="case.commands", message=_message(number), handle=handle, arrival=f"arrival-{number}")
            for number in range(count)
        ]

    async def things(self) -> dict[str, Any]:
        """What stands in the collection."""
        return {document["_id"]: document async for document in self.place.things.find()}


def _message(number: int) -> Message[ResolveCase]:
    return Message(
        topic="case.commands",
        partition=0,
        offset=number,
        key="case_a",
        id=f"event-{number}",
        source="desk://test",
        type=ResolveCase.TYPE,
        data=ResolveCase(case_id="case_a", actor=WE),
        time=NOW,
        recorded_at=NOW,
    )


@pytest.fixture
async def bench(namespace: Namespace) -> AsyncIterator[Bench]:
    client = connect(namespace.mongo_url)
    place = database(client, namespace.prefix, "applying")
    await prepare_collections(
        place, [Collection(name=each) for each in ("lanes", "outbox", "parked", "blobs", "timers")]
    )
    await prepare_collections(place, [THINGS, ARRIVALS])
    clock = DatabaseClock()
    await clock.refresh(place)
    made = Bench(client, place, clock)
    await made.prepare()
    yield made
    client.close()


def _told(message: Message[ResolveCase]) -> CaseResolved:
    head = {"case_id": "case_a", "version": message.offset + 1, "at": NOW, "cause": message.id, "configuration": "v"}
    return CaseResolved(**head, actor=WE)


async def test_what_was_committed_is_published_even_if_what_follows_fails(bench: Bench) -> None:
    """Left behind in the outbox, its rows would come after later ones, and be taken for repeats."""
    handle = Handle(decide=lambda message, _states, _moment: Decision(emits=(_told(message),)))
    applier = bench.applier(handle, max_records=1)
    failpoints.install("txn.after_state:2:raise", None, "test")
    try:
        verdict = await applier.apply(bench.items(handle, 2), {0: bench.lane})
    finally:
        failpoints.install("", None, "test")
    assert isinstance(verdict.unsettled, Transient)
    assert [len(parcel.rows) for parcel in verdict.parcels] == [1]
    assert await bench.place.outbox.count_documents({}) == 1


async def test_a_decision_that_was_led_on_by_another_of_its_batch_sees_what_stands_there(bench: Bench) -> None:
    """The first points the second to a thing that nobody could have foreseen when the batch was loaded."""
    await bench.place.things.insert_one({"_id": "hidden", "text": "kept"})

    def decide(message: Message[ResolveCase], states: Any, _moment: Any) -> Decision:
        if message.offset == 0:
            return Decision(changes=(Put(collection="things", id="sign", value={"to": "hidden"}),))
        there = states.get("things", states.get("things", "sign")["to"])
        return Decision(changes=(Put(collection="things", id="seen", value={"text": there["text"]}),))

    def follows(_message: Any, _refs: Any, states: Any) -> list[Ref]:
        sign = states.get("things", "sign")
        return [Ref("things", sign["to"])] if sign else []

    handle = Handle(decide=decide, needs=lambda _: (Ref("things", "sign"),), follows=follows)
    verdict = await bench.applier(handle).apply(bench.items(handle, 2), {0: bench.lane})
    assert verdict.unsettled is None
    assert (await bench.things())["seen"]["text"] == "kept"
    assert await bench.place.parked.count_documents({}) == 0


async def test_decisions_that_lead_each_other_on_and_on_are_all_taken(bench: Bench) -> None:
    """Each follows the sign of the one before: more rounds than a batch is given, so it is halved."""
    count = 9
    for number in range(count):
        await bench.place.things.insert_one({"_id": f"room-{number}", "next": f"room-{number + 1}"})

    def decide(_message: Any, states: Any, _moment: Any) -> Decision:
        at = (states.get("things", "sign") or {"to": "room-0"})["to"]
        room = states.get("things", at)
        return Decision(changes=(Put(collection="things", id="sign", value={"to": room["next"]}),))

    def follows(_message: Any, _refs: Any, states: Any) -> list[Ref]:
        return [Ref("things", (states.get("things", "sign") or {"to": "room-0"})["to"])]

    handle = Handle(decide=decide, needs=lambda _: (Ref("things", "sign"),), follows=follows)
    items = [replace(each, arrival="") for each in bench.items(handle, count)]
    verdict = await bench.applier(handle).apply(items, {0: bench.lane})
    assert verdict.unsettled is None
    assert (await bench.things())["sign"]["to"] == f"room-{count}"


async def test_what_a_decision_wrongly_calls_new_is_replaced(bench: Bench) -> None:
    """Something stood there after all: the batch is written once more, and nobody is parked for it."""
    await bench.place.things.insert_one({"_id": "old", "text": "before"})

    def decide(message: Message[ResolveCase], _: Any, __: Any) -> Decision:
        put = Put(collection="things", id="old", value={"text": f"after {message.offset}"}, is_new=True)
        return Decision(changes=(put,))

    handle = Handle(decide=decide)
    verdict = await bench.applier(handle).apply(bench.items(handle, 3), {0: bench.lane})
    assert verdict.unsettled is None
    assert await bench.things() == {"old": {"_id": "old", "text": "after 2"}}
    assert await bench.place.parked.count_documents({}) == 0
