"""Sends contacts, and writes down what became of each sending."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from caseway.contracts.case_commands import AddContact
from caseway.contracts.codec import dump, event_headers, partition_of
from caseway.contracts.parts import Actor
from caseway.kernel.ids import case_id, emitted_id
from caseway.kernel.vocabulary import Channel
from caseway.testkit.namespaces import Namespace

Fate = Literal["ok", "unknown"]
SOURCE = "gateway://chaos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact to be sent."""

    topic: str
    key: str
    type: str
    id: str
    value: bytes
    command_id: str
    """The `ce_id` of the command that reaches the case: what its fact names as its cause."""


@dataclass(slots=True)
class Journal:
    """Each input, and whether Kafka acknowledged it."""

    fates: dict[str, Fate] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)

    def note(self, contact: Contact, fate: Fate) -> None:
        """Write down what became of a sending."""
        self.contacts[contact.id] = contact
        self.fates[contact.id] = fate


def contacts(run: str) -> Iterator[Contact]:
    """Endless traffic: forms that each open a case, and chats whose messages belong together."""
    for number in itertools.count():
        yield _form(run, number)
        yield _chat(run, number % 7, number)


def _form(run: str, number: int) -> Contact:
    fields = {"subject": f"Order {number}", "message": f"Where is it? {run}", "email": "jan@example.com", "name": "Jan"}
    submission = f"{run}-{number}"
    data = {
        "form": "contact",
        "submission": submission,
        "fields": fields,
        "customer": {"name": "Jan"},
        "language": "en",
    }
    return _contact("contacts.web", submission, "caseway.contact.web.v1", f"web-{submission}", data)


def _chat(run: str, conversation: int, number: int) -> Contact:
    name = f"{run}-chat-{conversation}"
    sender = {"kind": "customer", "id": "c1", "name": "Jan"}
    data = {
        "conversation": name,
        "event": "message",
        "sender": sender,
        "customer": {"name": "Jan"},
        "text": f"line {number}",
    }
    return _contact(
        "contacts.chat", name, "caseway.contact.chat.v1", f"chat-{run}-{number}", {**data, "attributes": {}}
    )


def _contact(topic: str, key: str, type_: str, id_: str, data: dict[str, Any]) -> Contact:
    command_id = emitted_id("intake.edge", SOURCE, id_, type_, 0)
    return Contact(topic=topic, key=key, type=type_, id=id_, value=json.dumps(data).encode(), command_id=command_id)


def commands(run: str) -> Iterator[Contact]:
    """Endless commands for the core alone: each case is opened, then told two more things."""
    for number in itertools.count():
        case = case_id(f"chat:{run}-{number // 3}")
        command = AddContact(
            case_id=case,
            actor=Actor(kind="machine", id="chaos"),
            channel=Channel.CHAT,
            source_key=f"chat:{run}-{number // 3}",
            contact=f"{run}-{number}",
            direction="inbound",
            subject=f"Order {number}",
            text=f"line {number}",
            received_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        )
        id_ = f"command-{run}-{number}"
        yield Contact(topic="case.commands", key=case, type=command.TYPE, id=id_, value=dump(command), command_id=id_)


class Load:
    """Sends contacts to a namespace at a steady rate, one after the other, journaling each."""

    def __init__(self, namespace: Namespace, source: Iterator[Contact]) -> None:
        self.journal = Journal()
        self._namespace = namespace
        self._source = source

    async def send(self, count: int, per_second: float = 400.0, copies: int = 1, *, astray: bool = False) -> None:
        """Send the next `count` contacts, each `copies` times; `astray`: each to a partition that is not its own."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._namespace.kafka_url, acks="all", enable_idempotence=True, request_timeout_ms=5000
        )
        await producer.start()
        try:
            for contact in itertools.islice(self._source, count):
                for _ in range(copies):
                    await self._send_one(producer, contact, astray=astray)
                await asyncio.sleep(1 / per_second)
        finally:
            await producer.stop()

    async def _send_one(self, producer: AIOKafkaProducer, contact: Contact, *, astray: bool) -> None:
        headers = event_headers(contact.type, id=contact.id, source=SOURCE, time=dt.datetime.now(dt.UTC))
        topic = self._namespace.topic(contact.topic)
        try:
            partition = None
            if astray:
                count = len(await producer.partitions_for(topic))
                partition = (partition_of(contact.key.encode(), count) + 1) % count
            sending = producer.send_and_wait(
                topic, contact.value, key=contact.key.encode(), partition=partition, headers=headers
            )
            await asyncio.wait_for(sending, 20.0)
        except (KafkaError, TimeoutError):
            self.journal.note(contact, "unknown")
        else:
            self.journal.note(contact, "ok")
