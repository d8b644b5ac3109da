"""Cases become one while their customers write on, and a process dies: every contact stands on one living case.

Two intakes on a real Kafka and MongoDB, of which one is killed and another takes its place. Source: S4-27, semantics
5.1; delivery.md, checkers 1, 2, 4, 5, 8.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import NoteCase, ReplyToCase
from caseway.contracts.codec import encode, encode_mail
from caseway.kernel.clock import WallClock
from caseway.kernel.ids import case_id
from caseway.runtime.kafka import create_topics
from caseway.testkit.chaos.checkers import as_read, equal_ids_equal_bytes, nobody_halted, nothing_skipped
from caseway.testkit.chaos.dump import Dump, dump
from caseway.testkit.chaos.load import Journal
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from caseway_intake.adapters.cases import load_case
from caseway_intake.domain.case import Case
from tests.intake_builders import AGENT
from tests.intake_doors import KEY
from tests.intake_edge import SCENARIO, SUPPORT, mail_bytes

PARTITIONS = 4
TOPICS = ("cases", "case.commands", "contacts.email", "intake.parked")
COLLECTIONS = ("cases", "lanes", "outbox")
CONTACTS = {"opened", "contact-added"}
pytestmark = [pytest.mark.backends, pytest.mark.chaos]


@dataclass(slots=True)
class Story:
    """One customer, who begins the same matter twice, and shows that it is one while everybody talks."""

    name: str
    said: set[str] = field(default_factory=set)
    """Source keys of all mails."""

    @property
    def address(self) -> str:
        return f"{self.name}@example.com"

    @property
    def cases(self) -> tuple[str, str]:
        """What the first two mails open."""
        return case_id(f"{self.name}.3@example.com"), case_id(f"{self.name}.1@example.com")

    def mail(self, part: str, text: str, subject: str = "Regał z reklamacji", **parts: Any) -> bytes:
        key = f"{self.name}.{part}@example.com"
        self.said.add(key)
        return mail_bytes(text, key, subject=subject, sender=f"Jan <{self.address}>", **parts)

    def begins(self) -> tuple[bytes, bytes]:
        """A reply that overtook the mail it answers, and what that mail answers: two cases as yet."""
        third = self.mail("3", "trzeci", in_reply_to=f"{self.name}.2@example.com")
        return third, self.mail("1", "Półka jest krzywa.")

    def goes_on(self, numbers: tuple[int, int]) -> list[bytes | CaseCommand]:
        """The missing mail, which joins them; and, at the same time, all that may be said to either."""
        matters: list[bytes | CaseCommand] = [
            self.mail("2", "drugi", in_reply_to=f"{self.name}.1@example.com"),
            self.mail("4", "Półka jest krzywa."),
            self.mail("5", "Zupełnie inna sprawa", subject=f"Faktura {self.name}"),
            *(
                self.mail(f"tag-{index}-{n}", f"Jeszcze {index} {n}", subject=f"Pytanie {index}{n} [#{number}]")
                for index, number in enumerate(numbers)
                for n in range(2)
            ),
        ]
        for index, case in enumerate(self.cases):
            matters += [NoteCase(case_id=case, actor=AGENT, text=f"note {self.name} {index} {n}") for n in range(2)]
            matters.append(ReplyToCase(case_id=case, actor=AGENT, text=f"reply {self.name} {index}"))
        return matters


class World:
    """Gateways and a desk on one side, two intakes on the other."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace, self.folder = namespace, folder
        self.running = [self._process(), self._process()]
        self._count = 0

    def _process(self) -> ServiceProcess:
        environment = self.namespace.environment() | {
            "CASEWAY_CONFIG": str(SCENARIO),
            "CASEWAY_SIGNING_KEY": KEY,
            "CASEWAY_SMTP_PORT": "-1",
            "CASEWAY_SESSION_SECONDS": "3",
        }
        return ServiceProcess("intake", environment, self.folder).start()

    async def replace_one(self) -> None:
        await asyncio.to_thread(self.running.pop(0).kill)
        self.running.append(self._process())

    async def send(self, stories: Iterable[tuple[Story, bytes | CaseCommand]], pause_every: int = 0) -> None:
        """In order; with a rest now and then, or all at once."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.namespace.kafka_url, acks="all", enable_idempotence=True
        ) as producer:
            for number, (story, each) in enumerate(stories, 1):
                topic, key, value, headers = self._record(story, each)
                await producer.send(self.namespace.topic(topic), value, key=key.encode(), headers=headers)
                if pause_every and number % pause_every == 0:
                    await producer.flush()
                    await asyncio.sleep(0.05)

    def _record(self, story: Story, each: bytes | CaseCommand) -> tuple[str, str, bytes, Any]:
        self._count += 1
        id_, now = f"event-{self._count}", WallClock().now()
        if isinstance(each, bytes):
            mail = encode_mail(each, id=id_, source="gateway://x", time=now, mail_from=story.address, rcpt_to=[SUPPORT])
            return "contacts.email", story.address, *mail
        return each.topic(), each.key(), *encode(each, id=id_, source="desk://test", time=now)

    async def dump(self) -> Dump:
        return await dump(self.namespace, "intake", TOPICS, COLLECTIONS)

    def end(self) -> None:
        for process in self.running:
            process.kill()


@pytest.fixture
async def world(namespace: Namespace, tmp_path: Path) -> AsyncIterator[World]:
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    made = World(namespace, tmp_path)
    try:
        for process in made.running:
            await process.until_ready()
        yield made
    finally:
        made.end()


@pytest.mark.parametrize(
    ("count", "seed"),
    [
        pytest.param(12, 1, id="short"),
        *(
            pytest.param(120, seed, marks=[pytest.mark.slow, pytest.mark.timeout(400)], id=f"long-{seed}")
            for seed in (2, 3)
        ),
    ],
)
async def test_what_is_said_while_cases_become_one_stands_on_one_living_case(
    world: World, count: int, seed: int
) -> None:
    chance = random.Random(seed)
    stories = [Story(f"jan-{number}") for number in range(count)]
    await world.send((story, each) for story in stories for each in story.begins())
    numbers = await _numbers(world, stories)
    going_on = [(story, each) for story in stories for each in story.goes_on(numbers[story.name])]
    chance.shuffle(going_on)
    third = len(going_on) // 3
    await world.send(going_on[:third], pause_every=10)
    killing = asyncio.create_task(world.replace_one())
    await world.send(going_on[third : 2 * third])
    await killing
    await world.send(going_on[2 * third :], pause_every=50)
    found = await _settled(world, stories)
    assert _wrong(found) == {}
    _audit(found, stories)


async def _numbers(world: World, stories: list[Story]) -> dict[str, tuple[int, int]]:
    """The two cases' numbers of each story, once all are open."""
    wanted = {case for story in stories for case in story.cases}

    async def opened() -> dict[str, int]:
        found = {each["_id"]: each["number"] for each in (await world.dump()).collections["cases"]}
        return found if wanted <= found.keys() else {}

    found = await eventually(opened, "all cases open", seconds=60, every=0.5)
    return {story.name: (found[story.cases[0]], found[story.cases[1]]) for story in stories}


async def _settled(world: World, stories: list[Story]) -> Dump:
    """What stands once everything was applied, and everything that was sent is somewhere."""

    async def settled() -> Dump | None:
        found = await world.dump()
        is_all = sum(map(len, _where(found).values())) >= sum(len(story.said) for story in stories)
        return found if is_all and not _wrong(found) else None

    try:
        return await eventually(settled, "everything applied", seconds=120, every=1.0)
    except AssertionError:
        found = await world.dump()
        lost = {key for story in stories for key in story.said} - _where(found).keys()
        raise AssertionError(f"wrong: {_wrong(found)}; lost: {sorted(lost)}") from None


def _wrong(found: Dump) -> dict[str, Any]:
    journal = Journal()
    wrong = {each.__name__: each(found, journal) for each in (equal_ids_equal_bytes, nothing_skipped, nobody_halted)}
    wrong["waiting"] = [document["_id"] for document in found.collections["outbox"]]
    wrong["parked"] = [record.headers.get("caseway_reason", "") for record in found.on("intake.parked")]
    return {name: faults for name, faults in wrong.items() if faults}


def _facts(found: Dump) -> list[tuple[str, dict[str, Any]]]:
    return [(each.headers["ce_type"].split(".")[2], each.data) for each in as_read(found.on("cases"))]


def _where(found: Dump) -> dict[str, list[str]]:
    """By source key: the cases on which the contact is told."""
    told: dict[str, list[str]] = defaultdict(list)
    for name, fact in _facts(found):
        if name in CONTACTS:
            told[fact["source_key"]].append(fact["case_id"])
    return told


def _audit(found: Dump, stories: list[Story]) -> None:
    cases = {document["_id"]: load_case(document) for document in found.collections["cases"]}
    parents = {case.id: case.ties.merged_into for case in cases.values()}

    def root(case: str) -> str:
        for _ in range(len(parents)):
            if (parent := parents[case]) is None:
                return case
            case = parent
        raise AssertionError(f"a circle at {case}")

    where, texts = (
        _where(found),
        Counter(fact.get("text") for name, fact in _facts(found) if name in {"noted", "replied"}),
    )
    for story in stories:
        assert {key: len(where[key]) for key in story.said} == dict.fromkeys(story.said, 1)
        one, other = map(root, story.cases)
        assert one == other, "what was shown to be one is one"
        apart = {f"{story.name}.5@example.com"}
        assert {key for key in story.said if root(where[key][0]) != one} == apart
        assert set(cases[one].keys) == story.said - apart
        for index in range(2):
            assert texts[f"reply {story.name} {index}"] == 1
            assert [texts[f"note {story.name} {index} {n}"] for n in range(2)] == [1, 1]
    _versions_are_whole(found, cases)


def _versions_are_whole(found: Dump, cases: dict[str, Case]) -> None:
    versions: dict[str, list[int]] = defaultdict(list)
    for _, fact in _facts(found):
        versions[fact["case_id"]].append(fact["version"])
    assert {case: told for case, told in versions.items() if told != list(range(1, len(told) + 1))} == {}
    assert {case: told[-1] for case, told in versions.items()} == {case: each.version for case, each in cases.items()}
