"""Nothing is lost or doubled, whatever is killed and whenever (delivery.md).

The short form runs by default; `make chaos` runs the long one (`-m chaos`). Every test ends the same way: heal, let it
settle, dump all topics and collections, and ask the checkers.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure

from caseway.contracts.codec import event_headers
from caseway.runtime.kafka import admin, create_topics
from caseway.runtime.operating import resume
from caseway.testkit.chaos.proxy import LosingProxy
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.chaos_desk import PARTITIONS, SESSION_SECONDS, Desk, opened

LANE_FAILPOINTS = {
    "claim": ("claim.before", "claim.after_seek"),
    "write": ("txn.before_guard", "txn.after_guard", "txn.after_state", "txn.after_outbox"),
    "commit": ("commit.before", "commit.after"),
    "publish": ("publish.before", "publish.mid", "publish.after_ack"),
    "tidy": ("remove.after", "advise.before"),
}
pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(300),
]  # a killed client's locks stand for 10 s, a killed member's lanes for 3


@pytest.fixture
async def desk(namespace: Namespace, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(namespace, tmp_path) as desk:
        yield desk


LONG_FORM = pytest.mark.slow
"""Only by `make chaos`: the default run keeps one of each kind."""


@pytest.mark.parametrize(
    "step", ["write", "publish", *(pytest.param(step, marks=LONG_FORM) for step in ("claim", "commit", "tidy"))]
)
async def test_a_kill_at_any_failpoint_loses_and_doubles_nothing(desk: Desk, step: str) -> None:
    """Steps 1-9: the process dies at each failpoint of a step in turn, under load, and another takes its lanes."""
    for failpoint in LANE_FAILPOINTS[step]:
        passing = 1 if failpoint == "claim.before" else 2  # all lanes of a stage are claimed at once
        victim = desk.intake(CASEWAY_FAILPOINTS=f"{failpoint}:{passing}:kill")
        while victim.process.poll() is None:
            await desk.load.send(20, per_second=200)
        assert f"{failpoint} kill" in desk.journaled(), f"{failpoint} was never hit"
    await desk.intake().until_ready()
    assert await desk.verdict() == {}
    assert list(desk.load.journal.fates.values()).count("ok") > 20 * len(LANE_FAILPOINTS[step])


@pytest.mark.slow
async def test_a_zombie_that_wakes_changes_nothing(desk: Desk) -> None:
    """2, 5: stopped past its session with records in its buffers; the other takes over; then it wakes."""
    zombie = await desk.intake().until_ready()
    sending = asyncio.create_task(desk.load.send(900, per_second=100))
    await asyncio.sleep(1)
    zombie.pause()
    await desk.intake().until_ready()
    await asyncio.sleep(1)
    zombie.resume()
    await sending
    assert await desk.verdict() == {}


async def test_a_zombie_that_wakes_inside_its_transaction_is_fenced(desk: Desk) -> None:
    """5: stopped between its decisions and its guard, past its session; what it would write is refused."""
    zombie = desk.intake(CASEWAY_FAILPOINTS="txn.before_guard:4:stop")
    sending = asyncio.create_task(desk.load.send(600, per_second=60))
    await eventually(lambda: "txn.before_guard stop" in desk.journaled(), "stopped inside")
    successor = await desk.intake().until_ready()
    await sending
    zombie.resume()
    await zombie.until_ready()
    assert await desk.verdict() == {}
    assert successor.process.poll() is None


@pytest.mark.slow
async def test_two_that_join_and_leave_under_load(desk: Desk) -> None:
    """1, 10: rolling restarts; whoever leaves finishes its batch and lets go."""
    first = await desk.intake().until_ready()
    sending = asyncio.create_task(desk.load.send(900, per_second=100))
    second = await desk.intake().until_ready()
    assert await first.terminate() == 0
    third = desk.intake()
    await third.until_ready()
    assert await second.terminate() == 0
    await sending
    assert await desk.verdict() == {}


async def test_every_record_doubled_has_one_effect(desk: Desk) -> None:
    """Repeats from outside are known by (ce_source, ce_id)."""
    await desk.intake().until_ready()
    await desk.load.send(200, per_second=400, copies=3)
    assert await desk.verdict() == {}


async def test_a_broker_and_a_database_killed_under_load(private_stack, tmp_path: Path) -> None:
    """7: Kafka dies in the middle of a publication; 5, 6: mongod dies in the middle of a transaction."""
    namespace = Namespace.new(private_stack.kafka_url, private_stack.mongo_url)
    async with opened(namespace, tmp_path) as desk:
        intake = await desk.intake().until_ready()
        sending = asyncio.create_task(desk.load.send(600, per_second=60))
        await asyncio.sleep(2)
        private_stack.mongo.kill()
        await eventually(lambda: _is_unready(intake), "not ready without MongoDB")
        await asyncio.to_thread(private_stack.mongo.restart)
        await intake.until_ready(seconds=60)
        private_stack.kafka.kill()
        await eventually(lambda: _is_unready(intake), "not ready without Kafka")
        latecomer = desk.intake()
        await eventually(lambda: _is_unready(latecomer), "started without Kafka: alive, and not ready")
        await asyncio.to_thread(private_stack.kafka.restart)
        await intake.until_ready(seconds=60)
        await latecomer.until_ready(seconds=60)
        await sending
        assert await desk.verdict(seconds=90) == {}


async def test_a_primary_that_steps_down_under_load(private_stack, tmp_path: Path) -> None:
    """5, 6: as at each maintenance of a hosted database; running transactions are aborted, some in their commit."""
    namespace = Namespace.new(private_stack.kafka_url, private_stack.mongo_url)
    async with opened(namespace, tmp_path) as desk:
        intake = await desk.intake().until_ready()
        sending = asyncio.create_task(desk.load.send(500, per_second=60))
        for _ in range(3):
            await asyncio.sleep(1.5)
            await _step_down(namespace)
        await sending
        assert await desk.verdict(seconds=90) == {}
        assert await intake.status("/readyz") == 200


async def _step_down(namespace: Namespace) -> None:
    async with AsyncMongoClient(namespace.mongo_url) as client:
        with contextlib.suppress(ConnectionFailure):  # some versions hang up on whoever asked
            await client.admin.command("replSetStepDown", 1, force=True)


@pytest.mark.slow
async def test_a_process_cut_off_from_the_database_comes_back_and_doubles_nothing(desk: Desk) -> None:
    """5, 6: in the middle of its transactions, for longer than its session; what it had sent arrives late."""
    async with LosingProxy(desk.namespace.mongo_url, b"nothing") as line:
        cut_off = await desk.intake(CASEWAY_MONGO_URL=line.url).until_ready()
        await desk.intake().until_ready()
        sending = asyncio.create_task(desk.load.send(600, per_second=60))
        await asyncio.sleep(2)
        with line.silent():
            await eventually(lambda: _is_unready(cut_off), "not ready without its database")
            await asyncio.sleep(SESSION_SECONDS)
        await cut_off.until_ready(seconds=60)
        await sending
        assert await desk.verdict(seconds=90) == {}


@dataclass(frozen=True)
class Poison:
    """A record that can never be handled."""

    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    reason: str


def _command(value: bytes | None, reason: str, **changes: bytes | None) -> Poison:
    headers = dict(event_headers("caseway.case.resolve.v1", id="p", source="gateway://poison", time=NOW)) | changes
    return Poison(value, tuple((name, content) for name, content in headers.items() if content != b"-"), reason)


NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
POISONS = (
    _command(b"{not json", "malformed"),
    _command(b"[]", "malformed"),
    _command(b'{"case_id": 7}', "malformed"),
    _command(b"\xff\xfe\x00", "malformed"),
    _command(None, "malformed"),
    _command(b"{}", "malformed", ce_id=b"-"),
    _command(b"{}", "malformed", ce_id=None),
    _command(b"{}", "malformed", ce_source=b"\xff\xfe"),
    _command(b"{}", "malformed", ce_time=b"yesterday"),
    _command(b"{}", "malformed", ce_specversion=b"0.3"),
    _command(b"{}", "unknown-type", ce_type=b"caseway.case.juggle.v1"),
    _command(b"{}", "unknown-version", ce_type=b"caseway.case.resolve.v9"),
)


async def _send_raw(namespace: Namespace, poison: Poison) -> None:
    async with _producer(namespace) as producer:
        topic = namespace.topic("case.commands")
        await producer.send_and_wait(topic, poison.value, key=b"case_poison", headers=list(poison.headers))


@contextlib.asynccontextmanager
async def _producer(namespace: Namespace) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=namespace.kafka_url)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def _rewind(namespace: Namespace, group: str, topics: list[str]) -> None:
    """Set the group's offsets to 0, as a careless hand would."""
    consumer = AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, group_id=namespace.prefix + group)
    await consumer.start()
    partitions = [TopicPartition(namespace.topic(topic), number) for topic in topics for number in range(PARTITIONS)]
    consumer.assign(partitions)
    await consumer.commit(dict.fromkeys(partitions, 0))
    await consumer.stop()


async def _recreate(namespace: Namespace, topic: str) -> None:
    async with admin(namespace.kafka_url) as client:
        await client.delete_topics([namespace.topic(topic)])

        async def is_gone() -> bool:
            return namespace.topic(topic) not in await client.list_topics()

        await eventually(is_gone, "the topic deleted")
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)


async def _resume(namespace: Namespace, lane: str) -> None:
    async with AsyncMongoClient(namespace.mongo_url) as client:
        place = client[f"{namespace.prefix}caseway_intake"]
        if (await place.lanes.find_one({"_id": lane}))["halted"]:
            await resume(place, lane, "the chaos suite", NOW)


async def _says_halted(process: ServiceProcess) -> bool:
    async with httpx.AsyncClient() as client:
        with contextlib.suppress(httpx.TransportError):
            answer = await client.get(f"{process.url}/readyz")
            return answer.status_code == 503 and "re-created" in answer.text
    return False


async def _is_unready(process: ServiceProcess) -> bool:
    return await process.status("/readyz") == 503 and await process.status("/livez") == 200


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param(1, id="once"),
        pytest.param(3, id="three times", marks=LONG_FORM),
        pytest.param(200, id="for long", marks=LONG_FORM),
    ],
)
async def test_a_commit_whose_reply_is_lost(desk: Desk, losses: int) -> None:
    """6: the commit was carried out, and nobody says so; it is repeated, or the lanes are claimed anew."""
    async with LosingProxy(desk.namespace.mongo_url, b"commitTransaction") as proxy:
        intake = await desk.intake(CASEWAY_MONGO_URL=proxy.url).until_ready()
        await desk.load.send(30, per_second=200)
        proxy.losses_left = losses
        await desk.load.send(60, per_second=100)
        if losses > 10:
            await eventually(lambda: proxy.lost > 10, "many replies lost")
            proxy.losses_left = 0
        await intake.until_ready()
        assert proxy.lost > 0
        assert await desk.verdict() == {}


@pytest.mark.slow
async def test_a_group_rewound_to_its_beginning_applies_nothing_again(desk: Desk) -> None:
    """9: Kafka's own offsets are advice; the lane knows what it applied."""
    intake = await desk.intake().until_ready()
    await desk.load.send(120, per_second=400)
    assert await desk.verdict() == {}
    await intake.terminate()
    before = len((await desk.dump()).on("cases"))
    await _rewind(desk.namespace, "intake.core", ["case.commands"])
    await desk.intake().until_ready()
    await desk.load.send(30, per_second=400)
    assert await desk.verdict() == {}
    assert len((await desk.dump()).on("cases")) == before + 30


async def test_poison_between_good_neighbours_is_parked_with_its_reason(desk: Desk) -> None:
    """3: each class of poison stands in the parking lot, byte for byte; what is around it is handled."""
    await desk.intake().until_ready()
    poisons = [poison for _ in range(12) for poison in POISONS]
    for poison in poisons:
        await desk.load.send(1, per_second=1000)
        await _send_raw(desk.namespace, poison)
    assert await desk.verdict() == {}
    parked = (await desk.dump()).on("intake.parked")
    found = Counter((record.value, record.headers["caseway_reason"]) for record in parked)
    assert found == Counter((poison.value or b"", poison.reason) for poison in poisons)


async def test_a_command_in_the_wrong_partition_reaches_its_case(desk: Desk) -> None:
    """Routing by key: a client with another partitioner; the core sends the command on, and never applies it."""
    await desk.intake().until_ready()
    await desk.load.send(60, per_second=400, astray=True)
    assert await desk.verdict() == {}


async def test_a_topic_made_anew_halts_its_lanes_and_says_why(desk: Desk) -> None:
    """13: an impossible fact; an operator resumes it, and what is new is applied."""
    intake = await desk.intake().until_ready()
    await desk.load.send(60, per_second=400)
    assert await desk.verdict() == {}
    await intake.terminate()
    await _recreate(desk.namespace, "case.commands")
    again = desk.intake()
    await eventually(lambda: _says_halted(again), "halted, and not ready")
    for lane in (await desk.dump()).collections["lanes"]:
        if lane["_id"].startswith("intake.core"):
            await _resume(desk.namespace, lane["_id"])
    await again.until_ready()
    await desk.load.send(30, per_second=400)
    assert await desk.verdict() == {}
