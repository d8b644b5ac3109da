"""Lanes that read no topic: leased by number, fenced by epoch.

The notifier's senders use them: a bucket of destinations is such a lane. A lease is taken and prolonged by time; what
is written stands under the same guard as any lane's transaction, so a sender that slept writes nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from caseway.kernel.decision import Decision, Message
from caseway.kernel.errors import Transient
from caseway.runtime import metrics
from caseway.runtime.claiming import OWNER, raise_epoch
from caseway.runtime.lane import Lane
from caseway.runtime.mongo import Client, Database, DatabaseClock
from caseway.runtime.outbox import Publisher, waiting
from caseway.runtime.outcome import Outcome
from caseway.runtime.stage import Collection
from caseway.runtime.transaction import Fenced, InDoubt, Store, applied


class LeasedLanes:
    """The lanes of one kind that this process holds."""

    def __init__(
        self,
        client: Client,
        database: Database,
        collections: Mapping[str, Collection],
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
        self._turns: dict[str, asyncio.Lock] = {}

    async def lease(self, stage: str, number: int, seconds: float) -> int | None:
        """Take or prolong the lease of `stage/number`: its epoch, or None while another process holds it.

        Raises:
            Transient: MongoDB does not answer.
        """
        lane_id = f"{stage}/{number}"
        until = self._clock.now() + dt.timedelta(seconds=seconds)
        try:
            if (held := self._lanes.get(lane_id)) is not None:
                if await self._prolong(held, until):
                    return held.epoch
                del self._lanes[lane_id]
            return await self._take(lane_id, until)
        except PyMongoError as error:
            raise Transient(f"leasing {lane_id}: {type(error).__name__}") from error

    async def _prolong(self, lane: Lane, until: dt.datetime) -> bool:
        mine = {"_id": lane.id, "epoch": lane.epoch}
        result = await self._database.lanes.update_one(mine, {"$set": {"leased_until": until}})
        return result.matched_count == 1

    async def _take(self, lane_id: str, until: dt.datetime) -> int | None:
        document = await self._database.lanes.find_one({"_id": lane_id}, {"leased_until": 1, "owner": 1})
        if (
            document is not None
            and document.get("leased_until", until) > self._clock.now()
            and document["owner"] != OWNER
        ):
            return None
        expected = document.get("leased_until") if document else None
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
        async with self._turns.setdefault(lane.id, asyncio.Lock()):
            try:
                await self._write(lane, stage, cause, decision)
            except (Fenced, InDoubt):
                metrics.FENCED.labels(stage).inc()
                self._lanes.pop(lane.id, None)
                return False
            except PyMongoError as error:
                raise Transient(f"{lane.id}: {type(error).__name__}") from error
        return True

    async def _write(self, lane: Lane, stage: str, cause: str, decision: Decision) -> None:
        now = self._clock.now()
        outcome = Outcome(stage=stage, partitions=self.partitions, collections=self._collections)
        outcome.take(lane, _message(stage, lane.number, cause, now), decision)
        store = Store(self._client, self._database, stage, self._collections)
        async with store.transaction() as session:
            parcels = await store.write(outcome, {}, now, session)
            await store.commit(session)
        applied(outcome)
        metrics.TRANSACTIONS.labels(stage, "committed").inc()
        self._publisher.enqueue(parcels)


def _message(stage: str, number: int, cause: str, now: dt.datetime) -> Message[None]:
    """What the emitted ids derive from: an outside effect has no record of its own."""
    return Message(
        topic="", partition=number, offset=-1, key=cause, id=cause, source=f"caseway://{stage}", type="own", data=None,
        time=now, recorded_at=now,
    )  # fmt: skip
