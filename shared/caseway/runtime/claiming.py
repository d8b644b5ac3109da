"""How a process takes a lane.

Whatever the last owner committed but did not publish is published first; a topic that is not the one the lane knows
halts it. The lane is not armed here: seeking and arming happen together, in the stage, with no `await` between.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from caseway.kernel.decision import Due
from caseway.kernel.errors import Transient
from caseway.kernel.ids import derived_id
from caseway.runtime import failpoints
from caseway.runtime.abandoned import end_abandoned
from caseway.runtime.horizon import HELD, REACH
from caseway.runtime.instants import MILLISECOND, whole_milliseconds
from caseway.runtime.lane import Cache, Lane, fingerprint
from caseway.runtime.mongo import OWNER, Database
from caseway.runtime.outbox import Parcel, waiting
from caseway.runtime.stage import Collection, Stage

CLAIM_SECONDS = 15.0
MARK_MILLISECONDS = 5_000
"""How long the log may take to show the next of the records that were applied last."""
RESIDENT_BATCH = 2_000
"""States of a resident object that are read at once; more would stand in memory twice, fewer take longer."""

Bounds = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A lane taken, and what its last owner left to be published."""

    lane: Lane
    parcels: Sequence[Parcel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimer:
    """Takes lanes for one stage."""

    stage: Stage
    namespace: str
    database: Database
    collections: Mapping[str, Collection]
    make_inspector: Callable[[], AIOKafkaConsumer]

    async def claim(self, numbers: Sequence[int], now: dt.datetime) -> list[Claimed]:
        """Take these lanes; a halted one comes back halted.

        Raises:
            Transient: MongoDB or Kafka does not answer within the bound.
        """
        failpoints.hit("claim.before")
        try:
            async with asyncio.timeout(CLAIM_SECONDS):
                await self._free(numbers)
                lanes = await asyncio.gather(*(raise_epoch(self.database, f"{self.stage.name}/{n}") for n in numbers))
                await self._check(lanes)
                return [await self._fill(lane, now) for lane in lanes]
        except (PyMongoError, KafkaError, TimeoutError, OSError) as error:
            raise Transient(f"claiming {self.stage.name}: {type(error).__name__}") from error

    async def _free(self, numbers: Sequence[int]) -> None:
        """See to it that no transaction which a killed owner left open stands in the way."""
        ours = {"_id": {"$in": [f"{self.stage.name}/{number}" for number in numbers]}}
        await end_abandoned(self.database, await self.database.lanes.distinct("owner", ours))

    async def _check(self, lanes: Sequence[Lane]) -> None:
        """Compare each lane with its partitions, and set the first offset of a topic it has not read yet."""
        consumer = self.make_inspector()
        await consumer.start()
        try:
            partitions = [TopicPartition(self.namespace + t, lane.number) for lane in lanes for t in self.stage.topics]
            begins = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
            last = await self._last_applied(lanes, begins, ends, consumer)
        finally:
            await consumer.stop()
        for lane in lanes:
            for topic in self.stage.topics:
                partition = TopicPartition(self.namespace + topic, lane.number)
                await self._check_topic(lane, topic, begins[partition], ends[partition], last.get(partition))

    async def _last_applied(
        self, lanes: Sequence[Lane], begins: Bounds, ends: Bounds, consumer: AIOKafkaConsumer
    ) -> Mapping[TopicPartition, ConsumerRecord]:
        """What stands in the log where each lane remembers the last record it applied; all are asked for at once.

        Raises:
            Transient: not all could be read in time.
        """
        offsets = {
            TopicPartition(self.namespace + topic, lane.number): mark[0]
            for lane in lanes
            for topic, mark in lane.progress.fingerprint.items()
            if topic in self.stage.topics
        }
        missing = {place: offset for place, offset in offsets.items() if begins[place] <= offset < ends[place]}
        found: dict[TopicPartition, ConsumerRecord] = {}
        consumer.assign(list(missing))
        for place, offset in missing.items():
            consumer.seek(place, offset)
        while missing:
            polled = await consumer.getmany(*missing, timeout_ms=MARK_MILLISECONDS, max_records=1)
            if not polled:
                raise Transient(f"{len(missing)} records that were applied last could not be read")
            for place, (record, *_) in polled.items():
                found[place] = record
                del missing[place]
                consumer.pause(place)
        return found

    async def _check_topic(self, lane: Lane, topic: str, begin: int, end: int, last: ConsumerRecord | None) -> None:
        next_ = lane.progress.next.setdefault(topic, begin)
        if next_ > end:
            reason = f"{topic}: next offset {next_} lies beyond the end {end}: the topic was re-created or cut"
        elif next_ < begin:
            reason = f"{topic}: offsets {next_} to {begin} are gone: retention was shorter than the pause"
        elif not _is_same(lane, topic, last):
            reason = f"{topic}: the record at {next_ - 1} is not the one that was applied: the topic was re-created"
        else:
            return
        await self._halt(lane, reason)

    async def _halt(self, lane: Lane, reason: str) -> None:
        if not lane.progress.halted:
            lane.progress.halted = reason
            await self.database.lanes.update_one({"_id": lane.id, "epoch": lane.epoch}, {"$set": {"halted": reason}})

    async def _fill(self, lane: Lane, now: dt.datetime) -> Claimed:
        lane.cache = Cache(self.stage.cached_states)
        await load_resident(lane, self.stage, self.database, self.collections)
        await refill(lane, self.database, now)
        return Claimed(lane=lane, parcels=await waiting(self.database, lane.id, lane.removable.append))


def _is_same(lane: Lane, topic: str, last: ConsumerRecord | None) -> bool:
    """Whether the record is the one that was applied; one that retention took, or that was compacted, is no proof."""
    mark = lane.progress.fingerprint.get(topic)
    return mark is None or last is None or last.offset > mark[0] or fingerprint(last) == mark


async def raise_epoch(database: Database, lane_id: str) -> Lane:
    """Take the lane: from here on its last owner's transactions match nothing."""
    owner = {"$set": {"owner": OWNER}, "$inc": {"epoch": 1}}
    document = await database.lanes.find_one_and_update({"_id": lane_id}, owner, return_document=ReturnDocument.AFTER)
    if document is None:
        await _create(database, lane_id)
        document = await database.lanes.find_one_and_update(
            {"_id": lane_id}, owner, return_document=ReturnDocument.AFTER
        )
    return Lane.from_document(document)


async def _create(database: Database, lane_id: str) -> None:
    created = await database.command("hello")
    incarnation = derived_id(lane_id, OWNER, created["localTime"].isoformat())[:8]
    first = {"_id": lane_id, "epoch": 0, "revision": 0, "incarnation": incarnation, "halted": ""}
    try:
        await database.lanes.insert_one(first)
    except DuplicateKeyError:
        return  # another process created it at the same moment: its incarnation is as good


async def load_resident(lane: Lane, stage: Stage, database: Database, collections: Mapping[str, Collection]) -> None:
    """Build the lane's resident object from what the lane has written, and hold the timers that follow from it."""
    if stage.resident is None:
        return
    values = {}
    for name in stage.resident.collections:
        load = collections[name].load
        values[name] = loaded = list[Any]()
        documents = database[name].find({"_lane": lane.id}, batch_size=RESIDENT_BATCH)
        # one await for many: with one for each, a hundred thousand cost more than reading them
        while batch := await documents.to_list(RESIDENT_BATCH):
            loaded += map(load, batch)
    lane.resident = stage.resident.build(lane.number, values)
    lane.horizon.follow(stage.resident.kinds, stage.resident.timers(lane.resident))


async def refill(lane: Lane, database: Database, now: dt.datetime) -> None:
    """Hold the timers that fall due within the horizon; of very many the first, so that it reaches less far."""
    horizon, until = lane.horizon, whole_milliseconds(now + REACH)
    further = {"lane": lane.id, "due_at": {"$gt": horizon.until, "$lte": until}}
    room = max(1, HELD - len(horizon))
    found = await database.timers.find(further).sort("due_at", 1).limit(room + 1).to_list(None)
    if len(found) > room:  # others of the last one's instant may be left: all of one instant, or none
        until = found[-1]["due_at"]
        one_instant = {"lane": lane.id, "due_at": until}
        found = [each for each in found if each["due_at"] < until]
        if found:
            until -= MILLISECOND
        else:
            found = await database.timers.find(one_instant).to_list(None)
    horizon.until = until
    for document in found:
        horizon.arm(to_due(document))


def to_due(document: Mapping[str, object]) -> Due:
    """A timer's document as the value that its handle sees."""
    due_at = document["due_at"]
    data = document["data"]
    assert isinstance(due_at, dt.datetime)
    assert isinstance(data, dict)
    return Due(
        key=str(document["key"]),
        kind=str(document["kind"]),
        due_at=due_at,
        armed_by=str(document["armed_by"]),
        data=data,
    )
