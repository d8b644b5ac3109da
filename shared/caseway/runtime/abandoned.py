"""How a dead owner's open transaction is ended.

A process that is killed inside a transaction leaves its writes standing, the guard of its lanes first of all; whoever
claims them would wait for `transactionLifetimeLimitSeconds`. Each process connects under its own name, so its open
transactions can be told from others'. One that did nothing for seconds belongs to a process that is gone or sleeps;
one that sleeps is fenced by the claim anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from caseway.runtime.logs import logger
from caseway.runtime.mongo import Database

IDLE_SECONDS = 2
"""A living process's transaction does something every few milliseconds."""

_log = logger(__name__)


async def end_abandoned(database: Database, owners: Collection[str]) -> None:
    """End what these owners left open; where MongoDB does not let us look, it expires in its own time."""
    if not owners:
        return
    left_open = {
        "appName": {"$in": list(owners)},
        "transaction.timeInactiveMicros": {"$gte": IDLE_SECONDS * 1_000_000},
    }
    admin = database.client.get_database("admin", read_concern=ReadConcern("local"))
    try:
        look: list[Mapping[str, Any]] = [{"$currentOp": {"idleSessions": True}}, {"$match": left_open}]
        sessions = [{"id": each["lsid"]["id"]} async for each in admin.aggregate(look)]
        if sessions:
            _log.warning("a lost owner's transactions are ended", count=len(sessions), owners=sorted(owners))
            await admin.command("killSessions", sessions)
    except PyMongoError as error:
        _log.info("open transactions of a lost owner are left to expire", reason=type(error).__name__)
