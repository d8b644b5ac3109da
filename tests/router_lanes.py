"""A stage of the router as the runtime drives it, from bytes to documents, without a broker or a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bson
from aiokafka import ConsumerRecord

from caseway.contracts.codec import event_headers, partition_of
from caseway.contracts.topology import PARTITIONS
from caseway.kernel.decision import Due
from caseway.kernel.errors import Superseded
from caseway.runtime import metrics
from caseway.runtime.configuration import load
from caseway.runtime.deciding import ARRIVALS, Decider
from caseway.runtime.items import from_record
from caseway.runtime.lane import Lane, Progress
from caseway.runtime.outcome import Outcome
from caseway_router.adapters import documents
from caseway_router.app import build
from caseway_router.domain.assignment import process
from caseway_router.domain.pool import Pool, Pools
from caseway_router.settings import Configuration
from tests.router_builders import AWARE

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
RETAIL = load(Path(__file__).parents[1] / "deploy" / "scenarios" / "retail", Configuration)


class Lanes:
    """Says what becomes of each record, keeps what would be written, and fires what falls due."""

    def __init__(self, stage: str) -> None:
        self.stage = next(each for each in build().stages if each.name == stage)
        self.collections = {each.name: each for each in self.stage.collections}
        self.decider = Decider(
            stage=self.stage, service="router", configuration=RETAIL.value, version=RETAIL.version,
            partitions=PARTITIONS, max_parked=1_000, collections=self.collections,
        )  # fmt: skip
        self.now = START
        self.lanes: dict[int, Lane] = {}
        self.written: dict[tuple[str, str], bytes] = {}
        self.timers: dict[tuple[int, str], Due] = {}
        self._count = 0

    def says(self, topic: str, type_: str, key: str, value: bytes) -> list[str]:
        """Every outcome of one record: `parked <reason>`, or the result that is counted."""
        outcome = self.takes(topic, type_, key, value)
        results = [label for counter, label in outcome.counts if counter is metrics.RECORDS]
        return [f"parked {each['reason']}" for each in outcome.parked] or results

    def takes(self, topic: str, type_: str, key: str, value: bytes, number: int | None = None) -> Outcome:
        """What one record leads to; `number` is that of another lane than the key's."""
        number = partition_of(key.encode(), PARTITIONS) if number is None else number
        item = from_record(self._record(topic, type_, key, value, number), topic, self.stage, PARTITIONS)
        lane = self._lane(number)
        self.decider.prepare(item)
        assert not item.defect, item.defect
        refs = [tuple(each) for each in item.refs]
        loaded = {(ARRIVALS.name, item.arrival): None, **{ref: self._read(*ref) for ref in refs}}
        outcome = self.decider.decide_all([item], {number: lane}, loaded)
        assert not item.defect, item.defect
        assert not outcome.lanes[number].progress.halted, "the lane stands still"
        self._keep(number, outcome)
        return outcome

    def passes(self, seconds: float) -> None:
        """Let time pass; what falls due in a pool happens."""
        end = self.now + dt.timedelta(seconds=seconds)
        for _ in range(10_000):
            due = min((each for each in self.timers.items() if each[1].due_at <= end), key=_when, default=None)
            if due is None:
                self.now = end
                return
            (number, _), timer = due
            del self.timers[due[0]]
            self.now = max(self.now, timer.due_at)
            self._fire(number, timer)
        raise AssertionError("timers go round in circles")

    def pool(self, name: str = "retail") -> Pool:
        """The pool in memory."""
        pools: Pools = self._lane(partition_of(name.encode(), PARTITIONS)).resident
        return pools.named(name)

    def rebuilt(self, name: str = "retail") -> Pool:
        """The pool as another process builds it from what would have been written."""
        read: dict[str, list[Any]] = {"work_items": [], "attendances": [], "moved": []}
        for collection, id_ in sorted(self.written):
            if collection in read:
                read[collection].append(self._read(collection, id_))
        pool = Pools.rebuilt(read["work_items"], read["attendances"], read["moved"]).named(name)
        pool.follow(RETAIL.value.plans[name], RETAIL.version)
        return pool

    def _fire(self, number: int, timer: Due) -> None:
        pool = self.pool()
        try:
            decision = process.on_due(pool, RETAIL.value.plans[pool.name], RETAIL.version, timer, self.now)
        except Superseded:
            return
        for change in decision.changes:
            value = getattr(change, "value", None)
            self._write((change.collection, change.id), value)
        for each in decision.timers:
            self.timers.pop((number, each.key), None)
            if hasattr(each, "due_at"):
                self.timers[number, each.key] = Due(
                    key=each.key, kind=each.kind, due_at=each.due_at, armed_by="timer", data=each.data
                )

    def _keep(self, number: int, outcome: Outcome) -> None:
        for ref, value in outcome.values.items():
            self._write(ref, value)
        share = outcome.lanes[number]
        for key in share.disarmed:
            self.timers.pop((number, key), None)
        for key, due in share.armed.items():
            self.timers[number, key] = due

    def _write(self, ref: tuple[str, str], value: Any) -> None:
        if value is None:
            self.written.pop(ref, None)
        else:
            document: Mapping[str, Any] = {**self.collections[ref[0]].dump(value), "_id": ref[1]}
            self.written[ref] = bson.encode(document)

    def _read(self, collection: str, id_: str) -> Any:
        written = self.written.get((collection, id_))
        return None if written is None else self.collections[collection].load(bson.decode(written, AWARE))

    def _lane(self, number: int) -> Lane:
        lane = self.lanes.get(number)
        if lane is None:
            progress = Progress(next=dict.fromkeys(self.stage.topics, 0))
            lane = Lane(stage=self.stage.name, number=number, epoch=1, revision=1, incarnation="x", progress=progress)
            if self.stage.resident is not None:
                lane.resident = self.stage.resident.build(number, dict.fromkeys(self.stage.resident.collections, ()))
            self.lanes[number] = lane
        return lane

    def _record(self, topic: str, type_: str, key: str, value: bytes, number: int) -> ConsumerRecord[bytes, bytes]:
        self._count += 1
        headers = event_headers(type_, id=str(self._count), source="desk://test", time=START)
        return ConsumerRecord(
            topic=topic, partition=number, offset=self._count, timestamp=int(self.now.timestamp() * 1000),
            timestamp_type=1, key=key.encode(), value=value, checksum=None, serialized_key_size=0,
            serialized_value_size=0, headers=tuple(headers),
        )  # fmt: skip


def digests(lanes: Lanes) -> tuple[str, str]:
    """Of the pool in memory, and of the one that another process would build."""
    return documents.digest(lanes.pool()), documents.digest(lanes.rebuilt())


def _when(timer: tuple[tuple[int, str], Due]) -> tuple[dt.datetime, str]:
    return timer[1].due_at, timer[1].key
