"""Outgoing rows, written with the state, published in order.

A row is removed only after Kafka has acknowledged it, so whatever is killed in between is published again by the
lane's next owner; readers drop the repeat by its sequence. One document holds a poll's rows of one lane.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from pymongo.errors import PyMongoError

from caseway.kernel.values import dataclass
from caseway.runtime import failpoints, metrics
from caseway.runtime.backoff import delays
from caseway.runtime.blobs import read_blob
from caseway.runtime.lane import Lane
from caseway.runtime.logs import logger
from caseway.runtime.mongo import Database
from caseway.runtime.stage import Document

MAX_DOCUMENT_BYTES = 8_000_000
"""Half of MongoDB's limit, so that headers and framing never reach it."""
FLUSH_SECONDS = 30.0
"""An idempotent producer retries for ever; past this it is thrown away and made anew."""

_log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record to be published."""

    topic: str
    """Without the namespace."""
    partition: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes | None]]
    """A parked record keeps even a header without a value."""
    blob: str = ""
    """Not empty: the value is stored content with this digest, too large for a document."""

    @property
    def size(self) -> int:
        """Bytes, roughly as the document will hold them."""
        return (
            len(self.value)
            + len(self.key or b"")
            + sum([len(name) + len(value or b"") for name, value in self.headers])
            + 64
        )

    def to_list(self) -> list[Any]:
        """The row as the document holds it."""
        return [self.topic, self.partition, self.key, self.value, self.headers, self.blob]

    @classmethod
    def from_list(cls, row: list[Any]) -> Row:
        """The reverse of `to_list`."""
        topic, partition, key, value, headers, blob = row
        return cls(
            topic=topic,
            partition=partition,
            key=key,
            value=value,
            headers=[(name, content) for name, content in headers],
            blob=blob,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One outbox document: the rows of one lane and one transaction."""

    id: str
    """`lane/first sequence`, zero-padded: sorts in the order of publication."""
    lane: str
    rows: Sequence[Row]
    done: Callable[[str], None]
    """Called with the id once Kafka has every row."""
    since: float
    """Monotonic seconds when it was committed, or found."""

    def to_document(self) -> Document:
        """The parcel as MongoDB holds it."""
        return {"_id": self.id, "lane": self.lane, "rows": [row.to_list() for row in self.rows]}


def pack(lane: str, first_sequence: int, rows: Sequence[Row], done: Callable[[str], None]) -> list[Parcel]:
    """Split `rows` into parcels that each fit a document."""
    parcels = []
    start, size = 0, 0
    for index, row in enumerate(rows):
        row_size = row.size
        if index > start and size + row_size > MAX_DOCUMENT_BYTES:
            parcels.append(_parcel(lane, first_sequence + start, rows[start:index], done))
            start, size = index, 0
        size += row_size
    if start < len(rows):
        parcels.append(_parcel(lane, first_sequence + start, rows[start:], done))
    return parcels


def _parcel(lane: str, sequence: int, rows: Sequence[Row], done: Callable[[str], None]) -> Parcel:
    return Parcel(id=f"{lane}/{sequence:016d}", lane=lane, rows=tuple(rows), done=done, since=time.monotonic())


async def waiting(database: Database, lane: str, done: Callable[[str], None]) -> list[Parcel]:
    """What the lane's last owner left: committed, and perhaps not published."""
    found = []
    async for document in database.outbox.find({"lane": lane}).sort("_id", 1):
        rows = [Row.from_list(row) for row in document["rows"]]
        found.append(Parcel(id=document["_id"], lane=lane, rows=rows, done=done, since=time.monotonic()))
    return found


async def tidy(database: Database, lanes: Sequence[Lane]) -> None:
    """Remove what Kafka has acknowledged; what a crash leaves of it is published once more, and known as a repeat."""
    removing = [(lane, len(lane.removable)) for lane in lanes if lane.removable]
    if not removing:
        return
    ids = [id_ for lane, count in removing for id_ in lane.removable[:count]]
    await database.outbox.delete_many({"_id": {"$in": ids}})
    for lane, count in removing:
        del lane.removable[:count]
    failpoints.hit("remove.after")


class Publisher:
    """Publishes a stage's parcels in the order of their commits: one sender for all its lanes."""

    ROOM = 5_000
    """Rows that may wait before the stage stops polling."""

    def __init__(
        self, stage: str, namespace: str, make_producer: Callable[[], AIOKafkaProducer], database: Database
    ) -> None:
        self._stage = stage
        self._namespace = namespace
        self._make_producer = make_producer
        self._database = database
        self._producer: AIOKafkaProducer | None = None
        self._queue: deque[Parcel] = deque()
        self._rows = 0
        self._arrived = asyncio.Event()
        self._settled = asyncio.Condition()
        self.problem = ""
        """Why nothing is published at present; empty when all is well."""

    def enqueue(self, parcels: Iterable[Parcel]) -> None:
        """Publish these next, after all that waits."""
        for parcel in parcels:
            self._queue.append(parcel)
            self._rows += len(parcel.rows)
        self._report()
        self._arrived.set()

    async def room(self) -> None:
        """Return when fewer than `ROOM` rows wait."""
        async with self._settled:
            await self._settled.wait_for(lambda: self._rows < self.ROOM)

    async def flushed(self) -> None:
        """Return when nothing waits."""
        async with self._settled:
            await self._settled.wait_for(lambda: not self._queue)

    @property
    def age_seconds(self) -> float:
        """How long the oldest parcel has waited."""
        return time.monotonic() - self._queue[0].since if self._queue else 0.0

    async def run(self) -> None:
        """Publish for ever; ends only by cancellation."""
        backoff = delays()
        try:
            while True:
                self._arrived.clear()
                if not self._queue:
                    await self._arrived.wait()
                try:
                    await self._publish(list(self._queue))
                except (KafkaError, PyMongoError, TimeoutError, OSError) as error:
                    self.problem = f"outbox: Kafka does not take records ({type(error).__name__})"
                    metrics.PUBLISH_ERRORS.labels(self._stage).inc()
                    _log.warning("publish_failed", stage=self._stage, error=type(error).__name__, rows=self._rows)
                    await self._discard()
                    await asyncio.sleep(backoff.next())
                else:
                    self.problem = ""
                    backoff.reset()
        finally:
            await self._discard()

    async def _publish(self, parcels: Sequence[Parcel]) -> None:
        failpoints.hit("publish.before")
        started = time.monotonic()
        producer = await self._started()
        await self._send(producer, [row for parcel in parcels for row in parcel.rows])
        metrics.STEP_SECONDS.labels(self._stage, "publish").observe(time.monotonic() - started)
        failpoints.hit("publish.after_ack")
        for parcel in parcels:
            self._queue.popleft()
            self._rows -= len(parcel.rows)
            metrics.PUBLISHED.labels(self._stage).inc(len(parcel.rows))
            parcel.done(parcel.id)
        self._report()
        async with self._settled:
            self._settled.notify_all()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = self._make_producer()
            try:
                await asyncio.wait_for(producer.start(), FLUSH_SECONDS)
            except BaseException:
                with contextlib.suppress(KafkaError, TimeoutError):
                    await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _send(self, producer: AIOKafkaProducer, rows: Sequence[Row]) -> None:
        by_partition: dict[tuple[str, int], list[Row]] = {}
        for row in rows:
            by_partition.setdefault((self._namespace + row.topic, row.partition), []).append(row)
        async with asyncio.timeout(FLUSH_SECONDS):
            acknowledgements = []
            for index, ((topic, partition), group) in enumerate(by_partition.items()):
                if index == len(by_partition) // 2:
                    failpoints.hit("publish.mid")
                acknowledgements += await self._send_partition(producer, topic, partition, group)
            await asyncio.gather(*acknowledgements)

    async def _send_partition(
        self, producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[Row]
    ) -> list[asyncio.Future[Any]]:
        """Batches built here keep each row on its partition, and are three times as fast as single sends."""
        sent = []
        batch = producer.create_batch()
        for row in rows:
            value = await read_blob(self._database, row.blob) if row.blob else row.value
            added = batch.append(timestamp=None, key=row.key, value=value, headers=list(row.headers))
            if added is None:
                sent.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                if batch.append(timestamp=None, key=row.key, value=value, headers=list(row.headers)) is None:
                    raise MessageSizeTooLargeError(f"a record of {len(value)} bytes for {topic}")
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=partition))
        return sent

    async def _discard(self) -> None:
        """After any error the producer's view of the partition is in doubt: one oversize record poisons it (measured)."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(producer.stop(), 2.0)

    def _report(self) -> None:
        metrics.OUTBOX_ROWS.labels(self._stage).set(self._rows)
        metrics.OUTBOX_AGE.labels(self._stage).set(self.age_seconds)
