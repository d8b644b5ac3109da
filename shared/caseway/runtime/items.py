"""What a lane has to decide next: a record, or a due timer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import ConsumerRecord

from caseway.contracts.codec import Envelope, decode, partition_of
from caseway.contracts.topology import is_lane_source
from caseway.kernel.decision import Due, Message
from caseway.kernel.errors import CasewayError, Rejected, Superseded
from caseway.kernel.ids import derived_id
from caseway.runtime.instants import whole_milliseconds
from caseway.runtime.stage import Handle, Stage

REPLAY_HEADER = "caseway_replay"


@dataclass(slots=True, kw_only=True)
class Item:
    """One thing to decide, on one lane, with what is known before any state is loaded."""

    lane: int
    record: ConsumerRecord | None = None
    """None for a timer."""
    topic: str = ""
    """Without the namespace."""
    message: Message[Any] | None = None
    """None when it could not be decoded."""
    handle: Handle | None = None
    """None when nothing here decides this type."""
    error: CasewayError | None = None
    """Why there is nothing to decide: to be parked (Rejected) or skipped (Superseded)."""
    defect: str = ""
    """The traceback of a defect of ours found while preparing or deciding it."""
    upstream: str = ""
    """`topic lane` of a record that one of our own lanes sent; empty for the outside."""
    sequence: int = 0
    arrival: str = ""
    """For a record from outside: the key under which its arrival is remembered."""
    is_misrouted: bool = False
    due: Due | None = None
    refs: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, error: CasewayError) -> None:
        """There is nothing to decide.

        Of the error only what it says is kept. Where it came from leads by its frames back to this item, and to the whole
        batch: a circle that nothing but the collector undoes, in one pause of half a second for thousands of records.
        """
        self.error = error.with_traceback(None)
        error.__context__ = error.__cause__ = None


def from_record(record: ConsumerRecord, topic: str, stage: Stage, partitions: int) -> Item:
    """Decode one record; whatever is wrong with it becomes `error`, never an exception."""
    item = Item(lane=record.partition, record=record, topic=topic)
    try:
        envelope = decode(topic, record.key, record.value, record.headers)
    except (Rejected, Superseded) as error:
        item.refuse(error)
        return item
    item.message = _message(record, topic, envelope)
    item.handle = stage.handles.get(type(envelope.data)) or stage.handles.get(envelope.type)
    if envelope.lane and is_lane_source(topic, envelope.source):
        item.upstream, item.sequence = f"{topic} {envelope.lane}", envelope.sequence
    elif item.handle is None or item.handle.remembers_arrivals:
        item.arrival = derived_id(envelope.source, envelope.id, _replay_of(record))
    item.is_misrouted = _is_misrouted(item.message, record, stage, partitions)
    return item


def _message(record: ConsumerRecord, topic: str, envelope: Envelope) -> Message[Any]:
    return Message(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "replace"),
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        data=envelope.data,
        time=whole_milliseconds(envelope.time),
        recorded_at=dt.datetime.fromtimestamp(record.timestamp / 1000, dt.UTC),
        subject=envelope.subject,
        extensions=envelope.extensions,
    )


def _is_misrouted(message: Message[Any], record: ConsumerRecord, stage: Stage, partitions: int) -> bool:
    if stage.keyed_by is None:
        return False
    key = str(getattr(message.data, stage.keyed_by))
    return message.key != key or partition_of(key.encode(), partitions) != record.partition


def _replay_of(record: ConsumerRecord) -> str:
    return next(
        (value.decode("utf-8", "replace") for name, value in record.headers if name == REPLAY_HEADER and value), ""
    )


def from_due(lane: int, due: Due, stage: Stage, noticed_at: dt.datetime) -> Item:
    """A timer's message: its time is when it was due, and it is recorded when it was noticed."""
    message = Message(
        topic="timer",
        partition=lane,
        offset=-1,
        key=due.key,
        id=derived_id(stage.name, due.key, due.due_at.isoformat(), due.armed_by),
        source=f"caseway://{stage.name}",
        type=due.kind,
        data=due,
        time=due.due_at,
        recorded_at=noticed_at,
    )
    return Item(lane=lane, topic="timer", message=message, handle=stage.timers.get(due.kind), due=due)


def prepared(item: Item, data: Any) -> None:
    """Put what `prepare` made in the place of the raw data."""
    assert item.message is not None
    item.message = replace(item.message, data=data)
