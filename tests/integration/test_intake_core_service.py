"""Intake as a process, on a real Kafka and a real MongoDB: commands become facts, doors reach the log."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import NoteCase, ReplyToCase, ResolveCase
from caseway.contracts.codec import encode
from caseway.kernel.clock import WallClock
from caseway.kernel.ids import case_id
from caseway.local import Stack
from caseway.local.ports import free_ports
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.intake_builders import AGENT, CUSTOMER, mail
from tests.intake_doors import KEY, sign_now, token

PARTITIONS = 4
SCENARIO = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"


class Desk:
    """A running intake with its surroundings, as a gateway and a desk see them."""

    def __init__(self, namespace: Namespace, service: ServiceProcess, smtp_port: int) -> None:
        self.namespace = namespace
        self.service = service
        self.smtp_port = smtp_port

    async def send(self, *commands: CaseCommand) -> None:
        """To `case.commands`, as any outside writer would."""
        async with AIOKafkaProducer(bootstrap_servers=self.namespace.kafka_url, acks="all") as producer:
            for index, command in enumerate(commands):
                name = f"{command.TYPE}-{command.case_id}-{index}"
                value, headers = encode(command, id=name, source="desk://test", time=WallClock().now())
                topic = self.namespace.topic("case.commands")
                await producer.send_and_wait(topic, value, key=command.key().encode(), headers=headers)

    async def records(self, topic: str, until: Callable[[list[Any]], bool]) -> list[Any]:
        """Everything on the topic, in each partition's order, once there is enough."""
        name = self.namespace.topic(topic)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest", fetch_max_bytes=30_000_000
        ) as consumer:
            consumer.assign([TopicPartition(name, number) for number in range(PARTITIONS)])
            found: list[Any] = []

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found.extend(records)
                return until(found)

            await eventually(enough, f"enough on {topic}")
            return found

    async def facts(self, case: str, count: int) -> list[dict[str, Any]]:
        """The first facts of a case."""
        records = await self.records("cases", lambda seen: len(_of(seen, case)) >= count)
        return _of(records, case)

    def http(self) -> httpx.AsyncClient:
        """The HTTP door."""
        return httpx.AsyncClient(base_url=self.service.url, timeout=20)


def _of(records: list[Any], *cases: str) -> list[dict[str, Any]]:
    """The facts of these cases; one that was published again after a crash counts once, as its readers count it."""
    facts: dict[str, dict[str, Any]] = {}
    for each in records:
        headers, value = _headers(each), orjson.loads(each.value)
        assert facts.get(headers["ce_id"], {"raw": each.value})["raw"] == each.value, "equal ids, equal bytes"
        facts[headers["ce_id"]] = {**value, "type": headers["ce_type"], "raw": each.value}
    return [fact for fact in facts.values() if fact["case_id"] in cases]


def _headers(record: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


@pytest.fixture(scope="module")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests here: each has cases of its own."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    (smtp_port,) = free_ports(1)
    environment = namespace.environment() | {
        "CASEWAY_CONFIG": str(SCENARIO),
        "CASEWAY_SIGNING_KEY": KEY,
        "CASEWAY_SMTP_PORT": str(smtp_port),
    }
    service = ServiceProcess("intake", environment, tmp_path_factory.mktemp("intake"))
    with asyncio.Runner() as runner:
        runner.run(create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS))
        try:
            runner.run(service.start().until_ready())
            yield Desk(namespace, service, smtp_port)
        finally:
            service.kill()
            runner.run(namespace.clean())


async def test_a_case_lives_from_its_first_contact_to_its_end(desk):
    """S4-09, S4-24: opened, answered, resolved, reopened by the customer; the reader of HTTP sees the same."""
    case = case_id("first@example.com")
    said = {"case_id": case, "actor": AGENT}
    await desk.send(
        mail("first@example.com", case_id=case),
        ReplyToCase(text="It is on its way.", **said),
        ResolveCase(**said),
        mail("second@example.com", case_id=case, text="Still nothing!"),
        mail("first@example.com", case_id=case),
    )
    facts = await desk.facts(case, 6)
    assert [fact["type"].split(".")[2] for fact in facts] == [
        "opened", "replied", "resolved", "contact-added", "reopened", "contact-repeated",
    ]  # fmt: skip
    assert [fact["version"] for fact in facts] == [1, 2, 3, 4, 5, 6]
    assert facts[1]["to"] == CUSTOMER
    assert facts[0]["number"] % PARTITIONS < PARTITIONS <= facts[0]["number"]
    async with desk.http() as http:
        shown = (await http.get(f"/v1/cases/{case}", headers=token())).json()
    assert (shown["status"], shown["turn"], shown["version"]) == ("open", "desk", 6)
    assert shown["source_keys"] == ["first@example.com", "second@example.com"]
    assert [each["kind"] for each in shown["last"]] == ["contact", "reply", "contact"]
    assert shown["last"][-1]["text"] == "Still nothing!"


async def test_a_command_about_no_case_is_parked_byte_for_byte(desk):
    case = case_id("nobody@example.com")
    await desk.send(NoteCase(case_id=case, actor=AGENT, text="Where?"))
    records = await desk.records("intake.parked", lambda seen: any(each.key == case.encode() for each in seen))
    (parked,) = [each for each in records if each.key == case.encode()]
    assert _headers(parked)["caseway_reason"] == "unknown-case"
    assert orjson.loads(parked.value)["text"] == "Where?"


async def test_cases_are_found_by_status_number_customer_and_words_a_page_at_a_time(desk):
    cases = [case_id(f"list-{index}@example.com") for index in range(7)]
    link = {"customer": {"state": "linked", "id": "customer-list"}}
    await desk.send(
        *(
            mail(
                f"list-{index}@example.com",
                case_id=case,
                subject=f"Parcel (no. {index})",
                **(link if index < 3 else {}),
            )
            for index, case in enumerate(cases)
        ),
        ResolveCase(case_id=cases[0], actor=AGENT),
    )
    await desk.records("cases", lambda seen: len(_of(seen, *cases)) >= 8)
    async with desk.http() as http:

        async def ids(query: str) -> list[str]:
            response = await http.get(f"/v1/cases?{query}", headers=token())
            assert response.status_code == 200, response.text
            return [each["case_id"] for each in response.json()["cases"]]

        assert await ids("status=resolved&customer=customer-list") == [cases[0]]
        assert set(await ids("customer=customer-list")) == set(cases[:3])
        assert await ids("q=parcel+(NO.+4)") == [cases[4]]
        assert await ids("q=.*") == []
        number = (await http.get(f"/v1/cases/{cases[5]}", headers=token())).json()["number"]
        assert cases[5] in await ids(f"number={number}")
        pages, after = [], ""
        while after is not None:
            page = (await http.get(f"/v1/cases?q=parcel&limit=3{after and '&after=' + after}", headers=token())).json()
            pages.append([each["case_id"] for each in page["cases"]])
            after = page["next"]
        assert [len(page) for page in pages] == [3, 3, 1]
        assert sorted(each for page in pages for each in page) == sorted(cases)
        assert (await http.get(f"/v1/cases/{case_id('x')}", headers=token())).status_code == 404


async def test_a_command_by_http_is_done_once_however_often_it_is_sent(desk):
    case = case_id("http@example.com")
    await desk.send(mail("http@example.com", case_id=case))
    await desk.facts(case, 1)
    async with desk.http() as http:
        for key in ("click-1", "click-1", "click-2"):
            response = await http.post(
                f"/v1/commands/cases/{case}/note", json={"text": key}, headers={**token(), "idempotency-key": key}
            )
            assert (response.status_code, response.json()) == (202, {"id": key})
    facts = await desk.facts(case, 3)
    assert [fact.get("text") for fact in facts[1:]] == ["click-1", "click-2"]
    assert [fact["actor"]["id"] for fact in facts[1:]] == ["agent-07", "agent-07"]


async def test_contacts_by_http_and_smtp_are_in_kafka_when_they_are_acknowledged(desk):
    """S1-01."""
    chat = {"conversation": "c-1", "event": "started", "sender": {"kind": "customer", "id": "v"}}
    body = orjson.dumps(chat)
    async with desk.http() as http:
        response = await http.post("/v1/contacts/chat", content=body, headers=sign_now(body, "msg-1"))
        assert (response.status_code, response.json()) == (202, {"id": "msg-1"})
    (record,) = await desk.records("contacts.chat", lambda seen: len(seen) >= 1)
    assert (record.key, record.value, _headers(record)["ce_id"]) == (b"c-1", body, "msg-1")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", desk.smtp_port, "mx.example.org", timeout=20) as client:
            client.sendmail("jan@example.com", ["support@example.com"], b"Subject: x\r\n\r\n\xf3\r\n")

    await asyncio.to_thread(send)
    (record,) = await desk.records("contacts.email", lambda seen: len(seen) >= 1)
    assert (record.key, record.value) == (b"jan@example.com", b"Subject: x\r\n\r\n\xf3\r\n")


async def test_numbers_and_versions_survive_the_process(desk):
    """Eight opened before a SIGKILL, eight after: no number twice, no version lost."""
    before = [case_id(f"kill-{index}@example.com") for index in range(8)]
    await desk.send(*(mail(f"kill-{index}@example.com", case_id=case) for index, case in enumerate(before)))
    await desk.records("cases", lambda seen: len(_of(seen, *before)) >= 8)
    desk.service.kill()
    desk.service.start()
    after = [case_id(f"live-{index}@example.com") for index in range(8)]
    await desk.send(*(mail(f"live-{index}@example.com", case_id=case) for index, case in enumerate(after)))
    await desk.send(*(NoteCase(case_id=case, actor=AGENT, text="n") for case in before))
    records = await desk.records("cases", lambda seen: len(_of(seen, *before, *after)) >= 24)
    opened = [fact for fact in _of(records, *before, *after) if "number" in fact]
    assert len({fact["number"] for fact in opened}) == len(opened) == 16
    for case in before:
        assert [fact["version"] for fact in _of(records, case)] == [1, 2]


async def test_the_log_names_no_customer(desk):
    """delivery.md, checker 12."""
    case = case_id("log@example.com")
    await desk.send(NoteCase(case_id=case_id("gone"), actor=AGENT, text="x"), mail("log@example.com", case_id=case))
    await desk.facts(case, 1)

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", desk.smtp_port, "mx.example.org", timeout=20) as client:
            client.sendmail(CUSTOMER, ["x@example.org"], b"x")

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(send)
    assert "smtp door open" in desk.service.log.read_text()
    assert CUSTOMER not in desk.service.log.read_text()
    assert "Kowalski" not in desk.service.log.read_text()
