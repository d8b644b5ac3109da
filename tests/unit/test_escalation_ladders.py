"""Ladders: who must act, and when; each rung once, at the start and the sum of the delays (S1-19, S1-20, S0-05)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from caseway.contracts.case_commands import AssignFacts, RequestEscalation
from caseway.contracts.cases import CaseClosed, CaseMerged, CaseNoted, CaseOpened, CaseRefused, CaseReplied, CaseStamped
from caseway.contracts.milestones import (
    LadderAcknowledged,
    LadderEnded,
    LadderResumed,
    LadderRungReached,
    LadderStarted,
)
from caseway.contracts.notifications import NotificationAcknowledged, NotificationGivenUp
from caseway.contracts.work import WorkAccepted, WorkRefused
from caseway.contracts.work_commands import TransferWork
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE, Desk, at

LATE = {"fact": "milestone.violated", "when": {"field": "kind", "equals": "first_response"}}
NOTIFY = {"do": "notify", "to": ["role:coordinators"]}
SUPERVISOR = {"kind": "supervisor", "id": "sv-1"}
WORK = {"work_item": "w-1", "pool": "retail", "queue": "mail", "agent": "anna"}
NOTICE = {"notification": "n-1", "recipient": "role:coordinators", "channel": "email", "template": "ladder"}


def configured(*rungs: dict, start: dict = LATE, ladder: dict | None = None, **entry: Any) -> Configuration:
    """One ladder, `late`."""
    entries = [{"name": "all", "rungs": list(rungs), **entry}]
    ladders = {
        "alarm_to": ["list:operations"],
        "ladders": {"late": {"starts": [start], "entries": entries, **(ladder or {})}},
    }
    kinds = {"first_response": FIRST_RESPONSE}
    return Configuration.model_validate({"calendars": CALENDARS, "milestones": {"kinds": kinds}, "ladders": ladders})


def late(*rungs: dict, **more: Any) -> Desk:
    """A case whose first response, due at 14:00 on Friday the 16th, is not given."""
    desk = Desk(configured(*rungs, **more))
    desk.tell(CaseOpened, at("16 10:00"))
    return desk


def of(told: list[Any], model: type[Any]) -> list[Any]:
    """What was told of one type."""
    return [each for each in told if isinstance(each, model)]


def rungs(told: list[Any]) -> list[tuple[int, str, dt.datetime]]:
    """Rungs without alarms: which, what came of it, and when."""
    return [(each.rung, each.outcome, each.at) for each in of(told, LadderRungReached) if each.action != "alarm"]


def run(desk: Desk) -> Any:
    """As it stands in the database."""
    (only,) = desk._loaded("cases", desk.case).runs
    return only


def test_rungs_come_at_the_start_and_the_sum_of_the_delays():
    """S1-19: rule, entry, action; each rung once."""
    desk = late(NOTIFY, {"after": "10m", **NOTIFY}, {"after": "20m", "do": "request_callback"})
    told = desk.wait(at("17 00:00"))
    (started,) = of(told, LadderStarted)
    assert (started.at, started.ladder, started.entry, started.rungs) == (at("16 14:00"), "late", "all", 3)
    assert rungs(told) == [
        (1, "done", at("16 14:00")),
        (2, "done", at("16 14:10")),
        (3, "done", at("16 14:30")),
    ]
    first = of(told, LadderRungReached)[0]
    assert first.recipients == ("role:coordinators",)
    assert (first.planned_at, first.milestone, first.kind) == (at("16 14:00"), started.milestone, "first_response")
    assert [each.reason for each in of(told, LadderEnded)] == ["every rung was reached"]
    assert desk.timers == {}


def test_a_timer_that_is_noticed_late_delays_no_rung():
    """No drift: what is told says when it was due."""
    desk = late(NOTIFY, {"after": "10m", **NOTIFY}, {"after": "20m", **NOTIFY})
    told = desk.wait(at("16 20:00"), outage=True)
    assert [each.at for each in of(told, LadderRungReached)] == [at("16 14:00"), at("16 14:10"), at("16 14:30")]
    assert {each.noticed_at for each in of(told, LadderRungReached)} == {at("16 20:00")}


def test_the_early_trigger_starts_a_ladder_before_the_deadline():
    """S1-20: 15 minutes before."""
    warned = {"fact": "milestone.warned"}
    desk = late(NOTIFY, {"after": "20m", **NOTIFY}, start=warned)
    told = desk.wait(at("16 23:00"))
    assert rungs(told) == [(1, "done", at("16 13:45")), (2, "done", at("16 14:05"))]


def test_an_answer_stops_the_ladder_that_began_for_it():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    (ended,) = desk.tell(CaseReplied, at("16 14:06"))
    assert isinstance(ended, LadderEnded)
    assert ended.reason == "promise completed late"
    assert desk.wait(at("18 00:00")) == []


def test_a_violation_that_is_taken_back_stops_its_ladder():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    told = desk.tell(CaseReplied, at("16 13:00"), read_at=at("16 14:06"))
    assert [each.reason for each in of(told, LadderEnded)] == ["promise met"]


@pytest.mark.parametrize(
    ("model", "fields", "reason"),
    [(CaseClosed, {"status": "closed"}, "closed"), (CaseMerged, {"into": "case_0"}, "merged")],
)
def test_the_end_of_the_case_stops_its_ladders(model, fields, reason):
    desk = Desk(configured(NOTIFY, {"after": "1h", **NOTIFY}, start={"fact": "case.noted"}))
    desk.tell(CaseOpened, at("16 10:00"))
    desk.tell(CaseNoted, at("16 10:01"), text="x")
    told = desk.tell(model, at("16 10:30"), **fields)
    assert [each.reason for each in of(told, LadderEnded)] == [reason]


def test_a_declared_fact_stops_it():
    stops = {"stops": [{"fact": "case.noted"}]}
    desk = late(NOTIFY, {"after": "10m", **NOTIFY}, ladder=stops)
    desk.wait(at("16 14:00"))
    told = desk.tell(CaseNoted, at("16 14:01"), text="x")
    assert [each.reason for each in of(told, LadderEnded)] == ["case.noted"]


def test_acknowledged_it_stands_for_good():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    told = desk.tell(
        NotificationAcknowledged,
        at("16 14:06"),
        topic="notifications",
        occurrence=f"{run(desk).id}/1/0",
        by="bea",
        **NOTICE,
    )
    assert [each.by for each in of(told, LadderAcknowledged)] == ["bea"]
    assert desk.wait(at("20 00:00")) == []
    assert run(desk).state == "acknowledged"


def test_an_answer_to_another_notice_acknowledges_nothing():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    assert not desk.tell(NotificationAcknowledged, at("16 14:06"), occurrence="case_1/7", **NOTICE)
    assert len(rungs(desk.wait(at("16 15:00")))) == 1


def test_silence_after_an_acknowledgement_is_reminded_and_undone():
    """The rungs to come keep their distance: it stood for half an hour."""
    desk = late(NOTIFY, {"after": "10m", **NOTIFY}, ladder={"acknowledgement": {"remind_after": "15m", "reminders": 1}})
    desk.wait(at("16 14:05"))
    desk.tell(CaseStamped, at("16 14:06"), stamp="acknowledged", occurrence=run(desk).id, by="agent-7")
    told = desk.wait(at("16 18:00"))
    remind = of(told, LadderRungReached)[0]
    assert (remind.action, remind.at, remind.recipients) == ("remind", at("16 14:21"), ("agent:agent-7",))
    (resumed,) = of(told, LadderResumed)
    assert (resumed.at, resumed.reason, resumed.by) == (at("16 14:36"), "silence", "agent-7")
    assert rungs(told)[1:] == [(2, "done", at("16 14:40"))]


def test_whoever_works_on_the_case_is_not_silent():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY}, ladder={"acknowledgement": {"remind_after": "15m", "reminders": 0}})
    desk.wait(at("16 14:05"))
    desk.tell(CaseStamped, at("16 14:06"), stamp="acknowledged", occurrence=run(desk).id)
    desk.tell(CaseNoted, at("16 14:20"), text="x")
    told = desk.wait(at("16 18:00"))
    assert [each.at for each in of(told, LadderResumed)] == [at("16 14:35")]


def test_a_stamp_taken_off_undoes_the_acknowledgement():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    desk.tell(CaseStamped, at("16 14:06"), stamp="acknowledged", occurrence=run(desk).id)
    (resumed,) = desk.tell(CaseStamped, at("16 14:08"), stamp="acknowledged", occurrence=run(desk).id, removed=True)
    assert resumed.reason == "taken back"
    assert rungs(desk.wait(at("16 15:00"))) == [(2, "done", at("16 14:12"))]


def test_an_empty_recipient_falls_to_the_next_rung_at_once_with_an_alarm():
    desk = late({"do": "notify", "to": "holder"}, {"after": "10m", **NOTIFY}, {"after": "10m", **NOTIFY})
    told = desk.wait(at("16 23:00"))
    assert rungs(told) == [
        (1, "empty", at("16 14:00")),
        (2, "done", at("16 14:00")),
        (3, "done", at("16 14:20")),  # as planned
    ]
    (alarm,) = [each for each in of(told, LadderRungReached) if each.action == "alarm"]
    assert (alarm.recipients, alarm.reason) == (("list:operations",), "nobody holds the case")
    assert desk.counts["ladder_empty.late"] == 1


def test_nobody_known_to_the_notifier_falls_to_the_next_rung_too():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:00"))
    given_up = {"occurrence": f"{run(desk).id}/1/0", "reason": "empty-list", **NOTICE}
    told = desk.tell(NotificationGivenUp, at("16 14:00"), read_at=at("16 14:01"), topic="notifications", **given_up)
    assert [(rung, outcome) for rung, outcome, _ in rungs(told)] == [(1, "empty"), (2, "done")]
    assert desk.tell(NotificationGivenUp, at("16 14:02"), **given_up) == []
    assert desk.timers == {}


def test_one_bounced_address_of_a_role_is_not_nobody():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:00"))
    fields = {"occurrence": f"{run(desk).id}/1/0", "reason": "550", **NOTICE}
    assert desk.tell(NotificationGivenUp, at("16 14:01"), **fields) == []


def test_the_holder_is_who_holds_it_when_the_rung_comes():
    desk = late({"do": "notify", "to": ["holder", "role:coordinators"]})
    desk.tell(WorkAccepted, at("16 10:05"), topic="work", **WORK)
    (reached,) = of(desk.wait(at("16 23:00")), LadderRungReached)
    assert reached.recipients == ("agent:anna", "role:coordinators")


def test_rungs_ask_others_to_act():
    """Priority, another agent, another queue, a supervisor's call-back; an incident is only proposed."""
    desk = late(
        {"do": "raise_priority", "to": "urgent"},
        {"do": "reassign", "to": "bea"},
        {"do": "move_queue", "to": "complaints/written"},
        {"do": "request_callback"},
        {"do": "propose_incident", "to": ["role:supervisors"]},
    )
    desk.tell(WorkAccepted, at("16 10:05"), topic="work", **WORK)
    told = desk.wait(at("16 23:00"))
    assert [each.action for each in of(told, LadderRungReached)] == [
        "raise_priority", "reassign", "move_queue", "request_callback", "propose_incident",
    ]  # fmt: skip
    (assigned,) = of(told, AssignFacts)
    assert (assigned.priority, assigned.actor.kind) == ("urgent", "machine")
    reassigned, moved = of(told, TransferWork)
    assert (reassigned.pool, reassigned.work_item, reassigned.to.agent) == ("retail", "w-1", "bea")
    assert (moved.pool, moved.to.pool, moved.to.queue) == ("retail", "complaints", "written")
    (asked,) = of(told, RequestEscalation)
    assert asked.urgent


def test_what_is_so_already_is_skipped_with_its_reason():
    desk = Desk(configured({"do": "raise_priority", "to": "high"}, {"do": "reassign", "to": "anna"}))
    desk.tell(CaseOpened, at("16 10:00"), priority="urgent")
    desk.tell(WorkAccepted, at("16 10:05"), topic="work", **WORK)
    reached = of(desk.wait(at("16 23:00")), LadderRungReached)
    assert [(each.outcome, each.reason) for each in reached] == [
        ("skipped", "it is urgent already"),
        ("skipped", "they hold it already"),
    ]


@pytest.mark.parametrize(
    ("rung", "refusal"),
    [
        ({"do": "reassign", "to": "bea"}, (WorkRefused, {"command": TransferWork.TYPE, "reason": "absent", **WORK})),
        ({"do": "request_callback"}, (CaseRefused, {"command": RequestEscalation.TYPE, "reason": "already-requested"})),
    ],
)
def test_a_refusal_is_told_and_falls_to_the_next_rung(rung, refusal):
    desk = late(rung, {"after": "1h", **NOTIFY})
    desk.tell(WorkAccepted, at("16 10:05"), topic="work", **WORK)
    desk.wait(at("16 14:00"))
    model, fields = refusal
    told = desk.tell(model, at("16 14:01"), actor={"kind": "machine", "id": "escalation"}, **fields)
    first = of(told, LadderRungReached)[0]
    assert (first.rung, first.outcome, first.reason) == (1, "refused", fields["reason"])
    assert rungs(told)[1] == (2, "done", at("16 14:01"))


def test_a_refusal_of_somebody_elses_is_none_of_ours():
    desk = late({"do": "request_callback"}, {"after": "1h", **NOTIFY})
    desk.wait(at("16 14:00"))
    fields = {"command": RequestEscalation.TYPE, "reason": "x", "actor": SUPERVISOR}
    assert desk.tell(CaseRefused, at("16 14:01"), **fields) == []


def test_it_repeats_so_often_and_no_more():
    desk = late(NOTIFY, {"after": "5m", **NOTIFY}, repeat={"after": "15m", "times": 2})
    told = desk.wait(at("17 00:00"))
    assert [each.repeat for each in of(told, LadderRungReached)] == [0, 0, 1, 1, 2, 2]
    start = at("16 14:00")
    minutes = [(each.at - start) / dt.timedelta(minutes=1) for each in of(told, LadderRungReached)]
    assert minutes == [0, 5, 20, 25, 40, 45]


def test_it_repeats_up_to_its_ceiling():
    desk = late(NOTIFY, repeat={"after": "30m", "until": "1h"})
    assert [moment for _, _, moment in rungs(desk.wait(at("17 00:00")))] == [
        at("16 14:00"),
        at("16 14:30"),
        at("16 15:00"),
    ]


def test_after_an_outage_only_the_last_round_is_told_to_people():
    desk = late(NOTIFY, repeat={"after": "30m", "times": 5})
    told = desk.wait(at("16 15:10"), outage=True)
    assert [(outcome, moment) for _, outcome, moment in rungs(told)] == [
        ("overtaken", at("16 14:00")),
        ("overtaken", at("16 14:30")),
        ("done", at("16 15:00")),
    ]
    assert [each.recipients for each in of(told, LadderRungReached)] == [(), (), ("role:coordinators",)]


def test_within_hours_a_rung_waits_for_the_next_opening():
    """Friday 16:50 and 17:10 become Friday 16:50 and Monday 9:10."""
    start = {"fact": "case.noted"}
    desk = Desk(configured(NOTIFY, {"after": "20m", **NOTIFY}, start=start, within="desk"))
    desk.tell(CaseOpened, at("16 16:00"))
    told = desk.tell(CaseNoted, at("16 16:50"), text="x") + desk.wait(at("20 00:00"))
    assert [moment for _, _, moment in rungs(told)] == [at("16 16:50"), at("19 09:10")]


def test_a_ladder_that_begins_while_the_desk_is_closed_waits_until_it_opens():
    start = {"fact": "case.noted"}
    desk = Desk(configured(NOTIFY, start=start, within="desk"))
    desk.tell(CaseOpened, at("16 16:00"))
    told = desk.tell(CaseNoted, at("16 17:00"), text="x") + desk.wait(at("20 00:00"))
    assert [moment for _, _, moment in rungs(told)] == [at("19 09:00")]


def test_a_running_ladder_keeps_its_rungs_when_others_are_configured():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    desk.configuration, desk.version = configured({"do": "request_callback"}), "v2"
    told = desk.wait(at("16 23:00"))
    assert rungs(told) == [(2, "done", at("16 14:10"))]
    assert run(desk).fixed_by == "v1"


def test_a_ladder_that_is_configured_no_more_is_climbed_to_its_end():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.wait(at("16 14:05"))
    desk.configuration = Configuration.model_validate(
        {"calendars": CALENDARS, "milestones": {"kinds": {"first_response": FIRST_RESPONSE}}}
    )
    assert rungs(desk.wait(at("16 23:00"))) == [(2, "done", at("16 14:10"))]


def test_while_one_runs_the_same_does_not_start_again():
    desk = Desk(configured({"after": "1h", **NOTIFY}, start={"fact": "case.noted"}))
    desk.tell(CaseOpened, at("16 10:00"))
    desk.tell(CaseNoted, at("16 10:00"), text="x")
    assert not desk.tell(CaseNoted, at("16 10:01"), text="y")
    assert len(rungs(desk.wait(at("16 12:00")))) == 1
    assert of(desk.tell(CaseNoted, at("16 12:01"), text="z"), LadderStarted)


def test_the_first_entry_that_fits_is_climbed_and_none_may():
    urgent = {"name": "urgent", "when": {"field": "priority", "equals": "urgent"}, "rungs": [NOTIFY]}
    desk = late(ladder={"entries": [urgent]})
    assert not of(desk.wait(at("17 00:00")), LadderStarted)


def test_facts_of_a_rung_name_what_led_to_it():
    desk = late(NOTIFY, {"after": "10m", **NOTIFY})
    desk.tell(CaseNoted, at("16 11:00"), text="x")
    assert {each.cause for each in desk.wait(at("16 23:00"))} == {"fact-1"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"rungs": []}, "at least 1"),
        ({"rungs": [{"do": "notify"}]}, "who is told"),
        ({"rungs": [{"do": "notify", "to": "coordinators"}]}, "a recipient such as"),
        ({"rungs": [{"do": "notify", "to": "role:"}]}, "a recipient such as"),
        ({"rungs": [{"do": "declare_incident"}]}, "Input should be"),
        ({"rungs": [{"do": "raise_priority", "to": "extreme"}]}, "Priority"),
        ({"rungs": [{"do": "reassign", "to": ["a", "b"]}]}, "one `to`"),
        ({"rungs": [{"do": "request_callback", "to": "x"}]}, "no `to`"),
        ({"rungs": [NOTIFY], "repeat": {"after": "1m"}}, "no ladder is endless"),
        ({"rungs": [NOTIFY], "repeat": {"after": "1s", "until": "24h"}}, "at most 1000"),
        ({"rungs": [NOTIFY], "repeat": {"after": "0s", "times": 2}}, "more than nothing"),
        ({"rungs": [NOTIFY, {"after": "2h", **NOTIFY}], "repeat": {"after": "1m", "until": "1h"}}, "ceiling"),
        ({"rungs": [NOTIFY], "within": "nowhere"}, "a calendar of calendars.yaml"),
        ({"rungs": [{"after": "-1m", **NOTIFY}]}, "a length"),
        ({"rungs": [NOTIFY], "when": {"field": "nonsense", "equals": 1}}, "nonsense"),
    ],
)
def test_what_cannot_be_climbed_is_refused_at_start(entry, expected):
    with pytest.raises(ValidationError, match=expected):
        configured(ladder={"entries": [{"name": "all", **entry}]})


@pytest.mark.parametrize(
    ("ladder", "expected"),
    [
        ({"starts": [{"fact": "milestone.dreamt"}]}, "is none of"),
        ({"stops": [LATE]}, "both starts and stops"),
        ({"entries": [{"name": n, "rungs": [NOTIFY]} for n in "ab"]}, "leaves something to"),
    ],
)
def test_contradictory_rules_are_refused(ladder, expected):
    with pytest.raises(ValidationError, match=expected):
        configured(NOTIFY, ladder=ladder)
