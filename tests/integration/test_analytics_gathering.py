"""Old cells become coarser without a figure being lost, on a real MongoDB."""

import asyncio
import dataclasses
import datetime as dt
import sys
import time

import pytest

from caseway.runtime.configuration import load
from caseway.runtime.mongo import connect, database, prepare_collections
from caseway.testkit.desk_facts import CaseTeller
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_analytics.adapters.figures import MongoFigures
from caseway_analytics.adapters.gathering import Gatherer
from caseway_analytics.adapters.states import CELLS
from caseway_analytics.domain.answers import tables
from caseway_analytics.domain.questions import Keeping, asked
from caseway_analytics.domain.recount import recount
from caseway_analytics.settings import Configuration
from tests.analytics_desk import RETAIL, AnalyticsDesk

KNOWN = load(RETAIL, Configuration).value.known
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
ZONE = "Europe/Warsaw"
KEEPING = Keeping(half_hours=dt.timedelta(days=2), days=dt.timedelta(days=20))


def cells():
    """Three lanes, every half hour of forty days, one contact each."""
    for lane in range(3):
        for place in range(40 * 48):
            slot = NOW - dt.timedelta(minutes=30 * place)
            yield {
                "_id": f"analytics/{lane}/desk/{slot.isoformat()}", "cut": "desk", "slot": slot, "grain": "slot",
                "values": ["email", "stores", "normal"], "m": {"contacts": {"n": 1}, "pick_up": {"n": 1, "ms": 60_000, "b": {"9": 1}}},
            }  # fmt: skip


async def test_nothing_is_lost_and_storage_shrinks_whoever_gathers(namespace: Namespace):
    """Storage grows with cells, not with events; retention by grain; two processes gather at once."""
    client = connect(namespace.mongo_url)
    db = database(client, namespace.prefix, "analytics")
    await prepare_collections(db, (CELLS,))
    await db.cells.insert_many(list(cells()))
    question = asked(
        "contacts", {"from": "2026-10-01", "to": "2026-12-01", "grain": "day"}, now=NOW, zone=ZONE,
        keeping=Keeping(half_hours=dt.timedelta(days=400)),
    )  # fmt: skip
    rows_before, total_before = await told(db, question)
    gatherers = [Gatherer(client, db, ZONE, KEEPING) for _ in range(2)]
    for _ in range(3):
        await asyncio.gather(*(each.run(NOW) for each in gatherers))
    rows_after, _ = await told(db, question)
    monthly = dataclasses.replace(question, grain="all")
    total_after = (await told(db, monthly))[1]
    grains = ("slot", "half_hour", "day", "week", "month")
    kinds = {grain: await db.cells.count_documents({"grain": grain}) for grain in grains}
    assert total_before == total_after == {"count": 3 * 40 * 48}
    # the days that are still kept by the day or finer are as they were
    assert rows_after == [row for row in rows_before if row["starts"] >= rows_after[0]["starts"]]
    # the last two hours belong to their lanes; two days by the half hour; three weeks or more by the day; months
    assert kinds["slot"] == 3 * 5
    # each with five more documents that sum over some dimensions
    assert kinds["half_hour"] <= 6 * 3 * 48
    assert 6 * 15 <= kinds["day"] <= 6 * 30
    assert kinds["week"] <= 6 * 5
    assert kinds["month"] == 6 * 2
    pick_up = await db.cells.aggregate(
        [
            {"$match": {"cut": "desk", "grain": {"$in": ["slot", "month"]}}},
            {"$group": {"_id": None, "ms": {"$sum": "$m.pick_up.ms"}, "b": {"$sum": "$m.pick_up.b.9"}}},
        ]
    ).to_list(None)
    assert (pick_up[0]["ms"], pick_up[0]["b"]) == (3 * 40 * 48 * 60_000, 3 * 40 * 48)


async def test_a_late_fact_is_gathered_in_its_turn(namespace: Namespace):
    """Late facts correct the past."""
    client = connect(namespace.mongo_url)
    db = database(client, namespace.prefix, "analytics")
    await prepare_collections(db, (CELLS,))
    await db.cells.insert_many(list(cells()))
    gatherer = Gatherer(client, db, ZONE, KEEPING)
    await gatherer.run(NOW)
    late = NOW - dt.timedelta(days=30)
    await db.cells.insert_one(
        {
            "_id": "late",
            "cut": "desk",
            "slot": late,
            "grain": "slot",
            "values": ["email", "stores", "normal"],
            "m": {"contacts": {"n": -1}},
        }
    )
    await gatherer.run(NOW)
    question = asked(
        "contacts",
        {"from": "2026-10-01", "to": "2026-12-01", "grain": "all"},
        now=NOW,
        zone=ZONE,
        keeping=Keeping(half_hours=dt.timedelta(days=400)),
    )
    assert (await told(db, question))[1] == {"count": 3 * 40 * 48 - 1}
    assert await db.cells.count_documents({"_id": "late"}) == 0


async def told(db, question):
    return tables(question, await MongoFigures(db, ZONE).stored(question), as_of=NOW)


GATHER = """
import asyncio, datetime as dt, sys
from caseway.runtime.mongo import connect, database
from caseway_analytics.adapters import gathering
from caseway_analytics.domain.questions import Keeping
gathering._MOST = 50
async def main(url, prefix, now, zone):
    client = connect(url)
    keeping = Keeping(half_hours=dt.timedelta(days=2), days=dt.timedelta(days=20))
    await gathering.Gatherer(client, database(client, prefix, "analytics"), zone, keeping).run(dt.datetime.fromisoformat(now))
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
async def test_a_gatherer_that_is_killed_anywhere_leaves_every_figure_once(namespace: Namespace):
    """Each cell is moved or it is not: killed again and again, the sum is the same each time."""
    client = connect(namespace.mongo_url)
    db = database(client, namespace.prefix, "analytics")
    await prepare_collections(db, (CELLS,))
    await db.cells.insert_many(list(cells()))
    question = asked(
        "contacts", {"from": "2026-10-01", "to": "2026-12-01", "grain": "all"}, now=NOW, zone=ZONE,
        keeping=Keeping(half_hours=dt.timedelta(days=400)),
    )  # fmt: skip
    killed, left = 0, [await db.cells.count_documents({"grain": "slot"})]
    for place in range(5):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", GATHER, namespace.mongo_url, namespace.prefix, NOW.isoformat(), ZONE
        )
        before = left[-1]
        for _ in range(500):
            if process.returncode is not None or await db.cells.count_documents({"grain": "slot"}) < before:
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.007 * place)
        if process.returncode is None:
            process.kill()
            killed += 1
        await process.wait()
        left.append(await db.cells.count_documents({"grain": "slot"}))
        assert (await told(db, question))[1] == {"count": 3 * 40 * 48}, f"after kill {place}"
    # whose transaction a kill leaves open is in nobody's way for longer than a minute
    assert killed >= 2
    assert left[-1] < left[0]


@pytest.mark.slow
async def test_what_a_killed_gatherer_left_open_is_ended_by_whoever_takes_its_lanes(namespace: Namespace, tmp_path):
    """Its cells would else refuse every fact of that half hour for a minute, until MongoDB gives the transaction up."""
    desk = AnalyticsDesk(namespace, tmp_path)
    await desk.prepare()
    opened_at = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(hours=5)
    first, late = CaseTeller("c-1", 1), CaseTeller("c-1", 1)
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(first.opened(opened_at), first.queued(opened_at, "stores"))
        await eventually(lambda: is_recounted(desk), "the case is counted", seconds=60)
        assert await service.terminate() == 0
    async with desk.service().start(CASEWAY_FAILPOINTS="gather.mid:1:kill") as service:
        assert await service.until_ended(90) == -9
    began = time.monotonic()
    async with desk.service() as service:
        await service.until_ready(90)
        late.opened(opened_at)
        await desk.tell(late.contact_added(opened_at), late.resolved(opened_at))
        await eventually(lambda: is_recounted(desk), "a late fact of that half hour is counted", seconds=90)
        took = time.monotonic() - began
    assert took < 45, "without waiting for the transaction to expire"


async def is_recounted(desk):
    return await desk.cells() == recount(desk.facts, KNOWN)
