"""All that stands on the topics and in a service's database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import AsyncMongoClient

from caseway.kernel.errors import CasewayError
from caseway.runtime.kafka import count_partitions
from caseway.testkit.namespaces import Namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it stands on a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: dict[str, str]

    @property
    def data(self) -> dict[str, Any]:
        """The value as JSON."""
        parsed: dict[str, Any] = json.loads(self.value)
        return parsed

    @property
    def mark(self) -> tuple[str, str, int, int]:
        """What a reader drops repeats by: topic, partition, and the lane's sequence (0 without one)."""
        return self.topic, self.headers.get("ce_lane", ""), self.partition, int(self.headers.get("ce_sequence", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What a reader and an auditor see at the end."""

    records: Sequence[Record]
    ends: dict[tuple[str, int], int]
    """By topic and partition: the offset after the last record."""
    collections: dict[str, list[dict[str, Any]]]

    def on(self, topic: str) -> list[Record]:
        """The records of one topic, partition by partition."""
        return [record for record in self.records if record.topic == topic]


async def dump(namespace: Namespace, service: str, topics: Sequence[str], collections: Sequence[str]) -> Dump:
    """Read the topics from their beginning to their end, and the collections whole."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    records: list[Record] = []
    ends: dict[tuple[str, int], int] = {}
    try:
        for topic in topics:
            found, last = await _read(consumer, namespace, topic)
            records += found
            ends |= last
    finally:
        await consumer.stop()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(namespace.mongo_url)
    async with client:
        place = client[f"{namespace.prefix}caseway_{service}"]
        stored = {name: [document async for document in place[name].find()] for name in collections}
    return Dump(records=records, ends=ends, collections=stored)


async def read_topic(namespace: Namespace, topic: str) -> list[Record]:
    """One topic, from its beginning to its end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return (await _read(consumer, namespace, topic))[0]
    finally:
        await consumer.stop()


async def _read(
    consumer: AIOKafkaConsumer, namespace: Namespace, topic: str
) -> tuple[list[Record], dict[tuple[str, int], int]]:
    name = namespace.topic(topic)
    counts = await count_partitions(namespace.kafka_url, [name])
    if name not in counts:
        raise CasewayError(f"the topic {name} is not there")
    partitions = [TopicPartition(name, number) for number in range(counts[name])]
    consumer.assign(partitions)
    ends = await consumer.end_offsets(partitions)
    for each, begin in (await consumer.beginning_offsets(partitions)).items():
        consumer.seek(each, begin)  # not seek_to_beginning: the reset that `assign` started may win, and read nothing
    records: list[Record] = []
    while any([await consumer.position(each) < ends[each] for each in partitions]):
        for batch in (await consumer.getmany(timeout_ms=500)).values():
            records += [_record(topic, raw) for raw in batch]
    records.sort(key=lambda record: (record.partition, record.offset))
    return records, {(topic, each.partition): end for each, end in ends.items()}


def _record(topic: str, raw: Any) -> Record:
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in raw.headers}
    return Record(
        topic=topic, partition=raw.partition, offset=raw.offset, key=raw.key, value=raw.value or b"", headers=headers
    )
