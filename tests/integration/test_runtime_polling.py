"""What aiokafka has fetched is not what Kafka has: fresh records, and where partitions end (delivery.md)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from caseway.local.ports import free_ports
from caseway.runtime.accepting import FRESH_MS, gather
from caseway.runtime.ends import Ends
from caseway.runtime.kafka import admin, inspector
from caseway.testkit.namespaces import Namespace

LIMIT = 500
LONG_POLL_MS = 20_000
ATTEMPTS = 20
"""A machine that is full may take longer than a gathering waits; not every time."""


@pytest.fixture
async def place(namespace: Namespace) -> TopicPartition:
    """The only partition of a topic."""
    async with admin(namespace.kafka_url) as client:
        await client.create_topics([NewTopic(namespace.topic("cases"), 1, 1)])
    return TopicPartition(namespace.topic("cases"), 0)


@pytest.fixture
async def producer(namespace: Namespace) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=namespace.kafka_url) as producer:
        yield producer


@contextlib.asynccontextmanager
async def _reader(namespace: Namespace, place: TopicPartition, max_wait_ms: int) -> AsyncIterator[AIOKafkaConsumer]:
    async with AIOKafkaConsumer(
        bootstrap_servers=namespace.kafka_url, group_id=None, fetch_max_wait_ms=max_wait_ms
    ) as consumer:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        yield consumer


async def _put(producer: AIOKafkaProducer, place: TopicPartition, *values: bytes) -> None:
    for value in values:
        await producer.send_and_wait(place.topic, value, partition=place.partition)


async def _stale(consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, place: TopicPartition) -> list[ConsumerRecord]:
    """A poll as it comes after a rest: one record, fetched long ago, while five more stand in the log."""
    await _put(producer, place, b"0")
    await asyncio.sleep(0.3)  # it is fetched, and lies unread: nothing more is asked for
    await _put(producer, place, b"1", b"2", b"3", b"4", b"5")
    return [record for run in (await consumer.getmany(timeout_ms=2_000)).values() for record in run]


async def test_a_poll_after_a_rest_is_stale_and_what_came_since_is_taken_with_it(
    namespace: Namespace, place: TopicPartition, producer: AIOKafkaProducer
) -> None:
    async with _reader(namespace, place, 50) as consumer:
        for _ in range(ATTEMPTS):
            polled = await _stale(consumer, producer, place)
            assert [record.value for record in polled] == [b"0"], "aiokafka fetches ahead: `is_stale` has had its day"
            gathered = await gather(consumer, polled, LIMIT, is_stale=True)
            if [record.value for record in gathered] == [b"0", b"1", b"2", b"3", b"4", b"5"]:
                return
            await consumer.seek_to_end(place)
    pytest.fail(f"what came since was not fetched within {FRESH_MS} ms, {ATTEMPTS} times")


async def test_a_poll_that_waited_for_its_record_waits_for_no_other(
    namespace: Namespace, place: TopicPartition, producer: AIOKafkaProducer
) -> None:
    async with _reader(namespace, place, 50) as consumer:
        polled = await _stale(consumer, producer, place)
        assert await gather(consumer, polled, LIMIT, is_stale=False) == polled


async def test_where_a_partition_ends_is_answered_while_the_fetch_waits(
    namespace: Namespace, place: TopicPartition, producer: AIOKafkaProducer
) -> None:
    """On the connection that fetches, the question would wait for as long as the fetch may: here, 20 seconds."""
    await _put(producer, place, b"0", b"1")
    ends = Ends(lambda: inspector(namespace.kafka_url), [place.topic])
    async with _reader(namespace, place, LONG_POLL_MS) as consumer:
        await consumer.getmany(timeout_ms=2_000)
        waiting = asyncio.create_task(consumer.getmany(timeout_ms=LONG_POLL_MS))
        try:
            async with asyncio.timeout(LONG_POLL_MS / 2_000):
                await ends.open()
                assert await ends.of([place]) == {place: 2}
                await _put(producer, place, b"2")
                assert await ends.of([place]) == {place: 3}
        finally:
            waiting.cancel()
            await ends.close()


async def test_after_an_error_the_next_question_opens_another_connection(
    namespace: Namespace, place: TopicPartition
) -> None:
    (closed,) = free_ports(1)
    urls = [f"127.0.0.1:{closed}", namespace.kafka_url]
    ends = Ends(lambda: inspector(urls.pop(0)), [place.topic])
    with pytest.raises(KafkaError):
        await ends.open()
    assert await ends.of([place]) == {place: 0}
    await ends.open()
    assert not urls, "and that one is kept"
    await ends.close()
