"""Lanes that read no topic: leased by number, fenced by epoch.

The notifier's senders use them: a bucket of destinations is such a lane. A lease is taken and prolonged by time; what
is written stands under the same guard as any lane's transaction, so a sender that slept writes nothing. Decisions that
come while a transaction is under way share the next one, whichever lanes they belong to.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from caseway.kernel.decision import Decision, Message
from caseway.kernel.errors import Transient
from caseway.runtime import metrics
from caseway.runtime.abandoned import end_abandoned
from caseway.runtime.backoff import delays
from caseway.runtime.claiming import raise_epoch
from caseway.runtime.lane import Lane
from caseway.runtime.mongo import OWNER, Client, Database, DatabaseClock, is_refused_document
from caseway.runtime.outbox import Publisher, tidy, waiting
from caseway.runtime.outcome import Outcome
from caseway.runtime.stage import Collection as Kept
from caseway.runtime.transaction import Fenced, InDoubt, Store, applied

SHARED_BY = 200
"""Decisions written in one transaction, at most."""
ATTEMPTS = 5
"""Of one transaction, while it loses races against others."""
TIDY_SECONDS = 1.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Wish:
    """A decision that waits to be written."""

    lane: Lane
    stage: str
    cause: str
    decision: Decision
    written: asyncio.Future[bool]

    def settle(self, outcome: bool | Exception) -> None:
        """Tell the caller, unless it gave up."""
        if self.written.done():
            return
        if isinstance(outcome, bool):
            self.written.set_result(outcome)
        else:
            self.written.set_exception(outcome)


class LeasedLanes:
    """The lanes of one kind that this process holds."""

    def __init__(
        self,
        client: Client,
        database: Database,
        collections: Mapping[str, Kept],
        publisher: Publisher,
        clock: DatabaseClock,
        partitions: int,
    ) -> None:
        self._client = client
        self._database = database
        self._collections = collections
        self._publisher = publisher
        self._clock = clock
        self.partitions = partitions
        """How many every topic has; known for sure once Kafka was asked."""
        self._lanes: dict[str, Lane] = {}
        self._stores: dict[str, Store] = {}
        self._wishes: list[_Wish] = []
        self._writing: asyncio.Task[None] | None = None
        self._tidied_at = time.monotonic()

    async def lease(self, stage: str, number: int, seconds: float) -> int | None:
        """Take or prolong the lease of `stage/number`: its epoch, or None while another process holds it.

        Raises:
            Transient: MongoDB does not answer.
        """
        lane_id = f"{stage}/{number}"
        until = self._clock.now() + dt.timedelta(seconds=seconds)
        try:
            await self._tidy()
            if (held := self._lanes.get(lane_id)) is not None:
                if await self._prolong(held, until):
                    return held.epoch
                del self._lanes[lane_id]
            return await self._take(lane_id, until)
        except PyMongoError as error:
            raise Transient(f"leasing {lane_id}: {type(error).__name__}") from error

    async def prolong(self, stage: str, numbers: Collection[int], seconds: float) -> dict[int, int]:
        """Prolong all of these at once, in two questions however many they are: the epochs of those that are still ours.

        Raises:
            Transient: MongoDB does not answer.
        """
        held = {number: lane for number in numbers if (lane := self._lanes.get(f"{stage}/{number}")) is not None}
        if not held:
            return {}
        until = self._clock.now() + dt.timedelta(seconds=seconds)
        mine = {"$or": [{"_id": lane.id, "epoch": lane.epoch} for lane in held.values()]}
        try:
            await self._tidy()
            await self._database.lanes.update_many(mine, {"$set": {"leased_until": until}})
            ours = {each["_id"] async for each in self._database.lanes.find(mine, {"_id": 1})}
        except PyMongoError as error:
            raise Transient(f"prolonging {stage}: {type(error).__name__}") from error
        self._let_go({lane.id for lane in held.values() if lane.id not in ours})
        return {number: lane.epoch for number, lane in held.items() if lane.id in ours}

    async def free(self, stage: str, numbers: Collection[int]) -> list[int]:
        """Which of these nobody else holds, in the order asked; whoever leases them first has them.

        Raises:
            Transient: MongoDB does not answer.
        """
        asked = {"_id": {"$in": [f"{stage}/{number}" for number in numbers]}}
        now = self._clock.now()
        over = {**asked, "$or": [{"owner": OWNER}, {"leased_until": {"$lte": now}}]}
        held = {**asked, "owner": {"$ne": OWNER}, "leased_until": {"$gt": now}}
        try:
            await end_abandoned(self._database, await self._database.lanes.distinct("owner", over))
            others = {each["_id"] async for each in self._database.lanes.find(held, {"_id": 1})}
        except PyMongoError as error:
            raise Transient(f"looking for free lanes of {stage}: {type(error).__name__}") from error
        return [number for number in numbers if f"{stage}/{number}" not in others]

    async def _prolong(self, lane: Lane, until: dt.datetime) -> bool:
        mine = {"_id": lane.id, "epoch": lane.epoch}
        result = await self._database.lanes.update_one(mine, {"$set": {"leased_until": until}})
        return result.matched_count == 1

    async def _take(self, lane_id: str, until: dt.datetime) -> int | None:
        document = await self._database.lanes.find_one({"_id": lane_id}, {"leased_until": 1, "owner": 1})
        # one that another process has just created has neither: whoever writes first has it
        expected = document.get("leased_until") if document else None
        if document and expected and expected > self._clock.now() and document["owner"] != OWNER:
            return None
        if document is None:
            await raise_epoch(self._database, lane_id)
        taken = await self._database.lanes.find_one_and_update(
            {"_id": lane_id, "leased_until": expected},
            {"$set": {"owner": OWNER, "leased_until": until}, "$inc": {"epoch": 1}},
            return_document=ReturnDocument.AFTER,
        )
        if taken is None:
            return None
        lane = self._lanes[lane_id] = Lane.from_document(taken)
        self._publisher.enqueue(await waiting(self._database, lane_id, lane.removable.append))
        return lane.epoch

    async def commit(self, stage: str, number: int, epoch: int, cause: str, decision: Decision) -> bool:
        """Write the decision under the lane's guard, then publish; False when the lane is no longer ours.

        Raises:
            Transient: MongoDB does not answer; nothing is known to be written.
        """
        lane = self._lanes.get(f"{stage}/{number}")
        if lane is None or lane.epoch != epoch:
            return False
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._wishes.append(_Wish(lane=lane, stage=stage, cause=cause, decision=decision, written=written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="own lanes")
        return await written

    async def _write_all(self) -> None:
        while self._wishes:
            stage = self._wishes[0].stage
            group = [wish for wish in self._wishes if wish.stage == stage][:SHARED_BY]
            self._wishes = [wish for wish in self._wishes if wish not in group]
            try:
                await self._write_group(stage, group)
                await self._tidy()
            finally:
                _settle(group, Transient(f"{stage}: not written"))  # whatever happened, no caller waits for ever

    async def _write_group(self, stage: str, group: Sequence[_Wish]) -> None:
        backoff = delays(first=0.01, longest=0.5)
        for attempt in range(1, ATTEMPTS + 1):
            group = self._still_held(group)
            try:
                await self._write(stage, group)
                return
            except Fenced as fenced:
                metrics.FENCED.labels(stage).inc(len(fenced.lanes))
                self._let_go({f"{stage}/{number}" for number in fenced.lanes})
            except InDoubt:
                self._let_go({wish.lane.id for wish in group})
            except Transient as error:
                _settle(group, error)
                return
            except PyMongoError as error:
                if attempt < ATTEMPTS and error.has_error_label("TransientTransactionError"):
                    await asyncio.sleep(backoff.next())
                    continue
                await self._give_up(stage, group, error)
                return

    async def _give_up(self, stage: str, group: Sequence[_Wish], error: PyMongoError) -> None:
        """Tell every caller; of several that were refused together, only the one at fault."""
        if is_refused_document(error) and len(group) > 1:
            for wish in group:
                await self._write_group(stage, [wish])
            return
        _settle(group, Transient(f"{stage}: {type(error).__name__}"))

    def _still_held(self, group: Sequence[_Wish]) -> list[_Wish]:
        held = [wish for wish in group if self._lanes.get(wish.lane.id) is wish.lane]
        for wish in group:
            if wish not in held:
                wish.settle(False)
        return held

    def _let_go(self, lane_ids: set[str]) -> None:
        for lane_id in lane_ids:
            self._lanes.pop(lane_id, None)

    async def _write(self, stage: str, group: Sequence[_Wish]) -> None:
        now = self._clock.now()
        outcome = Outcome(stage=stage, partitions=self.partitions, collections=self._collections)
        taken = [wish for wish in group if _take(outcome, wish, now)]
        if not taken:
            return
        store = self._store(stage)
        async with store.transaction() as session:
            parcels = await store.write(outcome, {}, now, session)
            await store.commit(session)
        applied(outcome)
        metrics.TRANSACTIONS.labels(stage, "committed").inc()
        self._publisher.enqueue(parcels)
        _settle(taken, True)

    def _store(self, stage: str) -> Store:
        if stage not in self._stores:
            self._stores[stage] = Store(self._client, self._database, stage, self._collections)
        return self._stores[stage]

    async def _tidy(self) -> None:
        if time.monotonic() - self._tidied_at > TIDY_SECONDS:
            self._tidied_at = time.monotonic()
            with contextlib.suppress(PyMongoError):
                await tidy(self._database, list(self._lanes.values()))


def _settle(group: Sequence[_Wish], outcome: bool | Exception) -> None:
    for wish in group:
        wish.settle(outcome)


def _take(outcome: Outcome, wish: _Wish, now: dt.datetime) -> bool:
    """Add the decision, or tell its caller why it cannot be encoded."""
    try:
        outcome.take(wish.lane, _message(wish.stage, wish.lane.number, wish.cause, now), wish.decision)
    except (ValueError, TypeError) as error:
        wish.settle(error)
        return False
    return True


def _message(stage: str, number: int, cause: str, now: dt.datetime) -> Message[None]:
    """What the emitted ids derive from: an outside effect has no record of its own."""
    return Message(
        topic="", partition=number, offset=-1, key=cause, id=cause, source=f"caseway://{stage}", type="own", data=None,
        time=now, recorded_at=now,
    )  # fmt: skip
