"""From a `queue` command to its offer, with the router alone.

Work is queued at a steady rate for agents who are there, each with the room of an ordinary desk. They accept what is
offered, hold it for a while, complete it, and let the writing-up run out; their desks send heartbeats. The time is
from the broker's stamp on `queue` to the broker's stamp on `offered`: what an agent's telephone waits for. Two passes
of a stage lie between them at most, the one that is running when the command comes, and its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import heapq
import itertools
import json
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from caseway.contracts.topology import PARTITIONS
from caseway.contracts.wire import WireModel
from caseway.contracts.work import AgentPresenceChanged, WorkAccepted, WorkOffered
from caseway.contracts.work_commands import AcceptWork, CompleteWork, SendHeartbeat
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.load import corner, payloads
from tests.load.corner import Record
from tests.load.crowd import ORDINARY, POOL, scenario
from tests.load.steps import Steps, since, steps

AIM_SECONDS = 0.15
"""Asked of the 99th percentile at 100 commands a second; printed, never asserted."""
ANSWERS_AFTER = 0.5
HOLDS_FOR = 2.0
HEARTBEAT_EVERY = 15.0
SETTLE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What became of one rate."""

    rate: int
    agents: int
    queued: int
    offered: int
    p50: float
    p90: float
    p99: float
    longest: float
    records: int
    """All that the pool read meanwhile: queue, accept, complete, heartbeat."""
    processor_micros: float
    """Of the router's process, for each of these."""
    busy: float
    """Its share of one core."""
    steps: str
    """The mean of each step of the core, in milliseconds, and how often it was taken a second."""

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(slots=True)
class Desks:
    """All agents' desks: they answer what is offered, and tell that they are there."""

    namespace: Namespace
    producer: AIOKafkaProducer
    agents: int
    offered_at: dict[str, float] = field(default_factory=dict)
    """By case, the broker's time in seconds."""
    online: set[str] = field(default_factory=set)
    sent: int = 0
    _due: list[tuple[float, int, WireModel]] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    async def run(self, started: asyncio.Event) -> None:
        """Read what the router tells, and answer, for ever."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.namespace.kafka_url, group_id=None)
        async with consumer:
            consumer.assign([TopicPartition(self.namespace.topic("work"), number) for number in range(PARTITIONS)])
            await consumer.seek_to_beginning()
            started.set()
            while True:
                # seldom and in bulk: the stamps are the broker's, and the desks share the processors
                await asyncio.sleep(0.1)
                for records in (await consumer.getmany(timeout_ms=1)).values():
                    for record in records:
                        self._hear(record, dict(record.headers).get("ce_type", b"").decode())
                await self._send_due()

    async def beat(self) -> None:
        """Each desk's heartbeat, spread evenly."""
        for number in itertools.count():
            await asyncio.sleep(HEARTBEAT_EVERY / self.agents)
            await self.send(SendHeartbeat(pool=POOL, agent=payloads.agent(number % self.agents)))

    async def send(self, command: WireModel, id_: str = "") -> asyncio.Future[Any]:
        """Put one command on its topic."""
        self.sent += 1
        return await self.put(payloads.from_outside(command, id_ or f"desk-{id(self)}-{next(self._numbers)}"))

    async def put(self, record: Record) -> asyncio.Future[Any]:
        """Put one record where it belongs."""
        sending: asyncio.Future[Any] = await self.producer.send(
            self.namespace.topic(record.topic),
            record.value,
            key=record.key.encode(),
            partition=record.partition,
            headers=list(record.headers),
        )
        return sending

    def _hear(self, record: ConsumerRecord, type_: str) -> None:
        if type_ == AgentPresenceChanged.TYPE:
            self.online.add(record.key.decode())
        elif type_ == WorkOffered.TYPE:
            case_id = record.key.decode()
            self.offered_at.setdefault(case_id, record.timestamp / 1000)
            self._later(ANSWERS_AFTER, AcceptWork(pool=POOL, agent=_agent_of(record), case_id=case_id))
        elif type_ == WorkAccepted.TYPE:
            self._later(HOLDS_FOR, CompleteWork(pool=POOL, agent=_agent_of(record), case_id=record.key.decode()))

    def _later(self, seconds: float, command: WireModel) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), command))

    async def _send_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            await self.send(heapq.heappop(self._due)[2])


def _agent_of(record: ConsumerRecord) -> str:
    return str(json.loads(record.value)["agent"])


async def hold(
    namespace: Namespace, folder: Path, rates: list[int], seconds: float, agents: int = 500
) -> list[Offered]:
    """One rate after the other, on one router."""
    async with _router(namespace, folder, agents) as router, _desks(namespace, agents) as desks:
        await corner.fill(namespace, payloads.presences(agents))
        await eventually(lambda: len(desks.online) >= agents, f"{agents} agents online", seconds=60)
        await _hold(router, desks, 50, 3.0)  # the first records pay for what is made once
        return [await _hold(router, desks, rate, seconds) for rate in rates]


@contextlib.asynccontextmanager
async def _router(namespace: Namespace, folder: Path, agents: int) -> AsyncIterator[ServiceProcess]:
    environment = {
        **namespace.environment(),
        "CASEWAY_CONFIG": str(scenario(folder / "offers", agents, ORDINARY)),
        "CASEWAY_LOG_LEVEL": "WARNING",
    }
    async with ServiceProcess("router", environment, folder) as router:
        yield await router.until_ready(90)


@contextlib.asynccontextmanager
async def _desks(namespace: Namespace, agents: int) -> AsyncIterator[Desks]:
    async with AIOKafkaProducer(bootstrap_servers=namespace.kafka_url, acks="all") as producer:
        desks, started = Desks(namespace, producer, agents), asyncio.Event()
        running = [asyncio.create_task(desks.run(started)), asyncio.create_task(desks.beat())]
        try:
            await started.wait()
            yield desks
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _hold(router: ServiceProcess, desks: Desks, rate: int, seconds: float) -> Offered:
    process = psutil.Process(router.process.pid)
    told, used, sent, began = await steps(router.url), _used(process), desks.sent, time.monotonic()
    queued_at = await _queue(desks, rate, seconds)
    took, busy = time.monotonic() - began, _used(process) - used
    records, spent = desks.sent - sent + len(queued_at), since(told, await steps(router.url))
    with contextlib.suppress(AssertionError):  # said in the table: offered of queued
        await eventually(lambda: queued_at.keys() <= desks.offered_at.keys(), "offers", seconds=SETTLE_SECONDS)
    waits = sorted(desks.offered_at[case] - at for case, at in queued_at.items() if case in desks.offered_at)
    assert waits, "nothing was offered to anybody"
    return Offered(
        rate=rate,
        agents=desks.agents,
        queued=len(queued_at),
        offered=len(waits),
        p50=statistics.median(waits),
        p90=waits[int(len(waits) * 0.9)],
        p99=waits[int(len(waits) * 0.99)],
        longest=waits[-1],
        records=records,
        processor_micros=busy / records * 1e6,
        busy=busy / took,
        steps=_in_words(spent, took),
    )


async def _queue(desks: Desks, rate: int, seconds: float) -> dict[str, float]:
    """Queue steadily; by case, the broker's time on the command."""
    sending: dict[str, asyncio.Future[Any]] = {}
    run, began = f"{rate}-{int(time.time() * 1000)}", time.monotonic()
    for number, (case_id, record) in enumerate(payloads.queues(run, int(rate * seconds))):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        sending[case_id] = await desks.put(record)
    acknowledged: Mapping[str, Any] = dict(zip(sending, await asyncio.gather(*sending.values()), strict=True))
    return {case_id: each.timestamp / 1000 for case_id, each in acknowledged.items()}


def _in_words(spent: Steps, took: float) -> str:
    core = {step: values for (stage, step), values in spent.items() if stage == "router.core" and values[1]}
    return ", ".join(
        f"{step} {seconds / count * 1000:.1f} ×{count / took:.0f}" for step, (seconds, count) in core.items()
    )


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
