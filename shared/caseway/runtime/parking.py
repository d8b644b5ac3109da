"""Where records stand that could not be handled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import orjson
from aiokafka import ConsumerRecord

from caseway.kernel.ids import derived_id, digest
from caseway.runtime.items import Item
from caseway.runtime.outbox import Row
from caseway.runtime.outcome import INLINE_BYTES
from caseway.runtime.stage import Collection, Document

PARKED = Collection(name="parked", indexes=([("reason", 1), ("at", 1)],), expires_after=dt.timedelta(days=90))
MAX_TRACEBACK = 8_000


def parked_document(item: Item, stage: str, reason: str, detail: str, at: dt.datetime) -> Document:
    """The row of the parking lot, as operators list and replay it; the bytes stand in the blob."""
    record = item.record
    document: Document = {
        "stage": stage,
        "lane": item.lane,
        "reason": reason,
        "detail": detail[:MAX_TRACEBACK],
        "traceback": item.defect[-MAX_TRACEBACK:],
        "topic": item.topic,
        "at": at,
        "_at": at,
        "replays": 0,
    }
    if record is None:
        assert item.due is not None
        return document | {"_id": derived_id(stage, item.due.key, item.due.due_at.isoformat()), "timer": item.due.key}
    return document | {
        "_id": derived_id(stage, item.topic, str(record.partition), str(record.offset), str(record.timestamp)),
        "offset": record.offset,
        "key": record.key,
        "headers": [[name, value] for name, value in record.headers],
        "is_null": record.value is None,
        "blob": digest(record.value or b""),
        "size": len(record.value or b""),
    }


def parked_row(item: Item, service: str, reason: str) -> Row:
    """The same record on `<service>.parked`."""
    record = item.record
    if record is None:
        return _timer_row(item, service, reason)
    value = record.value or b""
    is_large = len(value) > INLINE_BYTES
    return Row(
        topic=f"{service}.parked",
        partition=item.lane,
        key=record.key,
        value=b"" if is_large else value,
        headers=[*_whole_headers(record), *_labels(reason, item.topic, record.partition, record.offset)],
        blob=digest(value) if is_large else "",
    )


def _timer_row(item: Item, service: str, reason: str) -> Row:
    assert item.due is not None
    value = orjson.dumps(
        {"timer": item.due.key, "kind": item.due.kind, "due_at": item.due.due_at, "data": dict(item.due.data)}
    )
    headers = _labels(reason, "timer", item.lane, -1)
    return Row(topic=f"{service}.parked", partition=item.lane, key=item.due.key.encode(), value=value, headers=headers)


def _whole_headers(record: ConsumerRecord) -> list[tuple[str, bytes]]:
    """Every header as it came; one without a value stays without: Kafka allows it."""
    return [(name, value) for name, value in record.headers]


def _labels(reason: str, topic: str, partition: int, offset: int) -> list[tuple[str, bytes]]:
    labels: Sequence[tuple[str, str]] = (
        ("caseway_reason", reason),
        ("caseway_topic", topic),
        ("caseway_partition", str(partition)),
        ("caseway_offset", str(offset)),
    )
    return [(name, value.encode()) for name, value in labels]
