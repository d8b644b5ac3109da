"""What a fact changes, and that lanes never write one document."""

import datetime as dt
import re
from pathlib import Path

from caseway.contracts.cases import ContactRefused
from caseway.contracts.notifications import NotificationDelivered
from caseway.contracts.topology import topics_read_by
from caseway.contracts.work import WorkRefused
from caseway.kernel.decision import Add, Message, Moment, Put
from caseway.kernel.vocabulary import Presence
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway_analytics.app import build

NINE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
SINCE_2020 = 217_587_600
"""Seconds of 2,518 days and nine hours."""
STAGE = build().stages[0]
ROOT = Path(__file__).parents[2]


class NoStates:
    resident = None

    def get(self, _collection, _id):
        return None


def decide(fact, lane="analytics/3"):
    message = Message(
        topic=fact.topic(), partition=3, offset=0, key=fact.key(), id="f-1", source="test", type=fact.TYPE,
        data=fact, time=fact.at, recorded_at=NINE,
    )  # fmt: skip
    handle = STAGE.handles[type(fact)]
    needed = list(handle.needs(message))
    return needed, handle.decide(message, NoStates(), Moment(now=NINE, configuration=None, version="v", lane=lane))


def test_every_id_that_is_added_to_names_its_lane():
    """delivery.md: two lanes adding to one document would conflict."""
    fact = CaseTeller("c").opened(NINE)
    for lane in ("analytics/3", "analytics/11"):
        _, decision = decide(fact, lane)
        added = [change.id for change in decision.changes if isinstance(change, Add)]
        assert len(added) == 4
        assert all(id_.startswith(f"{lane}/") for id_ in added)


def test_an_opened_case_is_remembered_and_counted():
    needed, decision = decide(CaseTeller("c").opened(NINE, category="orders", language="pl"))
    assert [tuple(ref) for ref in needed] == [("cases", "c")]
    put, desk, subjects, people, total = decision.changes
    assert isinstance(put, Put)
    assert desk.id == "analytics/3/desk/2026-11-23T09:00/email\x1f\x1fnormal"
    assert desk.amounts == {"m.cases_opened.n": 1, "m.contacts.n": 1, "m.backlog_in.n": 1, "m.backlog_in.s": SINCE_2020}
    assert desk.fixed == {"cut": "desk", "slot": NINE, "grain": "slot", "values": ["email", "", "normal"]}
    assert subjects.fixed["values"] == ["orders", "", "email"]
    assert people.fixed["values"] == ["pl", "unknown", "email"]
    assert total.fixed == {"channel": "email", "queue": ""}


def test_a_fact_about_a_notification_needs_no_history():
    fact = CaseTeller("c").notice(NotificationDelivered, NINE)
    broadcast = fact.model_copy(update={"case_id": None})
    for each in (fact, broadcast):
        needed, decision = decide(each)
        assert needed == []
        assert decision.changes[0].amounts == {"m.notifications_delivered.n": 1}
        assert decision.changes[1].fixed["values"] == ["email", "opened"]


def test_a_late_fact_goes_to_its_own_half_hour():
    """Bad input: facts out of order; late facts correct the past."""
    _, decision = decide(CaseTeller("c").opened(NINE - dt.timedelta(days=3)))
    assert decision.changes[1].fixed["slot"] == NINE - dt.timedelta(days=3)


def test_presence_is_kept_by_agent():
    needed, decision = decide(presence(NINE, "ada", Presence.ONLINE))
    assert [tuple(ref) for ref in needed] == [("agents", "ada")]
    assert decision.changes[0].value.presence == "online"


def test_a_fact_that_changes_nothing_writes_nothing():
    case = CaseTeller("c")
    fact = case.call(NINE, "held")
    message_history = decide(fact)[1]
    assert [type(change) for change in message_history.changes] in ([], [Put])


def test_the_stage_reads_what_the_topology_says_and_handles_every_fact_of_a_case():
    """style.md: topology = wiring."""
    assert STAGE.topics == tuple(topic.name for topic in topics_read_by("analytics"))
    for topic in topics_read_by("analytics"):
        if topic.name in {"cases", "work", "notifications"}:
            assert set(topic.models) - set(STAGE.handles) <= {WorkRefused, ContactRefused}, (
                "of no case, and of no figure"
            )


def test_the_page_loads_nothing_from_elsewhere():
    """S4-28: one page, no external requests."""
    web = ROOT / "services/analytics/caseway_analytics/web"
    for name in ("wall.html", "wall.css", "wall.js"):
        assert not re.search(r"https?://|//[a-z]+\.|@import|url\(", (web / name).read_text(encoding="utf-8"))
