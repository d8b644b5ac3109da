"""A crew for routers on a real Kafka: opens cases, answers offers, solves what it holds, and writes down what was sent."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
from collections.abc import Awaitable, Callable
from typing import Any, Self

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.cases import CaseOpened, CaseResolved
from caseway.contracts.codec import encode
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import AcceptWork, DeclineWork, SetPresence
from caseway.kernel.vocabulary import Channel, Presence
from caseway.testkit.namespaces import Namespace

POOL = "retail"
LANGUAGES = ("pl", "pl", "pl", "en", "de")


class Crew:
    """Customers and agents in one: `async with`, then `opens`."""

    def __init__(self, namespace: Namespace, partitions: int, seed: int = 1) -> None:
        self.opened: list[str] = []
        """Cases whose opening Kafka has acknowledged."""
        self.completed: set[str] = set()
        self._namespace, self._partitions = namespace, partitions
        self._chance = random.Random(seed)
        self._sent = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: set[str] = set()
        self._last: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        url = self._namespace.kafka_url
        self._producer = AIOKafkaProducer(bootstrap_servers=url, acks="all", enable_idempotence=True)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=url, group_id=None, auto_offset_reset="earliest")
        await self._producer.start()
        await self._consumer.start()
        name = self._namespace.topic("work")
        self._consumer.assign([TopicPartition(name, number) for number in range(self._partitions)])
        self._begin(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._consumer.stop()
        await self._producer.stop()

    async def sits_down(self, *agents: str) -> None:
        for agent in agents:
            await self._send(SetPresence(pool=POOL, agent=agent, presence=Presence.ONLINE))

    async def opens(self, count: int, per_second: float) -> None:
        """So many cases, one after the other."""
        for _ in range(count):
            number = len(self.opened) + 1
            case = f"case-{number}"
            await self._send(
                CaseOpened(
                    **self._stamp(case, 1),
                    number=number,
                    contact=f"contact-{number}",
                    channel=self._chance.choice((Channel.EMAIL, Channel.WEB, Channel.CHAT)),
                    source_key=case,
                    category=self._chance.choice(("order", "return", "store", "partner", "other")),
                    language=self._chance.choice(LANGUAGES),
                )
            )
            self.opened.append(case)
            await asyncio.sleep(1 / per_second)

    def unserved(self) -> list[str]:
        """Cases that were opened and whose work is not done, each with what was last told of it."""
        return [f"{case}: {self._last.get(case, 'nothing')}" for case in self.opened if case not in self.completed]

    async def _listen(self) -> None:
        while True:
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    headers = {key: value.decode() for key, value in record.headers}
                    if headers["ce_id"] not in self._seen:
                        self._seen.add(headers["ce_id"])
                        self._hear(headers["ce_type"].split(".")[2], orjson.loads(record.value))

    def _hear(self, name: str, fact: dict[str, Any]) -> None:
        if "case_id" in fact:
            self._last[fact["case_id"]] = f"{name} {fact.get('agent') or ''} at {fact['at']}"
        if name == "offered":
            self._begin(self._answer(fact))
        elif name == "accepted":
            self._begin(self._solve(fact))
        elif name == "completed":
            self.completed.add(fact["case_id"])
        elif fact.get("presence") == Presence.NOT_ANSWERING:
            self._begin(self._is_back(fact["agent"]))

    async def _is_back(self, agent: str) -> None:
        """Who missed offers too often says that they are there again."""
        await asyncio.sleep(1)
        await self.sits_down(agent)

    async def _answer(self, fact: dict[str, Any]) -> None:
        draw = self._chance.random()
        if draw < 0.02:
            return
        kind = DeclineWork if draw < 0.06 else AcceptWork
        await asyncio.sleep(self._chance.uniform(0.1, 0.5))
        await self._send(kind(pool=POOL, agent=fact["agent"], case_id=fact["case_id"], work_item=fact["work_item"]))

    async def _solve(self, fact: dict[str, Any]) -> None:
        await asyncio.sleep(self._chance.uniform(0.3, 1.5))
        await self._send(CaseResolved(**self._stamp(fact["case_id"], 2)))

    def _begin(self, work: Awaitable[None]) -> None:
        async def doing() -> None:
            await work

        task = asyncio.create_task(doing())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, model: WireModel) -> None:
        self._sent += 1
        now = dt.datetime.now(dt.UTC)
        value, headers = encode(model, id=f"crew-{self._sent}", source="desk://crew", time=now, subject=model.key())
        topic = self._namespace.topic(model.topic())
        await self._producer.send_and_wait(topic, value, key=model.key().encode(), headers=headers)

    def _stamp(self, case: str, version: int) -> dict[str, Any]:
        now = dt.datetime.now(dt.UTC)
        return {"at": now, "cause": "crew", "configuration": "crew", "case_id": case, "version": version}


async def every(seconds: float, times: int, does: Callable[[], Awaitable[None]]) -> None:
    """Do it so many times, so far apart."""
    for _ in range(times):
        await asyncio.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            await does()
