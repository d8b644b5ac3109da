"""What quality records say of a customer whose data is erased: words and names go, whatever is killed; figures stay."""

from __future__ import annotations

import datetime as dt

from pymongo import AsyncMongoClient

from caseway.contracts.quality import AnswerRecorded, CommentRecorded, InterviewRecorded
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.vocabulary import Channel
from caseway.runtime.mongo import connect, database, prepare_collections
from caseway.testkit.desk_facts import CaseTeller
from caseway.testkit.waiting import eventually
from caseway_analytics.adapters.erasing import Eraser
from caseway_analytics.adapters.states import ERASED, QUALITY, SERVING
from tests.analytics_desk import AnalyticsDesk, get

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
GONE = "customer-9"
WORDS = "Frau Nowak wartet seit Mai"


def said(customer):
    """An interview, its answers, a comment and a score after a case, all with words and a name."""
    names = {"representative": "Ewa Nowak", "at": NOW}
    yield InterviewRecorded(customer=customer, interview=f"i-{customer}", wave="2026", interviewer="ivo", **names)
    scored = {"level": "requests", "indicator": "speed", "score": 2, "text": WORDS, **names}
    yield AnswerRecorded(customer=customer, answer=f"a-{customer}", wave="2026", interview=f"i-{customer}", **scored)
    yield AnswerRecorded(
        customer=customer, answer=f"csat-{customer}", case_id=f"c-{customer}", queue="stores", **scored
    )
    yield CommentRecorded(customer=customer, comment=f"k-{customer}", wave="2026", text=WORDS, at=NOW)


def told():
    for number, customer in enumerate((GONE, "customer-8"), 1):
        case = CaseTeller(f"c-{customer}", number, Channel.CHAT)
        yield case.opened(NOW, customer={"state": "linked", "id": customer})
        yield case.queued(NOW, "stores")
        yield case.accepted(NOW, "stores", "celina.sowa")
        yield from said(customer)


async def test_words_and_names_go_with_the_customer_though_the_eraser_is_killed(namespace, tmp_path):
    """S4-05: an erasure is an errand that survives a kill; what is told afterwards is written bare; figures stay."""
    desk = AnalyticsDesk(namespace, tmp_path)
    await desk.prepare()
    async with AsyncMongoClient(namespace.mongo_url) as client:
        store = client[f"{namespace.prefix}caseway_analytics"]

        async def words_of(customer):
            records = await store.quality.find({"customer": customer}).to_list(None)
            return [each for each in records if each.get("text") or each.get("representative")]

        async def served(customer):
            return await store.serving.count_documents({"customer": customer})

        async with desk.service().start(CASEWAY_FAILPOINTS="erase.mid:1:kill") as service:
            await service.until_ready(90)
            await desk.tell(*told())
            await eventually(lambda: counts(store, 8), "everything is kept", seconds=60)
            assert len(await words_of(GONE)) == 4
            before = (await get(service, "/v1/satisfaction?wave=2026")).json(), await desk.cells()
            await desk.tell(
                PersonalDataErased(case_id=f"c-{GONE}", version=9, customer=GONE, at=NOW, cause="x", configuration="x")
            )
            assert await service.until_ended(60) == -9
            assert (await store.erased.find_one({"_id": GONE})).keys().isdisjoint({"swept_at", "is_done"})
            assert len(await words_of(GONE)) == 4, "nothing is half erased"
            assert await served(GONE) == 1
        async with desk.service() as service:
            await service.until_ready(90)
            await eventually(lambda: is_empty(words_of, GONE), "the words are gone", seconds=30)
            assert await served(GONE) == 0
            # a comment that was on its way, and an answer told again
            late = CommentRecorded(customer=GONE, comment="late", wave="2026", text=WORDS, at=NOW)
            *_, again, _ = said(GONE)
            await desk.tell(
                late,
                again,
                PersonalDataErased(
                    case_id=f"c-{GONE}", version=10, customer=GONE, at=NOW, cause="x", configuration="x"
                ),
            )
            await eventually(lambda: counts(store, 9), "the late comment is kept", seconds=30)
            assert await words_of(GONE) == []
            assert len(await words_of("customer-8")) == 4, "of nobody else"
            assert await served("customer-8") == 1
            after = (await get(service, "/v1/satisfaction?wave=2026")).json(), await desk.cells()
    assert after[0]["customers"] == before[0]["customers"], "figures stay"
    assert after[1] == before[1]


async def test_what_a_lane_wrote_after_the_first_sweep_is_found_by_the_second(namespace):
    """S4-05: a transaction that had begun before the note was there may end after the first sweep."""
    client = connect(namespace.mongo_url)
    store = database(client, namespace.prefix, "analytics")
    record = {"customer": GONE, "kind": "comment", "text": WORDS}
    await prepare_collections(store, (QUALITY, SERVING, ERASED))
    await store.erased.insert_one({"_id": GONE})
    eraser = Eraser(client, store)
    assert await eraser.run(NOW) == 1
    await store.quality.insert_one({**record, "_id": "comment/late"})
    assert await eraser.run(NOW + dt.timedelta(minutes=4)) == 0
    assert await eraser.run(NOW + dt.timedelta(minutes=6)) == 1
    assert (await store.quality.find_one({"_id": "comment/late"}))["text"] == ""
    assert await eraser.run(NOW + dt.timedelta(days=1)) == 0, "the errand is done"
    await store.erased.replace_one({"_id": GONE}, {}, upsert=True)
    assert await eraser.run(NOW + dt.timedelta(days=1)) == 1, "an erasure that is told again is done again"
    client.close()


async def counts(store, number):
    return await store.quality.count_documents({}) == number


async def is_empty(words_of, customer):
    return not await words_of(customer)
