"""APScheduler with its MongoDB store, on the same due times.

`python -m tests.load.apscheduler_jobs MONGO_URL RATE COUNT` prints one line of JSON: how late each job began.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time

import psutil
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.mongodb import MongoDBJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from pymongo import MongoClient

from caseway.kernel.clock import WallClock

DATABASE = "bench_apscheduler"
LATE: list[float] = []


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
    begun = time.monotonic()
    start = WallClock().now() + dt.timedelta(seconds=count / 1000 * 2 + 10)  # adding takes 1 to 2 ms a job
    for number in range(count):
        due = start + dt.timedelta(milliseconds=number * 1000 // rate)
        scheduler.add_job(fire, "date", run_date=due, args=[due.timestamp()], id=str(number))
    sys.stderr.write(f"{count} jobs stood after {time.monotonic() - begun:.0f} s\n")
    scheduler.resume()
    ends = start.timestamp() + 3 * count / rate + 30
    while len(LATE) < count and time.time() < ends:
        time.sleep(0.2)
    used = psutil.Process()
    sys.stdout.write(
        json.dumps({"late": LATE, "memory": used.memory_info().rss, "processor": used.cpu_times().user}) + "\n"
    )
    sys.stdout.flush()
    scheduler.shutdown(wait=False)  # closes the client, too
    MongoClient[dict[str, object]](mongo_url).drop_database(DATABASE)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
