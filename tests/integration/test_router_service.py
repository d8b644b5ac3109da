"""The router as a process, on a real Kafka and a real MongoDB: cases find an agent, and a restart loses nothing.

One process serves most of these tests, one after the other: each has cases of its own, and clears the desk when it ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.cases import CaseOpened, CaseReplied, CaseResolved, ContactAdded, ContactUpdated
from caseway.contracts.codec import encode
from caseway.contracts.milestones import MilestoneWarned
from caseway.contracts.parts import Call
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    SetPresence,
    WithdrawWork,
)
from caseway.kernel.clock import WallClock
from caseway.kernel.vocabulary import Channel, Presence, Turn
from caseway.local import Stack
from caseway.runtime.kafka import create_topics
from caseway.testkit.browser import browser
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually

pytestmark = [pytest.mark.backends, pytest.mark.asyncio(loop_scope="module")]

PARTITIONS = 4
RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
GERMAN = "georg.storch"
OTHER_GERMAN = "franka.linde"
AT_THE_STORES = "hanna.esche"


class Surroundings:
    """Everything around the router: who publishes to it, who reads it, who asks it."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.namespace = namespace
        self.folder = folder
        self.service = self.process()
        self._sent = 0
        self._online: set[str] = set()
        self._cases: set[str] = set()
        self._told: list[dict[str, Any]] = []
        self._consumer: AIOKafkaConsumer | None = None

    def process(self) -> ServiceProcess:
        environment = self.namespace.environment() | {"CASEWAY_CONFIG": str(_quick_retail(self.folder / "retail"))}
        return ServiceProcess("router", environment, self.folder)

    async def send(self, *models: WireModel) -> None:
        """Publish in this order."""
        async with AIOKafkaProducer(bootstrap_servers=self.namespace.kafka_url, acks="all") as producer:
            for model in models:
                self._sent += 1
                self._note(model)
                value, headers = encode(
                    model, id=f"sent-{self._sent}", source="caseway://test", time=WallClock().now(), subject=model.key()
                )
                topic = self.namespace.topic(model.topic())
                await producer.send_and_wait(topic, value, key=model.key().encode(), headers=headers)

    def _note(self, model: WireModel) -> None:
        if isinstance(model, SetPresence):
            self._online.add(model.agent)
        elif isinstance(model, CaseOpened):
            self._cases.add(model.case_id)

    async def clear_the_desk(self) -> None:
        """Nothing waits, nobody is there: as the next test wants it."""
        gone = [WithdrawWork(pool="retail", case_id=case, reason="merged") for case in sorted(self._cases)]
        away = [online(agent, Presence.OFFLINE) for agent in sorted(self._online - {"nobody"})]
        await self.send(*gone, *away)
        await eventually(self._is_clear, "the desk is clear", seconds=30)

    async def _is_clear(self) -> bool:
        pool = (await self.get("/v1/pools/retail")).json()
        is_empty = not any(queue["waiting"] for queue in pool["queues"])
        return is_empty and not any(agent["cases"] or agent["presence"] == "online" for agent in pool["agents"])

    async def told(self, what: str, **fields: Any) -> dict[str, Any]:
        """The first fact on `work` of this type with these fields."""

        def fits(fact: dict[str, Any]) -> bool:
            return fact["type"] == what and all(fact.get(name) == value for name, value in fields.items())

        return (await self.all_told(fits))[0]

    async def all_told(self, fits: Callable[[dict[str, Any]], bool], count: int = 1) -> list[dict[str, Any]]:
        """All facts that fit, once there are so many."""

        async def enough() -> list[dict[str, Any]]:
            await self._read()
            found = [fact for fact in self._told if fits(fact)]
            return found if len(found) >= count else []

        return await eventually(enough, "facts on work", seconds=60)

    async def _read(self) -> None:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest")
            await self._consumer.start()
            name = self.namespace.topic("work")
            self._consumer.assign([TopicPartition(name, number) for number in range(PARTITIONS)])
        for records in (await self._consumer.getmany(timeout_ms=100)).values():
            for record in records:
                headers = {key: value.decode() for key, value in record.headers}
                fact = orjson.loads(record.value) | {"id": headers["ce_id"], "type": headers["ce_type"].split(".")[2]}
                if fact["id"] not in {each["id"] for each in self._told}:
                    self._told.append(fact)

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.service.url, timeout=20) as client:
            return await client.get(path)

    async def figures(self) -> dict[str, float]:
        """What Prometheus reads, by metric and labels."""
        lines = [line for line in (await self.get("/metrics")).text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    async def close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def surroundings(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Surroundings]:
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    surroundings = Surroundings(namespace, tmp_path_factory.mktemp("router"))
    try:
        await surroundings.service.start().until_ready(60)
        yield surroundings
    finally:
        await surroundings.close()
        surroundings.service.kill()
        await namespace.clean()


@pytest_asyncio.fixture(loop_scope="module")
async def around(surroundings: Surroundings) -> AsyncIterator[Surroundings]:
    yield surroundings
    await surroundings.clear_the_desk()


def _quick_retail(folder: Path) -> Path:
    """The retail desk, where an offer of the stores' queue stands for two seconds: no test waits for twenty."""
    if not folder.exists():
        folder.mkdir()
        for each in RETAIL.iterdir():
            (folder / each.name).symlink_to(each)
        (folder / "queues.yaml").unlink()
        queues = (RETAIL / "queues.yaml").read_text(encoding="utf-8")
        assert "stores: {pool: retail, " in queues
        quick = queues.replace("stores: {pool: retail, ", "stores: {pool: retail, offer_seconds: 2, ")
        (folder / "queues.yaml").write_text(quick, encoding="utf-8")
    return folder


def stamp(case: str, version: int = 1) -> dict[str, Any]:
    return {"at": WallClock().now(), "cause": "test", "configuration": "test", "case_id": case, "version": version}


def opened(case: str, **other: Any) -> CaseOpened:
    values: dict[str, Any] = {
        **stamp(case), "number": 1, "contact": "k", "channel": Channel.EMAIL, "source_key": case, "category": "order",
        "language": "de", **other,
    }  # fmt: skip
    return CaseOpened(**values)


def online(agent: str, presence: Presence = Presence.ONLINE) -> SetPresence:
    return SetPresence(pool="retail", agent=agent, presence=presence)


def by(agent: str, case: str, kind: Any) -> Any:
    return kind(pool="retail", agent=agent, case_id=case)


async def test_a_case_reaches_an_agent_who_speaks_its_language_and_the_reason_can_be_read(
    around: Surroundings,
) -> None:
    """S4-10, S4-16, and the explained decision."""
    await around.send(opened("case-1-1"))
    queued = await around.told("queued", case_id="case-1-1")
    assert (queued["queue"], queued["pool"]) == ("customers", "retail")
    queues = {each["queue"]: each for each in (await around.get("/v1/pools/retail")).json()["queues"]}
    assert "case-1-1" in [each["case_id"] for each in queues["customers"]["longest"]], "one looks up why it still waits"
    await around.send(online("celina.sowa"), online(GERMAN))
    offered = await around.told("offered", case_id="case-1-1")
    assert offered["agent"] == GERMAN
    pool = (await around.get("/v1/pools/retail")).json()
    (agent,) = [each for each in pool["agents"] if each["agent"] == GERMAN]
    assert (agent["presence"], agent["load"], agent["cases"][0]["standing"]) == ("online", 1.0, "offered")
    await around.send(by(GERMAN, "case-1-1", AcceptWork))
    await around.told("accepted", case_id="case-1-1", agent=GERMAN)
    answer = (await around.get("/v1/cases/case-1-1/decisions")).json()
    (decision,) = answer["decisions"]
    assert decision["chosen"] == GERMAN
    assert {each["agent"]: each["failed"] for each in decision["candidates"]}["celina.sowa"] == ["skill:de"]
    assert decision["in_words"].startswith("Offered to Georg Storch ")
    assert answer["work"]["standing"] == "held"


async def test_queued_once_however_often_the_customer_writes(around: Surroundings) -> None:
    await around.send(
        opened("case-2-1"),
        ContactAdded(**stamp("case-2-1", 2), contact="k2", channel=Channel.EMAIL, source_key="s2"),
        opened("case-2-2"),
    )
    await around.told("queued", case_id="case-2-2")
    await around.send(
        CaseReplied(**stamp("case-2-1", 3), contact="k3", text="…", channel=Channel.EMAIL, turn=Turn.CUSTOMER)
    )
    withdrawn = await around.told("withdrawn", case_id="case-2-1")
    assert withdrawn["reason"] == "customer"
    assert len(await around.all_told(lambda fact: fact["type"] == "queued" and fact["case_id"] == "case-2-1")) == 1


async def test_a_restart_in_the_middle_loses_no_hold_no_timer_and_no_place(around: Surroundings) -> None:
    """SIGKILL: offers expire, held work stays held, and the queue keeps its order."""
    await around.send(
        online(GERMAN),
        online(AT_THE_STORES),
        opened("case-3-held"),
        opened("case-3-offered", channel=Channel.CHAT, category="store"),
    )
    await around.told("offered", case_id="case-3-held")
    await around.told("offered", case_id="case-3-offered")
    await around.send(by(GERMAN, "case-3-held", AcceptWork))
    await around.told("accepted", case_id="case-3-held")
    around.service.kill()
    around.service = around.process()
    await around.send(by(GERMAN, "case-3-held", CompleteWork))
    await around.service.start().until_ready(60)
    await around.told("wrapping-up", case_id="case-3-held")
    expired = await around.told("expired", case_id="case-3-offered")
    offered = await around.told("offered", case_id="case-3-offered")
    assert (expired["at"], expired["cause"]) == (offered["expires_at"], offered["cause"])
    await around.told("completed", case_id="case-3-held")


async def test_two_desks_for_one_offer_and_an_answer_after_its_time(around: Surroundings) -> None:
    """A refused command is a fact."""
    await around.send(online(GERMAN), opened("case-4-1"))
    await around.told("offered", case_id="case-4-1")
    await around.send(by(OTHER_GERMAN, "case-4-1", AcceptWork), by(GERMAN, "case-4-1", DeclineWork))
    refused = await around.told("refused", case_id="case-4-1", agent=OTHER_GERMAN)
    assert refused["reason"] == "not_offered"
    returned = await around.told("returned", case_id="case-4-1")
    assert returned["reason"] == "declined"
    await around.send(by(GERMAN, "case-4-1", AcceptWork))
    assert (await around.told("refused", case_id="case-4-1", agent=GERMAN))["reason"] == "not_offered"


async def test_a_warned_promise_raises_the_work_and_a_solved_case_leaves(around: Surroundings) -> None:
    await around.send(opened("case-5-1"))
    await around.told("queued", case_id="case-5-1")
    now = WallClock().now()
    common = {name: value for name, value in stamp("case-5-1").items() if name != "version"}
    await around.send(
        MilestoneWarned(**common, milestone="m", kind="first_response", due_at=now + dt.timedelta(minutes=5))
    )
    assert (await around.told("raised", case_id="case-5-1"))["boost"] == 1
    await around.send(CaseResolved(**stamp("case-5-1", 2)))
    assert (await around.told("withdrawn", case_id="case-5-1"))["reason"] == "resolved"


async def test_what_cannot_be_is_parked_and_everything_else_goes_on(around: Surroundings) -> None:
    await around.send(
        SetPresence(pool="retail", agent="nobody", presence=Presence.ONLINE),
        WithdrawWork(pool="no-such-pool", case_id="case-6-1"),
        online(GERMAN),
    )
    await around.told("presence-changed", agent=GERMAN)

    async def parked() -> bool:
        text = (await around.get("/metrics")).text
        return 'reason="unknown-agent"' in text and 'reason="unknown-pool"' in text

    await eventually(parked, "both parked")


async def test_the_pages_of_nothing(around: Surroundings) -> None:
    assert (await around.get("/v1/pools/none")).status_code == 404
    assert (await around.get("/v1/cases/none/decisions")).status_code == 404
    pool = (await around.get("/v1/pools/retail")).json()
    assert [each["waiting"] for each in pool["queues"]] == [0] * 6
    assert len(pool["agents"]) == 32


async def test_the_figures_are_exported(around: Surroundings) -> None:
    offers = 'caseway_router_offers_total{outcome="offered",pool="retail"}'
    queued = 'caseway_router_queued_total{pool="retail",queue="customers"}'
    before = await around.figures()
    await around.send(opened("case-8-1"), opened("case-8-2"), online(GERMAN))
    await around.told("offered", case_id="case-8-2")

    async def shown() -> bool:
        now = await around.figures()
        return (
            now['caseway_router_waiting{pool="retail",queue="customers"}'] == 0
            and now['caseway_router_agents{pool="retail",presence="online"}'] == 1
            and now[offers] - before.get(offers, 0) == 2
            and now[queued] - before.get(queued, 0) == 2
        )

    await eventually(shown, "the figures", seconds=30)


def called(case: str, **other: Any) -> CaseOpened:
    """A call that is offered to the desk."""
    call = Call(call=case, event="offered", asked_for=other.pop("asked_for", None))
    return opened(case, channel=Channel.PHONE, event="offered", call=call, source_key=f"phone:{case}", **other)


async def words_about(around: Surroundings, case: str) -> str:
    """What the router says of a case to who wants plain words."""
    async with httpx.AsyncClient(base_url=around.service.url, timeout=20) as client:
        answer = await client.get(f"/v1/cases/{case}/decisions", headers={"accept": "text/plain"})
    return answer.text


async def test_why_it_is_still_waiting_and_then_why_this_agent_in_a_browser(
    around: Surroundings, tool: Callable[..., Path], tmp_path: Path
) -> None:
    """Explained: "nobody present has German ≥ 1", what is ahead, what changes next; then the agent, and who came next."""
    await around.send(opened("case-9-0"), opened("case-9-1", number=4711), online("celina.sowa"))
    await around.told("queued", case_id="case-9-1")
    await around.told("presence-changed", agent="celina.sowa")
    said = await words_about(around, "case-9-1")
    assert "Case 4711" in said
    assert "Nobody present has German ≥ 1 (basic); 6 agents have it: 6 offline." in said
    assert "1 item goes before it in its queue." in said
    assert "it stops asking for orders ≥ 1 (basic)." in said
    async with browser(tool("chromium", "chromium-browser", "google-chrome")) as page:
        for scheme, width in (("light", 1280), ("dark", 390)):
            await page.size(width, 900, scheme=scheme, is_phone=width < 500)
            await page.go(f"{around.service.url}/v1/cases/case-9-1/decisions")
            await eventually(lambda: page.text(".stands"), "the page is shown")
            assert (await page.text(".stands")).startswith("Waiting in Customers for ")
            assert await page.value("document.documentElement.scrollWidth <= window.innerWidth")
        await around.send(online(GERMAN), online(OTHER_GERMAN))
        await around.told("offered", case_id="case-9-1")
        await page.go(f"{around.service.url}/v1/cases/case-9-1/decisions")
        await eventually(lambda: page.text("tr.chosen"), "the decision is shown")
        assert await page.text("#offers") == "Why this agent"
        assert "Kept out:" in await page.text(".words")
        await page.picture(tmp_path / "decision.png", whole=True)
        await page.go(f"{around.service.url}/v1/pools/retail")
        await eventually(lambda: page.text("#agents"), "the pool is shown")
        assert "3 of 32 agents online" in await page.text(".stands")
        assert [problem for problem in page.problems if "favicon" not in problem] == []
        assert {httpx.URL(url).port for url in page.requests} == {around.service.port}


async def test_an_abandoned_call_leaves_and_is_called_back_and_a_named_agent_is_told(around: Surroundings) -> None:
    """S2-15, S2-19."""
    await around.send(called("case-10-1", asked_for="Georg Storch", number=1))
    queued = await around.told("queued", case_id="case-10-1")
    assert (queued["queue"], queued["named_agent"]) == ("phone", GERMAN)
    mentioned = await around.told("mentioned", case_id="case-10-1")
    assert mentioned["mentions"] == [GERMAN]
    gone = ContactUpdated(**stamp("case-10-1", 2), source_key="phone:case-10-1", event="abandoned")
    await around.send(gone)
    assert (await around.told("withdrawn", case_id="case-10-1"))["reason"] == "abandoned"
    back = await around.told("queued", case_id="case-10-1", queue="callbacks")
    assert back["queue_entered_at"] == queued["queue_entered_at"]


@pytest.mark.slow
async def test_what_waits_for_an_opening_is_queued_by_a_timer_that_survives(around: Surroundings) -> None:
    """Never endless waiting: a wished time is kept over a kill."""
    await around.send(called("case-12-1"))
    await around.told("queued", case_id="case-12-1")
    wished = WallClock().now() + dt.timedelta(seconds=6)
    attributes = {"callback_at": wished.isoformat()}
    await around.send(
        ContactUpdated(
            **stamp("case-12-1", 2), source_key="phone:case-12-1", event="callback_requested", attributes=attributes
        )
    )
    assert (await around.told("postponed", case_id="case-12-1"))["reason"] == "wished"
    assert "the customer is to be called at" in await words_about(around, "case-12-1")
    around.service.kill()
    around.service = around.process()
    await around.service.start().until_ready(60)
    back = await around.told("queued", case_id="case-12-1", queue="callbacks")
    assert dt.datetime.fromisoformat(back["at"]) >= wished
