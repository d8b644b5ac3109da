"""APScheduler with its MongoDB store, on the same due times.

`python -m tests.load.apscheduler_jobs MONGO_URL RATE COUNT` prints one line of JSON: how late each job began.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.mongodb import MongoDBJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from pymongo import MongoClient

from caseway.kernel.clock import WallClock

DATABASE = "bench_apscheduler"
LATE: list[float] = []
_SAMPLE = 500
"""Jobs by which is reckoned how long all of them take to be added."""


def fire(due: float) -> None:
    """Note how late it is."""
    LATE.append(time.time() - due)


def main(mongo_url: str, rate: int, count: int) -> None:
    """Stand the jobs in the store, then let them fire."""
    client: MongoClient[dict[str, object]] = MongoClient(mongo_url)
    client.drop_database(DATABASE)
    scheduler = BackgroundScheduler(
        jobstores={"default": MongoDBJobStore(database=DATABASE, client=client)},
        executors={"default": ThreadPoolExecutor(10)},
        job_defaults={"misfire_grace_time": None},
        timezone=dt.UTC,
    )
    scheduler.start(paused=True)
    start = WallClock().now() + dt.timedelta(seconds=_lead(scheduler, count))
    for number in range(count):
        due = start + dt.timedelta(milliseconds=number * 1000 // rate)
        scheduler.add_job(fire, "date", run_date=due, args=[due.timestamp()], id=str(number))
    scheduler.resume()
    time.sleep(max(0.0, start.timestamp() - time.time()))
    used = time.process_time()
    ends = start.timestamp() + 3 * count / rate + 30
    while len(LATE) < count and time.time() < ends:
        time.sleep(0.2)
    told = {
        "late": LATE,
        "seconds": time.time() - start.timestamp(),
        "most_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "processor_seconds": time.process_time() - used,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    scheduler.shutdown(wait=False)  # closes the client, too
    MongoClient[dict[str, object]](mongo_url).drop_database(DATABASE)


def _lead(scheduler: BackgroundScheduler, count: int) -> float:
    """Seconds until the first is due: as long as adding all will take on this machine, and as much again."""
    begun = time.monotonic()
    far = WallClock().now() + dt.timedelta(days=300)
    for number in range(_SAMPLE):
        scheduler.add_job(fire, "date", run_date=far, args=[0.0], id=f"sample-{number}")
    return 10 + 2 * count * (time.monotonic() - begun) / _SAMPLE


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
