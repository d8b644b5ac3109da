"""Whether a backend does what it is there for."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

_TOPIC = "caseway-local-ready"


def kafka_answers(url: str) -> bool:
    """Produce a record with all acknowledgements and read it back as a member of a group."""
    return _in_own_loop(_kafka_round_trip(url))


def kafka_is_reachable(url: str) -> bool:
    """Ask for the cluster and leave no trace: for a broker that is somebody's."""
    return _in_own_loop(_kafka_metadata(url))


def mongo_answers(url: str) -> bool:
    """Commit a transaction."""
    try:
        with (
            MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2000, socketTimeoutMS=5000) as client,
            client.start_session() as session,
            session.start_transaction(),
        ):
            client["caseway-local"]["ready"].replace_one({"_id": 1}, {"_id": 1}, upsert=True, session=session)
    except PyMongoError:
        return False
    return True


def mongo_is_reachable(url: str) -> bool:
    """Ask whether sessions, and so transactions, are possible; leave no trace."""
    try:
        with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=2000) as client:
            return "setName" in client.admin.command("hello")
    except PyMongoError:
        return False


async def _kafka_round_trip(url: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=url, request_timeout_ms=5000)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(_TOPIC, 1, 1)])
    except TopicAlreadyExistsError:
        pass
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=url, acks="all") as producer:
        sent = await producer.send_and_wait(_TOPIC, b"ready")
    async with AIOKafkaConsumer(
        _TOPIC, bootstrap_servers=url, group_id=_TOPIC, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        async for record in consumer:
            if record.offset >= sent.offset:
                break
        await consumer.commit()
    return True


async def _kafka_metadata(url: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=url, request_timeout_ms=5000)
    await admin.start()
    try:
        return bool((await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()


def _in_own_loop(probe: Coroutine[Any, Any, bool]) -> bool:
    """Run in a thread of its own: the caller may be inside a running loop."""
    result: list[bool] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(_guarded(probe))))
    thread.start()
    thread.join()
    return result == [True]


async def _guarded(probe: Coroutine[Any, Any, bool]) -> bool:
    # "Connection refused" is what a starting broker says; it is not worth a line on the terminal.
    logger = logging.getLogger("aiokafka")
    level, logger_level = logging.CRITICAL + 1, logger.level
    logger.setLevel(level)
    try:
        async with asyncio.timeout(15):
            return await probe
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        logger.setLevel(logger_level)
