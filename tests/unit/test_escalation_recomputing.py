"""Running promises when the configuration changes: always a fact with the old and the new deadline and why."""

from __future__ import annotations

import pytest

from caseway.contracts.cases import CaseHeld, CaseMerged, CaseNoted, CaseReplied, CaseResolved, FactsAssigned
from caseway.contracts.cases import CaseOpened as Opened
from caseway.contracts.milestone_commands import RecomputeMilestones
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, CASE, FIRST_RESPONSE, RESOLUTION, Desk, at, configured, names

RECOMPUTE = RecomputeMilestones(case_id=CASE, configuration="v2")


def by(week: dict, kinds: dict, **exceptions) -> Configuration:
    desk = {"zone": "Europe/Warsaw", "versions": [{"week": week}], "exceptions": exceptions}
    return Configuration.model_validate({"calendars": CALENDARS | {"desk": desk}, "milestones": {"kinds": kinds}})


WEEK = {"monday-friday": ["09:00-17:00"]}
ONLY_RESOLUTION = {"resolution": RESOLUTION}


def opened(kinds=None) -> Desk:
    desk = Desk(by(WEEK, kinds or ONLY_RESOLUTION))
    desk.tell(Opened, at("16 10:00"))
    return desk


def reconfigured(desk: Desk, configuration: Configuration) -> Desk:
    desk.configuration, desk.version = configuration, "v2"
    return desk


def closed_on_monday(kinds=None) -> Configuration:
    return by(WEEK, kinds or ONLY_RESOLUTION, **{"2026-01-19": "closed"})


def test_another_calendar_moves_the_deadline_of_a_running_clock():
    desk = reconfigured(opened(), closed_on_monday())
    (started,) = desk.ask(RECOMPUTE, at("16 12:00"))
    assert (started.reason, started.replaces_due_at, started.due_at) == (
        "calendar changed",
        at("20 10:00"),
        at("21 10:00"),
    )
    assert started.calendar_version == desk.configuration.promises.calendars["desk"].version
    assert started.configuration == "v2"
    assert names(desk.wait(at("21 10:00"))) == ["resolution warned", "resolution violated"]


def test_asked_again_nothing_changes():
    desk = reconfigured(opened(), closed_on_monday())
    desk.ask(RECOMPUTE, at("16 12:00"))
    assert desk.ask(RECOMPUTE, at("16 12:00")) == []
    assert desk.skipped == ["a case whose promises are up to date"]


def test_a_case_nobody_knows_is_skipped():
    assert reconfigured(Desk(), closed_on_monday()).ask(RECOMPUTE, at("16 12:00")) == []


def test_the_next_fact_does_not_wait_for_the_background():
    desk = reconfigured(opened(), closed_on_monday())
    (started,) = desk.tell(CaseNoted, at("16 12:00"), text="x")
    assert (started.reason, started.due_at) == ("calendar changed", at("21 10:00"))


def test_a_timer_of_the_old_deadline_judges_by_the_new_calendar():
    desk = reconfigured(opened(), closed_on_monday())
    seen = desk.wait(at("20 12:00"))
    assert names(seen) == ["resolution started"]
    assert seen[0].due_at == at("21 10:00")
    assert names(desk.wait(at("21 12:00"))) == ["resolution warned", "resolution violated"]


def test_a_deadline_that_moved_into_the_past_is_violated_at_its_true_time():
    longer = by({"monday-friday": ["08:00-20:00"], "saturday-sunday": ["08:00-20:00"]}, ONLY_RESOLUTION)
    desk = reconfigured(opened(), longer)
    seen = desk.ask(RECOMPUTE, at("18 12:00"))
    assert names(seen) == ["resolution started", "resolution warned", "resolution violated"]
    assert (seen[2].at, seen[2].noticed_at) == (at("17 14:00"), at("18 12:00"))


def test_a_timer_of_one_clock_leaves_the_others_to_the_background():
    kinds = {"first_response": FIRST_RESPONSE, "resolution": RESOLUTION}
    desk = reconfigured(opened(kinds), closed_on_monday(kinds))
    assert names(desk.wait(at("16 14:00"))) == ["first_response warned", "first_response violated"]
    assert desk.documents[CASE]["configured"] == "v1"
    assert names(desk.ask(RECOMPUTE, at("16 15:00"))) == ["resolution started"]


def test_a_clock_that_stands_shows_its_new_deadline_too():
    desk = opened()
    desk.tell(CaseHeld, at("16 11:00"), turn="customer")
    (started,) = reconfigured(desk, closed_on_monday()).ask(RECOMPUTE, at("16 12:00"))
    assert started.due_at == at("21 10:00")
    assert desk.milestone("resolution").state == "paused"
    assert desk.timers == {}


def test_a_calendar_that_changed_elsewhere_moves_nothing_and_says_nothing():
    desk = reconfigured(opened(), by(WEEK, ONLY_RESOLUTION, **{"2026-07-01": "closed"}))
    assert desk.ask(RECOMPUTE, at("16 12:00")) == []
    assert desk.documents[CASE]["configured"] == "v2"
    assert desk.milestone("resolution").calendar_version == desk.configuration.promises.calendars["desk"].version


def shorter(**more) -> dict:
    return {"resolution": RESOLUTION | {"promises": [{"name": "normal", "target": "8h", "calendar": "desk"}]} | more}


def test_other_promises_are_kept_or_followed_by_policy():
    """S1-17: a running case keeps the version of its entitlement process, or is recomputed."""
    kept = reconfigured(opened(), by(WEEK, shorter()))
    assert kept.ask(RECOMPUTE, at("16 12:00")) == []
    assert kept.milestone("resolution").given_by == "v1"
    followed = reconfigured(opened(), by(WEEK, shorter(on_new_version="recompute")))
    (started,) = followed.ask(RECOMPUTE, at("16 12:00"))
    assert (started.reason, started.replaces_due_at, started.due_at) == (
        "promises changed",
        at("20 10:00"),
        at("19 10:00"),
    )
    assert followed.milestone("resolution").given_by == "v2"


def test_what_is_promised_no_more_is_cancelled_where_the_kind_follows():
    none = {"name": "vip", "when": {"field": "vip", "equals": True}, "target": "8h", "calendar": "desk"}
    kinds = {"resolution": RESOLUTION | {"promises": [none], "on_new_version": "recompute"}}
    (cancelled,) = reconfigured(opened(), by(WEEK, kinds)).ask(RECOMPUTE, at("16 12:00"))
    assert cancelled.reason == "no longer promised"


def test_a_kept_promise_that_no_longer_stands_in_the_file_runs_on_when_the_case_changes_otherwise():
    desk = reconfigured(opened(), by(WEEK, shorter()))
    assert desk.tell(FactsAssigned, at("16 12:00"), category="toys") == []


@pytest.mark.parametrize(
    ("model", "fields"),
    [(CaseHeld, {"turn": "customer"}), (CaseResolved, {}), (CaseMerged, {"into": "case_9"})],
    ids=["paused", "completed", "cancelled"],
)
def test_whatever_comes_after_other_hours_takes_no_violation_back(model, fields):
    """By the new hours it would not have been broken yet; nobody hears of Tuesday's violation on Wednesday that it was none."""
    desk = opened()
    desk.wait(at("20 12:00"))
    reconfigured(desk, closed_on_monday()).ask(RECOMPUTE, at("20 12:00"))
    told = [each for each in desk.tell(model, at("20 13:00"), **fields) if hasattr(each, "corrects")]
    assert told == []
    assert (desk.milestone("resolution").state, desk.milestone("resolution").due_at) == ("violated", at("20 10:00"))


def test_a_broken_promise_stays_broken_by_any_calendar():
    desk = opened()
    desk.wait(at("20 12:00"))
    assert reconfigured(desk, closed_on_monday()).ask(RECOMPUTE, at("20 13:00")) == []
    assert desk.milestone("resolution").state == "violated"


def test_an_answer_is_judged_by_the_calendar_in_force():
    first = {"first_response": FIRST_RESPONSE}
    desk = Desk(by(WEEK, first))
    desk.tell(Opened, at("16 15:00"))
    seen = reconfigured(desk, closed_on_monday(first)).tell(CaseReplied, at("20 10:30"))
    assert names(seen) == ["first_response started", "first_response met"]
    assert seen[1].elapsed_seconds == 3.5 * 3600


@pytest.mark.parametrize(("is_running", "expected"), [(True, "v1"), (False, None)])
def test_only_cases_with_a_running_clock_are_looked_for(is_running, expected):
    desk = Desk(configured(ONLY_RESOLUTION))
    desk.tell(Opened, at("16 10:00"))
    if not is_running:
        desk.wait(at("21 00:00"))
    assert desk.documents[CASE]["configured"] == expected
