"""Intake as a process: contacts as gateways send them become cases, each once, on a real Kafka and MongoDB."""

from __future__ import annotations

import asyncio
import hashlib
import json
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient

from caseway.contracts.codec import encode, encode_mail
from caseway.contracts.contacts import ChatContact, MessageContact, PhoneContact, WebContact
from caseway.contracts.customers import CustomerRecorded, PhoneNumber
from caseway.contracts.wire import WireModel
from caseway.kernel.clock import WallClock
from caseway.kernel.ids import case_id
from caseway.local import Stack
from caseway.local.ports import free_ports
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.intake_doors import token
from tests.intake_edge import ANNA, SCENARIO, SUPPORT, mail_bytes

PARTITIONS = 3
SOURCE = "gateway://test"
SIGNING_KEY = "a key for tests that is long enough for tokens"

pytestmark = pytest.mark.backends


class World:
    """Gateways on one side of a running intake, readers of its facts on the other."""

    def __init__(self, namespace: Namespace, service: ServiceProcess, smtp_port: int) -> None:
        self.namespace = namespace
        self.service = service
        self.smtp_port = smtp_port
        self._count = 0

    async def send(self, *contacts: WireModel | bytes | tuple[str, bytes]) -> None:
        """In order; bytes are a raw mail, a pair is whatever somebody puts on a topic as a form."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.namespace.kafka_url, acks="all", max_request_size=30_000_000
        ) as producer:
            for contact in contacts:
                self._count += 1
                topic, key, value, headers = self._record(contact, f"{self.namespace.prefix}{self._count}")
                await producer.send_and_wait(self.namespace.topic(topic), value, key=key.encode(), headers=headers)

    @staticmethod
    def _record(contact: WireModel | bytes | tuple[str, bytes], id_: str) -> tuple[str, str, bytes, Any]:
        now = WallClock().now()
        if isinstance(contact, bytes):
            return (
                "contacts.email",
                ANNA,
                *encode_mail(contact, id=id_, source=SOURCE, time=now, mail_from=ANNA, rcpt_to=[SUPPORT]),
            )
        if isinstance(contact, tuple):
            _, headers = encode(WebContact(form="f", submission="s", fields={}), id=id_, source=SOURCE, time=now)
            return "contacts.web", contact[0], contact[1], headers
        return contact.topic(), contact.key(), *encode(contact, id=id_, source=SOURCE, time=now)

    async def records(self, topics: list[str], until: Callable[[list[Any]], bool]) -> list[Any]:
        """Everything on the topics, once there is enough."""
        names = [self.namespace.topic(each) for each in topics]
        async with AIOKafkaConsumer(
            bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest", fetch_max_bytes=30_000_000
        ) as consumer:
            consumer.assign([TopicPartition(name, number) for name in names for number in range(PARTITIONS)])
            found: list[Any] = []

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    found.extend(records)
                return until(found)

            await eventually(enough, f"enough on {topics}", seconds=60)
            return found

    async def facts(self, cases: set[str], count: int) -> list[dict[str, Any]]:
        """The first facts of these cases."""
        return _facts(await self.records(["cases"], lambda seen: len(_facts(seen, cases)) >= count), cases)


def _facts(records: list[Any], cases: set[str]) -> list[dict[str, Any]]:
    told = ((_headers(each)["ce_type"].split(".")[2], json.loads(each.value)) for each in records)
    return [{**data, "fact": fact} for fact, data in told if data["case_id"] in cases]


def _headers(record: Any) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


@pytest.fixture(scope="module")
def world(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all tests here: each has contacts of its own."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    (smtp_port,) = free_ports(1)
    environment = namespace.environment() | {
        "CASEWAY_CONFIG": str(SCENARIO),
        "CASEWAY_SIGNING_KEY": SIGNING_KEY,
        "CASEWAY_SMTP_PORT": str(smtp_port),
    }
    service = ServiceProcess("intake", environment, tmp_path_factory.mktemp("intake"))
    with asyncio.Runner() as runner:
        runner.run(create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS))
        try:
            runner.run(service.start().until_ready())
            yield World(namespace, service, smtp_port)
        finally:
            service.kill()
            runner.run(namespace.clean())


async def test_one_contact_of_each_channel_opens_one_case_each(world: World) -> None:
    """S4-02, S4-09: by their source keys, with language, category and customer."""
    phone = PhoneNumber(number="600 555 010")
    await world.send(CustomerRecorded(customer="C-1", name="Jan", emails=("jan.all@example.com",), phones=(phone,)))
    await eventually(lambda: _is_registered(world, "C-1"), "the customer is registered")
    keys = {
        "all.1@example.com": mail_bytes(
            message_id="all.1@example.com", charset="iso-8859-2", sender="Jan <jan.all@example.com>"
        ),
        "chat:all": ChatContact(
            conversation="all", event="message", sender={"kind": "customer"}, text="Is the shop open?"
        ),
        "phone:all": PhoneContact(call="all", event="offered", caller="+48600555010", dialled="+48225550199"),
        "web:contact:all": WebContact(
            form="contact", submission="all", fields={"message": "I want a refund.", "email": "jan.all@example.com"}
        ),
        "message:sms:all": MessageContact(
            platform="sms", conversation="all", message="all", sender={"id": "x"}, text="Wo ist mein Paket?"
        ),
    }
    await world.send(*keys.values())
    facts = {each["source_key"]: each for each in await world.facts({case_id(key) for key in keys}, len(keys))}
    assert set(facts) == set(keys)
    assert {(each["fact"], each["version"]) for each in facts.values()} == {("opened", 1)}
    assert [facts[key]["language"] for key in keys] == ["pl", "en", "pl", "en", "de"]
    assert {key: facts[key]["customer"].get("id") for key in keys} == {
        "all.1@example.com": "C-1",
        "chat:all": None,
        "phone:all": "C-1",
        "web:contact:all": "C-1",
        "message:sms:all": None,
    }
    assert facts["all.1@example.com"]["text"] == "Dzień dobry, gdzie jest moja paczka?"


async def _is_registered(world: World, customer: str) -> bool:
    return await _find(world, "customers", customer) is not None


async def _find(world: World, collection: str, id_: str) -> dict[str, Any] | None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(world.namespace.mongo_url)
    async with client:
        return await client[f"{world.namespace.prefix}caseway_intake"][collection].find_one({"_id": id_})


async def test_a_conversation_by_mail_is_one_case_with_each_mail_once(world: World) -> None:
    """S1-03: replies, repeats, another body under the same id, a reply that overtakes its original."""
    first, case = "thread.1@example.com", {case_id("thread.1@example.com")}
    await world.send(
        mail_bytes("jedna", first),
        mail_bytes("dwa", "thread.2@example.com", in_reply_to=first),
        mail_bytes(
            "cztery", "thread.4@example.com", references=(first, "thread.2@example.com", "thread.3@example.com")
        ),
        mail_bytes("trzy", "thread.3@example.com", in_reply_to="thread.2@example.com"),
        mail_bytes("jedna", first),
        mail_bytes("inna", first),
    )
    facts = await world.facts(case, 6)
    assert [each["version"] for each in facts] == [1, 2, 3, 4, 5, 6]
    assert [each["fact"] for each in facts] == ["opened", *["contact-added"] * 3, "contact-repeated", "contact-added"]
    assert [each["source_key"].partition("@")[0] for each in facts] == [
        f"thread.{number}" for number in (1, 2, 4, 3, 1, 1)
    ]
    assert facts[5]["source_key"].startswith(f"{first}#")


async def test_what_turns_out_to_be_one_conversation_becomes_one_case(world: World) -> None:
    """S1-03, S4-27: by a mail that refers to both; by the very same words; and by a number from who took part."""
    jan = "Jan <jan.joined@example.com>"

    def mail(text: str, name: str, parent: str = "", subject: str = "Regał z reklamacji") -> bytes:
        in_reply_to = f"{parent}@example.com" if parent else ""
        return mail_bytes(text, f"{name}@example.com", subject=subject, in_reply_to=in_reply_to, sender=jan)

    child, root, same = (case_id(f"joined.{each}@example.com") for each in ("3", "1", "4"))
    await world.send(mail("trzeci", "joined.3", "joined.2"), mail("Półka jest krzywa.", "joined.1"))
    (opened,) = (each for each in await world.facts({child, root}, 2) if each["case_id"] == root)
    tagged = mail("piąty", "joined.5", subject=f"Coś jeszcze [#{opened['number']}]")
    await world.send(mail("drugi", "joined.2", "joined.1"), mail("Półka jest krzywa!  ", "joined.4"), tagged)
    await world.send(mail("Półka jest krzywa.", "joined.6"))
    last = case_id("joined.6@example.com")
    mine = {child, root, same, last}

    def is_all(seen: list[Any]) -> bool:
        facts = _facts(seen, mine)
        left = {each["case_id"] for each in facts if each["fact"] == "merged" and each["into"] != each["case_id"]}
        said = {each.get("source_key") for each in facts}
        return last in left and bool(left & {child, root}) and "joined.5@example.com" in said

    facts = _facts(await world.records(["cases"], is_all), mine)
    merged = {each["case_id"]: each for each in facts if each["fact"] == "merged" and each["into"] != each["case_id"]}
    (one,) = merged.keys() & {child, root}  # of two of one instant, the cores say which is the older
    assert merged[one]["into"] in {child, root} - {one}
    assert merged[last]["into"] in {child, root}
    assert same not in merged, "nearly the same is only proposed"
    (tagged_fact,) = (each for each in facts if each.get("source_key") == "joined.5@example.com")
    assert (tagged_fact["fact"], tagged_fact["matched_by"]) == ("contact-added", "subject_tag")
    assert tagged_fact["case_id"] in {child, root}
    (near,) = (each for each in facts if each["case_id"] == same and each["fact"] == "opened")
    assert [each["relation"] for each in near["related"]] == ["resembles"]


async def test_a_page_is_stored_as_it_may_be_shown(world: World) -> None:
    page = "<p>Hello</p><script>alert(1)</script><img src=https://example.net/1.gif>"
    raw = f"From: {ANNA}\nMessage-ID: <page.1@example.com>\nContent-Type: text/html\n\n{page}".encode()
    await world.send(raw)
    (fact,) = await world.facts({case_id("page.1@example.com")}, 1)
    stored = await _find(world, "blobs", f"{fact['html_file']['digest']}/0")
    assert stored is not None
    assert stored["data"] == b"<p>Hello</p><img>"


async def test_what_a_case_holds_is_given_to_the_desk_and_never_runs(world: World) -> None:
    """By a person's token, and only what this case names; whatever says that it is a page is sanitised and boxed in."""
    evil = b"<html><body onload=alert(1)><script>alert(2)</script><p>Invoice</p>"
    raw = (
        f"From: {ANNA}\nMessage-ID: <held.1@example.com>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee file\n"
        f"--b\nContent-Type: text/html\nContent-Disposition: attachment; filename=a.html\n\n{evil.decode()}\n--b--"
    ).encode()
    await world.send(raw, mail_bytes("inna", "held.2@example.com", subject="Inna sprawa"))
    case, other = case_id("held.1@example.com"), case_id("held.2@example.com")
    (fact,) = await world.facts({case}, 1)
    await world.facts({other}, 1)
    digest = fact["attachments"][0]["digest"]
    who = token(key=SIGNING_KEY)
    async with httpx.AsyncClient(base_url=world.service.url, timeout=20) as http:
        file = await http.get(f"/v1/cases/{case}/files/{digest}", params={"name": "a/ł\r\nx: y.html"}, headers=who)
        page = await http.get(f"/v1/cases/{case}/pages/{digest}", headers=who)
        refused = {
            "nobody": (await http.get(f"/v1/cases/{case}/files/{digest}")).status_code,
            "a customer": (
                await http.get(f"/v1/cases/{case}/files/{digest}", headers=token("customer", key=SIGNING_KEY))
            ).status_code,
            "another case": (await http.get(f"/v1/cases/{other}/files/{digest}", headers=who)).status_code,
            "another digest": (await http.get(f"/v1/cases/{case}/pages/{'0' * 64}", headers=who)).status_code,
        }
    assert refused == {"nobody": 401, "a customer": 403, "another case": 404, "another digest": 404}
    assert (file.status_code, file.content, file.headers["content-type"]) == (200, evil, "application/octet-stream")
    assert file.headers["content-disposition"] == "attachment; filename*=utf-8''a_%C5%82__x%3A%20y.html"
    assert page.text == "<p>Invoice</p>"
    for each in (file, page):
        assert each.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert each.headers["x-content-type-options"] == "nosniff"


async def test_a_case_shows_what_it_may_belong_to_where_it_came_and_whose_it_may_be(world: World) -> None:
    """S2-03 to S2-07: related cases, further mailboxes, and the registry as it is now."""
    email = "ola.seen@example.com"
    await world.send(
        mail_bytes(
            "Gdzie jest paczka?", "seen.1@example.com", subject="Gdzie jest paczka A-7", sender=f"Ola <{email}>"
        ),
        mail_bytes(
            "Proszę o fakturę",
            "seen.2@example.com",
            subject="Faktura za listopad",
            in_reply_to="seen.1@example.com",
            sender=f"Ola <{email}>",
            headers=("Cc: kundendienst@example.com",),
        ),
    )
    case = case_id("seen.2@example.com")
    await world.facts({case}, 1)
    await world.send(CustomerRecorded(customer="C-seen", name="Ola", emails=(email,)))
    await eventually(lambda: _is_registered(world, "C-seen"), "the customer is registered")
    async with httpx.AsyncClient(base_url=world.service.url, timeout=20) as http:
        shown = (await http.get(f"/v1/cases/{case}", headers=token(key=SIGNING_KEY))).json()
    assert [(each["relation"], each["case_id"]) for each in shown["related"]] == [
        ("refers_to", case_id("seen.1@example.com"))
    ]
    assert [each["customer"] for each in shown["background"]["candidates"]] == ["C-seen"]
    assert shown["also_received_at"] == ["kundendienst@example.com"]


async def test_what_opens_no_case_is_parked_byte_for_byte_with_its_reason(world: World) -> None:
    """S1-03: automatic mail that belongs nowhere, and what nobody can decode."""
    automatic = mail_bytes(message_id="parked.1@example.com", headers=("Auto-Submitted: auto-generated",))
    await world.send(automatic, ("parked-key", b"{not json"))
    records = await world.records(
        ["intake.parked"], lambda seen: {automatic, b"{not json"} <= {each.value for each in seen}
    )
    reasons = {each.value: _headers(each)["caseway_reason"] for each in records}
    assert reasons[automatic] == "automatic"
    assert reasons[b"{not json"] == "malformed"


async def test_raw_mail_and_files_are_kept_by_their_digest(world: World) -> None:
    raw = (
        f"From: {ANNA}\nMessage-ID: <file.1@example.com>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee file\n"
        "--b\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\n\nPNG bytes\n--b--"
    ).encode()
    await world.send(raw)
    (fact,) = await world.facts({case_id("file.1@example.com")}, 1)
    for name, content in ((fact["raw"], raw), (fact["attachments"][0]["digest"], b"PNG bytes")):
        stored = await _find(world, "blobs", f"{name}/0")
        assert stored is not None
        assert stored["data"] == content


def _pythons_own_mails() -> dict[str, bytes]:
    import test.test_email as package

    folder = Path(package.__file__).parent / "data"
    return {each.name: each.read_bytes() for each in sorted(folder.glob("*.txt"))}


async def test_pythons_own_test_mails_through_the_smtp_door_are_each_a_case_or_one_reason_why_not(world: World) -> None:
    try:
        mails = _pythons_own_mails()
    except ImportError:
        pytest.skip("this Python comes without its own e-mail test data")
    marks = {f"python-{number}@example.com": raw for number, raw in enumerate(mails.values())}
    await asyncio.to_thread(_deliver, world.smtp_port, marks)
    digests = await _digests(world, set(marks))

    def outcomes(records: list[Any]) -> tuple[list[Any], list[dict[str, Any]]]:
        """What is parked of these mails, and what is told of each contact on their cases."""
        parked = [each for each in records if _headers(each).get("ce_mailfrom") in marks]
        told = (each for each in records if "caseway_reason" not in _headers(each))
        facts = [json.loads(each.value) for each in told if _headers(each)["ce_type"].split(".")[2] != "merged"]
        cases = {fact["case_id"] for fact in facts if fact.get("raw") in digests}
        return parked, [fact for fact in facts if fact["case_id"] in cases]

    records = await world.records(["cases", "intake.parked"], lambda seen: sum(map(len, outcomes(seen))) >= len(mails))
    parked, facts = outcomes(records)
    assert len(mails) >= 40
    assert len(parked) + len(facts) == len(mails)
    assert {_headers(each)["caseway_reason"] for each in parked} <= {"automatic"}
    assert len(facts) >= 30


async def _digests(world: World, marks: set[str]) -> dict[str, str]:
    """By the digest of each mail as it stands on the topic (SMTP changes line ends), its sender."""
    records = await world.records(
        ["contacts.email"], lambda seen: marks <= {_headers(each)["ce_mailfrom"] for each in seen}
    )
    senders = {hashlib.sha256(each.value).hexdigest(): _headers(each)["ce_mailfrom"] for each in records}
    return {digest: sender for digest, sender in senders.items() if sender in marks}


def _deliver(port: int, mails: dict[str, bytes]) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        for mark, raw in mails.items():
            client.sendmail(mark, [SUPPORT], raw)
