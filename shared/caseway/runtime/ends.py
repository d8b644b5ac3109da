"""Where partitions end at this moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

ANSWER_SECONDS = 10.0


class Ends:
    """Asks on a connection of its own, opened at the first question and kept.

    Kafka answers what comes on one connection in order. On the connection that fetches, a question waits until the
    fetch that is under way has something to bring, or is over: 30 to 50 ms on a quiet topic, instead of two.
    """

    def __init__(self, make_inspector: Callable[[], AIOKafkaConsumer], topics: Collection[str]) -> None:
        self._make_inspector = make_inspector
        self._topics = topics
        self._inspector: AIOKafkaConsumer | None = None

    async def open(self) -> None:
        """Connect, and learn where the topics are; otherwise the first question pays for it.

        Raises:
            KafkaError: Kafka refuses.
            TimeoutError: it does not answer.
        """
        if self._inspector is None:
            await self.of([TopicPartition(topic, 0) for topic in self._topics])

    async def of(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The offset after each partition's last record.

        Raises:
            KafkaError: Kafka refuses.
            TimeoutError: it does not answer.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                inspector = await self._started()
                ends: Mapping[TopicPartition, int] = await inspector.end_offsets(list(partitions))
        except BaseException:
            await self.close()
            raise
        return ends

    async def _started(self) -> AIOKafkaConsumer:
        if self._inspector is None:
            self._inspector = self._make_inspector()
            await self._inspector.start()
        return self._inspector

    async def close(self) -> None:
        """Let the connection go; the next question opens another."""
        inspector, self._inspector = self._inspector, None
        if inspector is not None:
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(inspector.stop(), 2.0)
