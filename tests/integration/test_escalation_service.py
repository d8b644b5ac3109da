"""Escalation as a process, on a real Kafka and a real MongoDB: facts become promises, and time breaks them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
import yaml
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from caseway.contracts.cases import (
    CaseHeld,
    CaseMerged,
    CaseNoted,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    CaseStamped,
)
from caseway.contracts.codec import encode
from caseway.contracts.notifications import NotificationAcknowledged
from caseway.contracts.work import WorkStarted
from caseway.kernel.clock import WallClock
from caseway.local import Stack
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE, MACHINE, RESOLUTION, fact

instant = dt.datetime.fromisoformat
PARTITIONS = 4
SHORT = [
    {
        "name": "urgent",
        "when": {"field": "priority", "equals": "urgent"},
        "target": "2s",
        "warn_before": "1s",
        "calendar": "always",
    },
    {"name": "normal", "target": "8h", "calendar": "always"},
]

LADDERS = {
    "ladders": {
        "noted": {
            "starts": [{"fact": "case.noted", "when": {"field": "text", "equals": "climb"}}],
            "entries": [
                {
                    "name": "all",
                    "rungs": [
                        {"do": "notify", "to": ["holder"]},
                        {"do": "notify", "to": ["role:coordinators"]},
                        {"after": "2s", "do": "request_callback"},
                        {"after": "10m", "do": "notify", "to": ["role:coordinators"]},
                    ],
                }
            ],
        }
    }
}
GUIDANCE = {
    "alert_after": "2s",
    "post_to": ["channel:window"],
    "calendar": "always",
    "link": "https://d.example.com/{case_id}",
}


class Desk:
    """A running escalation with its surroundings."""

    def __init__(self, namespace: Namespace, service: ServiceProcess) -> None:
        self.namespace = namespace
        self.service = service
        self._sent = 0

    async def tell(
        self, model: type[Any], case: str, when: dt.datetime | None = None, *, topic: str = "cases", **fields: Any
    ) -> dt.datetime:
        """A fact of intake's, or of another's."""
        happened = when or WallClock().now()
        data = fact(model, happened, case_id=case, **fields)
        self._sent += 1
        value, headers = encode(data, id=f"{case}-{self._sent}", source="caseway://test", time=happened, subject=case)
        async with AIOKafkaProducer(bootstrap_servers=self.namespace.kafka_url, acks="all") as producer:
            await producer.send_and_wait(self.namespace.topic(topic), value, key=case.encode(), headers=headers)
        return happened

    async def told(self, case: str, count: int) -> list[dict[str, Any]]:
        """The first facts about a case's promises, in order; a repeated record counts once."""
        name = self.namespace.topic("milestones")
        found: dict[str, dict[str, Any]] = {}
        async with AIOKafkaConsumer(
            bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign([TopicPartition(name, number) for number in range(PARTITIONS)])

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for record in records:
                        headers = {key: value.decode() for key, value in record.headers}
                        data = orjson.loads(record.value)
                        if data["case_id"] == case:
                            found[headers["ce_id"]] = data | {
                                "type": headers["ce_type"].split(".")[2],
                                "id": headers["ce_id"],
                            }
                return len(found) >= count

            await eventually(enough, f"{count} facts about {case}")
        return list(found.values())

    async def get(self, path: str, accept: str = "*/*", **query: str) -> httpx.Response:
        """One answer."""
        async with httpx.AsyncClient(base_url=self.service.url, timeout=20) as client:
            return await client.get(path, params=query, headers={"accept": accept})


@pytest.fixture(scope="module")
def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all tests here: each has cases of its own."""
    folder = tmp_path_factory.mktemp("escalation")
    kinds = {"first_response": FIRST_RESPONSE | {"promises": SHORT}, "resolution": RESOLUTION | {"promises": SHORT[1:]}}
    (folder / "calendars.yaml").write_text(yaml.safe_dump(CALENDARS))
    (folder / "milestones.yaml").write_text(yaml.safe_dump({"kinds": kinds}))
    (folder / "ladders.yaml").write_text(yaml.safe_dump(LADDERS))
    (folder / "guidance.yaml").write_text(yaml.safe_dump(GUIDANCE))
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    service = ServiceProcess("escalation", namespace.environment() | {"CASEWAY_CONFIG": str(folder)}, folder)
    with asyncio.Runner() as runner:
        runner.run(create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS))
        try:
            runner.run(service.start().until_ready())
            yield Desk(namespace, service)
        finally:
            service.kill()
            runner.run(namespace.clean())


async def test_a_promise_is_warned_of_and_violated_exactly_when_it_is_due(desk):
    """S1-19, S1-20: by timers alone; an automatic answer changes nothing."""
    case = "case_short"
    opened = await desk.tell(CaseOpened, case, priority="urgent")
    await desk.tell(CaseReplied, case, actor=MACHINE)
    facts = [each for each in await desk.told(case, 4) if each["kind"] == "first_response"]
    assert [each["type"] for each in facts] == ["started", "warned", "violated"]
    due_at = instant(facts[0]["due_at"])
    whole = opened.replace(microsecond=opened.microsecond // 1000 * 1000)
    assert whole <= due_at - dt.timedelta(seconds=2) <= opened
    assert instant(facts[1]["at"]) == due_at - dt.timedelta(seconds=1)
    assert instant(facts[2]["at"]) == due_at
    assert due_at <= instant(facts[2]["noticed_at"]) < due_at + dt.timedelta(seconds=20)
    assert {each["cause"] for each in facts} == {f"{case}-1"}


async def test_an_answer_that_is_read_late_corrects(desk):
    """delivery.md, "Caught up past T": the fact lay before the due time."""
    case = "case_late"
    opened = await desk.tell(CaseOpened, case, WallClock().now() - dt.timedelta(seconds=30), priority="urgent")
    violated = next(each for each in await desk.told(case, 4) if each["type"] == "violated")
    await desk.tell(CaseReplied, case, opened + dt.timedelta(seconds=1))
    met = (await desk.told(case, 5))[-1]
    assert (met["type"], met["corrects"]) == ("met", violated["id"])
    assert met["elapsed_seconds"] == pytest.approx(1, abs=0.002)


async def test_the_answer_says_why_a_promise_is_due(desk):
    """S1-19: by HTTP, in data and in words."""
    case = "case_why"
    opened = await desk.tell(CaseOpened, case)
    await desk.tell(CaseHeld, case, opened + dt.timedelta(seconds=3), turn="customer")
    await desk.told(case, 3)
    answer = await eventually(lambda: _paused(desk, case), "the pause in the answer")
    resolution = next(each for each in answer["milestones"] if each["kind"] == "resolution")
    assert (answer["turn"], resolution["state"], resolution["policy"]) == ("customer", "paused", "normal")
    reason = resolution["reason"]
    assert (reason["calendar"], reason["zone"]) == ("always", "Europe/Warsaw")
    assert instant(reason["stands_since"]) - instant(resolution["started_at"]) <= dt.timedelta(seconds=3)
    assert "8 h of the hours of 'always' (Europe/Warsaw) were promised by 'normal'" in reason["words"]


async def _paused(desk: Desk, case: str) -> Any:
    answer = (await desk.get(f"/v1/cases/{case}/milestones")).json()
    return answer if any(each["state"] == "paused" for each in answer.get("milestones", ())) else None


async def test_promises_that_are_due_are_listed_the_nearest_first(desk):
    opened = await desk.tell(CaseOpened, "case_listed_1")
    await desk.tell(CaseOpened, "case_listed_2", opened - dt.timedelta(hours=1))
    await desk.told("case_listed_1", 2)
    await desk.told("case_listed_2", 2)
    bound = (opened + dt.timedelta(hours=9)).isoformat()
    listed = (await desk.get("/v1/milestones", due_before=bound)).json()["milestones"]
    due = [instant(each["due_at"]) for each in listed]
    assert due == sorted(due)
    ours = [each["case_id"] for each in listed if each["case_id"].startswith("case_listed")]
    assert ours == ["case_listed_2"] * 2 + ["case_listed_1"] * 2
    none = (await desk.get("/v1/milestones", due_before=opened.isoformat())).json()["milestones"]
    assert [each for each in none if each["case_id"].startswith("case_listed")] == []
    assert len((await desk.get("/v1/milestones", due_before=bound, limit="1")).json()["milestones"]) == 1


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/v1/cases/case_nowhere/milestones", {}, 404),
        ("/v1/milestones", {}, 400),
        ("/v1/milestones", {"due_before": "tomorrow"}, 400),
        ("/v1/milestones", {"due_before": "2026-01-31T17:00:00"}, 400),
        ("/v1/milestones", {"due_before": "2026-01-31T17:00:00Z", "limit": "0"}, 400),
        ("/v1/milestones", {"due_before": "2026-01-31T17:00:00Z", "limit": "100000"}, 400),
        ("/v1/milestones", {"due_before": "2026-01-31T17:00:00Z", "limit": "many"}, 400),
    ],
)
async def test_a_mistaken_question_is_answered_with_what_is_wrong(desk, path, query, status):
    answer = await desk.get(path, **query)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_browser_is_answered_with_a_page(desk):
    case = "case_page"
    await desk.tell(CaseOpened, case)
    await desk.told(case, 2)
    answer = await desk.get(f"/v1/cases/{case}/milestones", accept="text/html,*/*")
    assert answer.headers["content-type"].startswith("text/html")
    assert "of the hours of &#39;always&#39; (Europe/Warsaw)" in answer.text


async def test_a_merged_childs_earlier_deadline_reaches_its_parent_on_another_lane(desk):
    """S4-27: by a command, whichever lane the parent stands on."""
    child, parent = "case_merged_1", "case_merged_7"
    opened = await desk.tell(CaseOpened, child, WallClock().now() - dt.timedelta(hours=2))
    await desk.tell(CaseOpened, parent, opened + dt.timedelta(hours=1))
    await desk.told(parent, 2)
    await desk.tell(CaseMerged, child, into=parent)
    taken = next(each for each in await desk.told(parent, 4) if each["kind"] == "resolution" and each.get("reason"))
    assert (taken["type"], taken["reason"], taken["taken_over_from"]) == ("started", "merged", child)
    assert instant(taken["replaces_due_at"]) - instant(taken["due_at"]) == dt.timedelta(hours=1)


async def test_a_merged_childs_ladder_climbs_on_at_its_parent_on_another_lane(desk):
    """S4-27, ADR 96: under its own name, from where it stood."""
    child, parent = "case_climbing_1", "case_climbing_7"
    await desk.tell(CaseOpened, child)
    await desk.tell(CaseOpened, parent)
    await desk.tell(CaseNoted, child, text="climb")
    began = next(each for each in await desk.told(child, 5) if each.get("ladder") and each["type"] == "started")
    await desk.tell(CaseMerged, child, into=parent)

    async def climbing() -> Any:
        answer = (await desk.get(f"/v1/cases/{parent}/milestones")).json()
        return [each for each in answer.get("ladders", ()) if each["rungs_reached"] >= 3]

    (run,) = await eventually(climbing, "the ladder at the parent")
    assert (run["occurrence"], run["taken_over_from"]) == (began["occurrence"], child)
    assert (run["state"], run["next"]["rung"]) == ("climbing", 4)
    assert instant(run["next"]["at"]) - instant(began["at"]) == dt.timedelta(minutes=10, seconds=2)
    (ended,) = (await desk.get(f"/v1/cases/{child}/milestones")).json()["ladders"]
    assert (ended["state"], ended["reason"]) == ("ended", "merged")


async def test_a_ladder_is_climbed_held_by_an_answer_and_shown(desk):
    """S1-19: an empty rung falls at once; the notifier's answer holds it; GET shows where it stands."""
    case = "case_ladder"
    await desk.tell(CaseOpened, case)
    began = await desk.tell(CaseNoted, case, text="climb")
    facts = [each for each in await desk.told(case, 6) if "ladder" in each]
    assert [each["type"] for each in facts] == ["started", "rung-reached", "rung-reached", "rung-reached"]
    assert [each["outcome"] for each in facts[1:]] == ["empty", "done", "done"]
    start = instant(facts[0]["at"])
    assert [instant(each["at"]) - start for each in facts[1:]] == [dt.timedelta(seconds=each) for each in (0, 0, 2)]
    assert start <= began
    (shown,) = (await desk.get(f"/v1/cases/{case}/milestones")).json()["ladders"]
    assert (shown["state"], shown["rungs_reached"], shown["next"]["rung"]) == ("climbing", 3, 4)
    notice = {"notification": "n", "recipient": "person:bea", "channel": "email", "template": "ladder", "by": "bea"}
    occurrence = f"{shown['occurrence']}/2/0"
    await desk.tell(NotificationAcknowledged, case, topic="notifications", occurrence=occurrence, **notice)
    assert (await desk.told(case, 7))[-1]["by"] == "bea"
    page = await desk.get(f"/v1/cases/{case}/milestones", accept="text/html")
    assert "Acknowledged by bea" in page.text


async def test_long_guidance_is_posted_and_listed_until_it_is_stamped(desk):
    """S2-10, S2-11: the post; unstamped posts by HTTP; the stamp takes it off the list."""
    case = "case_guidance"
    work = {"work_item": "w", "pool": "p", "queue": "q", "agent": "anna", "activity": "guidance"}
    await desk.tell(CaseOpened, case)
    began = await desk.tell(WorkStarted, case, topic="work", **work)
    (post,) = [each for each in await desk.told(case, 3) if "ladder" in each]
    assert (post["action"], post["attributes"]["link"]) == ("alert", f"https://d.example.com/{case}")
    assert dt.timedelta(seconds=1.9) < instant(post["at"]) - began <= dt.timedelta(seconds=2)

    async def unstamped() -> list[str]:
        return [each["case_id"] for each in (await desk.get("/v1/guidance/unstamped")).json()["posts"]]

    assert case in await unstamped()
    await desk.tell(
        CaseStamped, case, stamp="済", occurrence=post["occurrence"], actor={"kind": "agent", "id": "anna"}, by="anna"
    )

    async def gone() -> bool:
        return case not in await unstamped()

    await eventually(gone, "the post off the list")
    shown = (await desk.get(f"/v1/cases/{case}/milestones")).json()["handling"]["posts"]
    assert [each["stamped_by"] for each in shown] == ["anna"]
    assert (await desk.get("/v1/guidance/unstamped", limit="0")).status_code == 400


async def test_the_figures_of_promises_are_exported(desk):
    case = "case_counted"
    await desk.tell(CaseOpened, case)
    await desk.tell(CaseNoted, case, text="nothing to count")
    await desk.tell(CaseResolved, case)
    await desk.told(case, 4)

    async def shown() -> bool:
        text = (await desk.get("/metrics")).text
        return (
            'caseway_milestones{fact="met",kind="resolution"}' in text and "caseway_milestones_overdue_seconds" in text
        )

    await eventually(shown, "counts in /metrics")


@pytest.mark.slow
async def test_a_changed_calendar_moves_running_clocks_in_the_background(stack, tmp_path):
    """Nothing happens to the case: the service finds it after its restart, and says why its deadline moved."""
    promises = [{"name": "normal", "target": "8h", "calendar": "desk"}]
    kinds = {"resolution": RESOLUTION | {"promises": promises}}
    now = WallClock().now()
    days = [(now + dt.timedelta(days=day)).date() for day in range(-1, 3)]
    open_all_day = {"zone": "Europe/Warsaw", "versions": [{"week": {"every-day": ["00:00-24:00"]}}]}
    closed = open_all_day | {"exceptions": {day.isoformat(): "closed" for day in days}}
    (tmp_path / "milestones.yaml").write_text(yaml.safe_dump({"kinds": kinds}))
    (tmp_path / "calendars.yaml").write_text(yaml.safe_dump({"desk": open_all_day}))
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    await create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS)
    service = ServiceProcess("escalation", namespace.environment() | {"CASEWAY_CONFIG": str(tmp_path)}, tmp_path)
    try:
        desk = Desk(namespace, service)
        await service.start().until_ready()
        await desk.tell(CaseOpened, "case_moved")
        (started,) = await desk.told("case_moved", 1)
        await service.terminate()
        (tmp_path / "calendars.yaml").write_text(yaml.safe_dump({"desk": closed}))
        await service.start().until_ready()
        moved = (await desk.told("case_moved", 2))[1]
        assert (moved["type"], moved["reason"]) == ("started", "calendar changed")
        assert moved["replaces_due_at"] == started["due_at"]
        assert instant(moved["due_at"]) > instant(started["due_at"]) + dt.timedelta(days=1)
    finally:
        service.kill()
        await namespace.clean()
