"""A day's quota of forms holds over all lanes, on a real Kafka and MongoDB (S1-05); who called is looked up again (S2-03)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient

from caseway.contracts.codec import encode
from caseway.contracts.contacts import PhoneContact, WebContact
from caseway.contracts.customers import CustomerRecorded, OrderChanged, PhoneNumber
from caseway.contracts.wire import WireModel
from caseway.kernel.clock import WallClock
from caseway.kernel.ids import case_id
from caseway.local import Stack
from caseway.local.mailsink import Attempt, MailSink
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.intake_doors import sign_now, token
from tests.intake_edge import SCENARIO

PARTITIONS = 3
KEY = "a-signing-key-of-more-than-32-bytes"
DAILY, WAITING = 6, 4

pytestmark = pytest.mark.backends


def narrow(folder: Path) -> Path:
    """The retail scenario with room for a few forms a day."""
    folder.mkdir()
    for each in SCENARIO.iterdir():
        if each.name != "forms.yaml":
            (folder / each.name).symlink_to(each)
    forms = yaml.safe_load((SCENARIO / "forms.yaml").read_text(encoding="utf-8"))
    forms["quota"] |= {"daily": DAILY, "waiting": WAITING}
    (folder / "forms.yaml").write_text(yaml.safe_dump(forms), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Namespace, ServiceProcess]]:
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    folder = tmp_path_factory.mktemp("intake")
    environment = namespace.environment() | {
        "CASEWAY_CONFIG": str(narrow(folder / "scenario")),
        "CASEWAY_SIGNING_KEY": KEY,
        "CASEWAY_SMTP_PORT": "-1",
    }
    service = ServiceProcess("intake", environment, folder)
    with asyncio.Runner() as runner:
        runner.run(create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS))
        try:
            runner.run(service.start().until_ready())
            yield namespace, service
        finally:
            service.kill()
            runner.run(namespace.clean())


async def send(namespace: Namespace, *contacts: WireModel) -> None:
    async with AIOKafkaProducer(bootstrap_servers=namespace.kafka_url, acks="all") as producer:
        for number, contact in enumerate(contacts):
            value, headers = encode(
                contact, id=f"{contact.TYPE}-{number}-{contact.key()}", source="gateway://test", time=WallClock().now()
            )
            topic = namespace.topic(contact.topic())
            await producer.send_and_wait(topic, value, key=contact.key().encode(), headers=headers)


async def facts_until(namespace: Namespace, count: int, *kinds: str, case: str = "") -> list[dict[str, Any]]:
    """Facts of these kinds, once there are so many; of one case, where it is named."""
    found: list[dict[str, Any]] = []
    topic = namespace.topic("cases")
    async with AIOKafkaConsumer(bootstrap_servers=namespace.kafka_url, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])

        async def enough() -> bool:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    kind = dict(record.headers)["ce_type"].decode().split(".")[2]
                    data = json.loads(record.value)
                    if kind in kinds and case in {"", data["case_id"]}:
                        found.append({**data, "fact": kind})
            return len(found) >= count

        await eventually(enough, f"{count} facts of {kinds}", seconds=60)
    return found


def form(number: int) -> WebContact:
    fields = {"subject": f"Question {number}", "message": "Where is my parcel?", "email": f"c{number}@example.com"}
    return WebContact(form="contact", submission=f"s-{number}", fields=fields)


async def test_the_quota_holds_over_all_lanes(desk: tuple[Namespace, ServiceProcess]) -> None:
    namespace, service = desk
    await send(namespace, *(form(number) for number in range(DAILY + WAITING + 3)))
    ours = {case_id(f"web:contact:s-{number}") for number in range(DAILY + WAITING + 3)}
    # each form that is taken opens a case; each that waits is held; and one case tells of the flood
    told = await facts_until(namespace, DAILY + 2 * WAITING + 1, "opened", "held")
    opened = [each for each in told if each["fact"] == "opened" and each["case_id"] in ours]
    held = [each for each in told if each["fact"] == "held"]
    assert Counter(each["turn"] for each in opened) == {"desk": DAILY, "third": WAITING}
    assert {each["case_id"] for each in held} == {each["case_id"] for each in opened if each["turn"] == "third"}
    assert {each["reason"] for each in held} == {"form-quota"}
    assert len({each["until"] for each in held}) == WAITING, "they come out one after another"

    body = form(99).model_dump_json(exclude_none=True).encode()
    async with httpx.AsyncClient(base_url=service.url) as http:
        refused = await http.post("/v1/contacts/web", content=body, headers=sign_now(body, "msg-99"))
        free = await http.post(
            "/v1/forms/data-protection",
            data={"request": "access", "message": "What do you know?", "email": "a@example.com", "name": "A"},
        )
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "no more forms" in refused.json()["errors"][0]["problem"]
    assert free.status_code == 202, "data protection bypasses the quota"


async def test_who_sends_a_form_too_many_hears_of_it_by_mail(
    desk: tuple[Namespace, ServiceProcess], tmp_path: Path
) -> None:
    """S1-05: from the form over intake's facts and the notifier to the mail server; a case there is none."""
    namespace, _ = desk
    numbers = range(200, 200 + DAILY + WAITING + 2)
    await send(namespace, *(form(number) for number in numbers))
    told = await facts_until(namespace, 2, "contact-refused")
    refused = {each["reply_to"]: each["case_id"] for each in told}
    async with MailSink() as sink, _notifier(namespace, tmp_path, sink.url) as notifier:
        await notifier.until_ready(90)

        async def heard() -> dict[str, Attempt]:
            mails = {each.rcpt_tos[0]: each for each in sink.mails if "could not take" in str(each.message["Subject"])}
            return mails if mails.keys() >= refused.keys() else {}

        mails = await eventually(heard, "those whose forms were refused", seconds=60)
    mail = next(mails[each].message for each in refused)
    said = mail.get_content()
    assert "Please send it again after" in said
    assert "09:00" in said, "by the wall clock of those who read it"
    assert mail["Auto-Submitted"] == "auto-replied"
    opened = await facts_until(namespace, DAILY + WAITING, "opened")
    assert not {each["case_id"] for each in opened} & set(refused.values())


def _notifier(namespace: Namespace, folder: Path, smtp_url: str) -> ServiceProcess:
    environment = namespace.environment() | {
        "CASEWAY_CONFIG": str(SCENARIO),
        "CASEWAY_SIGNING_KEY": KEY,
        "CASEWAY_SMTP_URL": smtp_url,
    }
    return ServiceProcess("notifier", environment, folder)


async def test_a_webhooks_id_again_with_other_content_is_the_first_contact(
    desk: tuple[Namespace, ServiceProcess],
) -> None:
    """S1-03: Standard Webhooks repeats an event under its id; another event under it was lost by its sender, not by us."""
    namespace, service = desk
    sent = (("once", "The first."), ("once", "The second."), ("another", "The third."))
    async with httpx.AsyncClient(base_url=service.url) as http:
        for number, (id_, text) in enumerate(sent, start=1):
            message = {"platform": "sms", "conversation": "webhook", "message": f"webhook-{number}", "text": text}
            body = json.dumps({**message, "sender": {"id": "+48600555099"}}).encode()
            answer = await http.post("/v1/contacts/message", content=body, headers=sign_now(body, id_))
            assert answer.status_code == 202
    case = case_id("message:sms:webhook-1")
    # of one conversation they are read in order: the third is there, so the second is not to come
    told = await facts_until(namespace, 2, "opened", "contact-added", case=case)
    assert [each["text"] for each in told] == ["The first.", "The third."]


async def test_an_unlinked_cases_candidates_are_shown_before_the_call_back(
    desk: tuple[Namespace, ServiceProcess],
) -> None:
    namespace, service = desk
    await send(namespace, PhoneContact(call="k-1", event="abandoned", caller="+48 600 555 077"))
    case = case_id("phone:k-1")
    registered = CustomerRecorded(customer="C-77", name="Ewa Lis", phones=(PhoneNumber(number="600-555-077"),))
    await send(namespace, registered, OrderChanged(customer="C-77", order="A-77", status="shipped"))

    async with httpx.AsyncClient(base_url=service.url, headers=token(key=KEY)) as http:

        async def told() -> dict[str, Any] | None:
            answer = await http.get(f"/v1/cases/{case}/background")
            found = answer.json() if answer.status_code == 200 else None
            return found if found and found["candidates"] and found["orders"] else None

        background = await eventually(told, "the registration", seconds=30)
        stranger = await http.get(f"/v1/cases/{case}/background", headers={"authorization": ""})
    assert background["customer"]["state"] == "unlinked"
    assert [(each["customer"], each["matched_by"]) for each in background["candidates"]] == [("C-77", "phone")]
    assert [each["order"] for each in background["orders"]] == ["A-77"]
    assert stranger.status_code == 401


async def test_an_offered_call_tells_orders_and_open_cases_before_anybody_answers(
    desk: tuple[Namespace, ServiceProcess],
) -> None:
    """S1-02, S2-07: what the edge follows stands in another stage's states, and in the same transaction."""
    namespace, _ = desk
    registered = CustomerRecorded(customer="C-88", name="Jan Lis", phones=(PhoneNumber(number="600-555-088"),))
    await send(namespace, registered, OrderChanged(customer="C-88", order="A-88", status="packed"))
    async with AsyncMongoClient(namespace.mongo_url) as mongo:
        database = mongo[f"{namespace.prefix}caseway_intake"]

        async def is_known() -> bool:
            """Calls are read by other lanes than customers: they come only once both are there."""
            order = await database["backgrounds"].find_one({"_id": "customer:C-88"})
            return bool(order) and await database["customers"].find_one({"_id": "C-88"}) is not None

        await eventually(is_known, "the customer and the order")
    cases = [case_id(f"phone:k-{number}") for number in (88, 89)]
    await send(namespace, PhoneContact(call="k-88", event="offered", caller="+48600555088"))
    told = await facts_until(namespace, 1, "opened", case=cases[0])
    await send(namespace, PhoneContact(call="k-89", event="offered", caller="600 555 088"))
    told += await facts_until(namespace, 1, "opened", case=cases[1])
    first, second = (each["background"] for each in told)
    assert [(each["order"], each["status"]) for each in first["orders"]] == [("A-88", "packed")]
    assert first["cases"] == []
    assert [(each["case_id"], each["status"]) for each in second["cases"]] == [(cases[0], "open")]
    assert (second["open_cases_count"], second["last_channel"]) == (1, "phone")
