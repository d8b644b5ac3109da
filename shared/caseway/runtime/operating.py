"""What an operator may do to lanes and parked records."""

from __future__ import annotations

import datetime as dt

from aiokafka import AIOKafkaProducer
from pymongo import ReturnDocument

from caseway.kernel.errors import Rejected
from caseway.kernel.ids import derived_id
from caseway.runtime.blobs import read_blob
from caseway.runtime.items import REPLAY_HEADER
from caseway.runtime.mongo import Database
from caseway.runtime.stage import Document


async def resume(database: Database, lane_id: str, by: str, at: dt.datetime) -> str:
    """Let a halted lane go on, and forget the fingerprints and offsets that no longer hold; why it was halted.

    A topic whose offsets make no sense to the lane any more is read again from its oldest record: what was applied
    before is known by its sequence or its source and id.

    Raises:
        Rejected: there is no such lane, or it is not halted.
    """
    before = await database.lanes.find_one({"_id": lane_id, "halted": {"$ne": ""}})
    if before is None:
        raise Rejected("not-halted", lane_id)
    topic = before["halted"].partition(":")[0]
    change: dict[str, Document] = {"$set": {"halted": "", "defects": 0}, "$inc": {"epoch": 1}}
    if topic in before.get("next", {}):
        kept = {name: offset for name, offset in before["next"].items() if name != topic}
        marks = {name: mark for name, mark in before["fingerprint"].items() if name != topic}
        change["$set"] |= {"next": kept, "fingerprint": marks}
    await database.lanes.update_one({"_id": lane_id}, change)
    await _audit(database, "resume", lane_id, by, at, before["halted"])
    return str(before["halted"])


async def renew(database: Database, lane_id: str, by: str, at: dt.datetime) -> str:
    """Draw a new incarnation: after a restore, sequences begin again below those the readers have seen.

    Raises:
        Rejected: there is no such lane.
    """
    incarnation = derived_id(lane_id, by, at.isoformat())[:8]
    renewed = await database.lanes.find_one_and_update(
        {"_id": lane_id},
        {"$set": {"incarnation": incarnation}, "$inc": {"epoch": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if renewed is None:
        raise Rejected("unknown-lane", lane_id)
    await _audit(database, "renew", lane_id, by, at, incarnation)
    return incarnation


async def parked(database: Database, id_: str) -> tuple[Document, bytes]:
    """One parked record: its row and its bytes.

    Raises:
        Rejected: there is none with this id.
    """
    row = await database.parked.find_one({"_id": id_})
    if row is None:
        raise Rejected("unknown-record", id_)
    return row, await read_blob(database, row["blob"]) if "blob" in row else b""


async def replay(
    database: Database, sender: AIOKafkaProducer, namespace: str, id_: str, by: str, at: dt.datetime
) -> str:
    """Publish a parked record to its topic again; the replay is part of its identity, so it is no repeat.

    Raises:
        Rejected: there is none with this id, or it was a timer.
    """
    row, value = await parked(database, id_)
    if "blob" not in row:
        raise Rejected("not-a-record", f"{id_} was a timer; it cannot be published")
    # without the lane's marks: a replay from our own lane would be dropped as a sequence already seen
    left_out = {REPLAY_HEADER, "ce_lane", "ce_sequence"}
    headers = [(name, content) for name, content in row["headers"] if name not in left_out]
    headers.append((REPLAY_HEADER, f"{id_}/{row['replays'] + 1}".encode()))
    await sender.send_and_wait(
        namespace + row["topic"], None if row["is_null"] else value, key=row["key"], headers=headers
    )
    await database.parked.update_one(
        {"_id": id_}, {"$inc": {"replays": 1}, "$set": {"replayed_at": at, "replayed_by": by}}
    )
    await _audit(database, "replay", id_, by, at, row["reason"])
    return str(row["topic"])


async def _audit(database: Database, act: str, subject: str, by: str, at: dt.datetime, detail: str) -> None:
    await database.audit.insert_one({"act": act, "subject": subject, "by": by, "at": at, "detail": detail})
