"""A whole desk on a scenario's own files, for stories: five services, and everybody around them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import httpx
import orjson
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.codec import encode
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import (
    AcceptWork,
    FinishWrapUp,
    PauseWork,
    ReleaseWork,
    SendHeartbeat,
    SetPresence,
    StartWork,
)
from caseway.kernel.clock import WallClock
from caseway.kernel.vocabulary import Presence
from caseway.local.mailsink import MailSink
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.intake_doors import KEY, sign_now, token

SCENARIOS = Path(__file__).parents[1] / "deploy" / "scenarios"
SERVICES = ("intake", "router", "escalation", "notifier", "analytics")
PARTITIONS = 4
DEADLINE = 30.0
"""Seconds until what follows has followed; a quiet machine needs one."""
TOPICS = ("cases", "work", "milestones", "notifications", "measures", "outbound.message")
_BEAT_SECONDS = 8.0
_UNTOLD = {"notification.suppressed", "notification.given-up", "notification.failed"}

Change = Callable[[Any], Any]
"""Of a file's content: gives another."""


def derived(scenario: Path, folder: Path, changes: Mapping[str, Change]) -> Path:
    """The scenario's own files, with what a test cannot wait for made short."""
    copy = folder / scenario.name
    shutil.copytree(scenario, copy)
    for name, change in changes.items():
        content = yaml.safe_load((copy / name).read_text(encoding="utf-8"))
        (copy / name).write_text(yaml.safe_dump(change(content), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return copy


def open_at_all_hours(calendars: dict[str, Any]) -> dict[str, Any]:
    """Stories are told at night and on holidays, too."""
    week = {"every-day": ["00:00-24:00"]}
    return {name: {"zone": each["zone"], "versions": [{"week": week}]} for name, each in calendars.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the firm."""

    id: str
    role: str
    name: str


@dataclass(slots=True)
class Rooms:
    """The rooms of the company's messenger: whatever is posted, by room."""

    posts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One post."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            room = first.split()[1].partition("?")[0].strip("/")
            self.posts.setdefault(room, []).append(orjson.loads(body))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Listening."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()


class StoryDesk:
    """One desk for all stories of a file; each has cases of its own."""

    def __init__(self, namespace: Namespace, sink: MailSink, rooms: Rooms, producer: AIOKafkaProducer) -> None:
        self.namespace = namespace
        self.sink = sink
        self.rooms = rooms
        self.services: dict[str, ServiceProcess] = {}
        self.facts_told: list[tuple[str, dict[str, Any]]] = []
        self.pool = ""
        self._people: dict[str, Person] = {}
        self._producer = producer
        self._numbers = itertools.count(1)
        self._present: set[str] = set()

    def staffed(self, *people: Person) -> None:
        """Who can act, by the name that the stories call them."""
        self._people |= {each.name: each for each in people}

    # ---- what people do

    async def say(self, *messages: WireModel) -> None:
        """Publish, as gateways and agents' desks do."""
        for message in messages:
            name = f"story-{next(self._numbers)}"
            value, headers = encode(message, id=name, source="desk://story", time=WallClock().now())
            topic = self.namespace.topic(message.topic())
            await self._producer.send_and_wait(topic, value, key=message.key().encode(), headers=headers)

    async def mail_in(self, mail: EmailMessage, mailbox: str) -> None:
        """A customer's mail, as the firm's mail server hands it over."""
        async with httpx.AsyncClient(base_url=self.services["intake"].url, timeout=20) as http:
            body, id_ = mail.as_bytes(), f"mail-{next(self._numbers)}"
            path = f"/v1/contacts/email?mailfrom={mail['From'].addresses[0].addr_spec}&rcptto={mailbox}"
            answer = await http.post(path, content=body, headers=sign_now(body, id_))
        assert answer.status_code == 202, answer.text

    async def act(self, who: str, verb: str, case: str, expected: int = 202, **fields: Any) -> None:
        """A person says a command by the HTTP door, with their token."""
        async with self._http("intake") as http:
            path = f"/v1/commands/cases/{case}/{verb}"
            answer = await http.post(path, content=orjson.dumps(fields), headers=self._token(who))
        assert answer.status_code == expected, answer.text

    async def refused(self, who: str, verb: str, case: str, **fields: Any) -> dict[str, Any]:
        """A command that comes to nothing: the fact that says why."""
        before = len(self.facts("case.refused", case))
        await self.act(who, verb, case, **fields)
        told = await eventually(
            lambda: self.facts("case.refused", case)[before:], f"{verb} is refused", seconds=DEADLINE
        )
        return told[0]

    async def see(self, who: str, path: str, service: str = "intake") -> Any:
        """What a person reads."""
        async with self._http(service) as http:
            answer = await http.get(path, headers=self._token(who))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def comes(self, *who: str) -> None:
        """They sit down at the desk, and are there until they go."""
        for each in who:
            agent = self._people[each].id
            self._present.add(agent)
            await self.say(SetPresence(pool=self.pool, agent=agent, presence=Presence.ONLINE))
            await self.heard("agent.presence-changed", agent=agent, presence="online")

    async def goes(self, *who: str) -> None:
        """They leave."""
        for each in who:
            agent = self._people[each].id
            self._present.discard(agent)
            await self.say(SetPresence(pool=self.pool, agent=agent, presence=Presence.OFFLINE))

    async def takes(self, who: str, case: str) -> dict[str, Any]:
        """They are offered the case, and take it; the offer."""
        named = {"pool": self.pool, "agent": self._people[who].id, "case_id": case}
        offer = await self.heard("work.offered", case, agent=named["agent"])
        await self.say(AcceptWork(**named))
        await self.heard("work.accepted", case, agent=named["agent"])
        return offer

    async def starts(self, who: str, case: str, **fields: Any) -> None:
        """They turn to the case."""
        await self.say(StartWork(pool=self.pool, agent=self._people[who].id, case_id=case, **fields))

    async def pauses(self, who: str, case: str) -> None:
        """They turn away from it."""
        await self.say(PauseWork(pool=self.pool, agent=self._people[who].id, case_id=case))

    async def releases(self, who: str, case: str) -> None:
        """They put it back."""
        await self.say(ReleaseWork(pool=self.pool, agent=self._people[who].id, case_id=case))
        await self.heard("work.returned", case)

    async def finishes(self, who: str, case: str) -> dict[str, Any]:
        """The case is solved, and written up; what the router counted."""
        agent = self._people[who].id
        await self.heard("work.wrapping-up", case, agent=agent)
        await self.say(FinishWrapUp(pool=self.pool, agent=agent, case_id=case))
        return await self.heard("work.completed", case, agent=agent)

    # ---- what is told

    def facts(self, name: str, case: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        """The facts of a name so far, each once."""
        return [
            data
            for told, data in self.facts_told
            if told == name
            and (case is None or data.get("case_id") == case)
            and all(data.get(field) == value for field, value in fields.items())
        ]

    async def heard(
        self, name: str, case: str | None = None, *, within: float = DEADLINE, **fields: Any
    ) -> dict[str, Any]:
        """The first such fact, once it is told."""
        found = await eventually(
            lambda: self.facts(name, case, **fields), f"{name} {fields or ''} of {case}", seconds=within
        )
        return found[0]

    async def settled(self, case: str, *verbs: str) -> list[dict[str, Any]]:
        """The case's own facts, once as many as these verbs are there: exactly these, in order."""

        def own() -> list[tuple[str, dict[str, Any]]]:
            return [
                (name, data) for name, data in self.facts_told if name.startswith("case.") and data["case_id"] == case
            ]

        await eventually(lambda: len(own()) >= len(verbs), f"{verbs} of {case}", seconds=DEADLINE)
        assert [name.removeprefix("case.") for name, _ in own()] == list(verbs)
        return [data for _, data in own()]

    def mails(self, subject: str, to: str | None = None) -> list[tuple[str, EmailMessage]]:
        """The mails sent so far whose subject begins so: to whom, and what."""
        return [
            (attempt.rcpt_tos[0], attempt.message)
            for attempt in self.sink.mails
            if str(attempt.message["Subject"]).startswith(subject) and to in {None, attempt.rcpt_tos[0]}
        ]

    def untold(self) -> list[dict[str, Any]]:
        """Who was not told of something, and why; for a look when a mail does not come."""
        return [data for name, data in self.facts_told if name in _UNTOLD]

    async def mailed(self, subject: str, to: str, *, containing: str = "") -> EmailMessage:
        """The first mail to somebody whose subject begins so, once it is sent."""

        def look() -> list[EmailMessage]:
            return [mail for _, mail in self.mails(subject, to) if containing in text_of(mail)]

        try:
            return (await eventually(look, f"{subject} to {to}", seconds=DEADLINE))[0]
        except AssertionError as error:
            error.add_note(f"not told: {self.untold()}")
            raise

    async def mailed_to_all(self, subject: str, everybody: set[str], *, containing: str = "") -> list[EmailMessage]:
        """The mails to all of them, once everybody has theirs: each one, and nobody else."""

        def found() -> list[tuple[str, EmailMessage]]:
            return [(to, mail) for to, mail in self.mails(subject) if containing in text_of(mail)]

        await eventually(lambda: len(found()) >= len(everybody), f"{subject} to everybody", seconds=DEADLINE)
        assert sorted(to for to, _ in found()) == sorted(everybody)
        return [mail for _, mail in found()]

    async def posted(self, room: str, *, containing: str) -> str:
        """The text of the first such post in a room."""

        def look() -> list[str]:
            texts = (f"{each['title']}\n{each['message']}" for each in self.rooms.posts.get(room, ()))
            return [each for each in texts if containing in each]

        return (await eventually(look, f"a post in {room} with {containing}", seconds=DEADLINE))[0]

    # ---- how it runs

    async def listen(self) -> None:
        """Hear all facts, from the first on."""
        async with AIOKafkaConsumer(bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest") as heard:
            places = [
                TopicPartition(self.namespace.topic(name), number) for name in TOPICS for number in range(PARTITIONS)
            ]
            heard.assign(places)
            seen: set[tuple[str, str]] = set()
            async for record in heard:
                headers = {name: value.decode() for name, value in record.headers}
                mark = headers["ce_source"], headers["ce_id"]
                if mark not in seen:
                    seen.add(mark)
                    name = headers["ce_type"].removeprefix("caseway.").rpartition(".")[0]
                    self.facts_told.append((name, orjson.loads(record.value)))

    async def beat(self) -> None:
        """Whoever is present shows that they are."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            for agent in sorted(self._present):
                await self.say(SendHeartbeat(pool=self.pool, agent=agent))

    def _http(self, service: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.services[service].url, timeout=20)

    def _token(self, who: str) -> dict[str, str]:
        person = self._people[who]
        return token(person.role, person.id, name=person.name)


def text_of(mail: EmailMessage) -> str:
    """What people read of a mail."""
    part = mail.get_body(("plain",))
    return part.get_content() if part is not None else ""


@asynccontextmanager
async def story_desk(
    namespace: Namespace, folder: Path, scenario: str, changes: Callable[[Rooms], Mapping[str, Change]]
) -> AsyncIterator[StoryDesk]:
    """Five services on the scenario's own configuration, ready; everything is gone afterwards."""
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    async with AsyncExitStack() as exits:
        exits.push_async_callback(namespace.clean)
        sink = await exits.enter_async_context(MailSink())
        rooms = await exits.enter_async_context(Rooms().opened())
        producer = await exits.enter_async_context(AIOKafkaProducer(bootstrap_servers=namespace.kafka_url, acks="all"))
        desk = StoryDesk(namespace, sink, rooms, producer)
        config = derived(SCENARIOS / scenario, folder, changes(rooms))
        environment = namespace.environment() | {
            "CASEWAY_CONFIG": str(config),
            "CASEWAY_SIGNING_KEY": KEY,
            "CASEWAY_SMTP_PORT": "-1",
            "CASEWAY_SMTP_URL": sink.url,
        }
        desk.services = {name: ServiceProcess(name, environment, folder) for name in SERVICES}
        for each in desk.services.values():
            await exits.enter_async_context(each)
        await asyncio.gather(*(each.until_ready(seconds=120) for each in desk.services.values()))
        with running(desk.listen(), desk.beat()):
            yield desk


@contextlib.contextmanager
def running(*work: Any) -> Iterator[None]:
    """This goes on meanwhile."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()
