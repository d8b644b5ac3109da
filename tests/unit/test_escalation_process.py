"""Promises: when each starts, stands, is warned of, kept, broken, taken back (S1-17, S1-19, S1-20, S4-29)."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.cases import (
    CaseHeld,
    CaseMerged,
    CaseNoted,
    CaseReleased,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    ContactAdded,
    CustomerLinked,
    FactsAssigned,
)
from caseway.contracts.cases import CaseOpened as Opened
from caseway.contracts.milestones import (
    MilestoneCancelled,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    MilestoneViolated,
    MilestoneWarned,
)
from caseway.contracts.work import WorkAccepted, WorkRefused
from tests.escalation_builders import AGENT, FIRST_RESPONSE, MACHINE, RESOLUTION, Desk, at, configured, names

ONLY_FIRST = {"first_response": FIRST_RESPONSE}
ONLY_RESOLUTION = {"resolution": RESOLUTION}
MICROSECOND = dt.timedelta(microseconds=1)


def opened(kinds=None, when="16 10:00", **fields) -> Desk:
    desk = Desk(configured(kinds))
    desk.tell(Opened, at(when), **fields)
    return desk


def test_an_opened_case_starts_its_promises_and_says_by_what():
    desk = opened()
    assert names(desk.told) == ["first_response started", "resolution started"]
    first = desk.told[0]
    assert isinstance(first, MilestoneStarted)
    assert (first.at, first.started_at, first.due_at) == (at("16 10:00"), at("16 10:00"), at("16 14:00"))
    assert (first.warn_at, first.target_seconds, first.elapsed_seconds) == (at("16 13:45"), 4 * 3600, 0)
    assert (first.policy, first.calendar, first.priority, first.instance) == ("normal", "desk", "normal", 1)
    assert (first.cause, first.configuration, first.case_id) == ("fact-1", "v1", "case_1")
    assert first.calendar_version == desk.configuration.promises.calendars["desk"].version
    assert desk.told[1].due_at == at("20 10:00")
    assert first.milestone != desk.told[1].milestone
    assert desk.counts == {"started.first_response": 1, "started.resolution": 1}


def test_the_first_promise_that_fits_the_case_is_given():
    desk = opened(ONLY_FIRST, when="17 23:00", priority="urgent")
    assert desk.told[0].policy == "urgent"
    assert desk.told[0].due_at == at("17 23:30")


def test_a_case_that_no_promise_fits_has_none():
    kind = FIRST_RESPONSE | {"promises": FIRST_RESPONSE["promises"][:1]}
    desk = opened({"first_response": kind})
    assert desk.told == []
    assert desk.timers == {}


def test_a_person_who_answers_in_time_keeps_the_promise():
    desk = opened(ONLY_FIRST)
    told = desk.tell(CaseReplied, at("16 13:00"))
    assert names(told) == ["first_response met"]
    assert isinstance(told[0], MilestoneMet)
    assert (told[0].at, told[0].elapsed_seconds, told[0].corrects) == (at("16 13:00"), 3 * 3600, None)
    assert desk.timers == {}
    assert desk.milestone("first_response").state == "met"


@pytest.mark.parametrize("actor", [MACHINE, {"kind": "customer", "id": "C-1"}, None])
def test_what_no_agent_wrote_is_no_response(actor):
    desk = opened(ONLY_FIRST)
    assert desk.tell(CaseReplied, at("16 10:01"), actor=actor) == []
    assert names(desk.wait(at("16 20:00"))) == ["first_response warned", "first_response violated"]


def test_warned_before_and_violated_at_the_due_time():
    desk = opened(ONLY_FIRST)
    warned, violated = desk.wait(at("18 00:00"))
    assert isinstance(warned, MilestoneWarned)
    assert (warned.at, warned.warn_at, warned.noticed_at) == (at("16 13:45"),) * 3
    assert isinstance(violated, MilestoneViolated)
    assert (violated.at, violated.due_at, violated.noticed_at) == (at("16 14:00"),) * 3
    assert violated.elapsed_seconds == violated.target_seconds == 4 * 3600
    assert violated.cause == "fact-1"
    assert desk.counts["violated.first_response"] == 1


def test_noticed_after_an_outage_it_is_still_violated_at_the_due_time():
    desk = opened(ONLY_FIRST)
    warned, violated = desk.wait(at("16 17:00"), outage=True)
    assert (warned.at, warned.noticed_at) == (at("16 13:45"), at("16 17:00"))
    assert (violated.at, violated.noticed_at) == (at("16 14:00"), at("16 17:00"))


def test_an_answer_exactly_at_the_deadline_keeps_it_and_one_microsecond_later_does_not():
    kept, broken = opened(ONLY_FIRST), opened(ONLY_FIRST)
    assert names(kept.tell(CaseReplied, at("16 14:00"))) == ["first_response warned", "first_response met"]
    told = broken.tell(CaseReplied, at("16 14:00") + MICROSECOND)
    assert names(told) == ["first_response warned", "first_response violated"]
    assert (told[1].at, told[1].noticed_at) == (at("16 14:00"), at("16 14:00") + MICROSECOND)
    assert broken.milestone("first_response").ended_at == at("16 14:00") + MICROSECOND
    assert broken.timers == {}


def test_an_answer_exactly_at_the_deadline_read_after_the_timer_corrects():
    desk = opened(ONLY_FIRST)
    *_, violated = desk.wait(at("16 14:00"))
    (met,) = desk.tell(CaseReplied, at("16 14:00"), read_at=at("16 14:01"))
    assert isinstance(met, MilestoneMet)
    assert met.corrects == desk.id_of(violated)


def test_an_answer_while_the_desk_is_closed_costs_no_business_time():
    desk = opened(ONLY_FIRST, when="16 13:00")  # due on Friday exactly at closing time
    *_, violated = desk.wait(at("17 12:00"))
    assert violated.at == at("16 17:00")
    (met,) = desk.tell(CaseReplied, at("17 12:00"))
    assert (met.elapsed_seconds, met.corrects) == (4 * 3600, desk.id_of(violated))


def test_a_fact_read_late_corrects_the_violation_that_was_told():
    desk = opened(ONLY_FIRST)
    *_, violated = desk.wait(at("16 15:00"))
    (met,) = desk.tell(CaseReplied, at("16 13:30"), read_at=at("16 15:00"))
    assert isinstance(met, MilestoneMet)
    assert (met.at, met.elapsed_seconds, met.corrects) == (at("16 13:30"), 3.5 * 3600, desk.id_of(violated))
    assert desk.milestone("first_response").state == "met"


def test_an_answer_after_the_violation_ends_the_wait_and_changes_nothing():
    desk = opened(ONLY_FIRST)
    desk.wait(at("16 15:00"))
    assert desk.tell(CaseReplied, at("16 15:30")) == []
    milestone = desk.milestone("first_response")
    assert (milestone.state, milestone.ended_at, milestone.reason) == ("violated", at("16 15:30"), "completed late")
    assert desk.tell(CaseReplied, at("16 15:40")) == []


def test_there_is_one_first_response_in_a_cases_life():
    desk = opened(ONLY_FIRST)
    desk.tell(CaseReplied, at("16 11:00"))
    assert desk.tell(CaseReopened, at("16 12:00")) == []
    assert desk.tell(Opened, at("16 12:00")) == []


def test_while_it_is_the_customers_turn_the_clock_stands():
    desk = opened(ONLY_RESOLUTION)
    (paused,) = desk.tell(CaseHeld, at("16 12:00"), turn="customer")
    assert isinstance(paused, MilestonePaused)
    assert (paused.at, paused.turn, paused.elapsed_seconds, paused.due_at) == (
        at("16 12:00"),
        "customer",
        7200,
        at("20 10:00"),
    )
    assert desk.timers == {}
    assert desk.wait(at("21 12:00")) == []
    (resumed,) = desk.tell(CaseReleased, at("21 12:00"), turn="desk")
    assert isinstance(resumed, MilestoneResumed)
    assert (resumed.due_at, resumed.previous_due_at) == (at("23 10:00"), at("20 10:00"))
    assert resumed.warn_at == at("23 09:45")
    assert names(desk.wait(at("30 00:00"))) == ["resolution warned", "resolution violated"]
    assert desk.told[-1].at == at("23 10:00")


def test_another_fact_in_the_same_turn_neither_pauses_nor_resumes():
    desk = opened(ONLY_RESOLUTION)
    desk.tell(CaseHeld, at("16 12:00"), turn="customer")
    assert desk.tell(CaseNoted, at("16 13:00"), text="still waiting") == []
    assert desk.tell(CaseHeld, at("16 13:00"), turn="customer") == []


def test_a_case_that_opens_in_the_customers_turn_starts_paused():
    desk = opened(ONLY_RESOLUTION, turn="customer")
    assert names(desk.told) == ["resolution started", "resolution paused"]
    assert desk.timers == {}
    (resumed,) = desk.tell(ContactAdded, at("19 09:00"), turn="desk", contact="c", channel="email", source_key="k")
    assert resumed.due_at == at("20 17:00")


def test_a_pause_read_late_takes_the_violation_back():
    desk = opened(ONLY_RESOLUTION)
    *_, violated = desk.wait(at("20 12:00"))
    (paused,) = desk.tell(CaseHeld, at("20 09:30"), read_at=at("20 12:00"), turn="customer")
    assert isinstance(paused, MilestonePaused)
    assert (paused.corrects, paused.elapsed_seconds) == (desk.id_of(violated), 15.5 * 3600)
    (resumed,) = desk.tell(CaseReleased, at("20 13:00"), turn="desk")
    assert resumed.due_at == at("20 13:30")
    again = desk.wait(at("21 00:00"))
    assert names(again) == ["resolution warned", "resolution violated"]
    assert again[1].at == at("20 13:30")


def test_a_pause_after_the_deadline_takes_nothing_back():
    desk = opened(ONLY_RESOLUTION)
    desk.wait(at("20 11:00"))
    assert desk.tell(CaseHeld, at("20 10:30"), read_at=at("20 11:00"), turn="customer") == []
    assert desk.tell(CaseReleased, at("20 12:00"), turn="desk") == []
    assert desk.tell(CaseResolved, at("20 13:00")) == []
    milestone = desk.milestone("resolution")
    assert (milestone.state, milestone.ended_at) == ("violated", at("20 13:00"))
    assert len(milestone.stretches) == 2


def test_a_pause_exactly_at_the_deadline_comes_too_late_whichever_is_read_first():
    fact_first, timer_first = opened(ONLY_RESOLUTION), opened(ONLY_RESOLUTION)
    told = fact_first.tell(CaseHeld, at("20 10:00"), turn="customer")
    assert names(told) == ["resolution warned", "resolution violated"]
    timer_first.wait(at("20 10:00"))
    assert timer_first.tell(CaseHeld, at("20 10:00"), turn="customer") == []
    assert timer_first.milestones[0].stretches == fact_first.milestones[0].stretches
    assert timer_first.milestone("resolution").state == fact_first.milestone("resolution").state == "violated"


def test_a_fact_after_the_deadline_tells_the_violation_if_no_timer_did():
    desk = opened(ONLY_RESOLUTION)
    told = desk.tell(CaseHeld, at("20 10:30"), turn="customer")
    assert names(told) == ["resolution warned", "resolution violated"]
    assert (told[1].at, told[1].noticed_at) == (at("20 10:00"), at("20 10:30"))
    assert desk.timers == {}


def test_reopening_starts_a_new_instance_and_the_old_result_stays():
    desk = opened(ONLY_RESOLUTION)
    desk.tell(CaseResolved, at("16 12:00"))
    (started,) = desk.tell(CaseReopened, at("19 09:00"))
    assert (started.instance, started.due_at, started.started_at) == (2, at("20 17:00"), at("19 09:00"))
    assert started.milestone != desk.told[0].milestone
    assert desk.tell(CaseReopened, at("19 10:00")) == []
    assert [(each.instance, each.state) for each in desk.milestones] == [(1, "met"), (2, "running")]


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_merged_case_promises_nothing_any_more(state):
    desk = opened(ONLY_RESOLUTION)
    if state == "paused":
        desk.tell(CaseHeld, at("16 10:30"), turn="customer")
    cancelled, _ = desk.tell(CaseMerged, at("16 11:00"), into="case_0")
    assert isinstance(cancelled, MilestoneCancelled)
    assert (cancelled.reason, cancelled.elapsed_seconds) == ("case.merged", 3600 if state == "running" else 1800)
    assert desk.timers == {}
    assert desk.tell(CaseResolved, at("16 12:00")) == []


def test_the_parent_of_a_merge_keeps_its_promises():
    desk = opened(ONLY_RESOLUTION)
    assert desk.tell(CaseMerged, at("16 11:00"), into="case_1", child="case_2") == []
    assert desk.milestone("resolution").state == "running"


def test_a_broken_promise_is_not_cancelled():
    desk = opened(ONLY_RESOLUTION)
    desk.wait(at("21 00:00"))
    assert desk.tell(CaseMerged, at("21 10:00"), into="case_0") == []
    assert desk.milestone("resolution").state == "violated"
    assert desk.milestone("resolution").ended_at == at("21 10:00")


def test_a_merge_read_late_corrects_the_violation():
    desk = opened(ONLY_RESOLUTION)
    *_, violated = desk.wait(at("21 00:00"))
    cancelled, _ = desk.tell(CaseMerged, at("20 09:00"), read_at=at("21 10:00"), into="case_0")
    assert cancelled.corrects == desk.id_of(violated)


def test_a_case_that_begins_inside_the_window_is_warned_at_once():
    kind = FIRST_RESPONSE | {"promises": [{"name": "fast", "target": "10m", "calendar": "always"}]}
    desk = opened({"first_response": kind})
    assert names(desk.told) == ["first_response started", "first_response warned"]
    assert desk.told[1].at == at("16 10:00")
    assert [due.due_at for due in desk.timers.values()] == [desk.told[0].due_at]


@pytest.mark.parametrize(("warn_in", "warn_at"), [("business", "16 16:30"), ("wall", "19 08:30")])
def test_the_warning_is_counted_in_business_time_or_by_the_wall(warn_in, warn_at):
    promise = {"name": "p", "target": "4h", "calendar": "desk", "warn_before": "1h", "warn_in": warn_in}
    desk = opened({"first_response": FIRST_RESPONSE | {"promises": [promise]}}, when="16 13:30")
    assert (desk.told[0].due_at, desk.told[0].warn_at) == (at("19 09:30"), at(warn_at))


def test_a_wall_time_warning_is_never_before_the_start():
    promise = {"name": "p", "target": "1h", "calendar": "desk", "warn_before": "3h", "warn_in": "wall"}
    desk = opened({"first_response": FIRST_RESPONSE | {"promises": [promise]}})
    assert desk.told[0].warn_at == at("16 10:00")


def test_without_a_warning_only_the_deadline_is_armed():
    promise = {"name": "p", "target": "1h", "calendar": "desk", "warn_before": "0s"}
    desk = opened({"first_response": FIRST_RESPONSE | {"promises": [promise]}})
    assert desk.told[0].warn_at is None
    assert names(desk.wait(at("16 12:00"))) == ["first_response violated"]


def test_another_priority_recomputes_from_the_start_and_says_both_deadlines():
    desk = opened(ONLY_RESOLUTION)
    (started,) = desk.tell(FactsAssigned, at("16 10:30"), priority="urgent")
    assert isinstance(started, MilestoneStarted)
    assert (started.replaces_due_at, started.due_at) == (at("20 10:00"), at("16 12:00"))
    assert (started.started_at, started.at, started.policy) == (at("16 10:00"), at("16 10:30"), "urgent")
    assert (started.instance, started.priority, started.elapsed_seconds) == (1, "urgent", 1800)
    assert [due.due_at for due in desk.timers.values()] == [at("16 11:45")]


def test_a_shorter_promise_may_be_broken_at_once():
    desk = opened(ONLY_RESOLUTION)
    told = desk.tell(FactsAssigned, at("16 13:00"), priority="urgent")
    assert names(told) == ["resolution started", "resolution warned", "resolution violated"]
    assert (told[2].at, told[2].noticed_at) == (at("16 12:00"), at("16 13:00"))


def test_a_longer_promise_is_warned_of_again():
    desk = opened(ONLY_RESOLUTION, priority="urgent")
    assert names(desk.wait(at("16 11:50"))) == ["resolution warned"]
    desk.tell(FactsAssigned, at("16 11:50"), priority="low")
    assert names(desk.wait(at("31 00:00"))) == ["resolution warned", "resolution violated"]


def test_a_broken_promise_stays_broken_whatever_is_promised_later():
    desk = opened(ONLY_RESOLUTION, priority="urgent")
    desk.wait(at("16 12:30"))
    assert desk.tell(FactsAssigned, at("16 12:30"), priority="low") == []
    assert desk.milestone("resolution").state == "violated"


def test_a_longer_promise_read_late_takes_the_violation_back():
    desk = opened(ONLY_RESOLUTION, priority="urgent")
    *_, violated = desk.wait(at("16 12:30"))
    (started,) = desk.tell(FactsAssigned, at("16 11:00"), read_at=at("16 12:30"), priority="low")
    assert (started.corrects, started.due_at) == (desk.id_of(violated), at("20 10:00"))
    assert desk.milestone("resolution").state == "running"


def test_another_priority_while_paused_counts_when_it_resumes():
    desk = opened(ONLY_RESOLUTION)
    desk.tell(CaseHeld, at("16 10:30"), turn="customer")
    (started,) = desk.tell(FactsAssigned, at("16 11:00"), priority="urgent")
    assert started.due_at == at("16 12:00")
    assert desk.timers == {}
    (resumed,) = desk.tell(CaseReleased, at("16 20:00"), turn="desk")
    assert resumed.due_at == at("16 21:30")


def test_a_change_that_no_promise_looks_at_recomputes_nothing():
    desk = opened(ONLY_RESOLUTION)
    assert desk.tell(FactsAssigned, at("16 10:30"), category="toys") == []
    assert desk.tell(CustomerLinked, at("16 10:30"), customer={"state": "linked", "id": "C-1", "vip": True}) == []


def test_terms_may_be_kept_whatever_changes():
    desk = opened({"resolution": RESOLUTION | {"on_change": "keep"}})
    assert desk.tell(FactsAssigned, at("16 10:30"), priority="urgent") == []


def test_what_fits_no_promise_any_more_is_cancelled():
    desk = opened({"resolution": RESOLUTION | {"promises": RESOLUTION["promises"][:1]}}, priority="urgent")
    (cancelled,) = desk.tell(FactsAssigned, at("16 10:30"), priority="low")
    assert (cancelled.reason, cancelled.elapsed_seconds) == ("no longer promised", 1800)


def test_a_running_case_keeps_its_terms_when_the_configuration_changes():
    desk = opened(ONLY_RESOLUTION)
    shorter = [{"name": "normal", "target": "1h", "calendar": "desk"}]
    desk.configuration = configured({"resolution": RESOLUTION | {"promises": shorter}})
    assert desk.tell(FactsAssigned, at("16 10:30"), category="toys") == []
    assert desk.milestone("resolution").due_at == at("20 10:00")


def test_a_kind_that_is_no_longer_declared_is_cancelled_with_the_next_fact():
    desk = opened()
    desk.configuration = configured(ONLY_FIRST)
    (cancelled,) = desk.tell(CaseNoted, at("16 10:30"), text="x")
    assert (cancelled.kind, cancelled.reason) == ("resolution", "no longer declared")


def test_a_deadline_whose_calendar_is_gone_still_falls_due():
    desk = opened(ONLY_FIRST)
    only_always = [{"name": "normal", "target": "1h", "calendar": "always"}]
    gone = configured({"first_response": FIRST_RESPONSE | {"promises": only_always}})
    gone.promises.calendars.pop("desk")
    desk.configuration = gone
    assert names(desk.wait(at("16 15:00"))) == ["first_response warned", "first_response violated"]
    other = opened(ONLY_FIRST)
    other.configuration = gone
    (cancelled,) = other.tell(CaseReplied, at("16 11:00"))
    assert (cancelled.reason, cancelled.elapsed_seconds) == ("no longer declared", None)


def test_a_fact_from_the_future_counts_as_read_now():
    desk = opened(ONLY_FIRST)
    (met,) = desk.tell(CaseReplied, at("25 10:00"), read_at=at("16 11:00"))
    assert met.at == at("16 11:00")


def test_a_fact_from_before_the_start_counts_from_the_start():
    desk = opened(ONLY_FIRST)
    (met,) = desk.tell(CaseReplied, at("15 10:00"), read_at=at("16 11:00"))
    assert (met.at, met.elapsed_seconds) == (at("16 10:00"), 0)


def test_a_case_opened_long_ago_is_overdue_at_once_and_true_to_its_times():
    desk = Desk(configured(ONLY_FIRST))
    desk.tell(Opened, at("02 10:00"), read_at=at("16 10:00"))
    warned, violated = desk.wait(at("16 10:00"), outage=True)
    assert (warned.at, violated.at, violated.noticed_at) == (at("02 13:45"), at("02 14:00"), at("16 10:00"))


PICK_UP = {
    "starts": [{"fact": "case.opened"}],
    "completes": [{"fact": "work.accepted"}],
    "promises": [{"name": "p", "target": "1h", "calendar": "always"}],
}
WORK = {"work_item": "w", "pool": "p", "queue": "q", "agent": "agent-7", "topic": "work"}


def test_work_may_complete_a_promise():
    desk = opened({"pick_up": PICK_UP})
    assert names(desk.tell(WorkAccepted, at("16 10:05"), **WORK)) == ["pick_up met"]


def test_work_that_is_read_before_its_case_is_remembered():
    desk = Desk(configured({"pick_up": PICK_UP}))
    assert desk.tell(WorkAccepted, at("16 10:05"), **WORK) == []
    started, met = desk.tell(Opened, at("16 10:00"), read_at=at("16 10:06"))
    assert (started.at, met.at, met.elapsed_seconds) == (at("16 10:00"), at("16 10:05"), 300)


def test_work_from_before_the_start_completes_nothing():
    desk = Desk(configured({"pick_up": PICK_UP}))
    desk.tell(WorkAccepted, at("16 09:00"), **WORK)
    assert names(desk.tell(Opened, at("16 10:00"))) == ["pick_up started"]


def test_work_facts_about_no_case_change_nothing():
    desk = Desk()
    told = desk.tell(WorkRefused, at("16 10:00"), case_id="", command="x", reason="y", pool="p", topic="work")
    assert told == []
    assert desk.documents == {}


def test_a_kind_may_start_anew_with_the_fact_that_completed_it():
    update = {
        "starts": [{"fact": "case.opened"}, {"fact": "case.replied"}],
        "completes": [{"fact": "case.replied"}],
        "recurrence": "sequential",
        "promises": [{"name": "daily", "target": "8h", "calendar": "desk"}],
    }
    desk = opened({"update": update})
    told = desk.tell(CaseReplied, at("16 12:00"))
    assert names(told) == ["update met", "update started"]
    assert (told[1].instance, told[1].due_at) == (2, at("19 12:00"))


def test_a_timer_that_comes_too_late_to_matter_is_skipped():
    desk = opened(ONLY_FIRST)
    timers = dict(desk.timers)
    desk.tell(CaseReplied, at("16 11:00"))
    desk.timers = timers
    assert desk.wait(at("16 20:00")) == []


def test_a_timer_of_an_earlier_deadline_is_skipped():
    desk = opened(ONLY_RESOLUTION, priority="urgent")
    timers = dict(desk.timers)
    desk.tell(FactsAssigned, at("16 10:30"), priority="low")
    late = desk.timers
    desk.timers = timers
    assert desk.wait(at("16 20:00")) == []
    desk.timers = late
    assert names(desk.wait(at("31 00:00"))) == ["resolution warned", "resolution violated"]


def test_a_timer_of_an_unknown_case_is_skipped():
    desk = opened(ONLY_FIRST)
    desk.documents.clear()
    assert desk.wait(at("16 20:00")) == []


def test_nothing_is_written_when_nothing_changed():
    desk = opened(ONLY_FIRST, actor=AGENT)
    before = dict(desk.documents)
    desk.tell(CaseNoted, at("16 10:30"), text="x")
    assert desk.documents == before
