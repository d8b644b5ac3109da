"""From a contact to its offer, through all services.

Forms are sent at a steady rate, and each rate for some seconds; the time is from the broker's stamp on the contact to
the broker's stamp on `work.offered` of the case that it opened. Plenty of agents are there, so that what is measured
is the way and not the queue; they do not accept. Mail goes to a sink, as it would to a mail server.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from caseway.contracts.case_commands import AddContact
from caseway.contracts.cases import CaseOpened
from caseway.contracts.codec import encode
from caseway.contracts.parts import Actor
from caseway.contracts.topology import PARTITIONS, SERVICES
from caseway.contracts.work import AgentPresenceChanged, WorkOffered
from caseway.contracts.work_commands import QueueWork, SetPresence
from caseway.kernel.vocabulary import Presence
from caseway.local.mailsink import MailSink
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.load import corner, payloads
from tests.load.corner import Record
from tests.load.crowd import POOL, scenario

WAY = {each.TOPIC: each.TYPE for each in (AddContact, CaseOpened, QueueWork, WorkOffered)}
"""What a contact becomes on its way, topic by topic."""
SETTLE_SECONDS = 30.0
"""How long the offers of one rate may still come after its last contact."""
HOPELESS_SECONDS = 10.0
"""A rate whose p99 is beyond this ends the climb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What became of one rate."""

    rate: int
    reached: float
    """Contacts a second that were really sent."""
    sent: int
    offered: int
    p50: float
    p99: float
    longest: float
    busiest: str
    """Each process's share of one core."""
    hops: str
    """The median time to reach each topic from the one before, in milliseconds."""

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(slots=True)
class Watch:
    """Reads the topics on the way as they grow, and notes when each case came by, by the broker's time."""

    namespace: Namespace
    passed: dict[str, dict[str, float]] = field(default_factory=lambda: {topic: {} for topic in WAY})
    """By topic and case."""
    online: set[str] = field(default_factory=set)

    async def run(self, started: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.namespace.kafka_url, group_id=None)
        async with consumer:
            consumer.assign(
                [TopicPartition(self.namespace.topic(topic), number) for topic in WAY for number in range(PARTITIONS)]
            )
            await consumer.seek_to_beginning()
            started.set()
            while True:
                # seldom and in bulk: the stamps are the broker's, and the watcher shares the processors
                await asyncio.sleep(0.25)
                for records in (await consumer.getmany(timeout_ms=250)).values():
                    for record in records:
                        self._note(record, dict(record.headers).get("ce_type", b"").decode())

    def _note(self, record: ConsumerRecord, type_: str) -> None:
        topic = record.topic.removeprefix(self.namespace.prefix)
        key = record.key.decode()
        if type_ == AgentPresenceChanged.TYPE:
            self.online.add(key)
        elif type_ == WAY.get(topic):
            case = json.loads(record.value)["case_id"] if topic == QueueWork.TOPIC else key
            self.passed[topic].setdefault(case, record.timestamp / 1000)

    @property
    def offered_at(self) -> Mapping[str, float]:
        return self.passed[WorkOffered.TOPIC]

    def hops(self, sent_at: Mapping[str, float]) -> str:
        """The median time from each topic to the next, in milliseconds."""
        told, before = [], sent_at
        for topic, reached in self.passed.items():
            waits = [reached[case] - before[case] for case in sent_at if case in reached and case in before]
            told.append(f"{topic} {statistics.median(waits) * 1000:.0f}" if waits else f"{topic} –")
            before = reached
        return ", ".join(told)


@contextlib.asynccontextmanager
async def desk(namespace: Namespace, folder: Path, agents: int) -> AsyncIterator[dict[str, psutil.Process]]:
    """All five services, ready, and the agents there."""
    async with contextlib.AsyncExitStack() as stack:
        sink = await stack.enter_async_context(_sink())
        environment = {
            **namespace.environment(),
            "CASEWAY_CONFIG": str(scenario(folder / "scenario", agents)),
            "CASEWAY_SIGNING_KEY": "bench",
            "CASEWAY_SMTP_URL": sink,
            "CASEWAY_SMTP_PORT": "-1",
            "CASEWAY_LOG_LEVEL": "WARNING",
        }
        services = [ServiceProcess(name, environment, folder) for name in SERVICES]
        for service in services:
            await stack.enter_async_context(service)
        for service in services:
            await service.until_ready(90)
        yield {service.name: psutil.Process(service.process.pid) for service in services}


@contextlib.asynccontextmanager
async def _sink() -> AsyncIterator[str]:
    """The mail server, a process of its own: it must not share our loop."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.load.latency"], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
    )
    try:
        assert child.stdout is not None
        yield f"smtp://127.0.0.1:{(await asyncio.to_thread(child.stdout.readline)).strip()}"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


async def come_online(namespace: Namespace, watch: Watch, agents: int) -> None:
    """Every agent says that they are there, and the router has heard it."""
    await corner.fill(namespace, [_presence(number) for number in range(agents)])
    await eventually(lambda: len(watch.online) >= agents, f"{agents} agents online", seconds=60)


def _presence(number: int) -> Record:
    agent = f"agent-{number:04}"
    command = SetPresence(pool=POOL, actor=Actor(kind="agent", id=agent), agent=agent, presence=Presence.ONLINE)
    value, headers = encode(command, id=f"presence-{agent}", source=payloads.SOURCE, time=corner.now(), subject=POOL)
    return Record(topic="work.commands", key=POOL, value=value, headers=headers)


async def climb(
    namespace: Namespace, folder: Path, rates: Sequence[int], seconds: float, agents: int = 500
) -> list[Held]:
    """One rate after the other, until one is hopeless."""
    watch, started = Watch(namespace), asyncio.Event()
    reading = asyncio.create_task(watch.run(started))
    held: list[Held] = []
    try:
        await started.wait()
        async with desk(namespace, folder, agents) as processes:
            await come_online(namespace, watch, agents)
            await _hold(namespace, watch, processes, 20, 3.0)  # the first records pay for what is made once
            for rate in rates:
                held.append(await _hold(namespace, watch, processes, rate, seconds))
                if held[-1].p99 > HOPELESS_SECONDS:
                    break
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return held


async def _hold(
    namespace: Namespace, watch: Watch, processes: Mapping[str, psutil.Process], rate: int, seconds: float
) -> Held:
    before, began = {name: _used(each) for name, each in processes.items()}, time.monotonic()
    sent_at = await _send(namespace, rate, seconds)
    took = time.monotonic() - began
    used = {name: (_used(each) - before[name]) / took for name, each in processes.items()}
    with contextlib.suppress(AssertionError):  # said in the table: offered of sent
        await eventually(lambda: sent_at.keys() <= watch.offered_at.keys(), "offers", seconds=SETTLE_SECONDS, every=0.2)
    waits = sorted(watch.offered_at[case] - at for case, at in sent_at.items() if case in watch.offered_at)
    assert waits, "not one contact was offered to anybody"
    return Held(
        rate=rate,
        reached=len(sent_at) / took,
        sent=len(sent_at),
        offered=len(waits),
        p50=statistics.median(waits),
        p99=waits[min(len(waits) - 1, int(len(waits) * 0.99))],
        longest=waits[-1],
        busiest=", ".join(f"{name} {share:.0%}" for name, share in sorted(used.items(), key=lambda each: -each[1])[:3]),
        hops=watch.hops(sent_at),
    )


async def _send(namespace: Namespace, rate: int, seconds: float) -> dict[str, float]:
    """Send steadily; by case, the broker's time on the contact that opens it."""
    producer = AIOKafkaProducer(bootstrap_servers=namespace.kafka_url, acks="all")
    sending: dict[str, asyncio.Future[Any]] = {}
    async with producer:
        began = time.monotonic()
        run = f"{rate}-{int(time.time())}"
        for number, (opens, record) in enumerate(payloads.forms(run, int(rate * seconds))):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            sending[opens] = await producer.send(
                namespace.topic(record.topic),
                record.value,
                key=record.key.encode(),
                partition=record.partition,
                headers=list(record.headers),
            )
        acknowledged = await asyncio.gather(*sending.values())
    return {opens: each.timestamp / 1000 for opens, each in zip(sending, acknowledged, strict=True)}


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _serve_sink() -> None:
    async with MailSink() as sink:
        sys.stdout.write(f"{sink.port}\n")
        sys.stdout.flush()
        while os.getppid() != 1:
            await asyncio.sleep(1)
            sink.attempts.clear()


if __name__ == "__main__":
    asyncio.run(_serve_sink())
