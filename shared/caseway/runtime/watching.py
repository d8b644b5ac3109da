"""Looks whether what is remembered is what is stored.

A sample of each lane twice a minute, whenever its horizon is refilled: its own document, and a few of the states it keeps in memory. Nothing is mended here; a
difference means a second writer, a hand in the database, or a defect, and a person must look. Source: delivery.md, 14.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import bson
from bson.codec_options import CodecOptions

from caseway.runtime import metrics
from caseway.runtime.lane import Lane
from caseway.runtime.logs import logger
from caseway.runtime.mongo import Database
from caseway.runtime.stage import Collection, Document

SAMPLE = 3
"""States looked at in each lane: enough to find a systematic fault within the hour, too few to be felt."""
_OPTIONS: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=dt.UTC)

_log = logger(__name__)


async def watch(lane: Lane, database: Database, collections: Mapping[str, Collection]) -> list[str]:
    """Compare a lane's memory with its database, between two batches; the invariants found broken.

    The caller holds the stage's turn, so that nothing moves meanwhile.
    """
    broken = []
    document = await database.lanes.find_one({"_id": lane.id})
    if document is not None and document["epoch"] == lane.epoch and document["revision"] != lane.revision:
        broken.append("lane")
    for (name, id_), value in lane.cache.sample(SAMPLE):
        stored = await database[name].find_one({"_id": id_})
        if not _is_same(collections[name], value, stored):
            broken.append("state")
            _log.error("invariant_broken", lane=lane.id, collection=name, id=id_)
    for invariant in broken:
        metrics.INVARIANTS.labels(lane.stage, invariant).inc()
    return broken


def _is_same(collection: Collection, value: object, stored: Document | None) -> bool:
    if value is None or stored is None:
        return value is None and stored is None
    remembered = bson.decode(bson.encode(collection.dump(value)), _OPTIONS)
    kept = {name: content for name, content in stored.items() if name not in {"_id", "_lane", "_at"}}
    return {name: content for name, content in remembered.items() if name != "_id"} == kept
