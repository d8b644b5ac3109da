"""How the services talk to MongoDB, and whose time they trust."""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from collections.abc import Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from caseway.kernel.clock import WallClock
from caseway.kernel.errors import Transient
from caseway.runtime.stage import Collection

Database = AsyncIOMotorDatabase[dict[str, Any]]
Client = AsyncIOMotorClient[dict[str, Any]]

OWNER = f"{socket.gethostname()}:{os.getpid()}"[-128:]
"""This process, as its lanes and its connections name it; MongoDB takes no longer name."""

MAJORITY = WriteConcern("majority", wtimeout=10_000)
"""w:1 lost acknowledged writes at a kill -9 of mongod (delivery.md); majority lost none."""

_REFUSED_CODES = frozenset({2, 9, 14, 22, 52, 10334, 17280, 17419})
"""Bad value, failed to parse, type mismatch, invalid BSON, dollar-prefixed name, document or key too large."""
_DUPLICATE_KEY = 11000


def connect(url: str) -> Client:
    """A client with majority writes and bounded waits; nothing is contacted before the first use."""
    return AsyncIOMotorClient(
        url,
        appname=OWNER,
        tz_aware=True,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=20_000,
        retryWrites=True,
        w="majority",
        wtimeoutMS=10_000,
        readConcernLevel="majority",
        maxPoolSize=50,
    )


def database(client: Client, namespace: str, service: str) -> Database:
    """The service's own database."""
    return client.get_database(
        f"{namespace}caseway_{service}",
        write_concern=MAJORITY,
        read_concern=ReadConcern("majority"),
        read_preference=ReadPreference.PRIMARY,
    )


def _codes(error: Exception) -> set[int]:
    """Every code that a server's answer carries; a bulk write carries one a failed write."""
    if isinstance(error, BulkWriteError):
        return {failure["code"] for failure in error.details.get("writeErrors", [])}
    return {error.code} if isinstance(error, OperationFailure) and error.code is not None else set()


def is_refused_document(error: Exception) -> bool:
    """Whether the server refuses what a decision wrote: a defect. Everything else may pass: MongoDB is not well."""
    return isinstance(error, DocumentTooLarge) or bool(_codes(error) & _REFUSED_CODES)


def is_duplicate_key(error: Exception) -> bool:
    """Whether an id was there already: a race among shared states, which the next reading shows."""
    return _DUPLICATE_KEY in _codes(error)


def is_too_much(error: Exception) -> bool:
    """Whether the transaction expired or outgrew the cache: half the batch may pass. Source: delivery.md (251, 388)."""
    return bool(_codes(error) & {251, 290, 388})


async def check_deployment(client: Client) -> None:
    """Refuse anything but a replica set that takes majority writes.

    Raises:
        Transient: it does not answer, or has no primary, or is a standalone server; the message says which.
    """
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise Transient(f"MongoDB does not answer ({type(error).__name__})") from error
    if "setName" not in hello:
        raise Transient("MongoDB is a standalone server; transactions need a replica set (--replSet)")
    if not hello.get("isWritablePrimary"):
        raise Transient("MongoDB has no primary that this service reaches")


async def prepare_collections(database_: Database, collections: Sequence[Collection]) -> None:
    """Create every collection and index now: created lazily they would block a transaction."""
    existing = set(await database_.list_collection_names())
    for collection in collections:
        if collection.name not in existing:
            await database_.create_collection(collection.name)
        await prepare_indexes(database_, collection.name, collection)


async def prepare_indexes(database_: Database, name: str, collection: Collection) -> None:
    """The collection's indexes, on what may bear another name while it is being built."""
    for index in collection.indexes:
        await database_[name].create_index(list(index))
    for index in collection.sparse_indexes:
        await database_[name].create_index(list(index), sparse=True)
    if collection.expires_after is not None:
        seconds = int(collection.expires_after.total_seconds())
        await database_[name].create_index([("_at", 1)], expireAfterSeconds=seconds)


class DatabaseClock:
    """The database's time, carried on by this machine's monotonic clock between readings.

    Every process sees the same clock, so that a timer is not early on a machine whose clock runs fast. `now` never
    runs ahead of the database: each reading is taken at its earliest possible instant.
    """

    TOLERANCE_SECONDS = 1.0
    """Readings that disagree by more are a jump: timers are held."""
    WITNESS_SECONDS = 30.0
    """After a jump this machine's own clock is the witness: as long as it is further off, timers stay held. A late timer
    can be made up for, one that came an hour early cannot."""

    def __init__(self) -> None:
        self._at: dt.datetime | None = None
        self._monotonic = 0.0
        self.is_trusted = False

    async def refresh(self, database_: Database) -> None:
        """Read the database's time.

        Raises:
            Transient: it does not answer.
        """
        before = time.monotonic()
        try:
            hello = await database_.command("hello")
        except PyMongoError as error:
            raise Transient(f"MongoDB does not tell its time ({type(error).__name__})") from error
        self.take(hello["localTime"], before, time.monotonic(), WallClock().now())

    def take(self, local_time: dt.datetime, before: float, after: float, witness: dt.datetime) -> None:
        """Take a reading made between two monotonic instants, while this machine's clock showed `witness`."""
        reading = local_time.astimezone(dt.UTC)
        predicted = self._carry(after)
        is_steady = predicted is None or _apart(reading, predicted) <= self.TOLERANCE_SECONDS + after - before
        is_borne_out = (
            self.is_trusted or predicted is None or _apart(reading, witness) <= self.WITNESS_SECONDS + after - before
        )
        self.is_trusted = is_steady and is_borne_out
        self._at, self._monotonic = reading, after

    def now(self) -> dt.datetime:
        """The database's time.

        Raises:
            Transient: it was never read.
        """
        carried = self._carry(time.monotonic())
        if carried is None:
            raise Transient("the database's time is not known yet")
        return carried

    def _carry(self, monotonic: float) -> dt.datetime | None:
        if self._at is None:
            return None
        return self._at + dt.timedelta(seconds=monotonic - self._monotonic)


def _apart(one: dt.datetime, other: dt.datetime) -> float:
    """Seconds between two instants."""
    return abs((one - other).total_seconds())
