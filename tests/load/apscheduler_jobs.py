"""APScheduler with its MongoDB store, doing what a promise that falls due wants done.

`python -m tests.load.apscheduler_jobs MONGO_URL KAFKA_URL DATABASE TOPIC` runs it until it is ended. Each job writes its
firing to MongoDB, by a majority, and publishes a fact of the size of ours to Kafka, with the acknowledgement of all: what
must be so for nothing to be lost that was said. Job and store know nothing of each other's transactions, as is usual.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import pickle
import sys
import threading
import uuid
from collections.abc import Iterable
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.mongodb import MongoDBJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from pymongo import MongoClient
from pymongo.collection import Collection

from caseway.contracts.codec import partition_of
from caseway.contracts.topology import PARTITIONS
from caseway.kernel.clock import WallClock

_THREADS = 50
"""Jobs at once: each waits for MongoDB and for Kafka, so the ten that APScheduler has by default would be its bound."""
_AT_ONCE = 5_000


class Desk:
    """Where jobs write to."""

    def __init__(self, mongo_url: str, kafka_url: str, database: str, topic: str) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(mongo_url, w="majority")
        self._firings: Collection[dict[str, Any]] = self.client[database]["firings"]
        self._topic = topic
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._producer = asyncio.run_coroutine_threadsafe(_producer(kafka_url), self._loop).result()

    def fired(self, case_id: str, due_at: str) -> None:
        """Write it down, and tell it."""
        id_, now = str(uuid.uuid4()), WallClock().now().isoformat()
        self._firings.insert_one({"_id": id_, "case_id": case_id, "due_at": due_at, "noticed_at": now})
        fact = {
            "at": due_at, "cause": id_, "configuration": "apscheduler", "milestone": f"milestone_{case_id}",
            "case_id": case_id, "kind": "resolution", "due_at": due_at, "instance": 1, "target_seconds": 86400.0,
            "elapsed_seconds": 86400.0, "priority": "normal", "noticed_at": now,
        }  # fmt: skip
        headers = [
            ("ce_id", id_.encode()),
            ("ce_type", b"caseway.milestone.violated.v1"),
            ("ce_sequence", id_.encode()),
        ]
        sending = self._producer.send_and_wait(
            self._topic, orjson.dumps(fact), key=case_id.encode(), headers=headers,
            partition=partition_of(case_id.encode(), PARTITIONS),
        )  # fmt: skip
        asyncio.run_coroutine_threadsafe(sending, self._loop).result()


async def _producer(kafka_url: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(bootstrap_servers=kafka_url, acks="all", enable_idempotence=True)
    await producer.start()
    return producer


DESKS: list[Desk] = []
"""The process's one; jobs are named by where they stand in the code, and find it here."""


def fire(case_id: str, due_at: str) -> None:
    """What every job does."""
    DESKS[0].fired(case_id, due_at)


def _scheduler(client: MongoClient[dict[str, Any]], database: str) -> BackgroundScheduler:
    return BackgroundScheduler(
        jobstores={"default": MongoDBJobStore(database=database, client=client)},
        executors={"default": ThreadPoolExecutor(_THREADS)},
        job_defaults={"misfire_grace_time": None},
        timezone=dt.UTC,
    )


def stand(mongo_url: str, database: str, prefix: str, due: Iterable[dt.datetime]) -> None:
    """Put one job a deadline into the store, as its `add_job` does, thousands at once."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        scheduler = _scheduler(client, database)
        documents = [_document(scheduler, f"case_{prefix}_{number}", at) for number, at in enumerate(due)]
        for first in range(0, len(documents), _AT_ONCE):
            client[database]["jobs"].insert_many(documents[first : first + _AT_ONCE], ordered=False)


def _document(scheduler: BackgroundScheduler, case_id: str, at: dt.datetime) -> dict[str, Any]:
    job = Job(
        scheduler, id=case_id, func=fire, args=(case_id, at.isoformat()), kwargs={}, name="fire", executor="default",
        trigger=DateTrigger(at, dt.UTC), misfire_grace_time=None, coalesce=False, max_instances=1, next_run_time=at,
    )  # fmt: skip
    state = pickle.dumps(job.__getstate__(), pickle.HIGHEST_PROTOCOL)
    return {"_id": case_id, "next_run_time": at.timestamp(), "job_state": state}


def main(mongo_url: str, kafka_url: str, database: str, topic: str) -> None:
    """Fire until ended."""
    DESKS.append(Desk(mongo_url, kafka_url, database, topic))
    _scheduler(DESKS[0].client, database).start()
    threading.Event().wait()


if __name__ == "__main__":
    from tests.load import apscheduler_jobs  # jobs look for their desk in the module of this name, not in `__main__`

    apscheduler_jobs.main(*sys.argv[1:])
