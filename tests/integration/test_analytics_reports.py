"""Reports, satisfaction, search and erasure of a running service, on a real Kafka and a real MongoDB."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil

import httpx
import openpyxl
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from pymongo import AsyncMongoClient

from caseway.contracts.quality import AnswerRecorded, ImprovementRecorded, InterviewRecorded, WaveRecorded
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.vocabulary import Channel, Presence
from caseway.runtime.configuration import load
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_analytics.domain.recount import recount
from caseway_analytics.settings import Configuration
from tests.analytics_desk import RETAIL, AnalyticsDesk, bearer, get
from tests.analytics_export import check_exports

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
EARLIER = NOW - dt.timedelta(hours=3)
DAYS = f"from={NOW.date() - dt.timedelta(days=2)}&to={NOW.date() + dt.timedelta(days=2)}"
KNOWN = load(RETAIL, Configuration).value.known


HOUR = NOW.replace(minute=0, second=0) - dt.timedelta(hours=30)


@pytest.fixture
async def desk(namespace: Namespace, tmp_path) -> AnalyticsDesk:
    own = AnalyticsDesk(namespace, tmp_path)
    await own.prepare()
    return own


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(stack, tmp_path_factory):
    """One service for most of this file, which has counted everything that was told; and its desk."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    own = AnalyticsDesk(namespace, tmp_path_factory.mktemp("desk"))
    await own.prepare()
    async with own.service() as service:
        await service.until_ready(90)
        await own.tell(*a_violated_chat(), *a_morning(), *a_voice(), *quality())
        await eventually(lambda: equals(own), "everything is counted", seconds=60)
        yield service, own
    await namespace.clean()


def a_violated_chat():
    """The day before yesterday: picked up after 20 seconds, answered too late."""
    case = CaseTeller("c-chat", 41, Channel.CHAT)
    yield presence(HOUR, "ada", Presence.ONLINE)
    yield case.opened(HOUR)
    yield case.queued(HOUR, "stores")
    yield case.accepted(HOUR + dt.timedelta(seconds=20), "stores", "ada")
    yield case.violated(HOUR, "first_response")
    yield case.resolved(HOUR + dt.timedelta(minutes=10))


def a_voice():
    """What customer 9 said, and what will be erased."""
    customer = {"state": "linked", "id": "customer-9", "name": "Ewa Sowa"}
    yield CaseTeller("c-9", 9).opened(EARLIER, subject="=HYPERLINK(1)", text="電話の応対が遅い", customer=customer)


def a_morning():
    """Two cases that Agnieszka of team B and somebody of no team handled: 10 and 20 minutes."""
    one, two = CaseTeller("c-1", 1, Channel.PHONE), CaseTeller("c-2", 2, Channel.EMAIL)
    minute = dt.timedelta(minutes=1)
    customer = {"state": "linked", "id": "customer-7", "name": "Jan Lis"}
    yield one.opened(EARLIER, category="orders", customer=customer)
    yield one.queued(EARLIER, "phone")
    yield one.accepted(EARLIER + minute, "phone", "agnieszka.lis")
    yield one.resolved(EARLIER + 11 * minute)
    yield one.completed(EARLIER + 11 * minute, "phone")
    yield two.opened(EARLIER, category="=1+1", subject="Zamówienie", text="Gdzie jest moja paczka?")
    yield two.queued(EARLIER, "customers")
    yield two.accepted(EARLIER + minute, "customers", "zoe")
    yield two.resolved(EARLIER + 21 * minute)
    yield two.completed(EARLIER + 21 * minute, "customers")


def quality():
    """A wave with one interview by the agent who served the customer, one by somebody else; an improvement item."""
    yield WaveRecorded(wave="2026", starts_on=dt.date(2026, 10, 1), target=80, at=EARLIER)
    for customer, interviewer, score in (("customer-7", "agnieszka.lis", 1), ("customer-8", "ivo", 4)):
        interview = f"i-{customer}"
        yield InterviewRecorded(
            customer=customer,
            interview=interview,
            wave="2026",
            interviewer=interviewer,
            representative="Anna",
            at=EARLIER,
        )
        yield AnswerRecorded(
            customer=customer, answer=f"a-{customer}", wave="2026", interview=interview, level="requests",
            indicator="speed", score=score, representative="Anna", text="za wolno", at=EARLIER,
        )  # fmt: skip
    yield AnswerRecorded(
        customer="customer-8",
        answer="csat",
        case_id="c-2",
        level="after_case",
        indicator="overall",
        score=5,
        at=EARLIER,
    )
    yield ImprovementRecorded(
        improvement="i-1", title="Belts", forum="improvement", owner="Ola Wrona", decision="change them", status="done",
        decided_on=dt.date(2026, 11, 1), achieved="half as many damaged", at=EARLIER,
    )  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
async def test_one_set_of_figures_in_every_form(told):
    """S2-01, S1-44, S4-31, S0-13, S3-09: screen, CSV and workbook tell the same; nothing becomes a formula."""
    service, _ = told
    day = (await get(service, f"/v1/reports/day-by-team.json?{DAYS}")).json()
    page = await get(service, f"/v1/reports/day-by-team.html?{DAYS}")
    text = (await get(service, f"/v1/reports/busiest.csv?{DAYS}")).text
    book = openpyxl.load_workbook(io.BytesIO((await get(service, f"/v1/reports/busiest.xlsx?{DAYS}")).content))
    wave = (await get(service, "/v1/satisfaction")).json()
    items = (await get(service, f"/v1/reports/forum-improvement.json?{DAYS}")).json()
    mine = (await get(service, f"/v1/reports/customer.json?{DAYS}&customer=customer-7")).json()
    business = (await get(service, f"/v1/measures/resolution?{DAYS}&grain=all&hours=business")).json()
    csat = (await get(service, f"/v1/measures/satisfaction_after_case?{DAYS}&grain=all&by=level")).json()
    sample = await post(
        service,
        {"criteria": {"vip": True}, "customers": [{"customer": "v", "vip": True}, {"customer": "customer-8"}]},
    )
    refused = {
        path: (answer := await get(service, f"/v1/{path}"), answer.status_code)[1]
        for path in (
            "reports/joy.json",
            "reports/busiest.docx",
            "reports/busiest.json?from=1026-01-01",
            "reports/customer.json",
            "reports/before-after.csv",
            "reports/busiest.json?zone=Asia/Kathmandu",
            "satisfaction?wave=1999",
            "search?q=",
        )
    }
    empty = (await get(service, "/v1/reports/promises.json?from=2026-01-01&to=2026-01-02")).json()
    printed = await get(service, f"/v1/reports/day-by-team.pdf?{DAYS}", seconds=60)
    teams = day["tables"][0]
    assert [(row["team"], row["handling_count"], row["handling_mean"]) for row in teams["rows"]] == [
        ("", 1, 1200.0),
        ("B", 1, 600.0),
    ]
    assert teams["total"]["handling_sum"] == 1800.0
    assert "0:10:00" in page.text
    assert "<script" not in page.text
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert ["'=1+1", "1"] in rows
    sheet = book["Commonest categories"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"], "text stays text"
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert sheet._charts
    assert [each["interview"] for each in wave["not_counted"]] == ["i-customer-7"]
    assert [(each["customer"], each["index"], each["target_gap"]) for each in wave["customers"]] == [
        ("customer-8", 80.0, 0.0)
    ]
    assert items["tables"][1]["rows"][0]["owner"] == "Ola Wrona"
    assert [row["which"] for row in mine["tables"][0]["rows"]] == ["1"]
    assert business["hours"] == "business"
    assert csat["rows"][0]["mean_score"] == 5.0
    assert [each["customer"] for each in sample["sample"]] == ["customer-8", "v"]
    assert list(refused.values()) == [404, 404, 422, 422, 422, 422, 422, 422], refused
    assert empty["tables"][0]["rows"] == []
    assert empty["tables"][0]["total"]["promises_kept"] is None, "no invented 100 %"
    if shutil.which("chromium"):
        assert printed.content.startswith(b"%PDF")
    else:
        assert printed.status_code == 501


@pytest.mark.asyncio(loop_scope="module")
async def test_measures_answer_and_refuse(told):
    """S1-44; bad input: each fault with its field."""
    service, _ = told
    span = f"from={HOUR:%Y-%m-%dT%H:%M:%SZ}&to={HOUR + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    picked = (await get(service, f"/v1/measures/pick_up?{span}&by=channel,queue&zone=UTC")).json()
    kept = (await get(service, f"/v1/measures/promises_kept?{span}")).json()
    empty = (await get(service, "/v1/measures/resolution?from=2025-01-01&to=2025-01-02&grain=day")).json()
    refused = {
        path: await get(service, f"/v1/measures/{path}")
        for path in (
            "pick_up?grain=decade",
            "pick_up?zone=Mars",
            "pick_up?zone=Asia/Kathmandu",
            "pick_up?from=0026-01-01",
            "pick_up?colour=red",
            "joy",
        )
    }
    metrics = await eventually(lambda: metrics_of(service), "the desk's metrics are there", seconds=60)
    assert [(row["channel"], row["queue"], row["count"], row["mean_seconds"]) for row in picked["rows"]] == [
        ("chat", "stores", 1, 20.0)
    ]
    assert picked["unit"] == "seconds"
    assert kept["total"] == {"part": 0, "of": 1, "ratio": 0.0}
    assert (empty["rows"], empty["total"]["mean_seconds"]) == ([], None)
    assert {path: (answer.status_code, answer.json()["error"]["field"]) for path, answer in refused.items()} == {
        "pick_up?grain=decade": (422, "grain"),
        "pick_up?zone=Mars": (422, "zone"),
        "pick_up?zone=Asia/Kathmandu": (422, "zone"),
        "pick_up?from=0026-01-01": (422, "from"),
        "pick_up?colour=red": (422, "colour"),
        "joy": (404, "measure"),
    }
    assert 'caseway_desk_cases_opened_total{channel="chat",queue="stores"} 1.0' in metrics
    assert 'caseway_desk_milestones_total{outcome="violated"} 1.0' in metrics
    assert 'caseway_desk_work_with_agents{queue="stores"} 1.0' in metrics


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_said_of_people_is_for_those_who_sign_in(told):
    """S4-32, S1-49: the desk's figures are open; an agent's own are for themselves and for coordinators."""
    service, _ = told
    ada, nobody = bearer("ada", "agent"), {}

    async def status(path, headers):
        return (await get(service, path, headers=headers)).status_code

    assert await status(f"/v1/measures/handling?{DAYS}&by=team", nobody) == 200
    assert await status(f"/v1/measures/handling?{DAYS}&by=agent", nobody) == 401
    assert await status(f"/v1/measures/handling?{DAYS}&by=agent", ada) == 403
    assert await status(f"/v1/measures/handling?{DAYS}&agent=ada", ada) == 200
    assert await status("/v1/search?q=belt", nobody) == 401
    assert await status("/v1/satisfaction", nobody) == 401
    shown = (await get(service, f"/v1/reports/day-by-team.json?{DAYS}", headers=nobody)).json()
    assert [table["title"] for table in shown["tables"]] == ["Teams"]
    assert await status(f"/v1/reports/customer.json?{DAYS}&customer=customer-7", nobody) == 401


@pytest.mark.asyncio(loop_scope="module")
async def test_what_still_runs_is_counted_until_the_cut_off(told):
    """Occupancy of somebody who is signed in and at work: a second measure of the hour does not wait for its end."""
    service, _ = told
    span = f"from={HOUR:%Y-%m-%dT%H:%M:%SZ}&to={HOUR + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}&grain=all&zone=UTC"
    told_of = (await get(service, f"/v1/measures/occupancy?{span}&by=agent")).json()
    assert [(row["agent"], row["worked_seconds"], row["signed_in_seconds"]) for row in told_of["rows"]] == [
        ("ada", 3580.0, 3600.0)
    ]
    assert told_of["total"]["ratio"] == 0.9944


@pytest.mark.asyncio(loop_scope="module")
async def test_texts_are_found_in_japanese_and_polish_and_erased_with_the_customer(told):
    """Search over cases and voices, Japanese included; S4-05: figures stay, names and words go."""
    service, desk = told
    erased = PersonalDataErased(
        case_id="c-9", version=9, customer="customer-9", at=NOW, cause="request", configuration="test"
    )
    found = {}
    for word in ("応対", "ZAMOWIENIE", "paczka gdzie", "hyperlink", "nothing"):
        found[word] = await eventually(lambda word=word: searched(service, word), f"{word} was looked for", seconds=30)
    counted = await desk.cells()
    await desk.tell(erased)
    await eventually(lambda: gone(service), "the text is gone", seconds=30)
    async with AsyncMongoClient(desk.namespace.mongo_url) as client:
        database = client[f"{desk.namespace.prefix}caseway_analytics"]
        texts = await database.texts.count_documents({"case_id": "c-9"})
        case = await database.cases.find_one({"_id": "c-9"})
    numbers = {word: [each["number"] for each in each_found["found"]] for word, each_found in found.items()}
    assert numbers == {"応対": ["9"], "ZAMOWIENIE": ["2"], "paczka gdzie": ["2"], "hyperlink": ["9"], "nothing": []}
    assert "paczka" in found["ZAMOWIENIE"]["found"][0]["excerpt"]
    assert (texts, case["customer"]) == (0, "")
    assert await desk.cells() == counted


@pytest.mark.asyncio(loop_scope="module")
async def test_an_export_is_streamed_row_by_row(told):
    """Bad input: a million rows; here twenty thousand, and all of a million in test_analytics_exports."""
    service, own = told
    await check_exports(service, own.namespace, 20_000)


@pytest.mark.slow
async def test_what_is_due_is_published_once(desk, tmp_path):
    """S4-31: chosen reports sent by themselves; S1-44: figures as a stream, for whoever reads it."""
    name = f"{desk.namespace.prefix}caseway_analytics"
    async with (
        desk.service() as service,
        desk.service() as beside,
        AsyncMongoClient(desk.namespace.mongo_url) as client,
    ):
        await service.until_ready(90)
        await beside.until_ready(90)
        await desk.tell(*a_morning())
        await eventually(lambda: equals(desk), "everything is counted", seconds=60)
        runs = client[name].report_runs
        await eventually(lambda: runs.count_documents({}), "the reporters have begun", seconds=60)
        # as if it had been published last eight days ago
        await runs.update_one({"_id": "report/day-by-team"}, {"$set": {"at": NOW - dt.timedelta(days=8)}})
        published = await eventually(lambda: taken(desk, 5), "a week's reports are published", seconds=60, every=1)
    assert len({each["occurrence"] for each in published}) == len(published)
    first = published[0]
    assert first["recipients"] == ["list:coordinators"]
    assert [file["name"].rpartition(".")[2] for file in first["files"]] == ["xlsx", "html"]
    assert all(file["content"] for file in first["files"])
    assert "Teams" in first["summary"]


async def taken(desk, least):
    """The reports on the topic, once there are enough."""
    consumer = AIOKafkaConsumer(
        desk.namespace.topic("measures"), bootstrap_servers=desk.namespace.kafka_url, auto_offset_reset="earliest"
    )
    async with consumer:
        found = []
        while records := await consumer.getmany(timeout_ms=1500):
            found += [json.loads(record.value) for run in records.values() for record in run]
    reports = [each for each in found if "occurrence" in each]
    return reports if len(reports) >= least else None


async def post(service, body):
    async with httpx.AsyncClient(timeout=20) as client:
        return (
            await client.post(f"{service.url}/v1/satisfaction/sample", json=body, headers=bearer("maria", "supervisor"))
        ).json()


async def searched(service, word):
    answer = (await get(service, f"/v1/search?q={word}")).json()
    return answer if answer["not_indexed_yet"] == 0 and (answer["found"] or word == "nothing") else None


async def gone(service):
    return not (await get(service, "/v1/search?q=応対")).json()["found"]


async def metrics_of(service):
    """The text of /metrics, once the board has told it of a case."""
    text = (await get(service, "/metrics")).text
    return text if "caseway_desk_cases_opened_total{" in text else ""


async def equals(desk):
    """Cell by cell."""
    return await desk.cells() == recount(desk.facts, KNOWN)
