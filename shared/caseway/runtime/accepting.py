"""Which records of a poll are applied, in which order."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from caseway.runtime import metrics
from caseway.runtime.items import Item, from_record
from caseway.runtime.lane import Lane
from caseway.runtime.logs import logger
from caseway.runtime.stage import Stage

FULL_POLL = 5
"""A poll of a fifth of what fits one transaction, or more, is a backlog."""
FULL_HANDS = 4
"""Times the records of one transaction: what one turn takes of a backlog."""

FRESH_MS = 20
"""How long what came since a stale poll was fetched is waited for. It is under way, and takes one or two on a machine
that has time; as long as a rest, where nothing came."""

_log = logger(__name__)


def is_backlog(count: int, limit: int) -> bool:
    """Whether so many records say that more are waiting."""
    return count >= limit // FULL_POLL


async def gather(
    consumer: AIOKafkaConsumer | None, polled: Sequence[ConsumerRecord], limit: int, *, is_stale: bool
) -> Sequence[ConsumerRecord]:
    """What is applied in one turn: all that came until now, and of a backlog as much as is fetched already.

    A partition is not asked again while its last answer lies unread. So a poll after a rest brings what came right
    before that rest, often a single record, and only then is asked for all that came since: `is_stale` waits for it.
    Of a backlog a poll holds one or two lanes, and several can share the work.
    """
    records = list(polled)
    if consumer is not None and is_stale and not is_backlog(len(records), limit):
        records += _flat(await consumer.getmany(timeout_ms=FRESH_MS, max_records=limit))
    while consumer is not None and is_backlog(len(records), limit) and len(records) < FULL_HANDS * limit:
        fetched = _flat(await consumer.getmany(timeout_ms=0, max_records=limit))
        if not fetched:
            break
        records += fetched
    return records


def _flat(fetched: Mapping[TopicPartition, Sequence[ConsumerRecord]]) -> list[ConsumerRecord]:
    return list(itertools.chain.from_iterable(fetched.values()))


def accept(
    records: Iterable[ConsumerRecord], lanes: Mapping[int, Lane], stage: Stage, namespace: str, partitions: int
) -> tuple[list[Item], list[tuple[Lane, str]]]:
    """The poll's items, lane by lane and each lane's topics merged by the broker's time; and where to seek back.

    A record of a lane that is not armed, or below the lane's next offset, is dropped. One above it is a hole: the
    first time the stage seeks back; only when a fetch from exactly there begins higher is the gap real, and recorded.
    """
    runs: dict[tuple[int, str], list[ConsumerRecord]] = {}
    for record in records:
        runs.setdefault((record.partition, record.topic.removeprefix(namespace)), []).append(record)
    merged: dict[int, list[Sequence[tuple[int, str, ConsumerRecord]]]] = {}
    gaps: list[tuple[Lane, str]] = []
    for (number, topic), run in runs.items():
        lane = lanes.get(number)
        if lane is None or not lane.is_armed:
            continue
        fresh = list(_in_order(run, lane, topic, gaps))
        merged.setdefault(number, []).append([(record.timestamp, topic, record) for record in fresh])
    items = []
    for streams in merged.values():
        for _, topic, record in heapq.merge(*streams, key=lambda entry: entry[0]):
            items.append(from_record(record, topic, stage, partitions))
    return items, gaps


def _in_order(
    run: Sequence[ConsumerRecord], lane: Lane, topic: str, gaps: list[tuple[Lane, str]]
) -> Iterator[ConsumerRecord]:
    expected = lane.progress.next[topic]
    for record in run:
        if record.offset < expected:
            continue
        if record.offset > expected:
            if lane.sought.get(topic) != expected:
                gaps.append((lane, topic))
                return
            gap = {"topic": topic, "from": expected, "to": record.offset}
            if gap not in lane.progress.gaps:
                lane.progress.gaps.append(gap)
            metrics.GAPS.labels(lane.stage).inc()
            _log.warning("gap", lane=lane.id, topic=topic, first=expected, last=record.offset - 1)
        expected = record.offset + 1
        yield record
