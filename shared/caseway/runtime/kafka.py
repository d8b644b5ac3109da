"""Topics as the services need them, made and checked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from caseway.contracts.topology import TOPICS, Topic
from caseway.kernel.errors import Transient

ANSWER_SECONDS = 10.0
MEBIBYTE = 1024 * 1024
MAX_REQUEST_BYTES = 28 * MEBIBYTE
"""Above the largest record of any topic (`*.parked`, 27 MiB)."""


@contextlib.asynccontextmanager
async def admin(url: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """A started admin client.

    Raises:
        Transient: Kafka does not answer within the bound.
    """
    client = AIOKafkaAdminClient(bootstrap_servers=url, request_timeout_ms=int(ANSWER_SECONDS * 1000))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await client.start()
        yield client
    except (KafkaError, TimeoutError, OSError) as error:
        raise Transient(f"Kafka does not answer ({type(error).__name__})") from error
    finally:
        with contextlib.suppress(KafkaError, TimeoutError, OSError):
            await asyncio.wait_for(client.close(), ANSWER_SECONDS)


async def create_topics(url: str, namespace: str, partitions: int, replicas: int = 1) -> list[str]:
    """Create the topics of the topology that are not there, and name them."""
    async with admin(url) as client:
        existing = set(await client.list_topics())
        wanted = [topic for topic in TOPICS if namespace + topic.name not in existing]
        response = await client.create_topics(
            [NewTopic(namespace + topic.name, partitions, replicas, topic_configs=topic.settings) for topic in wanted]
        )
        for name, code, *detail in response.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise Transient(f"topic {name}: {for_code(code).__name__} {detail}")
    return [topic.name for topic in wanted]


async def count_partitions(url: str, names: Iterable[str]) -> dict[str, int]:
    """How many partitions each topic has; a topic that is not there is left out."""
    async with admin(url) as client:
        described = await client.describe_topics(list(names))
    return {each["topic"]: len(each["partitions"]) for each in described if each["error_code"] == 0}


async def check_topics(url: str, namespace: str, topics: Sequence[str], outputs: Sequence[Topic]) -> int:
    """The number of partitions all of a stage's `topics` have.

    Raises:
        Transient: one is missing, they differ, or an output topic takes smaller records than it must; named.
    """
    wanted = {namespace + name for name in topics} | {namespace + topic.name for topic in outputs}
    found = await count_partitions(url, sorted(wanted))
    if missing := sorted(wanted - found.keys()):
        raise Transient(f"topics are missing: {', '.join(missing)} (caseway topics create)")
    counts = {name: found[namespace + name] for name in topics}
    if len(set(counts.values())) > 1:
        raise Transient(f"a stage's topics need equal partition counts: {counts}")
    sizes = await _max_bytes(url, [namespace + topic.name for topic in outputs])
    for topic in outputs:
        if sizes[namespace + topic.name] < topic.max_bytes:
            raise Transient(f"topic {topic.name}: max.message.bytes is below {topic.max_bytes}")
    return next(iter(counts.values()))


async def _max_bytes(url: str, names: Sequence[str]) -> Mapping[str, int]:
    async with admin(url) as client:
        responses = await client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    sizes = {}
    for response in responses:
        for _code, _message, _kind, name, entries in response.resources:
            sizes[name] = next(int(entry[1]) for entry in entries if entry[0] == "max.message.bytes")
    return sizes


def producer(url: str) -> AIOKafkaProducer:
    """A producer whose acknowledgement means: on every in-sync replica, once, in order."""
    return AIOKafkaProducer(
        bootstrap_servers=url,
        acks="all",
        enable_idempotence=True,
        max_batch_size=MEBIBYTE - 1024,
        max_request_size=MAX_REQUEST_BYTES,
        request_timeout_ms=int(ANSWER_SECONDS * 1000),
        linger_ms=0,
    )


def inspector(url: str) -> AIOKafkaConsumer:
    """A consumer outside any group, to look at single offsets.

    It learns of one unknown topic after the other, and rests after each: the usual 100 ms made half a second of it.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=url, group_id=None, enable_auto_commit=False, isolation_level="read_committed",
        request_timeout_ms=int(ANSWER_SECONDS * 1000), fetch_max_wait_ms=50, max_partition_fetch_bytes=MEBIBYTE // 4,
        retry_backoff_ms=10,
    )  # fmt: skip
