"""One transaction a poll: guard, states, timers, outbox.

The first write is the guard: each lane's document is changed only where epoch and revision are still those this
process knows. A guard that merely read them would not guard (delivery.md). What the batch needs of its own lanes is
loaded before, since nobody else writes it and the guard proves so; what is shared is read inside, in the snapshot.

Reading, writing and committing each run whole in one thread, on the driver's synchronous side: handing every single
command to a thread and back cost a third of a small transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from caseway.kernel.decision import Due, Ref
from caseway.runtime import failpoints, metrics
from caseway.runtime.deciding import ARRIVALS
from caseway.runtime.mongo import MAJORITY, Client, Database
from caseway.runtime.outbox import Parcel, pack
from caseway.runtime.outcome import Addition, LaneOutcome, Outcome
from caseway.runtime.stage import Collection, Document

COMMIT_SECONDS = 10.0
"""How long the outcome of a commit may stay unknown before the lanes are given up and claimed again."""

THREADS = 4
"""One more than transactions that are under way at the same time: a hanging one must not stop the others' end."""

T = TypeVar("T")
Loaded = dict[tuple[str, str], Any]
Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | DeleteOne | DeleteMany


class Fenced(Exception):
    """Another owner has taken at least one of the lanes."""

    def __init__(self, lanes: Sequence[int]) -> None:
        super().__init__(f"lanes {list(lanes)}")
        self.lanes = list(lanes)


class InDoubt(Exception):
    """The commit's outcome is not known: `next`, read at the next claim, will tell."""


class Store:
    """A stage's states, timers, lanes and outbox in the service's database."""

    def __init__(self, client: Client, database: Database, stage: str, collections: Mapping[str, Collection]) -> None:
        self._client = client.delegate
        self._database = database.delegate
        self._stage = stage
        self._collections = collections
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"{stage} store")
        self._running: dict[int, Future[Any]] = {}
        """By session: what a thread does with it at present, also when its caller was cancelled meanwhile."""

    async def _in_thread(self, work: Callable[[], T], session: ClientSession | None) -> T:
        running = self._threads.submit(work)
        if session is not None:
            self._running[id(session)] = running
        return await asyncio.wrap_future(running)

    def _end(self, session: ClientSession) -> None:
        if (running := self._running.pop(id(session), None)) is not None:
            wait([running])
        with contextlib.suppress(PyMongoError):
            session.end_session()  # aborts what was not committed

    async def load(self, refs: Iterable[Ref], session: ClientSession | None) -> Loaded:
        """The values of `refs`; None for what is not there."""
        by_collection: dict[str, list[str]] = {}
        for ref in refs:
            by_collection.setdefault(ref.collection, []).append(ref.id)
        return await self._in_thread(lambda: self._load(by_collection, session), session)

    def _load(self, by_collection: Mapping[str, Sequence[str]], session: ClientSession | None) -> Loaded:
        loaded: Loaded = {}
        for name, ids in by_collection.items():
            loaded.update(dict.fromkeys(((name, each) for each in ids), None))
            load = self._collections[name].load
            for document in self._database[name].find({"_id": {"$in": ids}}, session=session):
                loaded[name, document["_id"]] = load(document)
        return loaded

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[ClientSession]:
        """A transaction that is aborted unless `commit` was reached; an abort that fails is left to expire."""
        session = self._client.start_session()
        session.start_transaction(
            read_concern=ReadConcern("snapshot"),
            write_concern=MAJORITY,
            max_commit_time_ms=int(COMMIT_SECONDS * 1000),
        )
        try:
            yield session
        finally:
            await self._in_thread(lambda: self._end(session), None)

    async def write(self, outcome: Outcome, loaded: Loaded, now: dt.datetime, session: ClientSession) -> list[Parcel]:
        """Write the whole batch; returns what is to be published once it is committed.

        Raises:
            Fenced: the guard did not match.
        """
        parcels = [parcel for share in outcome.lanes.values() for parcel in parcels_of(share)]
        await self._in_thread(lambda: self._write(outcome, parcels, loaded, now, session), session)
        return parcels

    def _write(
        self, outcome: Outcome, parcels: Sequence[Parcel], loaded: Loaded, now: dt.datetime, session: ClientSession
    ) -> None:
        shares = list(outcome.lanes.values())
        failpoints.hit("txn.before_guard")
        self._guard(shares, session)
        failpoints.hit("txn.after_guard")
        for name, writes in state_writes(outcome, self._collections, loaded, now).items():
            self._database[name].bulk_write(writes, ordered=False, session=session)
        if timers := [write for share in shares for write in timer_writes(share)]:
            self._database.timers.bulk_write(timers, ordered=False, session=session)
        failpoints.hit("txn.after_state")
        self._write_outbox(parcels, session)
        if outcome.parked:
            self._database.parked.insert_many(outcome.parked, ordered=False, session=session)
        failpoints.hit("txn.after_outbox")

    def _guard(self, shares: Sequence[LaneOutcome], session: ClientSession) -> None:
        writes = [guard(share) for share in shares]
        result = self._database.lanes.bulk_write(writes, ordered=False, session=session)
        if result.matched_count == len(shares):
            return
        stands = {share.lane.id: share for share in shares}
        for document in self._database.lanes.find({"_id": {"$in": list(stands)}}, session=session):
            share = stands[document["_id"]]
            # inside this transaction a lane that matched already shows the next revision
            if document["epoch"] == share.lane.epoch and document["revision"] == share.lane.revision + 1:
                del stands[document["_id"]]
        raise Fenced([share.lane.number for share in stands.values()])

    def _write_outbox(self, parcels: Sequence[Parcel], session: ClientSession) -> None:
        if parcels:
            documents = [parcel.to_document() for parcel in parcels]
            self._database.outbox.insert_many(documents, ordered=False, session=session)

    async def commit(self, session: ClientSession) -> None:
        """Commit; of a commit whose outcome is unknown only the commit itself is repeated.

        Raises:
            InDoubt: it stays unknown.
            PyMongoError: it failed.
        """
        await self._in_thread(lambda: self._commit(session), session)

    def _commit(self, session: ClientSession) -> None:
        failpoints.hit("commit.before")
        deadline = time.monotonic() + COMMIT_SECONDS
        while True:
            try:
                session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label("UnknownTransactionCommitResult"):
                    raise
                metrics.TRANSACTIONS.labels(self._stage, "unknown").inc()
                if time.monotonic() > deadline:
                    raise InDoubt from error
                time.sleep(0.1)
            else:
                failpoints.hit("commit.after")
                return


def guard(share: LaneOutcome) -> UpdateOne:
    """The write that only the lane's owner can make, once for each revision."""
    lane = share.lane
    return UpdateOne(
        {"_id": lane.id, "epoch": lane.epoch, "revision": lane.revision},
        {"$set": share.progress.to_document(), "$inc": {"revision": 1}},
    )


def state_writes(
    outcome: Outcome, collections: Mapping[str, Collection], loaded: Loaded, now: dt.datetime
) -> dict[str, list[Write]]:
    """By collection: states as they will stand, what is added to counters, and what arrived."""
    writes: dict[str, list[Write]] = {}
    for ref, value in outcome.values.items():
        name, id_ = ref
        is_new = ref in outcome.begun or loaded.get(ref, ...) is None
        write = _state_write(collections[name], id_, value, outcome.owners.get(ref, ""), is_new=is_new, now=now)
        writes.setdefault(name, []).append(write)
    for (name, id_), addition in outcome.additions.items():
        if added := _addition_write(collections[name], id_, addition, now):
            writes.setdefault(name, []).append(added)
    if outcome.arrivals:
        writes[ARRIVALS.name] = [InsertOne({"_id": key, "_at": at}) for key, at in outcome.arrivals.items()]
    return writes


def _state_write(collection: Collection, id_: str, value: Any, owner: str, *, is_new: bool, now: dt.datetime) -> Write:
    if value is None:
        return DeleteOne({"_id": id_})
    document = {**collection.dump(value), "_id": id_}
    if owner:
        document["_lane"] = owner
    if collection.expires_after is not None:
        document["_at"] = now
    return _write(document, is_new=is_new)


def _write(document: Document, *, is_new: bool) -> Write:
    return InsertOne(document) if is_new else ReplaceOne({"_id": document["_id"]}, document, upsert=True)


def _addition_write(collection: Collection, id_: str, addition: Addition, now: dt.datetime) -> Write | None:
    amounts = {name: amount for name, amount in addition.amounts.items() if amount}
    if not amounts:
        return None
    update: Document = {"$inc": amounts, "$setOnInsert": {**addition.fixed, "_lane": addition.owner}}
    if collection.expires_after is not None:
        update["$set"] = {"_at": now}
    return UpdateOne({"_id": id_}, update, upsert=True)


def timer_writes(share: LaneOutcome) -> list[Write]:
    """The lane's timers as they will stand, but for those that follow from its resident object."""
    lane, horizon = share.lane.id, share.lane.horizon
    writes: list[Write] = [
        _write(_timer_document(lane, due), is_new=due.key in share.begun)
        for due in share.armed.values()
        if due.kind not in horizon.kinds
    ]
    if gone := [f"{lane}/{key}" for key in share.disarmed if not horizon.follows(key)]:
        writes.append(DeleteMany({"_id": {"$in": gone}}))
    return writes


def _timer_document(lane: str, due: Due) -> Document:
    return {
        "_id": f"{lane}/{due.key}",
        "lane": lane,
        "key": due.key,
        "kind": due.kind,
        "due_at": due.due_at,
        "armed_by": due.armed_by,
        "data": dict(due.data),
    }


def parcels_of(share: LaneOutcome) -> list[Parcel]:
    """The lane's rows, packed for the outbox."""
    first = share.progress.sequence - len(share.rows) + 1
    return pack(share.lane.id, first, share.rows, share.lane.removable.append)


def applied(outcome: Outcome) -> None:
    """Carry a committed batch over to the lanes in memory."""
    for share in outcome.lanes.values():
        lane = share.lane
        lane.progress = share.progress
        lane.revision += 1
        for ref, value in share.values.items():
            lane.cache.put(ref, value)
        for key in share.disarmed:
            lane.horizon.disarm(key)
        for due in share.armed.values():
            lane.horizon.arm(due)
