"""The wire, as outsiders use it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from caseway.contracts.codec import Envelope, decode, encode
from caseway.contracts.wire import WireModel
from caseway.kernel.clock import Clock, WallClock
from caseway.kernel.errors import Rejected, Superseded, Transient
from caseway.runtime.kafka import producer

HEARD = ("cases", "work", "notifications", "outbound.chat", "outbound.message")
"""What gateways and desks listen to."""

_CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A record just as it is to be published."""

    topic: str
    key: str
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Line:
    """A connection to the desk's Kafka: what is sent is acknowledged, what is heard began after it was opened.

    Args:
        run: makes ids unlike those of any other run.
    """

    def __init__(self, url: str, namespace: str, run: str, clock: Clock | None = None) -> None:
        self.run = run
        self.clock = clock or WallClock()
        self._namespace = namespace
        self._producer = producer(url)
        self._consumer = AIOKafkaConsumer(
            *(namespace + topic for topic in HEARD), bootstrap_servers=url, group_id=None, enable_auto_commit=False
        )
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        """Raises Transient: Kafka does not answer, or has not the topics of the wire contract."""
        try:
            await self._producer.start()
            await self._consumer.start()
            await self._consumer.seek_to_end()
        except UnknownTopicOrPartitionError as error:
            await self._close()
            raise Transient(f"the topics {self._namespace}cases … are not there (caseway topics create)") from error
        except KafkaError as error:
            await self._close()
            raise Transient(f"Kafka does not answer ({type(error).__name__})") from error
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._close()

    def new_id(self, what: str) -> str:
        """An id that nobody else has; the same in the same place of the same run."""
        return f"{what}-{self.run}-{next(self._numbers)}"

    async def say(self, model: WireModel, *, source: str, id_: str) -> None:
        """Publish a contact, a command or a record; returns once Kafka has it."""
        value, headers = encode(model, id=id_, source=source, time=self.clock.now(), subject=model.key())
        await self.publish(Raw(topic=model.topic(), key=model.key(), value=value, headers=headers))

    async def publish(self, raw: Raw) -> None:
        """Publish bytes; returns once Kafka has them.

        Raises:
            Transient: it has them not, though the client tried for long.
        """
        try:
            await self._producer.send_and_wait(
                self._namespace + raw.topic, raw.value, key=raw.key.encode(), headers=list(raw.headers)
            )
        except KafkaError as error:
            raise Transient(f"Kafka does not take what is sent ({type(error).__name__})") from error

    async def heard(self) -> AsyncIterator[Envelope]:
        """Facts, and what gateways must say, as they come; what cannot be read is nobody's here."""
        async for record in self._consumer:
            try:
                yield decode(record.topic.removeprefix(self._namespace), record.key, record.value, record.headers)
            except (Rejected, Superseded):
                continue

    async def _close(self) -> None:
        """What a client says while it is closed changes nothing: one whose broker is gone raises its own cancelling."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await asyncio.gather(self._consumer.stop(), self._producer.stop(), return_exceptions=True)
