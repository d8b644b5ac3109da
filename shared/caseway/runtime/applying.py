"""Applies items to their lanes: load, decide, write, commit.

What goes wrong narrows down to whom it concerns: a lane taken by another owner is dropped and the rest done again; a
transaction that is too much is halved; a defect that no decision caught is searched for by halving, and the one
record it belongs to is parked.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from caseway.kernel.errors import Transient
from caseway.runtime import metrics
from caseway.runtime.backoff import delays
from caseway.runtime.blobs import store_blobs
from caseway.runtime.claiming import load_resident
from caseway.runtime.deciding import Condemned, Decider, wanted, without_messages
from caseway.runtime.items import Item
from caseway.runtime.lane import Lane
from caseway.runtime.mongo import Database, DatabaseClock, is_duplicate_key, is_refused_document, is_too_much
from caseway.runtime.outbox import Parcel
from caseway.runtime.outcome import Outcome
from caseway.runtime.transaction import Fenced, InDoubt, Loaded, Store, applied

ATTEMPTS = 5
"""Of one transaction, before the poll waits longer; the driver's own loop would retry a slow body for 120 s."""
FOLLOWS = 2
"""How often what was loaded may name more (a number's customers, then those customers' cases)."""
PARTS = 3
"""Transactions of one poll that are under way at the same time, each with lanes of its own."""
PART_RECORDS = 100
"""Fewer are not worth a transaction of their own."""
MAX_BATCH_BYTES = 8_000_000
"""Of records in one transaction; one record may be larger."""


class Unforeseeable(Exception):
    """Decisions of one batch lead each other to ever more states."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What became of the items."""

    parcels: list[Parcel] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    """Lanes that another owner has, or whose last commit is in doubt."""
    halted: list[int] = field(default_factory=list)
    unsettled: BaseException | None = None
    """Why some items are still to be applied; what was committed of the others stands, and is to be published."""


class Applier:
    """Takes a stage's items to MongoDB."""

    def __init__(self, decider: Decider, store: Store, database: Database, clock: DatabaseClock) -> None:
        self._decider = decider
        self._store = store
        self._database = database
        self._clock = clock
        self._stage = decider.stage
        self.partitions = decider.partitions
        self.last_stamp: dict[tuple[str, int], int] = {}
        """By topic and lane: the broker's time, in ms, of the last record applied."""

    def configured(self, configuration: Any, version: str) -> None:
        """Decide by another configuration from here on; decisions are made in one go, so none sees both."""
        self._decider = dataclasses.replace(self._decider, configuration=configuration, version=version)

    async def apply(self, items: Sequence[Item], lanes: Mapping[int, Lane]) -> Verdict:
        """Apply all items, in order, in as few transactions as their size allows.

        An error never hides what was committed before it: rows that wait in the outbox while later ones go out would be
        taken for repeats when they come at last.
        """
        verdict = Verdict()
        started = time.monotonic()
        for item in items:
            self._decider.prepare(item)
        metrics.STEP_SECONDS.labels(self._stage.name, "prepare").observe(time.monotonic() - started)
        parts = [self._apply_part(part, lanes, verdict) for part in _parts(items)]
        results = await asyncio.gather(*parts, return_exceptions=True)
        verdict.unsettled = next((error for error in results if error is not None), None)
        return verdict

    async def _apply_part(self, items: Sequence[Item], lanes: Mapping[int, Lane], verdict: Verdict) -> None:
        for chunk in _chunks(items, self._stage.max_records):
            await self._apply_chunk(chunk, lanes, verdict)

    async def _apply_chunk(self, items: Sequence[Item], lanes: Mapping[int, Lane], verdict: Verdict) -> None:
        backoff, doubts = delays(first=0.01, longest=0.5), False
        for attempt in range(1, ATTEMPTS + 1):
            live = [item for item in items if _is_live(item, lanes, verdict)]
            if not live:
                return
            try:
                await self._attempt(live, lanes, verdict, doubts=doubts)
                return
            except (Fenced, InDoubt, Condemned) as judgement:
                self._note(judgement, live, verdict)
                await self._rebuild(live, lanes)
            except (PyMongoError, TimeoutError) as error:
                await self._rebuild(live, lanes)
                doubts |= is_duplicate_key(error)
                if await self._settle_failure(error, attempt, live, lanes, verdict):
                    return
                await asyncio.sleep(backoff.next())
            except Unforeseeable:
                await self._apply_halves(live, lanes, verdict)
                return
            except Transient:
                await self._rebuild(live, lanes)
                raise
            except Exception:  # noqa: BLE001 - the one place where any defect is caught, and brought home to its record
                await self._rebuild(live, lanes)
                await self._narrow(live, lanes, verdict, traceback.format_exc())
                return
        await self._apply_chunk(items, lanes, verdict)

    def _note(self, judgement: Fenced | InDoubt | Condemned, live: Sequence[Item], verdict: Verdict) -> None:
        match judgement:
            case Fenced():
                metrics.FENCED.labels(self._stage.name).inc(len(judgement.lanes))
                self._count("fenced")
                verdict.lost += judgement.lanes
            case InDoubt():
                verdict.lost += sorted({item.lane for item in live})
            case Condemned():
                self._count("failed")
            case _:
                assert_never(judgement)

    async def _settle_failure(
        self,
        error: PyMongoError | TimeoutError,
        attempt: int,
        live: Sequence[Item],
        lanes: Mapping[int, Lane],
        verdict: Verdict,
    ) -> bool:
        """Do what the database's error asks for; False when the same may simply be tried again.

        Raises:
            Transient: it was tried often enough for now.
        """
        if is_too_much(error) and len(live) > 1:
            await self._apply_halves(live, lanes, verdict)
            return True
        if is_refused_document(error) or (attempt == ATTEMPTS and is_duplicate_key(error)):
            await self._narrow(live, lanes, verdict, traceback.format_exc())
            return True
        self._count("retried")
        if attempt == ATTEMPTS:
            raise Transient(f"MongoDB: {type(error).__name__}") from error
        return False

    async def _apply_halves(self, items: Sequence[Item], lanes: Mapping[int, Lane], verdict: Verdict) -> None:
        middle = len(items) // 2
        await self._apply_chunk(items[:middle], lanes, verdict)
        await self._apply_chunk(items[middle:], lanes, verdict)

    async def _narrow(self, items: Sequence[Item], lanes: Mapping[int, Lane], verdict: Verdict, defect: str) -> None:
        """Find the record that a defect belongs to by halving; park it alone."""
        self._count("failed")
        if len(items) > 1:
            await self._apply_halves(items, lanes, verdict)
            return
        (item,) = items
        if item.defect:
            raise Transient(f"a parked record cannot be written: {without_messages(defect).rpartition(chr(10))[2]}")
        item.defect = defect
        await self._apply_chunk(items, lanes, verdict)

    async def _attempt(
        self, items: Sequence[Item], lanes: Mapping[int, Lane], verdict: Verdict, *, doubts: bool
    ) -> None:
        """`doubts`: whether something stood where a decision knew of nothing."""
        started = time.monotonic()
        loaded, shared = await self._load_owned(items, lanes)
        now = self._clock.now()
        async with self._store.transaction() as session:
            if shared:
                loaded.update(await self._store.load(shared, session))
            for _ in range(FOLLOWS):
                if further := self._decider.followed(items, loaded):
                    loaded.update(await self._store.load(further, session))
            loaded_at = self._observe("load", started)
            outcome = await self._decided(items, lanes, loaded, session)
            decided_at = self._observe("decide", loaded_at)
            if doubts:
                outcome.doubt()
            await store_blobs(self._database, outcome.blobs)
            parcels = await self._store.write(outcome, loaded, now, session)
            written_at = self._observe("write", decided_at)
            await self._store.commit(session)
        self._observe("commit", written_at)
        applied(outcome)
        self._settle(items, outcome, parcels, verdict)

    async def _decided(
        self, items: Sequence[Item], lanes: Mapping[int, Lane], loaded: Loaded, session: ClientSession
    ) -> Outcome:
        """Decide all; where one decision led another to states that nobody foresaw, load these, and decide all again.

        Raises:
            Unforeseeable: they lead on and on: fewer items at a time need fewer rounds.
        """
        for round_ in itertools.count(1):
            outcome = self._decider.decide_all(items, lanes, loaded)
            if not outcome.unforeseen:
                return outcome
            if round_ > FOLLOWS and len(items) > 1:
                break
            loaded.update(await self._store.load(outcome.unforeseen, session))
        raise Unforeseeable

    async def _load_owned(self, items: Sequence[Item], lanes: Mapping[int, Lane]) -> tuple[Loaded, list[Any]]:
        """Lane-owned states from the cache or the database; the refs of shared ones are left for the transaction."""
        loaded: Loaded = {}
        shared, missing = [], []
        owner = {(ref[0], ref[1]): item.lane for item in items for ref in item.refs}
        for ref in wanted(items):
            if self._decider.collections[ref.collection].shared:
                shared.append(ref)
            elif ref in (cache := lanes[owner[ref]].cache):
                loaded[ref] = cache.get(ref)
            else:
                missing.append(ref)
        if missing:
            found = await self._store.load(missing, None)
            for key, value in found.items():
                lanes[owner[key]].cache.put(key, value)
            loaded.update(found)
        return loaded, shared

    def _settle(self, items: Sequence[Item], outcome: Outcome, parcels: Sequence[Parcel], verdict: Verdict) -> None:
        self._count("committed")
        for (counter, label), number in outcome.counts.items():
            counter.labels(self._stage.name, label).inc(number)
        metrics.BATCH_RECORDS.labels(self._stage.name).observe(len(items))
        for share in outcome.lanes.values():
            if share.progress.halted:
                verdict.halted.append(share.lane.number)
        for item in items:
            if item.record is not None:
                self.last_stamp[item.topic, item.lane] = item.record.timestamp
        verdict.parcels += parcels

    async def _rebuild(self, items: Sequence[Item], lanes: Mapping[int, Lane]) -> None:
        """Forget what the failed attempt did to the resident objects."""
        if self._stage.resident is None:
            return
        try:
            for number in {item.lane for item in items}:
                await load_resident(lanes[number], self._stage, self._database, self._decider.collections)
        except PyMongoError as error:
            raise Transient(f"MongoDB: {type(error).__name__}") from error

    def _observe(self, step: str, since: float) -> float:
        now = time.monotonic()
        metrics.STEP_SECONDS.labels(self._stage.name, step).observe(now - since)
        return now

    def _count(self, outcome: str) -> None:
        metrics.TRANSACTIONS.labels(self._stage.name, outcome).inc()


def _is_live(item: Item, lanes: Mapping[int, Lane], verdict: Verdict) -> bool:
    """Whether the item is still to be applied: its lane is ours, goes on, and has not passed it."""
    lane = lanes.get(item.lane)
    if lane is None or not lane.is_armed or item.lane in verdict.lost or item.lane in verdict.halted:
        return False
    return item.record is None or item.record.offset >= lane.progress.next[item.topic]


def _parts(items: Sequence[Item]) -> list[list[Item]]:
    """Split a large poll by lanes, which share nothing: while one part is being written, the next is decided."""
    by_lane: dict[int, list[Item]] = {}
    for item in items:
        by_lane.setdefault(item.lane, []).append(item)
    count = min(PARTS, len(by_lane), len(items) // PART_RECORDS)
    if count < 2:
        return [list(items)]
    parts: list[list[Item]] = [[] for _ in range(count)]
    for lane_items in sorted(by_lane.values(), key=len, reverse=True):
        min(parts, key=len).extend(lane_items)
    return parts


def _chunks(items: Sequence[Item], limit: int) -> list[Sequence[Item]]:
    """Split by count and by bytes."""
    chunks: list[Sequence[Item]] = []
    start, size = 0, 0
    for index, item in enumerate(items):
        length = len(item.record.value or b"") if item.record is not None else 0
        if index > start and (index - start >= limit or size + length > MAX_BATCH_BYTES):
            chunks.append(items[start:index])
            start, size = index, 0
        size += length
    if start < len(items):
        chunks.append(items[start:])
    return chunks
