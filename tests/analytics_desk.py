"""Analytics as processes on a corner of the shared stack, and the upstream lanes that tell it facts."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt
from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient

from caseway.contracts.codec import encode, partition_of
from caseway.contracts.wire import Fact
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway_analytics.domain.cells import CellKey, Tally, together
from caseway_analytics.domain.cuts import CUTS

RETAIL = Path(__file__).parents[1] / "deploy/scenarios/retail"
PARTITIONS = 4
WRITERS = {"cases": "intake.core", "work": "router.core", "milestones": "escalation", "notifications": "notifier"}
OUTSIDE = "survey://test"
KEY = "a key that is long enough for a token"
FINE = ("slot", "half_hour")
"""Each figure stands in a lane's cell or by the half hour, and in the coarser layers once more."""


class AnalyticsDesk:
    """Use after `prepare`; `facts` has everything that was told, with its id, in the order of its topic."""

    def __init__(self, namespace: Namespace, folder: Path, configuration: Path = RETAIL) -> None:
        self.namespace = namespace
        self.facts: list[tuple[str, Fact]] = []
        self._folder = folder
        self._environment = {
            **namespace.environment(),
            "CASEWAY_CONFIG": str(configuration),
            "CASEWAY_SESSION_SECONDS": "6",
            "CASEWAY_SIGNING_KEY": KEY,
        }
        self._sequences: dict[tuple[str, int], itertools.count[int]] = {}
        self._sent: list[tuple[str, int, bytes, bytes, Any]] = []
        self._producer: AIOKafkaProducer | None = None

    async def prepare(self) -> None:
        """Create the topics."""
        await create_topics(self.namespace.kafka_url, self.namespace.prefix, PARTITIONS)

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this desk is started with."""
        return dict(self._environment)

    def service(self) -> ServiceProcess:
        """One instance."""
        return ServiceProcess("analytics", self._environment, self._folder)

    async def tell(self, *facts: Fact) -> None:
        """Publish as the upstream lanes do, each with its sequence."""
        records = [self._record(fact) for fact in facts]
        self._sent += records
        await self._publish(records)

    async def tell_again(self, records: slice = slice(None)) -> int:
        """Republish what was told, byte for byte, as a lane does that was killed before its acknowledgement."""
        again = self._sent[records]
        await self._publish(again)
        return len(again)

    async def cells(self) -> Tally:
        """The service's aggregates, lanes added up, in the form of a recount."""
        return together([_tally(document) async for document in self._documents("cells") if _is_fine(document)])

    async def totals(self) -> dict[tuple[str, str], dict[str, int]]:
        """The all-time documents, lanes added up, without zeros."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        async for document in self._documents("totals"):
            into = found.setdefault((document["channel"], document["queue"]), {})
            for name, amount in _amounts(document).items():
                into[name] = into.get(name, 0) + amount
        return {key: kept for key, each in found.items() if (kept := {name: n for name, n in each.items() if n})}

    async def _documents(self, collection: str) -> Any:
        async with AsyncMongoClient(self.namespace.mongo_url, tz_aware=True) as client:
            async for document in client[f"{self.namespace.prefix}caseway_analytics"][collection].find({}):
                yield document

    def _record(self, fact: Fact) -> tuple[str, int, bytes, bytes, Any]:
        topic, key = fact.topic(), fact.key()
        partition = partition_of(key.encode(), PARTITIONS)
        numbers = self._sequences.setdefault((topic, partition), itertools.count(1))
        sequence = next(numbers)
        id_ = f"{topic}-{partition}-{sequence}"
        self.facts.append((id_, fact))
        value, headers = encode(
            fact,
            id=id_,
            source=f"caseway://{WRITERS[topic]}" if topic in WRITERS else OUTSIDE,
            time=fact.at,
            subject=key,
            lane=f"{WRITERS[topic]}/{partition}/test" if topic in WRITERS else "",
            sequence=sequence if topic in WRITERS else 0,
        )
        return topic, partition, key.encode(), value, headers

    @contextlib.asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """With one producer for all that is told meanwhile: to start one takes longer than what is measured."""
        self._producer = AIOKafkaProducer(bootstrap_servers=self.namespace.kafka_url, acks="all")
        await self._producer.start()
        try:
            yield
        finally:
            producer, self._producer = self._producer, None
            await producer.stop()

    async def _publish(self, records: Sequence[tuple[str, int, bytes, bytes, Any]]) -> None:
        if self._producer is None:
            async with self.telling():
                await self._publish(records)
            return
        for topic, partition, key, value, headers in records:
            await self._producer.send(self.namespace.topic(topic), value, key=key, headers=headers, partition=partition)
        await self._producer.flush()


def _is_fine(document: Mapping[str, Any]) -> bool:
    """Whether it is a cell by the half hour, and no sum of others."""
    return document["grain"] in FINE and document["cut"] in CUTS


def bearer(sub: str, role: str) -> dict[str, str]:
    """The header of somebody who signed in."""
    until = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
    return {"authorization": f"Bearer {jwt.encode({'sub': sub, 'role': role, 'exp': until}, KEY)}"}


async def get(
    service: ServiceProcess, path: str, seconds: float = 20, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """What a path answers, to a supervisor unless other headers are given."""
    shown = bearer("maria", "supervisor") if headers is None else headers
    async with httpx.AsyncClient(timeout=seconds) as client:
        return await client.get(service.url + path, headers=shown)


async def events(service: ServiceProcess, *, kinds: Iterable[str]) -> Any:
    """The stream's events of some kinds, as (kind, data), for as long as one reads."""
    wanted = set(kinds)
    async with httpx.AsyncClient(timeout=20) as client, client.stream("GET", service.url + "/v1/live") as stream:
        kind = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind in wanted:
                yield kind, json.loads(line.removeprefix("data: "))


def _tally(document: dict[str, Any]) -> Tally:
    return {CellKey(document["cut"], document["slot"], tuple(document["values"])): _amounts(document)}


def _amounts(document: dict[str, Any]) -> dict[str, int]:
    return {
        f"{measure}.{name}{suffix}": amount
        for measure, figure in document.get("m", {}).items()
        for name, value in figure.items()
        for suffix, amount in (
            [(f".{bucket}", n) for bucket, n in value.items()] if isinstance(value, dict) else [("", value)]
        )
    }
