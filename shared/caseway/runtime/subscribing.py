"""How a stage hangs on FastStream.

FastStream polls, groups and documents; it decides nothing about delivery. One record that it could not decode would
sink a whole batch, and its acknowledgement commits past failures (broker-notes.md): so the parser tolerates anything,
the decoder hands over the records as they are, and offsets live in MongoDB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Union

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import BaseModel, SkipValidation

from caseway.runtime.lanes import RunningStage
from caseway.runtime.stage import Stage

POLL_MS = 10
"""An empty poll sleeps as long again, so this is latency on a quiet topic (broker-notes.md, 9)."""
REBALANCE_SECONDS = 60
"""How long a revocation may wait for the running batch."""


class PatientBroker(KafkaBroker):
    """A broker that waits for its surroundings before it starts.

    FastStream's own start gives up, or reports success, while Kafka is away; this one is awaited in the background
    while the probes already answer.
    """

    until_ready: Callable[[], Awaitable[None]] | None = None

    async def start(self) -> None:
        """Start once Kafka, MongoDB and the topics are as they must be."""
        if self.until_ready is not None:
            await self.until_ready()
        await super().start()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells the running stage what the group gave and took; before it is bound, nothing is assigned."""

    def __init__(self) -> None:
        self.stage: RunningStage | None = None

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        if self.stage is not None:
            await self.stage.on_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        if self.stage is not None:
            await self.stage.on_assigned(assigned)


class Subscription:
    """A stage's subscriber, to be bound to the running stage once there is one."""

    def __init__(self, broker: KafkaBroker, stage: Stage, namespace: str, session_seconds: float) -> None:
        self.stage = stage
        self._listener = _Listener()
        self._running: RunningStage | None = None
        self._subscriber = broker.subscriber(
            *(namespace + topic for topic in stage.topics),
            batch=True,
            group_id=f"{namespace}{stage.name}",
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            partition_assignment_strategy=[RangePartitionAssignor],
            fetch_max_wait_ms=50,
            max_records=stage.max_records,
            batch_timeout_ms=POLL_MS,
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 1000 / 4),
            rebalance_timeout_ms=REBALANCE_SECONDS * 1000,
            listener=self._listener,
            parser=_tolerant,
            decoder=_raw,
            title=stage.name,
            description=f"Everything {stage.name} reads: {', '.join(stage.topics)}.",
        )
        self._subscriber(self._handler(_payload(stage)))

    def _handler(self, payload: Any) -> Callable[..., Awaitable[None]]:
        async def on_records(records: Any) -> None:
            if self._running is not None:
                await self._running.on_records(records)

        on_records.__annotations__["records"] = Annotated[payload, SkipValidation]
        on_records.__name__ = on_records.__qualname__ = f"on_{self.stage.name.replace('.', '_')}"
        return on_records

    def bind(self, running: RunningStage) -> None:
        """Hand what comes to this running stage."""
        running.attach(lambda: self.consumer)
        self._running = running
        self._listener.stage = running

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The consumer, once started."""
        return self._subscriber.consumer

    @property
    def is_polling(self) -> bool:
        """Whether the loop that polls is alive."""
        return any(not task.done() for task in self._subscriber.tasks)


def _payload(stage: Stage) -> Any:
    """The models a stage decides, for AsyncAPI."""
    models = [each for each in stage.handles if isinstance(each, type) and issubclass(each, BaseModel)]
    return list[Union[tuple(models)]] if models else list[bytes]  # type: ignore[misc]  # noqa: UP007 - built at run time


async def _tolerant(records: Sequence[ConsumerRecord]) -> KafkaMessage:
    """Any header, any bytes: what is wrong with a record is found later, record by record."""
    await asyncio.sleep(0)
    return KafkaMessage(
        body=b"", headers={}, raw_message=tuple(records), message_id=str(records[0].offset), consumer=_NO_CONSUMER
    )


async def _raw(message: KafkaMessage) -> list[ConsumerRecord]:
    await asyncio.sleep(0)
    return list(message.raw_message)


class _NoConsumer:
    """Acknowledgement is ours: the framework's has nothing to act on."""

    async def commit(self) -> None:
        """Do nothing."""

    def seek(self, partition: Any, offset: int) -> None:
        """Do nothing."""


_NO_CONSUMER: Any = _NoConsumer()
