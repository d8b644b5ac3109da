"""A namespace of the bench, with its topics and records."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient

from caseway.contracts.codec import partition_of
from caseway.contracts.topology import PARTITIONS
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace

BATCH_BYTES = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record to be put on a topic."""

    topic: str
    key: str
    value: bytes
    headers: Sequence[tuple[str, bytes]]

    @property
    def partition(self) -> int:
        return partition_of(self.key.encode(), PARTITIONS)


def busy_copy(scenario: Path, folder: Path) -> Path:
    """The scenario with a day's quota of forms that no run uses up."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in scenario.iterdir():
        place = folder / each.name
        if not place.exists() and each.name != "forms.yaml":
            place.symlink_to(each)
    forms = yaml.safe_load((scenario / "forms.yaml").read_text(encoding="utf-8"))
    forms["quota"]["daily"] = 1_000_000_000
    (folder / "forms.yaml").write_text(yaml.safe_dump(forms, allow_unicode=True), encoding="utf-8")
    return folder


async def opened(prefix: str, kafka_url: str, mongo_url: str) -> Namespace:
    """A namespace of that name, empty, with every topic."""
    namespace = Namespace(prefix=prefix, kafka_url=kafka_url, mongo_url=mongo_url)
    await namespace.clean()
    await create_topics(kafka_url, prefix, PARTITIONS)
    return namespace


async def fill(namespace: Namespace, records: Iterable[Record]) -> None:
    """Append the records, each on its key's partition, in full batches."""
    producer = AIOKafkaProducer(bootstrap_servers=namespace.kafka_url, acks="all", max_batch_size=2 * BATCH_BYTES)
    await producer.start()
    try:
        ordered = sorted(records, key=lambda record: (record.topic, record.partition))
        for (topic, partition), group in itertools.groupby(ordered, lambda record: (record.topic, record.partition)):
            await _fill_partition(producer, namespace.topic(topic), partition, list(group))
        await producer.flush()
    finally:
        await producer.stop()


async def _fill_partition(producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]) -> None:
    batch, size = producer.create_batch(), 0
    for record in records:
        if size > BATCH_BYTES:
            await producer.send_batch(batch, topic, partition=partition)
            batch, size = producer.create_batch(), 0
        added = batch.append(timestamp=None, key=record.key.encode(), value=record.value, headers=list(record.headers))
        assert added is not None
        size += added.size
    await producer.send_batch(batch, topic, partition=partition)


async def ends(namespace: Namespace, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """By topic and partition: the offset after the last record."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, group_id=None)
    await consumer.start()
    try:
        places = [TopicPartition(namespace.topic(topic), number) for topic in topics for number in range(PARTITIONS)]
        found = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    return {(place.topic.removeprefix(namespace.prefix), place.partition): end for place, end in found.items()}


async def last_written_at(namespace: Namespace, topics: Sequence[str]) -> float | None:
    """The broker's time, in seconds, of the newest record on the topics."""
    tails = {place: end for place, end in (await ends(namespace, topics)).items() if end}
    if not tails:
        return None
    stamps = []
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, group_id=None)
    await consumer.start()
    try:
        places = {TopicPartition(namespace.topic(topic), number): end for (topic, number), end in tails.items()}
        consumer.assign(list(places))
        for place, end in places.items():
            consumer.seek(place, end - 1)
        async with asyncio.timeout(90):
            while len(stamps) < len(places):
                found = await consumer.getmany(timeout_ms=500)
                stamps += [record.timestamp / 1000 for records in found.values() for record in records]
    finally:
        with contextlib.suppress(TimeoutError):  # a consumer without a group has been seen to wait for its coordinator
            await asyncio.wait_for(consumer.stop(), 5.0)
    return max(stamps, default=None)


async def progress(namespace: Namespace, service: str, stage: str) -> dict[tuple[str, int], int]:
    """By topic and lane of a stage: the first offset not applied yet."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(namespace.mongo_url)
    async with client:
        lanes = client[f"{namespace.prefix}caseway_{service}"]["lanes"]
        documents = await lanes.find({"_id": {"$regex": f"^{stage}/"}}, {"next": 1}).to_list()
    return {
        (topic, int(document["_id"].rpartition("/")[2])): offset
        for document in documents
        for topic, offset in document.get("next", {}).items()
    }


async def sequence(namespace: Namespace, service: str, stage: str) -> int:
    """How many rows the stage's lanes have sent, all together."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(namespace.mongo_url)
    async with client:
        lanes = client[f"{namespace.prefix}caseway_{service}"]["lanes"]
        documents = await lanes.find({"_id": {"$regex": f"^{stage}/"}}, {"sequence": 1}).to_list()
    return sum(document.get("sequence", 0) for document in documents)


def now() -> dt.datetime:
    """The wall clock, whole milliseconds."""
    moment = dt.datetime.now(dt.UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
