"""Kinds of promises as the retail desk declares them, and others (S0-05, S1-17, S1-20, S2-14, S4-05, S4-29)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from caseway.contracts.cases import (
    CallbackRecorded,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseStamped,
    ContactAdded,
    EscalationRequested,
    FactsAssigned,
)
from caseway.contracts.cases import CaseOpened as Opened
from caseway.contracts.voices import DataActionDecided, DataActionRequested
from caseway.contracts.work import WorkAccepted, WorkQueued, WorkReturned
from caseway.runtime.configuration import load
from caseway_escalation.settings import Configuration
from tests.escalation_builders import AGENT, CALENDARS, MACHINE, RESOLUTION, Desk, at, configured, names

RETAIL = load(Path(__file__).parents[2] / "deploy" / "scenarios" / "retail", Configuration).value
SUPERVISOR = {"kind": "supervisor", "id": "sv-1"}
CONTACT = {"contact": "c", "channel": "email", "source_key": "k"}
WORK = {"work_item": "w", "pool": "p", "queue": "q", "agent": "agent-7", "topic": "work"}
OPENED = [{"fact": "case.opened"}]


def told(desk: Desk, kind: str, facts: list) -> list[str]:
    return [each.TYPE.split(".")[2] for each in facts if each.kind == kind]


def kind(target: str = "4h", calendar: str = "desk", **more) -> dict:
    promise = {
        name: more.pop(name)
        for name in ("warn_before", "warn_in", "own_calendar", "months", "until", "when")
        if name in more
    }
    length = {} if "months" in promise else {"target": target}
    return {
        "starts": OPENED,
        "completes": [{"fact": "case.resolved"}],
        "promises": [{"name": "only", "calendar": calendar, **length, **promise}],
        **more,
    }


def opened(kinds: dict, when: str = "16 10:00", **fields) -> Desk:
    desk = Desk(configured(kinds))
    desk.tell(Opened, at(when), **fields)
    return desk


# --- next response ------------------------------------------------------------------------------


def test_the_next_response_counts_from_the_oldest_unanswered_contact():
    desk = Desk(RETAIL)
    desk.tell(Opened, at("16 10:00"))
    desk.tell(CaseReplied, at("16 10:30"))
    (started,) = desk.tell(ContactAdded, at("16 11:00"), **CONTACT)
    assert (started.kind, started.due_at) == ("next_response", at("16 19:00"))
    assert desk.tell(ContactAdded, at("16 12:00"), **CONTACT) == []
    assert desk.tell(ContactAdded, at("16 12:05"), **CONTACT, automatic=True) == []
    assert desk.tell(CaseReplied, at("16 12:10"), actor=MACHINE) == []
    (met,) = [each for each in desk.tell(CaseReplied, at("16 13:00")) if each.kind == "next_response"]
    assert (met.instance, met.elapsed_seconds) == (1, 7200)
    (again,) = [each for each in desk.tell(ContactAdded, at("16 14:00"), **CONTACT) if each.kind == "next_response"]
    assert (again.instance, again.started_at) == (2, at("16 14:00"))


# --- pick-up and call-backs -----------------------------------------------------------------------


def test_work_that_waits_is_picked_up_in_time_or_not():
    desk = Desk(RETAIL)
    desk.tell(Opened, at("16 10:00"), channel="chat", source_key="chat:1")
    (started, *_) = desk.tell(WorkQueued, at("16 10:00"), queue_entered_at=at("16 10:00"), **WORK)
    assert (started.kind, started.due_at) == ("pick_up", at("16 10:01"))
    assert told(desk, "pick_up", desk.tell(WorkAccepted, at("16 10:00") + dt.timedelta(seconds=30), **WORK)) == ["met"]
    returned = desk.tell(WorkReturned, at("16 10:02"), queue_entered_at=at("16 10:00"), **WORK)
    assert told(desk, "pick_up", returned) == ["started"]
    assert told(desk, "pick_up", desk.wait(at("16 10:04"))) == ["warned", "violated"]


@pytest.mark.parametrize("outcome", ["reached", "answered_otherwise"])
def test_only_a_call_back_that_reached_the_customer_meets_the_supervisors_clock(outcome):
    """S0-05, S2-14: a try that reached nobody starts the clock of the next try, and the first runs on."""
    desk = Desk(RETAIL)
    desk.tell(Opened, at("16 10:00"), priority="low")
    (started,) = desk.tell(EscalationRequested, at("16 11:00"))
    assert (started.kind, started.due_at, started.warn_at) == ("callback", at("16 13:00"), at("16 12:30"))
    (retry,) = desk.tell(CallbackRecorded, at("16 11:10"), outcome="no_answer")
    assert (retry.kind, retry.due_at) == ("callback_retry", at("16 11:40"))
    met, second = desk.tell(CallbackRecorded, at("16 11:20"), outcome="busy", next_attempt_at=at("16 12:00"))
    assert (met.kind, met.TYPE.split(".")[2], second.kind, second.due_at) == (
        "callback_retry",
        "met",
        "callback_retry",
        at("16 12:00"),
    )
    reached = desk.tell(CallbackRecorded, at("16 11:30"), outcome=outcome)
    assert names(reached) == ["callback met", "callback_retry met"]
    assert (desk.milestone("callback").state, desk.milestone("callback").ended_at) == ("met", at("16 11:30"))


def test_a_call_back_that_never_reaches_anybody_is_violated_and_warned_of_twice():
    desk = Desk(RETAIL)
    desk.tell(Opened, at("16 10:00"), priority="low")
    desk.tell(EscalationRequested, at("16 11:00"))
    desk.tell(CallbackRecorded, at("16 11:10"), outcome="voicemail")
    seen = [each for each in desk.wait(at("16 13:00")) if each.kind == "callback"]
    assert [(each.TYPE.split(".")[2], each.at) for each in seen] == [
        ("warned", at("16 12:30")),
        ("warned", at("16 12:45")),
        ("violated", at("16 13:00")),
    ]
    assert [each.before_seconds for each in seen[:2]] == [1800, 900]


def test_a_recorded_answer_of_the_supervisors_meets_it_too_and_an_agents_does_not():
    desk = Desk(RETAIL)
    desk.tell(Opened, at("16 10:00"), priority="low")
    desk.tell(EscalationRequested, at("16 11:00"))
    assert "callback met" not in names(desk.tell(CaseReplied, at("16 11:10"), actor=AGENT))
    assert "callback met" in names(desk.tell(CaseReplied, at("16 11:20"), actor=SUPERVISOR))


# --- statutory ------------------------------------------------------------------------------------


def test_a_data_request_is_answered_within_a_calendar_month_from_receipt():
    """S4-05: not in business hours, from receipt, whatever the priority."""
    desk = Desk(RETAIL)
    received = dt.datetime.fromisoformat("2026-01-31T22:15:00+01:00")
    desk.tell(Opened, received + dt.timedelta(hours=2), received_at=received, **{"class": "data_protection"})
    milestone = desk.milestone("data_protection")
    assert milestone.started_at == received
    assert milestone.due_at == dt.datetime.fromisoformat("2026-02-28T22:15:00+01:00")
    assert milestone.warn_at == dt.datetime.fromisoformat("2026-02-18T22:15:00+01:00")
    met = desk.tell(DataActionDecided, received + dt.timedelta(days=15), request="r", granted=True)
    assert told(desk, "data_protection", met) == ["met"]


def test_it_is_put_off_once_by_two_months_with_notice():
    desk = Desk(RETAIL)
    received = dt.datetime.fromisoformat("2026-01-15T09:00:00+01:00")
    desk.tell(Opened, received, received_at=received, **{"class": "data_protection"})
    notice = {"template": "data-protection-extension"}
    moved = [each for each in desk.tell(CaseReplied, at("28 12:00"), **notice) if each.kind == "data_protection"]
    (started,) = moved
    assert (started.reason, started.replaces_due_at) == ("extended", at("15 09:00").replace(month=2))
    assert started.due_at == dt.datetime.fromisoformat("2026-04-15T09:00:00+02:00")
    assert not [each for each in desk.tell(CaseReplied, at("29 12:00"), **notice) if each.kind == "data_protection"]


def test_a_notice_after_the_month_puts_nothing_off():
    desk = Desk(RETAIL)
    received = dt.datetime.fromisoformat("2026-01-15T09:00:00+01:00")
    desk.tell(Opened, received, received_at=received, **{"class": "data_protection"})
    late = dt.datetime.fromisoformat("2026-02-15T09:00:00+01:00")
    seen = desk.tell(CaseReplied, late, template="data-protection-extension")
    assert told(desk, "data_protection", seen) == ["warned", "warned", "violated"]
    assert desk.milestone("data_protection").extension_months == 0


# --- recurrence -------------------------------------------------------------------------------------

REQUESTS = {
    "request": {
        "starts": [{"fact": "case.data-action-requested"}],
        "completes": [{"fact": "case.data-action-decided"}],
        "cancels": [{"fact": "case.closed"}],
        "recurrence": "independent",
        "per": "request",
        "promises": [{"name": "month", "months": 1, "calendar": "desk"}],
    }
}


def test_independent_ones_run_side_by_side_each_with_its_own_subject():
    desk = Desk(configured(REQUESTS))
    desk.tell(Opened, at("05 10:00"))
    desk.tell(DataActionRequested, at("05 10:00"), request="r-1", action="access")
    assert desk.tell(DataActionRequested, at("05 11:00"), request="r-1", action="access") == []
    desk.tell(DataActionRequested, at("06 10:00"), request="r-2", action="erasure")
    assert [(each.subject, each.instance) for each in desk.milestones] == [("r-1", 1), ("r-2", 2)]
    (met,) = desk.tell(DataActionDecided, at("07 10:00"), request="r-2", granted=True)
    assert (met.subject, met.instance) == ("r-2", 2)
    assert [each.state for each in desk.milestones] == ["running", "met"]


def test_independent_ones_without_a_subject_are_all_completed_at_once():
    calls = kind(recurrence="independent") | {"starts": [{"fact": "case.escalation-requested"}]}
    desk = opened({"call": calls})
    desk.tell(EscalationRequested, at("16 11:00"))
    desk.tell(EscalationRequested, at("16 12:00"))
    assert names(desk.tell(CaseResolved, at("16 13:00"))) == ["call met", "call met"]


def test_a_promise_without_recurrence_is_given_once():
    desk = opened({"once": kind() | {"starts": [*OPENED, {"fact": "case.reopened"}]}})
    desk.tell(CaseResolved, at("16 11:00"))
    assert desk.tell(CaseReopened, at("16 12:00")) == []


# --- steps ------------------------------------------------------------------------------------------


def stamp(desk: Desk, when: str, name: str, **more) -> list[str]:
    return names(desk.tell(CaseStamped, at(when), stamp=name, occurrence="o", **more))


def test_a_completion_counts_only_with_every_stamp_it_requires():
    """S1-17: stamps a rep must complete."""
    desk = opened({"resolution": kind(requires=["identity checked", "callback offered"])})
    assert stamp(desk, "16 10:10", "identity checked") == []
    assert desk.tell(CaseResolved, at("16 11:00")) == []
    assert desk.milestone("resolution").is_awaiting_stamps
    assert stamp(desk, "16 11:30", "callback offered") == ["resolution met"]
    assert desk.milestone("resolution").ended_at == at("16 11:30")


def test_a_stamp_that_is_missing_at_the_deadline_breaks_the_promise():
    desk = opened({"resolution": kind(requires=["identity checked"])})
    desk.tell(CaseResolved, at("16 11:00"))
    assert names(desk.wait(at("16 14:00"))) == ["resolution warned", "resolution violated"]


def test_a_stamp_taken_off_again_counts_no_longer():
    desk = opened({"resolution": kind(requires=["identity checked"])})
    stamp(desk, "16 10:10", "identity checked")
    stamp(desk, "16 10:20", "identity checked", removed=True)
    assert desk.tell(CaseResolved, at("16 11:00")) == []


def test_a_case_that_goes_on_awaits_its_stamps_no_more():
    desk = opened({"resolution": kind(requires=["checked"]) | {"starts": [*OPENED, {"fact": "case.reopened"}]}})
    desk.tell(CaseResolved, at("16 11:00"))
    desk.tell(CaseReopened, at("16 12:00"))
    assert stamp(desk, "16 12:30", "checked") == []
    assert names(desk.tell(CaseResolved, at("16 13:00"))) == ["resolution met"]


# --- warnings -----------------------------------------------------------------------------------------


def test_several_warnings_come_in_order_and_each_once():
    """S1-20: at any offset."""
    desk = opened({"r": kind(warn_before=["1h", "2h", "15m"])})
    assert [each.at for each in desk.milestone("r").warnings] == [at("16 12:00"), at("16 13:00"), at("16 13:45")]
    seen = desk.wait(at("16 20:00"))
    assert [(each.TYPE.split(".")[2], each.at) for each in seen] == [
        ("warned", at("16 12:00")),
        ("warned", at("16 13:00")),
        ("warned", at("16 13:45")),
        ("violated", at("16 14:00")),
    ]
    assert not any(each.is_overtaken for each in seen[:3])


def test_who_begins_inside_several_windows_is_warned_once_of_the_nearest():
    desk = opened({"r": kind("10m", "always", warn_before=["1h", "15m"])})
    warned = desk.told[1]
    assert (names(desk.told), warned.before_seconds) == (["r started", "r warned"], 900)


def test_after_an_outage_warnings_are_told_with_their_times_and_as_overtaken():
    """Three hours without the service: everything once, with true times; people hear of the violation only."""
    desk = opened({"r": kind(warn_before=["1h", "15m"])})
    seen = desk.wait(at("16 16:00"), outage=True)
    assert [(each.TYPE.split(".")[2], each.at, each.noticed_at) for each in seen] == [
        ("warned", at("16 13:00"), at("16 16:00")),
        ("warned", at("16 13:45"), at("16 16:00")),
        ("violated", at("16 14:00"), at("16 16:00")),
    ]
    assert [each.is_overtaken for each in seen[:2]] == [True, True]
    assert desk.timers == {}


def test_what_came_due_is_told_in_due_order_across_promises():
    late, early = kind("4h"), kind("2h", warn_before="30m")
    desk = opened({"a": late, "b": early})
    seen = desk.tell(CaseResolved, at("16 15:00"))
    assert [(name, each.at) for name, each in zip(names(seen), seen, strict=True)] == [
        ("b warned", at("16 11:30")),
        ("b violated", at("16 12:00")),
        ("a warned", at("16 13:45")),
        ("a violated", at("16 14:00")),
    ]
    violations = {each.milestone: desk.id_of(each) for each in seen if each.TYPE.endswith("violated.v1")}
    assert {each.id: each.violation for each in desk.milestones} == violations


# --- entitlement --------------------------------------------------------------------------------------


def test_a_promise_may_be_counted_in_the_entitlements_own_calendar():
    """S1-12: the support a customer is owed brings its calendar; an unknown one leaves the promise's."""
    own = {"state": "entitled", "plan": "gold", "calendar": "always"}
    desk = opened({"r": kind("8h", own_calendar=True)}, when="16 16:00", entitlement=own)
    assert (desk.told[0].calendar, desk.told[0].due_at) == ("always", at("17 00:00"))
    unknown = opened({"r": kind("8h", own_calendar=True)}, when="16 16:00", entitlement=own | {"calendar": "mars"})
    assert (unknown.told[0].calendar, unknown.told[0].due_at) == ("desk", at("19 16:00"))


def test_an_entitlement_found_later_exchanges_the_calendar():
    desk = opened({"r": kind("8h", own_calendar=True)}, when="16 16:00")
    own = {"state": "entitled", "plan": "gold", "calendar": "always"}
    (started,) = desk.tell(FactsAssigned, at("16 16:30"), entitlement=own)
    assert (started.replaces_due_at, started.due_at, started.reason) == (at("19 16:00"), at("17 00:00"), "case changed")


# --- rubbish ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1, 1900, 1969, 2000])
def test_a_fact_from_the_distant_past_is_overdue_at_once(year):
    desk = Desk(configured({"r": kind("1h", "always")}))
    desk.tell(Opened, dt.datetime(year, 6, 1, tzinfo=dt.UTC), read_at=at("16 10:00"))
    desk.wait(at("16 10:00"), outage=True)
    assert names(desk.told) == ["r started", "r warned", "r violated"]
    assert desk.milestone("r").started_at.year == max(year, 1970)


def test_a_fact_from_the_end_of_time_counts_as_read_now():
    desk = Desk(configured({"r": kind()}))
    desk.tell(Opened, dt.datetime(9999, 12, 31, tzinfo=dt.UTC), read_at=at("16 10:00"))
    assert desk.milestone("r").started_at == at("16 10:00")


def test_a_case_resolved_before_it_was_opened_keeps_its_promises_at_zero():
    desk = Desk(configured({"r": kind()}))
    assert desk.tell(CaseResolved, at("16 09:00")) == []
    desk.tell(Opened, at("16 10:00"))
    (met,) = desk.tell(CaseResolved, at("16 09:30"), read_at=at("16 11:00"))
    assert (met.at, met.elapsed_seconds) == (at("16 10:00"), 0)


def test_received_later_than_told_counts_from_when_it_was_told():
    starts = [{"fact": "case.opened", "since": "received_at"}]
    desk = opened({"r": kind() | {"starts": starts}}, received_at=at("16 12:00"))
    assert desk.milestone("r").started_at == at("16 10:00")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"per": "request"}, "`per` with recurrence: independent"),
        ({"per": "request", "recurrence": "independent"}, "`per` a field of every starting fact"),
        ({"extension_months": 2}, "`extends` and `extension_months` together"),
        ({"extends": [{"fact": "case.replied"}]}, "`extends` and `extension_months` together"),
        ({"cancels": OPENED}, "no fact that both starts and cancels"),
        ({"starts": [{"fact": "case.opened", "since": "yesterday"}]}, "`since` a field of case.opened"),
        ({"recurrence": "sometimes"}, "Input should be 'none', 'sequential' or 'independent'"),
        ({"promises": [{"name": "p", "calendar": "desk"}]}, "either a target or months"),
        ({"promises": [{"name": "p", "calendar": "desk", "months": 1, "target": "1h"}]}, "either a target or months"),
        ({"promises": [{"name": "p", "calendar": "desk", "months": -1}]}, "greater than or equal to 0"),
        (
            {
                "promises": [{"name": "p", "calendar": "desk", "months": 1}],
                "pauses": {"field": "turn", "equals": "customer"},
            },
            "no `pauses` beside months",
        ),
    ],
)
def test_rules_that_contradict_each_other_are_refused(change, expected):
    with pytest.raises(ValueError, match="milestones") as raised:
        configured({"resolution": RESOLUTION | change})
    assert expected in str(raised.value)


def test_a_target_that_its_calendar_does_not_reach_in_a_century_is_refused():
    rare = {"zone": "Europe/Warsaw", "versions": [{"week": {"sunday": ["09:00-09:01"]}}]}
    kinds = {"r": kind("100h", "rare")}
    with pytest.raises(ValueError, match="within a century"):
        Configuration.model_validate({"calendars": CALENDARS | {"rare": rare}, "milestones": {"kinds": kinds}})
