"""How states are built anew from the log.

Lane by lane the log is read from its beginning and decided by the same code that runs live, in memory; what comes of it
is written to collections beside the live ones. A stage that says how it is folded decides its states alone, and what they
add to counters is reckoned once for each state, when it is written. What the live stage has read meanwhile is then caught up with. Last, the
lanes are halted for a moment, the rest is read up to exactly where each lane stands, and the collections change names.
Whatever happens in between, the live states are whole: they are only ever replaced by finished ones.

Only for stages whose emissions nobody waits for: facts and timers that decisions ask for are not repeated.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import OperationFailure

from caseway.kernel.decision import Add, Message, Moment, Put, Ref
from caseway.kernel.errors import Rejected, Superseded
from caseway.runtime import failpoints
from caseway.runtime.items import Item, from_record
from caseway.runtime.mongo import Database, prepare_indexes
from caseway.runtime.rebuilt import Pace, Progress, Rebuilt, is_fresh
from caseway.runtime.stage import Collection, Document, Handle, Stage

SUFFIX = "~next"
"""Of the collections beside."""
HALTED = "replay: what was rebuilt takes its place"
READ_SECONDS = 30.0
APART_FROM = 50_000
"""Records from which on other processes are worth their start, which takes some seconds of processor each."""
_WRITES = 1_000
_RECORDS = 4_000
_STATES = 100_000
"""Changed states of a lane in memory, about; beyond that they are written, and read again when they are met."""

Offsets = Mapping[str, int]
Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | DeleteOne


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Rebuilds one stage's collections."""

    stage: Stage
    namespace: str
    database: Database
    configuration: Any
    version: str
    partitions: int
    make_consumer: Callable[[], AIOKafkaConsumer]
    from_what_is_left: bool = False
    """Rebuild from what the log still has, and mark from when on it is whole."""
    apart: Callable[[Sequence[Offsets], Pace], Awaitable[Sequence[Rebuilt]]] | None = None
    """Rebuilds lanes by other processes; None: here, one after the other."""
    apart_from: int = APART_FROM

    async def run(self, tell: Progress) -> int:
        """Build, catch up, switch over; how many records were read.

        Raises:
            Rejected: a lane has not been claimed yet, or is halted for another reason; or the log no longer reaches back
            to its beginning, so that figures would be lost.
        """
        if await self._finish_switch(tell):
            return 0
        await self._clear()
        async with self.reading() as consumer:
            lanes = await self._build(consumer, tell)
            for lane in lanes:
                await self._read(lane, await self._live(lane.number), consumer)
                await self._write(lane)
            for collection in self.stage.collections:
                await prepare_indexes(self.database, collection.name + SUFFIX, collection)
            await self._switch(lanes, consumer, tell)
        return sum(each.records for each in lanes)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer for lane after lane: to start one takes longer than to read a small lane."""
        consumer = self.make_consumer()
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def _build(self, consumer: AIOKafkaConsumer, tell: Progress) -> Sequence[Rebuilt]:
        """Lane by lane what the live ones have read."""
        until = [await self._live(number) for number in range(self.partitions)]
        pace = Pace(whole=sum(sum(offsets.values()) for offsets in until), tell=tell)
        if self.apart is not None and pace.whole >= self.apart_from:
            return await self.apart(until, pace)
        lanes = []
        for number, offsets in enumerate(until):
            lane = Rebuilt(number=number)
            await self.rebuild(lane, offsets, consumer, pace)
            lanes.append(lane)
            pace.say(f"lane {len(lanes)} of {self.partitions}: ")
        return lanes

    async def rebuild(self, lane: Rebuilt, until: Offsets, consumer: AIOKafkaConsumer, pace: Pace) -> None:
        """Read one lane so far, and write what comes of it into the collections beside."""
        await self._read(lane, until, consumer, pace)
        await self._write(lane)

    # --- reading and deciding ---------------------------------------------------------------------

    async def _live(self, number: int) -> Offsets:
        """Where the live lane stands; of a topic that it has read nothing of, at the beginning."""
        document = await self.database.lanes.find_one({"_id": f"{self.stage.name}/{number}"}, {"next": 1})
        if document is None:
            raise Rejected("not-claimed", f"lane {number} has not been claimed yet: start the service first")
        offsets: Offsets = dict.fromkeys(self.stage.topics, 0) | document.get("next", {})
        return offsets

    async def _read(self, lane: Rebuilt, until: Offsets, consumer: AIOKafkaConsumer, pace: Pace | None = None) -> None:
        if all(lane.next.get(topic, 0) >= until[topic] for topic in self.stage.topics):
            return  # nothing more, or nothing at all
        places = {TopicPartition(self.namespace + topic, lane.number): topic for topic in self.stage.topics}
        consumer.assign(list(places))
        begins = await consumer.beginning_offsets(list(places))
        for place, topic in places.items():
            if begins[place] and until[topic] and topic not in lane.next:
                await self._begin_later(lane, topic, begins[place], consumer, place)
            lane.next.setdefault(topic, 0)
            consumer.seek(place, lane.next[topic])
        await self._read_all(lane, until, consumer, places, pace)

    async def _begin_later(
        self, lane: Rebuilt, topic: str, begin: int, consumer: AIOKafkaConsumer, place: TopicPartition
    ) -> None:
        """Retention has cut the topic's beginning off: what that means, or from where to go on."""
        since = await self._time_of_first(consumer, place, begin)
        if not self.from_what_is_left:
            raise Rejected(
                "cut",
                f"{topic}/{lane.number} begins at {begin}, {since:%Y-%m-%d %H:%M} UTC: figures of what came before would "
                "be lost; --from-what-is-left accepts that, and marks what is rebuilt",
            )
        lane.next[topic] = begin
        lane.since = max(lane.since or since, since)

    async def _time_of_first(self, consumer: AIOKafkaConsumer, place: TopicPartition, begin: int) -> dt.datetime:
        """When a partition's first record was written; now where none is left."""
        ends = await consumer.end_offsets([place])
        while begin < ends[place]:
            consumer.seek(place, begin)
            found = await consumer.getmany(place, timeout_ms=1_000, max_records=1)
            for record in found.get(place, ()):
                return dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC)
            begin = max(begin + 1, await consumer.position(place))
        now: dt.datetime = (await self.database.command("hello"))["localTime"]
        return now

    async def _read_all(
        self, lane: Rebuilt, until: Offsets, consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, str],
        pace: Pace | None,
    ) -> None:  # fmt: skip
        waiting = time.monotonic()
        while left := [place for place, topic in places.items() if lane.next[topic] < until[topic]]:
            consumer.pause(*(place for place in places if place not in left))
            found = await consumer.getmany(*left, timeout_ms=500, max_records=_RECORDS)
            if not found and time.monotonic() - waiting > READ_SECONDS:
                raise Rejected("unreadable", f"lane {lane.number}: nothing came for {READ_SECONDS:.0f} s")
            if found:
                waiting = time.monotonic()
            records = [
                record
                for place, run in found.items()
                for record in run
                if record.offset < until[places[place]] and record.offset >= lane.next[places[place]]
            ]
            await self._apply(lane, records)
            for place, run in found.items():
                if run:
                    lane.next[places[place]] = min(run[-1].offset + 1, max(until[places[place]], 0))
            if len(lane.changed) + len(lane.additions) > _STATES:
                await self._write(lane)
            if pace is not None:
                pace.read(len(records))
            await asyncio.sleep(0)

    async def _apply(self, lane: Rebuilt, records: Sequence[ConsumerRecord]) -> None:
        items = []
        for record in sorted(records, key=lambda each: each.timestamp):
            topic = record.topic.removeprefix(self.namespace)
            item = from_record(record, topic, self.stage, self.partitions)
            if item.message is not None and item.handle is not None and item.error is None and is_fresh(lane, item):
                items.append(item)
        await self._load(lane, items)
        for item in items:
            self._decide(lane, item)
        lane.records += len(records)

    async def _load(self, lane: Rebuilt, items: Iterable[Item]) -> None:
        """States that stand in the collections beside, and are not in memory any more."""
        wanted: dict[str, set[str]] = {}
        for item in items:
            assert item.handle is not None
            assert item.message is not None
            for ref in item.handle.needs(item.message):
                if ref not in lane.values:
                    if lane.is_written or ref.collection in self._shared:
                        wanted.setdefault(ref.collection, set()).add(ref.id)
                    else:
                        lane.values[ref] = None  # no other lane has it, and this one has written nothing yet
        for name, ids in wanted.items():
            lane.values.update(dict.fromkeys((Ref(name, id_) for id_ in ids), None))
            load = self._collection(name).load
            async for document in self.database[name + SUFFIX].find({"_id": {"$in": list(ids)}}):
                lane.values[name, document["_id"]] = load(document)

    def _decide(self, lane: Rebuilt, item: Item) -> None:
        message: Message[Any] | None = item.message
        assert message is not None
        assert item.handle is not None
        moment = Moment(
            now=message.recorded_at,
            configuration=self.configuration,
            version=self.version,
            lane=f"{self.stage.name}/{lane.number}",
            partitions=self.partitions,
        )
        try:
            decision = self._handle(item).decide(message, lane, moment)
        except (Rejected, Superseded):
            return  # live it was parked, or skipped: nothing follows from it
        for change in decision.changes:
            ref = (change.collection, change.id)
            if isinstance(change, Add):
                lane.add(change)
            else:
                if change.collection in self._adds and ref not in lane.before:
                    lane.before[ref] = lane.values.get(ref)
                lane.values[ref] = change.value if isinstance(change, Put) else None
                lane.changed.add(ref)

    def _handle(self, item: Item) -> Handle:
        """How the replay decides it: states alone, where the stage says how."""
        assert item.handle is not None
        assert item.message is not None
        if self.stage.folding is None:
            return item.handle
        return self.stage.folding.handles.get(type(item.message.data), item.handle)

    @property
    def _adds(self) -> Mapping[str, Callable[[Any, Any, str], Iterable[Add]]]:
        return self.stage.folding.adds if self.stage.folding is not None else {}

    @functools.cached_property
    def _shared(self) -> frozenset[str]:
        """Collections that several lanes write to."""
        return frozenset(each.name for each in self.stage.collections if each.shared)

    # --- writing ----------------------------------------------------------------------------------

    def _collection(self, name: str) -> Collection:
        return next(each for each in self.stage.collections if each.name == name)

    async def _clear(self) -> None:
        for collection in self.stage.collections:
            beside = self.database[collection.name + SUFFIX]
            await beside.drop()
            await self.database.create_collection(collection.name + SUFFIX)

    async def _write(self, lane: Rebuilt) -> None:
        """Put what has changed into the collections beside, and forget it: a lane is in memory only while it is read."""
        for ref, value in lane.before.items():
            for addition in self._adds[ref[0]](value, lane.values[ref], f"{self.stage.name}/{lane.number}"):
                lane.add(addition)
        now = (await self.database.command("hello"))["localTime"]
        writes: dict[str, list[Write]] = {}
        for name, id_ in lane.changed:
            writes.setdefault(name, []).append(self._state(name, id_, lane, now))
        for (name, id_), amounts in lane.additions.items():
            kept = {field: amount for field, amount in amounts.items() if amount}
            if kept:
                fixed = {**lane.fixed[name, id_], "_lane": f"{self.stage.name}/{lane.number}"}
                writes.setdefault(name, []).append(_addition(id_, kept, fixed, is_first=not lane.is_written))
        lane.forget()
        for name, each in writes.items():
            for start in range(0, len(each), _WRITES):
                await self.database[name + SUFFIX].bulk_write(each[start : start + _WRITES], ordered=False)

    def _state(self, name: str, id_: str, lane: Rebuilt, now: Any) -> Write:
        value = lane.values[name, id_]
        if value is None:
            return DeleteOne({"_id": id_})
        collection = self._collection(name)
        document = {**collection.dump(value), "_id": id_}
        if not collection.shared:
            document["_lane"] = f"{self.stage.name}/{lane.number}"
        if collection.expires_after is not None:
            document["_at"] = now
        if not lane.is_written and not collection.shared:
            return InsertOne(document)
        return ReplaceOne({"_id": id_}, document, upsert=True)

    # --- switching over ---------------------------------------------------------------------------

    async def _switch(self, lanes: Sequence[Rebuilt], consumer: AIOKafkaConsumer, tell: Progress) -> None:
        await self._halt()
        try:
            for lane in lanes:
                await self._read(lane, await self._live(lane.number), consumer)
                await self._write(lane)
        except BaseException:
            await self._resume()  # nothing was renamed: the live states go on
            raise
        mark = {"_id": f"replay {self.stage.name}", "at": (await self.database.command("hello"))["localTime"]}
        since = max((lane.since for lane in lanes if lane.since is not None), default=None)
        mark = {**mark, "act": "switching", "since": since}
        await self.database.audit.replace_one({"_id": mark["_id"]}, mark, upsert=True)
        await self._rename()
        tell("switched over" + (f"; whole since {since:%Y-%m-%d %H:%M} UTC" if since else ""))

    async def _finish_switch(self, tell: Progress) -> bool:
        """Whether a replay that was killed while it switched over has now been finished."""
        mark = await self.database.audit.find_one({"_id": f"replay {self.stage.name}", "act": "switching"})
        if mark is None:
            return False
        await self._rename()
        tell("the last replay was interrupted while it switched over; it is finished now")
        return True

    async def _rename(self) -> None:
        """Each collection changes names at once; the one that figures are read from last. Done twice it does nothing."""
        for collection in self.stage.collections:
            beside = self.database[collection.name + SUFFIX]
            try:
                await beside.rename(collection.name, dropTarget=True)
            except OperationFailure as error:
                if error.code != 26:  # it is not there: renamed before we were interrupted
                    raise
            failpoints.hit("replay.renamed")
        await self.database.audit.update_one({"_id": f"replay {self.stage.name}"}, {"$set": {"act": "switched"}})
        await self._resume()

    async def _halt(self) -> None:
        """From here on nothing that the lanes' owners still write matches their guard."""
        other = {"_id": {"$regex": f"^{self.stage.name}/[0-9]+$"}, "halted": {"$nin": ["", HALTED]}}
        if (halted := await self.database.lanes.find_one(other)) is not None:
            raise Rejected("halted", f"{halted['_id']} is halted: {halted['halted']}")
        mine = {"_id": {"$in": [f"{self.stage.name}/{number}" for number in range(self.partitions)]}}
        await self.database.lanes.update_many(mine, {"$set": {"halted": HALTED}, "$inc": {"epoch": 1}})

    async def _resume(self) -> None:
        mine = {"_id": {"$in": [f"{self.stage.name}/{number}" for number in range(self.partitions)]}, "halted": HALTED}
        await self.database.lanes.update_many(mine, {"$set": {"halted": ""}, "$inc": {"epoch": 1}})


async def rebuilt_since(database: Database, stage: str) -> dt.datetime | None:
    """From when on a stage's states are whole, where a replay had no more than that to read."""
    mark = await database.audit.find_one({"_id": f"replay {stage}", "act": "switched"})
    since: dt.datetime | None = mark.get("since") if mark else None
    return since


def _addition(id_: str, amounts: Mapping[str, int], fixed: Mapping[str, Any], *, is_first: bool) -> Write:
    """A document of its own where there can be none yet, which costs the database a third of an addition to it."""
    if not is_first:
        return UpdateOne({"_id": id_}, {"$inc": amounts, "$setOnInsert": fixed}, upsert=True)
    document: Document = {"_id": id_, **fixed}
    for path, amount in amounts.items():
        *names, last = path.split(".")
        into = document
        for name in names:
            into = into.setdefault(name, {})
        into[last] = amount
    return InsertOne(document)
