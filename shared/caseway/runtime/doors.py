"""How a door publishes: returned means that Kafka has it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from caseway.kernel.errors import Rejected, Transient

PUBLISH_SECONDS = 10.0


class KafkaDoor:
    """Publishes single records with acks=all, through one producer made at the first use and anew after an error."""

    def __init__(self, make_producer: Callable[[], AIOKafkaProducer], namespace: str) -> None:
        self._make_producer = make_producer
        self._namespace = namespace
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        """Publish one record to the (unprefixed) topic.

        Raises:
            Rejected: the record is larger than any topic takes.
            Transient: Kafka did not acknowledge within ten seconds; it may have the record or not.
        """
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                producer = await self._started()
                await producer.send_and_wait(self._namespace + topic, value, key=key.encode(), headers=list(headers))
        except MessageSizeTooLargeError as error:
            await self.stop()  # one oversize record poisons an idempotent producer's partition (broker-notes.md)
            raise Rejected("too-large", f"{len(value)} bytes") from error
        except (KafkaError, TimeoutError, OSError) as error:
            await self.stop()
            raise Transient(f"Kafka did not acknowledge ({type(error).__name__})") from error

    async def _started(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = self._make_producer()
                try:
                    await producer.start()
                except BaseException:
                    with contextlib.suppress(KafkaError, OSError):
                        await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def stop(self) -> None:
        """Close the producer, bounded; the next publication makes a new one."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(producer.stop(), 2.0)
