"""The local stack does what it says, on real backends."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient

from caseway.local import Stack, StackError
from caseway.local.ports import free_ports, is_free, is_open
from caseway.local.process import start_mark
from caseway.local.settings import LocalSettings
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually


async def _create_topic(url: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()


async def _send(url: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=url, acks="all", max_request_size=30_000_000) as producer:
        await producer.send_and_wait(topic, value)


async def _first_value(url: str, topic: str) -> bytes:
    async with AIOKafkaConsumer(bootstrap_servers=url, fetch_max_bytes=30_000_000) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        return (await asyncio.wait_for(consumer.getone(), 20)).value


async def _topics(url: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=url)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def test_the_largest_record_of_the_wire_goes_through(namespace: Namespace) -> None:
    """wire.md: a parked record may have 27 MiB."""
    topic, value = namespace.topic("large"), b"x" * (27 * 1024 * 1024 - 1024)
    admin = AIOKafkaAdminClient(bootstrap_servers=namespace.kafka_url)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": str(27 * 1024 * 1024)})])
    await admin.close()
    await _send(namespace.kafka_url, topic, value)
    assert await _first_value(namespace.kafka_url, topic) == value


async def test_a_topic_nobody_created_is_not_there(namespace: Namespace) -> None:
    """An auto-created topic would have one partition and no retention."""
    async with AIOKafkaProducer(bootstrap_servers=namespace.kafka_url) as producer:
        with pytest.raises((TimeoutError, KafkaError)):
            await asyncio.wait_for(producer.partitions_for(namespace.topic("never")), 0.5)
    assert namespace.topic("never") not in await _topics(namespace.kafka_url)


async def test_a_namespace_is_emptied_and_its_neighbour_is_not(stack: Stack) -> None:
    gone, kept = (Namespace.new(stack.kafka_url, stack.mongo_url) for _ in range(2))
    async with AsyncMongoClient(stack.mongo_url) as client:
        for each in (gone, kept):
            await _create_topic(stack.kafka_url, each.topic("facts"))
            await client[f"{each}caseway_intake"]["cases"].insert_one({"_id": 1})
        await gone.clean()
        assert {str(gone), str(kept)} & {name[:10] for name in await client.list_database_names()} == {str(kept)}
        await eventually(lambda: _lacks(stack.kafka_url, gone.topic("facts")), "topic deleted")
        assert kept.topic("facts") in await _topics(stack.kafka_url)
        await kept.clean()


async def _lacks(url: str, topic: str) -> bool:
    return topic not in await _topics(url)


async def test_backends_that_were_paused_or_killed_go_on_with_what_they_acknowledged(private_stack: Stack) -> None:
    kafka, mongo = private_stack.kafka_url, private_stack.mongo_url
    await _create_topic(kafka, "facts")
    await _pause_during_a_send(private_stack)
    async with AsyncMongoClient(mongo, serverSelectionTimeoutMS=2000) as client:
        await client.test.get_collection("facts").insert_one({"_id": "acknowledged"})
        private_stack.kafka.kill()
        private_stack.mongo.kill()
        assert not is_open(int(kafka.rpartition(":")[2]))
        await asyncio.gather(*(asyncio.to_thread(each.restart) for each in (private_stack.kafka, private_stack.mongo)))
        assert (private_stack.kafka_url, private_stack.mongo_url) == (kafka, mongo)
        assert await _first_value(kafka, "facts") == b"late"
        assert await client.test.facts.find_one() == {"_id": "acknowledged"}


async def _pause_during_a_send(stack: Stack) -> None:
    stack.kafka.pause()
    sending = asyncio.create_task(_send(stack.kafka_url, "facts", b"late"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(sending), 0.5)
    stack.kafka.resume()
    await sending


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_backends_end_with_the_process_that_started_them_however_it_ends(ending: int, tmp_path: Path) -> None:
    """Both are only spawned here, not waited for: what matters is that nothing survives."""
    program = """
        import sys, threading
        from caseway.local.process import NativeProcess
        class Sleeper:
            name, url, ports = "sleeper", "", ()
            def command(self): return ["sleep", "600"]
        from pathlib import Path
        running = NativeProcess(Sleeper(), Path(sys.argv[1]) / "log", start_seconds=1)
        # In a thread that ends: a child bound to the thread and not to the process would die here already.
        starter = threading.Thread(target=running.spawn); starter.start(); starter.join()
        print(running.pid, flush=True)
        threading.Event().wait()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert start_mark(child)
    parent.send_signal(ending)
    parent.wait()
    parent.stdout.close()
    await eventually(lambda: not start_mark(child), "the backend ended", seconds=10)


async def test_a_keeper_that_is_killed_takes_its_backend_along(tmp_path: Path) -> None:
    from caseway.local import keeper

    kept = subprocess.Popen(
        [sys.executable, "-I", "-S", keeper.__file__, "sleep", "600"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert kept.stdout is not None
    assert kept.stdin is not None
    child = int(kept.stdout.readline())
    kept.kill()
    kept.wait()
    await eventually(lambda: not start_mark(child), "the backend ended", seconds=10)
    kept.stdin.close()
    kept.stdout.close()


def test_a_given_url_is_used_and_never_touched(stack: Stack) -> None:
    given = LocalSettings(kafka_url=stack.kafka_url, mongo_url=stack.mongo_url)
    with Stack(given) as borrowed:
        assert (borrowed.kafka_url, borrowed.mongo_url) == (stack.kafka_url, stack.mongo_url)
        with pytest.raises(StackError, match="given by URL"):
            borrowed.kafka.kill()
        with pytest.raises(StackError, match="given by URL"):
            borrowed.mongo.pause()


def test_a_given_url_where_nobody_answers_is_an_error_that_hides_the_password(stack: Stack) -> None:
    (port,) = free_ports(1)
    url = f"mongodb://desk:secret@127.0.0.1:{port}/?serverSelectionTimeoutMS=200"
    with pytest.raises(StackError, match="MongoDB was given by URL but does not answer") as raised:
        Stack(LocalSettings(kafka_url=stack.kafka_url, mongo_url=url)).start()
    assert "secret" not in str(raised.value)


def test_free_ports_are_free_and_below_the_range_of_outgoing_connections() -> None:
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert all(is_free(port) and port < 32768 for port in ports)
