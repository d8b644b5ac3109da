"""A running notifier with its surroundings: facts go in, mail and facts come out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from email import message_from_bytes
from pathlib import Path
from typing import Any

import httpx
import orjson
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient

from caseway.contracts.codec import encode
from caseway.contracts.wire import WireModel
from caseway.kernel.clock import WallClock
from caseway.local.mailsink import Attempt
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.notifier_builders import RETAIL

PARTITIONS = 4
KEY = "the signing key of the notifier's own tests"
HASTY = {
    "retry": {"first": "PT0.3S", "longest": "PT1S", "attempts": 40, "give_up_after": "PT10M"},
    "pace": {"connections": 4, "per_destination": 4, "attempt": "PT3S", "lease": "PT3S"},
}
"""So that a test need not wait as long as a mail server may be down."""
FEW = {"case-opened", "reply", "case-resolved", "incident-first-report"}
"""Retail's rules that the tests begin with: who else hears of an incident is for the tests that ask it."""


class NotifierDesk:
    """One namespace, any number of notifier processes."""

    def __init__(self, namespace: Namespace, folder: Path, smtp_url: str) -> None:
        self.namespace = namespace
        self._folder = folder
        self._config = folder / "config"
        self._smtp_url = smtp_url
        self.journal = folder / "failpoints"
        self.rules: list[dict[str, Any]] = []
        """Beside the few: what a test adds, before it prepares."""
        self.watches: list[dict[str, Any]] = []

    async def prepare(self, staff: Sequence[str] = (), **senders: Any) -> None:
        """Topics, and the retail rules with little patience; `staff` is who hears of incidents."""
        await create_topics(self.namespace.kafka_url, self.namespace.prefix, PARTITIONS)
        shutil.copytree(RETAIL, self._config)
        self._change("senders.yaml", **{**HASTY, **senders})
        rules = yaml.safe_load((RETAIL / "subscriptions.yaml").read_text(encoding="utf-8"))["subscriptions"]
        chosen = [each for each in rules if each["name"] in FEW]
        self._change("subscriptions.yaml", subscriptions=[*chosen, *self.rules], watches=list(self.watches))
        if staff:
            lists = yaml.safe_load((RETAIL / "lists.yaml").read_text(encoding="utf-8"))
            self._change("lists.yaml", lists={**lists["lists"], "all-staff": list(staff)})

    def _change(self, name: str, **changes: Any) -> None:
        path = self._config / name
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump({**content, **changes}, allow_unicode=True), encoding="utf-8")

    def service(self) -> ServiceProcess:
        """A notifier, not started yet."""
        environment = self.namespace.environment() | {
            "CASEWAY_CONFIG": str(self._config),
            "CASEWAY_SIGNING_KEY": KEY,
            "CASEWAY_SMTP_URL": self._smtp_url,
            "CASEWAY_FAILPOINTS_JOURNAL": str(self.journal),
        }
        return ServiceProcess("notifier", environment, self._folder)

    def database(self) -> Any:
        """The notifier's own database, to look into."""
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.namespace.mongo_url)
        return client[f"{self.namespace.prefix}caseway_notifier"]

    async def tell(self, *facts: WireModel) -> None:
        """Publish facts, as the other services do."""
        async with AIOKafkaProducer(bootstrap_servers=self.namespace.kafka_url, acks="all") as producer:
            for fact in facts:
                name = f"{fact.TYPE}-{fact.key()}-{getattr(fact, 'version', 1)}"
                value, headers = encode(fact, id=name, source="desk://test", time=WallClock().now())
                topic = self.namespace.topic(fact.topic())
                await producer.send_and_wait(topic, value, key=fact.key().encode(), headers=headers)

    async def heard(
        self, topic: str, until: Callable[[list[dict[str, Any]]], Any], seconds: float = 60
    ) -> list[dict[str, Any]]:
        """Everything on a topic, each event once, as soon as it is enough."""
        name = self.namespace.topic(topic)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign([TopicPartition(name, number) for number in range(PARTITIONS)])
            seen: dict[str, dict[str, Any]] = {}

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for record in records:
                        headers = {key: value.decode() for key, value in record.headers}
                        seen[headers["ce_id"]] = {
                            **orjson.loads(record.value),
                            "type": headers["ce_type"].split(".")[2],
                        }
                return bool(until(list(seen.values())))

            await eventually(enough, f"enough on {topic}", seconds=seconds)
            return list(seen.values())

    async def shown(self, service: ServiceProcess, case: str) -> list[dict[str, Any]]:
        """What the service shows of a case."""
        async with httpx.AsyncClient(base_url=service.url, timeout=20) as client:
            answer = await client.get(f"/v1/cases/{case}/notifications")
            assert answer.status_code == 200
            return list(answer.json()["notifications"])

    async def concluded(
        self, service: ServiceProcess, case: str, count: int, seconds: float = 60
    ) -> list[dict[str, Any]]:
        """The case's notifications, once that many have come to their end."""

        async def enough() -> list[dict[str, Any]]:
            found = await self.shown(service, case)
            return found if sum(each["concluded_at"] is not None for each in found) >= count else []

        return await eventually(enough, f"{count} notifications concluded", seconds=seconds)


def by(kind: str, facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of one kind, such as `delivered`."""
    return [each for each in facts if each["type"] == kind]


def copies(mails: Sequence[Attempt]) -> Counter[str]:
    """How often each recipient got a mail."""
    return Counter(each.rcpt_tos[0] for each in mails)


def message_ids(mails: Sequence[Attempt]) -> dict[str, set[str]]:
    """Each recipient's Message-IDs."""
    found: dict[str, set[str]] = {}
    for each in mails:
        found.setdefault(each.rcpt_tos[0], set()).add(str(message_from_bytes(each.content)["Message-ID"]).strip())
    return found
