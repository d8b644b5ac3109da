"""Focused work, summed; long guidance, posted, stamped and listed (S2-02, S2-10, S2-11)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from caseway.contracts.cases import CaseOpened, CaseStamped
from caseway.contracts.milestones import HandlingMeasured, LadderRungReached
from caseway.contracts.work import WorkCompleted, WorkPaused, WorkStarted, WorkTransferred, WorkWrappingUp
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, CASE, FIRST_RESPONSE, Desk, at

GUIDANCE = {
    "post_to": ["channel:support-window"],
    "list_to": ["role:supervisors"],
    "link": "https://desk.example.com/cases/{case_id}",
    "calendar": "desk",
    "day_ends": "18:00",
}
WORK = {"work_item": "w-1", "pool": "support", "queue": "first", "agent": "anna"}


def configured(**more: Any) -> Configuration:
    kinds = {"first_response": FIRST_RESPONSE}
    raw = {"calendars": CALENDARS, "milestones": {"kinds": kinds}, "guidance": GUIDANCE | more}
    return Configuration.model_validate(raw)


def opened() -> Desk:
    desk = Desk(configured())
    desk.tell(CaseOpened, at("16 10:00"))
    desk.tell(WorkStarted, at("16 10:05"), topic="work", activity="research", **WORK)
    return desk


def work(desk: Desk, model: type[Any], when: str, **fields: Any) -> list[Any]:
    return desk.tell(model, at(when), topic="work", **WORK | fields)


def posts(told: list[Any]) -> list[tuple[str, Any]]:
    return [(each.action, each.at) for each in told if isinstance(each, LadderRungReached)]


def guided(desk: Desk | None = None, until: str = "16 10:40") -> Desk:
    """An agent guides from 10:10; at 10:30 it is long."""
    desk = desk or opened()
    work(desk, WorkStarted, "16 10:10", activity="guidance")
    desk.wait(at(until))
    return desk


def post(desk: Desk) -> Any:
    (only,) = desk._loaded("cases", CASE).focus.posts
    return only


def stamped(desk: Desk, when: str, actor: dict[str, str], **fields: Any) -> None:
    named = {"stamp": "済", "occurrence": post(desk).id, "by": actor["id"], "actor": actor}
    desk.tell(CaseStamped, at(when), **named | fields)


def test_twenty_minutes_of_guidance_are_posted_once_with_agent_time_and_link():
    desk = guided()
    (alert,) = [each for each in desk.told if isinstance(each, LadderRungReached)]
    assert (alert.ladder, alert.action, alert.at) == ("long-guidance", "alert", at("16 10:30"))
    assert alert.recipients == ("channel:support-window",)
    assert alert.attributes["agent"] == "anna"
    assert alert.attributes["elapsed_minutes"] == 20
    assert alert.attributes["link"] == f"https://desk.example.com/cases/{CASE}"
    assert posts(desk.wait(at("16 17:00"))) == []


def test_research_is_no_guidance():
    assert posts(opened().wait(at("16 12:00"))) == []


def test_one_second_less_is_not_long():
    desk = guided(until="16 10:29")
    work(desk, WorkPaused, "16 10:29", activity="guidance")
    assert posts(desk.wait(at("16 17:00"))) == []


def test_a_call_that_becomes_remote_support_is_one_stretch():
    desk = guided(until="16 10:25")
    work(desk, WorkPaused, "16 10:25", activity="guidance", because_of=CASE)
    work(desk, WorkStarted, "16 10:25", activity="remote")
    assert posts(desk.wait(at("16 10:40"))) == [("alert", at("16 10:30"))]


def test_two_stretches_with_research_between_them_are_two():
    desk = guided(until="16 10:25")
    work(desk, WorkPaused, "16 10:25", activity="guidance", because_of=CASE)
    work(desk, WorkStarted, "16 10:25", activity="research")
    work(desk, WorkStarted, "16 10:35", activity="guidance")
    assert posts(desk.wait(at("16 10:54"))) == []
    assert posts(desk.wait(at("16 10:55"))) == [("alert", at("16 10:55"))]


def test_announced_it_is_posted_at_once():
    desk = opened()
    told = work(desk, WorkStarted, "16 10:10", activity="guidance", announced_seconds=30 * 60)
    assert posts(told) == [("alert", at("16 10:10"))]
    assert told[-1].reason == "announced"
    assert posts(desk.wait(at("16 11:00"))) == []


def test_announced_in_the_middle_of_it_is_posted_then():
    desk = guided(until="16 10:15")
    told = work(desk, WorkStarted, "16 10:15", activity="guidance", announced_seconds=1000)
    assert posts(told) == [("alert", at("16 10:15"))]
    assert posts(desk.wait(at("16 11:00"))) == []


def test_announced_shorter_it_is_watched_as_ever():
    desk = opened()
    assert posts(work(desk, WorkStarted, "16 10:10", activity="guidance", announced_seconds=600)) == []
    assert posts(desk.wait(at("16 11:00"))) == [("alert", at("16 10:30"))]


def test_guidance_read_late_is_posted_at_its_own_time():
    desk = opened()
    work(desk, WorkStarted, "16 10:10", activity="guidance")
    told = work(desk, WorkPaused, "16 10:45", activity="guidance")
    assert posts(told) == [("alert", at("16 10:30")), ("ask_stamp", at("16 10:45"))]


def test_its_end_asks_the_handler_for_the_stamp():
    desk = guided()
    told = work(desk, WorkPaused, "16 10:45", activity="guidance")
    assert posts(told) == [("ask_stamp", at("16 10:45"))]
    assert told[0].recipients == ("agent:anna",)
    assert told[0].attributes["elapsed_minutes"] == 35


@pytest.mark.parametrize("actor", [{"kind": "agent", "id": "anna"}, {"kind": "supervisor", "id": "sv-1"}])
def test_the_handler_or_a_supervisor_stamps_with_name_and_time_and_can_undo_it(actor):
    desk = guided()
    stamped(desk, "16 10:50", actor)
    assert (post(desk).stamped_by, post(desk).stamped_at) == (actor["id"], at("16 10:50"))
    assert "unstamped_since" not in desk.documents[CASE]
    stamped(desk, "16 10:55", actor, removed=True)
    assert (post(desk).stamped_by, post(desk).stamped_at) == ("", None)
    assert posts(desk.wait(at("16 18:00"))) == [("list_unstamped", at("16 18:00"))]


def test_nobody_elses_stamp_counts():
    desk = guided()
    stamped(desk, "16 10:50", {"kind": "agent", "id": "bea"})
    stamped(desk, "16 10:51", {"kind": "agent", "id": "anna"}, stamp="seen")
    stamped(desk, "16 10:52", {"kind": "agent", "id": "anna"}, occurrence="guidance_other")
    assert post(desk).stamped_at is None


def test_posts_without_a_stamp_are_listed_at_the_end_of_each_open_day():
    desk = guided()
    told = [each for each in desk.wait(at("20 12:00")) if isinstance(each, LadderRungReached)]
    assert posts(told) == [("list_unstamped", at("16 18:00")), ("list_unstamped", at("19 18:00"))]
    assert told[0].recipients == ("role:supervisors",)
    assert [each.repeat for each in told] == [1, 2]


def test_after_an_outage_of_days_the_last_list_is_told():
    told = guided().wait(at("20 12:00"), outage=True)
    assert posts(told) == [("list_unstamped", at("19 18:00"))]


def test_a_stamped_post_is_not_listed():
    desk = guided()
    stamped(desk, "16 10:50", {"kind": "agent", "id": "anna"})
    assert posts(desk.wait(at("20 12:00"))) == []


def test_handling_time_sums_all_focused_work_research_and_writing_up_included():
    """S2-02: from starting to investigate until the record is completed."""
    desk = guided()
    work(desk, WorkPaused, "16 10:40", activity="guidance")
    work(desk, WorkStarted, "16 11:00", activity="research")
    work(desk, WorkWrappingUp, "16 11:10")
    (measured,) = [each for each in work(desk, WorkCompleted, "16 11:12") if isinstance(each, HandlingMeasured)]
    assert measured.by_activity == {"research": 15 * 60, "guidance": 30 * 60, "wrap_up": 2 * 60}
    assert (measured.seconds, measured.by_agent) == (47 * 60, {"anna": 47 * 60})


def test_two_agents_on_one_case_are_summed_apart_and_together():
    desk = opened()
    desk.tell(WorkStarted, at("16 10:10"), topic="work", **WORK | {"agent": "bea", "activity": "research"})
    work(desk, WorkTransferred, "16 10:15", to={"pool": "support"})
    told = desk.tell(WorkCompleted, at("16 10:20"), topic="work", **WORK | {"agent": "bea"})
    assert (told[-1].seconds, told[-1].by_agent) == (20 * 60, {"anna": 600, "bea": 600})


def test_a_pause_whose_start_was_never_read_counts_what_it_says():
    desk = Desk(configured())
    desk.tell(CaseOpened, at("16 10:00"))
    work(desk, WorkPaused, "16 10:30", activity="research", seconds=120)
    assert work(desk, WorkCompleted, "16 10:40")[-1].seconds == 120


def test_without_guidance_configured_time_is_summed_and_nothing_posted():
    desk = Desk()
    desk.tell(CaseOpened, at("16 10:00"))
    work(desk, WorkStarted, "16 10:10", activity="guidance")
    assert posts(desk.wait(at("16 12:00"))) == []
    assert work(desk, WorkCompleted, "16 12:00")[-1].seconds == 110 * 60


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"calendar": "nowhere"}, "a calendar of calendars.yaml"),
        ({"link": "https://desk.example.com"}, "case_id"),
        ({"alert_after": "0s"}, "more than nothing"),
        ({"day_ends": 18}, "a time of day"),
        ({"day_ends": "25:00"}, "hour must be"),
        ({"post_to": []}, "at least 1"),
        ({"activities": ["dreaming"]}, "Input should be"),
    ],
)
def test_what_cannot_be_is_refused_at_start(more, expected):
    with pytest.raises(ValidationError, match=expected):
        configured(**more)
