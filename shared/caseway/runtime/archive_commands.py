"""The command `caseway archive`.

The topic `cases` holds personal data and so forgets after months. What is wanted for longer (figures anew, another policy
over last year's arrivals) is written here, a line of JSON a fact, in each lane's order, and names nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from caseway.contracts.codec import decode
from caseway.contracts.nameless import nameless
from caseway.kernel.errors import Rejected, Superseded
from caseway.runtime.kafka import count_partitions, inspector
from caseway.runtime.settings import Settings

TOPIC = "cases"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `archive`."""
    parser = subparsers.add_parser("archive", help="facts about cases without names, to be kept as long as you like")
    parser.add_argument("file", type=Path, help="where to write; it must not be there yet")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        count, skipped = asyncio.run(_write(options.file, Settings()))
    except (KafkaError, TimeoutError, OSError) as error:
        sys.stderr.write(f"caseway: {error or type(error).__name__}\n")
        return 1
    sys.stdout.write(
        f"{count} facts written to {options.file}, {skipped} of types that this version does not know left out\n"
    )
    return 0


async def _write(path: Path, settings: Settings) -> tuple[int, int]:
    """How many facts were written, and how many records could not be read."""
    count = skipped = 0
    with path.open("xb") as file:
        async for record in _records(settings):
            try:
                envelope = decode(TOPIC, record.key, record.value, record.headers)
            except (Rejected, Superseded):
                skipped += 1
                continue
            if isinstance(envelope.data, bytes):  # no fact about a case is raw bytes
                skipped += 1
                continue
            line = {"id": envelope.id, "type": envelope.type, "time": envelope.time, "lane": record.partition}
            file.write(orjson.dumps({**line, "data": nameless(envelope.data)}) + b"\n")
            count += 1
    return count, skipped


async def _records(settings: Settings) -> AsyncIterator[Any]:
    """Everything that stands in the topic now, lane by lane."""
    name = settings.namespace + TOPIC
    partitions = (await count_partitions(settings.kafka_url, [name]))[name]
    consumer = inspector(settings.kafka_url)
    await consumer.start()
    try:
        for partition in (TopicPartition(name, number) for number in range(partitions)):
            end = (await consumer.end_offsets([partition]))[partition]
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            while await consumer.position(partition) < end:
                for records in (await consumer.getmany(partition, timeout_ms=1_000)).values():
                    for record in records:
                        yield record
    finally:
        await consumer.stop()
