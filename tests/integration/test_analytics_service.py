"""Analytics as processes, on a real Kafka and a real MongoDB: exact whatever is killed, and honest over HTTP."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from caseway.kernel.vocabulary import Channel, Presence
from caseway.runtime.configuration import load
from caseway.testkit.desk_facts import CaseTeller, day_of, presence
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from caseway_analytics.domain.recount import recount
from caseway_analytics.settings import Configuration
from tests.analytics_desk import RETAIL, AnalyticsDesk, events, get

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
KNOWN = load(RETAIL, Configuration).value.known


@pytest.fixture
async def desk(namespace: Namespace, tmp_path) -> AnalyticsDesk:
    own = AnalyticsDesk(namespace, tmp_path)
    await own.prepare()
    return own


def todays_facts(seed, count):
    """A day that ends now, in the order in which it happened."""
    started = NOW - dt.timedelta(hours=3)
    cases = day_of(seed, count, started, dt.timedelta(hours=2, minutes=30))
    return sorted((fact for case in cases for fact in case if fact.at <= NOW), key=lambda fact: fact.at)


async def tell_in_parts(desk, facts):
    """So that they come in several transactions."""
    for start in range(0, len(facts), 50):
        await desk.tell(*facts[start : start + 50])


async def equals_recount(desk):
    """Whether the aggregates are those of everything that was told."""
    return await desk.cells() == recount(desk.facts, KNOWN)


async def test_streaming_equals_a_recount_through_kills_and_duplicates(desk):
    """delivery.md, checker 9: figures equal a recount of the facts; S1-44, S4-29."""
    facts = todays_facts(11, 120)
    half = len(facts) // 2
    first, second = desk.service(), desk.service()
    async with first.start(CASEWAY_FAILPOINTS="commit.after:2:kill"):
        await first.until_ready(90)
        await tell_in_parts(desk, facts[:half])
        assert await first.until_ended(90) == -9
    async with second.start(CASEWAY_FAILPOINTS="commit.before:3:kill,txn.after_state:5:kill"):
        await second.until_ready(90)
        again = await desk.tell_again(slice(0, half))
        await tell_in_parts(desk, facts[half:])
        assert await second.until_ended(90) == -9
        assert again == half
    async with desk.service() as last, desk.service() as beside:
        await last.until_ready(90)
        await beside.until_ready(90)
        await desk.tell_again(slice(half - 50, None))
        await eventually(lambda: equals_recount(desk), "aggregates equal a recount", seconds=60, every=0.5)
        counted = await desk.totals()
        summary = (await get(last, "/v1/summary")).json()
    opened = sum(type(fact).__name__ == "CaseOpened" for fact in facts)
    delivered = sum(type(fact).__name__ == "NotificationDelivered" for fact in facts)
    assert summary["cases_opened"] == opened == 120
    assert summary["mailed"] == delivered
    assert summary["assigned"] == sum(type(fact).__name__ == "WorkAccepted" for fact in facts)
    assert sum(each.get("cases_opened.n", 0) for each in counted.values()) == opened


async def whole(service):
    """The wall, as a page that opens now is shown it; later events tell only what changed."""
    opened = events(service, kinds=("wall",))
    _, first = await anext(opened)
    await opened.aclose()
    return first["wall"]


async def is_shown(service):
    wall = await whole(service)
    return wall["totals"]["waiting"] == 1 and wall["presence"]["online"] == 1


async def test_the_stream_tells_within_a_second_and_ends_with_the_service(desk):
    """S4-28: real time; a stream must not hold up the drain."""
    case = CaseTeller("c-2", 42, Channel.PHONE)
    async with desk.service() as service:
        await service.until_ready(90)
        stream = events(service, kinds=("wall",))
        _, first = await anext(stream)
        assert first["wall"]["totals"]["waiting"] == 0
        assert first["wall"]["presence"]["online"] == 0
        began = time.monotonic()
        await desk.tell(presence(NOW, "celina.sowa", Presence.ONLINE), case.opened(NOW), case.queued(NOW, "phone"))
        await eventually(lambda: is_shown(service), "the facts are on the wall", seconds=60, every=0.1)
        shown = await whole(service)
        print(f"facts to the stream: {time.monotonic() - began:.2f} s")  # noqa: T201 - speeds are told, not asserted
        assert {queue["queue"]: queue["waiting"] for queue in shown["queues"]}["phone"] == 1
        assert [agent["label"] for agent in shown["agents"]] == ["Agent 3"], "the wall shows no names"
        assert shown["latest"] == [
            {
                "case": "c-2",
                "number": "42",
                "channel": "phone",
                "queue": "phone",
                "state": "waiting",
                "priority": "normal",
                "opened_at": NOW.isoformat(),
            }
        ]
        began = time.monotonic()
        assert await service.terminate() in {0, -15}
        assert time.monotonic() - began < 10, "the open stream held up the drain"
        assert '"event":"stopped"' in service.last_words()
        await stream.aclose()


async def test_a_bad_configuration_is_refused_with_file_and_path(namespace, tmp_path):
    """design.md §5: a service refuses to start on a bad configuration."""
    (tmp_path / "measures.yaml").write_text("zone: Mars\nwall: {agents: all}\n", encoding="utf-8")
    desk = AnalyticsDesk(namespace, tmp_path, configuration=tmp_path)
    async with desk.service() as service:
        assert await service.until_ended() == 1
        words = service.last_words()
    assert "measures.yaml: zone: " in words
    assert "measures.yaml: wall.agents: " in words
