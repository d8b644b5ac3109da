"""Content stored once, by its SHA-256, in chunks."""

from __future__ import annotations

from collections.abc import Iterable

from pymongo.errors import BulkWriteError

from caseway.kernel.errors import Impossible
from caseway.kernel.ids import digest
from caseway.runtime.mongo import Database
from caseway.runtime.stage import Collection, Document

CHUNK_BYTES = 4 * 1024 * 1024
BLOBS = Collection(name="blobs")
_DUPLICATE_KEY = 11000


async def store_blobs(database: Database, contents: Iterable[bytes]) -> None:
    """Store each content unless it is there; before the transaction that refers to it, never inside."""
    chunks: dict[str, Document] = {}
    for content in contents:
        for chunk in _chunks(content):
            chunks[chunk["_id"]] = chunk
    if not chunks:
        return
    try:
        await database.blobs.insert_many(list(chunks.values()), ordered=False)
    except BulkWriteError as error:
        if any(failure["code"] != _DUPLICATE_KEY for failure in error.details["writeErrors"]):
            raise


def _chunks(content: bytes) -> list[Document]:
    name = digest(content)
    starts = range(0, max(len(content), 1), CHUNK_BYTES)
    return [
        {"_id": f"{name}/{number}", "of": len(starts), "data": content[start : start + CHUNK_BYTES]}
        for number, start in enumerate(starts)
    ]


async def read_blob(database: Database, name: str) -> bytes:
    """The content with this digest.

    Raises:
        Impossible: a chunk is missing; what refers to a blob is written after it.
    """
    first = await database.blobs.find_one({"_id": f"{name}/0"})
    if first is None:
        raise Impossible(f"blob {name} is not stored")
    parts = [first["data"]]
    for number in range(1, first["of"]):
        chunk = await database.blobs.find_one({"_id": f"{name}/{number}"})
        if chunk is None:
            raise Impossible(f"blob {name} lacks chunk {number}")
        parts.append(chunk["data"])
    return b"".join(parts)
