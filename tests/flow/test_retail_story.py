"""A day at the retail desk, in half a minute: real customers' traffic, thirty agents, five services."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from caseway.local import Stack
from caseway.local.mailsink import Attempt, MailSink
from caseway.local.ports import free_ports
from caseway.runtime.kafka import create_topics
from caseway.scenario.journal import Journal
from caseway.scenario.running import Options, opened
from caseway.scenario.settings import ScenarioSettings
from caseway.scenario.until import Until
from caseway.testkit.chaos.dump import Dump, Record, dump
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually

pytestmark = [pytest.mark.backends, pytest.mark.timeout(400)]

RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
SERVICES = ("intake", "router", "escalation", "notifier", "analytics")
KEY = "the key of the retail story, long enough"
CONTACTS = 110
SPEED = 40.0
CHANNELS = ("email", "chat", "phone", "web", "message", "desk")
CONTACT_TOPICS = [f"contacts.{channel}" for channel in CHANNELS]
FACT_TOPICS = ["cases", "work", "milestones", "notifications", "outbound.chat", "outbound.message"]
OPENED = "caseway.case.opened.v1"
OF_CONTACTS = {
    OPENED,
    "caseway.case.contact-added.v1",
    "caseway.case.contact-updated.v1",
    "caseway.case.contact-repeated.v1",
    "caseway.case.contact-bounced.v1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What came in, what was told, what was mailed, what the wall says."""

    journal: Journal
    incident: str
    topics: Dump
    mails: list[Attempt]
    summary: dict[str, Any]

    def facts(self, type_: str) -> list[dict[str, Any]]:
        """The data of all facts of a type, each once."""
        return [each.data for each in self.records(type_)]

    def records(self, *types: str) -> list[Record]:
        """The records of some types, each once, however often it was published."""
        once = {
            each.mark: each
            for each in self.topics.records
            if each.headers.get("ce_lane") and each.headers["ce_type"] in types and each.topic in FACT_TOPICS
        }
        return list(once.values())

    def parked(self) -> list[Record]:
        """What intake could not handle, each once."""
        places = ("caseway_topic", "caseway_partition", "caseway_offset")
        return list(
            {tuple(each.headers[name] for name in places): each for each in self.topics.on("intake.parked")}.values()
        )


@pytest.fixture(scope="module")
def day(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Played once; every test looks at it."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    with asyncio.Runner() as runner:
        try:
            yield runner.run(_play(namespace, tmp_path_factory.mktemp("retail")))
        finally:
            runner.run(namespace.clean())


async def _play(namespace: Namespace, folder: Path) -> Day:
    await create_topics(namespace.kafka_url, namespace.prefix, 4)
    async with AsyncExitStack() as exits:
        sink = await exits.enter_async_context(MailSink())
        (smtp_port,) = free_ports(1)
        environment = {
            **namespace.environment(),
            "CASEWAY_CONFIG": str(RETAIL),
            "CASEWAY_SIGNING_KEY": KEY,
            "CASEWAY_SMTP_PORT": str(smtp_port),
            "CASEWAY_SMTP_URL": sink.url,
        }
        services = {name: ServiceProcess(name, environment, folder) for name in SERVICES}
        for each in services.values():
            await exits.enter_async_context(each)
        await asyncio.gather(*(each.until_ready(seconds=120) for each in services.values()))
        settings = ScenarioSettings(
            kafka_url=namespace.kafka_url,
            namespace=namespace.prefix,
            config=RETAIL,
            intake_url=services["intake"].url,
            intake_smtp=f"127.0.0.1:{smtp_port}",
            signing_key=KEY,
        )
        options = Options(speed=SPEED, seed=1, run="day", until=Until(contacts=CONTACTS))
        async with opened(settings, options) as scenario:
            await scenario.play(finish_seconds=25)
            topics, summary = await _settled(namespace, services["analytics"].url)
            return Day(
                journal=scenario.scene.journal,
                incident=scenario.incident or "",
                topics=topics,
                mails=list(sink.mails),
                summary=summary,
            )


async def _settled(namespace: Namespace, analytics: str) -> tuple[Dump, dict[str, Any]]:
    """Everything, once nothing more happens; after a minute, as it is then: the tests say what is amiss."""
    last: list[tuple[Dump, dict[str, Any]]] = []

    async def look() -> bool:
        before = await _summary(analytics)
        topics = await dump(namespace, "intake", [*CONTACT_TOPICS, "intake.parked", *FACT_TOPICS], ())
        last[:] = [(topics, await _summary(analytics))]
        is_quiet = {**before, "as_of": ""} == {**last[0][1], "as_of": ""}
        return is_quiet and recount(topics) == {name: last[0][1][name] for name in recount(topics)}

    try:
        await eventually(look, "the figures are those of the facts", seconds=60, every=0.5)
    except AssertionError:
        assert last
    return last[0]


async def _summary(analytics: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=10) as client:
        summary: dict[str, Any] = (await client.get(f"{analytics}/v1/summary")).json()
    return summary


def recount(topics: Dump) -> dict[str, Any]:
    """The summary's numbers, counted by hand from what stands on the topics."""
    once = {each.mark: each for each in topics.records if each.headers.get("ce_lane")}.values()
    counts = Counter(each.headers["ce_type"] for each in once)
    mailed = sum(
        each.data["channel"] == "email"
        for each in once
        if each.headers["ce_type"] == "caseway.notification.delivered.v1"
    )
    opened_by = Counter(each.data["channel"] for each in once if each.headers["ce_type"] == OPENED)
    return {
        "cases_opened": counts[OPENED],
        "assigned": counts["caseway.work.accepted.v1"],
        "warned": counts["caseway.milestone.warned.v1"],
        "violated": counts["caseway.milestone.violated.v1"],
        "met": counts["caseway.milestone.met.v1"],
        "resolved": counts["caseway.case.resolved.v1"],
        "reopened": counts["caseway.case.reopened.v1"],
        "delivered": counts["caseway.notification.delivered.v1"],
        "mailed": mailed,
        "opened_by_channel": dict(opened_by),
    }


SOURCE_KEYS = {
    "contacts.chat": "chat:{conversation}",
    "contacts.phone": "phone:{call}",
    "contacts.web": "web:{form}:{submission}",
    "contacts.message": "message:{platform}:{message}",
    "contacts.desk": "desk:{submission}",
}


def _source_key(record: Record) -> str | None:
    """What wire.md says identifies the contact; None for bytes that say nothing."""
    if record.topic == "contacts.email":
        return str(email.message_from_bytes(record.value)["Message-ID"]).strip().strip("<>")
    try:
        return SOURCE_KEYS[record.topic].format_map(record.data)
    except (ValueError, KeyError):
        return None


def _is_start_of_chat(record: Record) -> bool:
    return record.topic == "contacts.chat" and record.data.get("event") == "started"


def test_what_the_gateways_counted_is_what_kafka_has(day: Day) -> None:
    """Else everything below would be judged by half of it."""
    standing = Counter(
        each.topic.removeprefix("contacts.") for each in day.topics.records if each.topic in CONTACT_TOPICS
    )
    sent = Counter(each.channel for each in day.journal.sent)
    assert standing == sent
    assert not day.journal.refused
    assert {each.door for each in day.journal.sent} == {"kafka", "smtp", "http"}
    assert set(sent) == set(CHANNELS)


def test_every_contact_is_a_case_or_joined_one_or_is_known_or_parked(day: Day) -> None:
    """S4-02, S4-09: each acknowledged contact has exactly one effect, whatever it is."""
    parked = {
        (each.headers["caseway_topic"], int(each.headers["caseway_partition"]), int(each.headers["caseway_offset"]))
        for each in day.parked()
    }
    told: dict[str, list[str]] = defaultdict(list)
    for each in day.records(*OF_CONTACTS):
        if each.data.get("source_key"):
            told[each.data["source_key"]].append(each.headers["ce_type"])
    expected: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for record in day.topics.records:
        if record.topic not in CONTACT_TOPICS or (record.topic, record.partition, record.offset) in parked:
            continue
        event = (record.headers["ce_source"], record.headers["ce_id"])
        if event in seen:
            continue  # the same event again: no effect of its own
        seen.add(event)
        key = _source_key(record)
        assert key, f"{record.topic}/{record.partition}@{record.offset} was neither read nor parked"
        expected[key] += 0 if _is_start_of_chat(record) else 1
    effects = Counter({key: len(types) for key, types in told.items()})
    assert {key: (count, effects[key]) for key, count in expected.items() if effects[key] != count} == {}
    assert set(effects) <= set(expected)


def test_each_new_matter_opens_exactly_one_case(day: Day) -> None:
    """S4-09"""
    keys = Counter(each["source_key"] for each in day.facts(OPENED))
    assert set(keys.values()) == {1}
    assert set(keys) == {each.source_key for each in day.journal.sent if each.kind == "opens"}


def test_what_is_parked_says_why_and_keeps_its_bytes(day: Day) -> None:
    """design.md §2"""
    by_place = {(each.topic, each.partition, each.offset): each for each in day.topics.records}
    parked = day.parked()
    assert parked
    for each in parked:
        place = (
            each.headers["caseway_topic"],
            int(each.headers["caseway_partition"]),
            int(each.headers["caseway_offset"]),
        )
        assert each.value == by_place[place].value
    reasons = Counter(each.headers["caseway_reason"] for each in parked)
    assert set(reasons) <= {"malformed", "unknown-type", "automatic"}
    malformed = sum(each.kind == "malformed" for each in day.journal.sent)
    assert reasons["malformed"] + reasons["unknown-type"] == malformed


def test_versions_of_a_case_have_no_holes(day: Day) -> None:
    """wire.md: 1, 2, 3 …"""
    versions: dict[str, list[int]] = defaultdict(list)
    for each in day.topics.on("cases"):
        versions[each.data["case_id"]].append(each.data["version"])
    assert all(sorted(set(found)) == list(range(1, max(found) + 1)) for found in versions.values())


def test_every_case_is_queued_and_what_is_taken_was_offered_to_its_taker(day: Day) -> None:
    """S4-10, S4-14: in front of a person, never in front of two."""
    cases = {each["case_id"] for each in day.facts(OPENED)}
    assert {each["case_id"] for each in day.facts("caseway.work.queued.v1")} == cases
    offered = {(each["work_item"], each["agent"]) for each in day.facts("caseway.work.offered.v1")}
    taken = [(each["work_item"], each["agent"]) for each in day.facts("caseway.work.accepted.v1")]
    assert set(taken) <= offered
    assert len({each["case_id"] for each in day.facts("caseway.work.accepted.v1")}) >= 0.8 * len(cases)


def test_an_agent_speaks_the_language_of_what_they_take(day: Day) -> None:
    """S4-08, S4-10: 15 speak Polish, 10 Polish and English, 5 German."""
    agents = yaml.safe_load((RETAIL / "agents.yaml").read_text(encoding="utf-8"))["agents"]
    languages = {each["case_id"]: each.get("language") for each in day.facts(OPENED)}
    taken = day.facts("caseway.work.accepted.v1")
    assert {languages[each["case_id"]] for each in taken} == {"pl", "en", "de"}
    strangers = [
        (each["agent"], languages[each["case_id"]])
        for each in taken
        if languages[each["case_id"]] not in agents[each["agent"]]["skills"]
    ]
    assert not strangers


def test_cases_are_resolved_and_promises_kept(day: Day) -> None:
    """S4-29"""
    opened_count = len(day.facts(OPENED))
    assert len({each["case_id"] for each in day.facts("caseway.case.resolved.v1")}) >= 0.6 * opened_count
    met = Counter(each["kind"] for each in day.facts("caseway.milestone.met.v1"))
    assert met["first_response"] > 0
    assert met["resolution"] > 0
    started = {each["milestone"] for each in day.facts("caseway.milestone.started.v1")}
    assert {each["milestone"] for each in day.facts("caseway.milestone.met.v1")} <= started


def _by_message_id(day: Day) -> dict[str, list[tuple[Attempt, EmailMessage]]]:
    found: dict[str, list[tuple[Attempt, EmailMessage]]] = defaultdict(list)
    for each in day.mails:
        found[str(each.message["Message-ID"]).strip("<> ")].append((each, each.message))
    return found


def _mailed(day: Day, template: str) -> list[dict[str, Any]]:
    delivered = day.facts("caseway.notification.delivered.v1")
    return [each for each in delivered if each["template"] == template and each["channel"] == "email"]


def test_what_was_delivered_by_mail_is_in_the_mailbox_once(day: Day) -> None:
    """S4-23"""
    mails = _by_message_id(day)
    delivered = Counter(
        each["message_id"].strip("<>")
        for each in day.facts("caseway.notification.delivered.v1")
        if each["channel"] == "email"
    )
    assert delivered
    assert {each: len(found) for each, found in mails.items()} == delivered
    copies = Counter(
        (each, address) for each, found in mails.items() for attempt, _ in found for address in attempt.rcpt_tos
    )
    assert set(copies.values()) == {1}


def test_an_agents_reply_is_threaded_under_the_customers_mail(day: Day) -> None:
    """RFC 5322 §3.6.4: the customer's program shows one conversation."""
    mails = _by_message_id(day)
    by_mail = {each["case_id"]: each["source_key"] for each in day.facts(OPENED) if each["channel"] == "email"}
    checked = 0
    for each in _mailed(day, "reply"):
        if each["case_id"] not in by_mail:
            continue
        _, mail = mails[each["message_id"].strip("<>")][0]
        references = mail["References"].split()
        assert f"<{by_mail[each['case_id']]}>" in references
        assert mail["In-Reply-To"] == references[-1]
        assert mail["Subject"].lower().startswith("re:")
        checked += 1
    assert checked > 5


def test_an_automatic_answer_says_that_it_is_one(day: Day) -> None:
    """S4-23; RFC 3834: so that no machine answers it."""
    mails = _by_message_id(day)
    opened_by = {each["case_id"]: each for each in day.facts(OPENED)}
    answered = _mailed(day, "case-opened")
    assert len(answered) > 5
    for each in answered:
        _, mail = mails[each["message_id"].strip("<>")][0]
        assert mail["Auto-Submitted"] == "auto-replied"
        case = opened_by[each["case_id"]]
        if case["channel"] == "email":
            assert mail["In-Reply-To"] == f"<{case['source_key']}>"
    assert {opened_by[each["case_id"]].get("language") for each in answered} == {"pl", "en", "de"}


def test_an_answer_to_our_mail_comes_back_to_its_case(day: Day) -> None:
    """S4-25: a customer whose mail program names only our Message-ID."""
    joined = [each for each in day.facts("caseway.case.contact-added.v1") if each["channel"] == "email"]
    assert joined
    sent = {each.source_key for each in day.journal.sent if each.kind == "follows" and each.channel == "email"}
    assert sent <= {each["source_key"] for each in joined}


def test_an_incident_is_told_to_everyone_on_the_list_once(day: Day) -> None:
    """S0-06"""
    lists = yaml.safe_load((RETAIL / "lists.yaml").read_text(encoding="utf-8"))["lists"]
    declared = day.facts("caseway.case.incident-declared.v1")
    assert [each["case_id"] for each in declared] == [day.incident]
    told = {each["message_id"].strip("<>") for each in _mailed(day, "incident-first-report")}
    mails = _by_message_id(day)
    recipients = Counter(address for each in told for attempt, _ in mails[each] for address in attempt.rcpt_tos)
    assert recipients == Counter(each["address"] for each in lists["all-staff"])


def test_the_figures_on_the_wall_are_those_of_the_facts(day: Day) -> None:
    """design.md §2: the aggregates equal a recount."""
    counted = recount(day.topics)
    assert {name: day.summary[name] for name in counted} == counted
    assert json.dumps(day.summary["opened_by_channel"]) != "{}"
