"""A desk that has worked for years: a store full of cases and Message-IDs, and a process that goes on and on.

`python -m tests.load --store 1000000 --only intake` measures intake's stages on such a store, filled once for all;
`python -m tests.load --only memory` sends one intake 200,000 contacts and prints what memory it has after each tenth.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import itertools
import os
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection

from caseway.kernel.ids import case_id, digest
from caseway.local.ports import free_ports
from caseway.runtime.configuration import load
from caseway.runtime.stage import Collection as States
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_intake.adapters.cases import CASES, dump_case
from caseway_intake.adapters.edge_states import COLLECTIONS
from caseway_intake.adapters.mail_states import dump_claim
from caseway_intake.domain import life
from caseway_intake.domain.admission.knowledge import CLAIMS
from caseway_intake.domain.life.steps import Rules
from caseway_intake.domain.mail.likeness import sketch
from caseway_intake.domain.threading import Claim
from caseway_intake.settings import Configuration
from tests.load import corner, payloads

BATCH = 5_000
WRITERS = 3
ROUNDS = 10
_DIFFER = frozenset({"_id", "number", "at", "opened_at", "keys", "_lane"})
_LONG_AGO = dt.datetime(2025, 3, 1, 9, tzinfo=dt.UTC)


def fill_store(namespace: Namespace, count: int, scenario: Path) -> float:
    """So many cases, and so many Message-IDs that belong to them, as years would have left them; seconds it took.

    The indexes are built when all is there, in one pass: with them each document would take three times as long, and
    the service would build them for minutes when it starts.
    """
    began, rules = time.monotonic(), load(scenario, Configuration).value.life
    with MongoClient[dict[str, Any]](namespace.mongo_url) as client:
        place = client[f"{namespace.prefix}caseway_intake"]
        _fill(place.cases, _cases(count, rules), count)
        _fill(place.claims, _claims(count), count)
        for collection in (CASES, next(each for each in COLLECTIONS if each.name == CLAIMS)):
            place[collection.name].create_indexes(list(_indexes(collection)))
    return time.monotonic() - began


def _fill(place: Collection[Any], documents: Iterator[RawBSONDocument], count: int) -> None:
    """One batch is made while others are being written."""
    with ThreadPoolExecutor(WRITERS) as writers:
        under_way: deque[Future[Any]] = deque()
        for _ in range(0, count, BATCH):
            batch = list(itertools.islice(documents, BATCH))
            under_way.append(writers.submit(place.insert_many, batch, ordered=False))
            if len(under_way) > WRITERS:
                under_way.popleft().result()
        for each in under_way:
            each.result()


def _indexes(collection: States) -> Iterator[IndexModel]:
    """As the service makes them."""
    yield from (IndexModel(list(each)) for each in collection.indexes)
    yield from (IndexModel(list(each), sparse=True) for each in collection.sparse_indexes)
    if collection.expires_after is not None:
        yield IndexModel([("_at", 1)], expireAfterSeconds=int(collection.expires_after.total_seconds()))


def _cases(count: int, rules: Rules) -> Iterator[RawBSONDocument]:
    """Cases of many customers, each with its own number and instant; what they say is the same."""
    command = next(payloads.commands("old", 1))
    step = life.Step(cause="old", at=_LONG_AGO, now=_LONG_AGO, configuration="old", rules=rules)
    pattern = dump_case(life.open_case(command, step, 1).case)
    same = encode({name: value for name, value in pattern.items() if name not in _DIFFER})
    for number in range(count):
        at = _LONG_AGO + dt.timedelta(seconds=20 * number)
        key = f"old.{number}@mail.example.com"
        own = {"_id": case_id(key), "number": number + 1, "at": at, "opened_at": at, "keys": [key]}
        yield _joined(encode({**own, "_lane": f"intake.core/{number % 12}"}), same)


def _claims(count: int) -> Iterator[RawBSONDocument]:
    topic = sketch("order came damaged")
    for number in range(count):
        key = f"old.{number}@mail.example.com"
        claim = Claim(case_id=case_id(key), body=digest(key.encode()), topic=topic, people=b"\x01\x02\x03\x04\x05\x06")
        yield RawBSONDocument(encode({"_id": key, **dump_claim(claim), "_lane": "intake.edge/0", "_at": _LONG_AGO}))


def _joined(own: bytes, same: bytes) -> RawBSONDocument:
    """Both documents' fields in one: what all have in common is encoded once. Source: bsonspec.org, `document`."""
    fields = own[4:-1] + same[4:]
    return RawBSONDocument(struct.pack("<i", len(fields) + 4) + fields)


async def remember(namespace: Namespace, folder: Path, count: int, scenario: Path) -> list[tuple[int, float]]:
    """One whole intake takes `count` contacts in ten rounds; after each, contacts so far and its memory in MiB."""
    with _intake(namespace, folder, scenario) as child:
        process, taken = psutil.Process(child.pid), 0
        found: list[tuple[int, float]] = []
        for round_ in range(ROUNDS):
            await corner.fill(namespace, payloads.talks(f"round-{round_}", count // ROUNDS))
            taken += count // ROUNDS
            look = functools.partial(_has_taken, namespace, taken)
            await eventually(look, f"{taken} contacts", seconds=900, every=0.5)
            await asyncio.sleep(2.0)
            found.append((taken, process.memory_info().rss / 2**20))
            sys.stdout.write(f"  {taken:>9,} contacts  {found[-1][1]:>6,.0f} MiB\n")
            sys.stdout.flush()
        child.kill()
    return found


async def _has_taken(namespace: Namespace, count: int) -> bool:
    """The edge has read all, and the core all that the edge sent it."""
    read = sum((await corner.progress(namespace, "intake", "intake.edge")).values())
    if read < count:
        return False
    commands = sum((await corner.ends(namespace, ["case.commands"])).values())
    done = sum((await corner.progress(namespace, "intake", "intake.core")).values())
    return done >= commands >= count


def _intake(namespace: Namespace, folder: Path, scenario: Path) -> subprocess.Popen[bytes]:
    (port,) = free_ports(1)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")},
        **namespace.environment(),
        "CASEWAY_CONFIG": str(corner.busy_copy(scenario, folder / "scenario")),
        "CASEWAY_SIGNING_KEY": "bench",
        "CASEWAY_HTTP_PORT": str(port),
        "CASEWAY_SMTP_PORT": "-1",
        "CASEWAY_LOG_LEVEL": "WARNING",
    }
    with (folder / "memory.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "caseway_intake"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
