"""Ladders of merged cases: nobody who was to be told is forgotten, and nobody is told twice (S1-19, S4-27)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.cases import (
    CaseMerged,
    CaseNoted,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseStamped,
    CaseUnmerged,
)
from caseway.contracts.milestone_commands import AcknowledgeLadder, ReportUnreached, TakeOverLadder, TakeOverMilestone
from caseway.contracts.milestones import LadderEnded, LadderRungReached, LadderStarted
from caseway.contracts.notifications import NotificationAcknowledged, NotificationGivenUp
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE, Desk, at

CHILD, PARENT = "case_2", "case_1"
RUNGS = [
    {"do": "notify", "to": ["role:first"]},
    {"after": "10m", "do": "notify", "to": ["role:second"]},
    {"after": "10m", "do": "notify", "to": ["role:third"]},
]
STARTS = {
    "near": [{"fact": "milestone.warned"}],
    "late": [{"fact": "milestone.violated"}],
    "asked": [{"fact": "case.noted", "when": {"field": "text", "equals": "help"}}],
}


def configured() -> Configuration:
    """A promise of an hour at all hours, and three ladders: when it is near, when it is broken, when somebody asks."""
    promises = [{"name": "all", "target": "1h", "warn_before": "30m", "calendar": "always"}]
    ladders = {
        name: {"starts": starts, "entries": [{"name": "all", "rungs": RUNGS}]} for name, starts in STARTS.items()
    }
    kinds = {"first_response": FIRST_RESPONSE | {"promises": promises}}
    return Configuration.model_validate(
        {"calendars": CALENDARS, "milestones": {"kinds": kinds}, "ladders": {"ladders": ladders}}
    )


def desk(case: str) -> Desk:
    return Desk(configured(), case=case)


def merged(child: Desk, when: str) -> list[Any]:
    """What the child asks of its parent."""
    told = child.tell(CaseMerged, at(when), into=PARENT)
    return [each for each in told if isinstance(each, TakeOverMilestone | TakeOverLadder)]


def taken(parent: Desk, commands: list[Any], when: str) -> list[Any]:
    """What the parent tells when it has read all of them."""
    return [fact for command in commands for fact in parent.ask(command, at(when))]


def rungs(told: list[Any]) -> list[tuple[str, int, dt.datetime]]:
    return [(each.ladder, each.rung, each.at) for each in told if isinstance(each, LadderRungReached)]


def warned_child() -> Desk:
    """Opened at 9, warned at 9:30, its second rung reached at 9:40."""
    child = desk(CHILD)
    child.tell(CaseOpened, at("16 09:00"))
    assert rungs(child.wait(at("16 09:45"))) == [("near", 1, at("16 09:30")), ("near", 2, at("16 09:40"))]
    return child


def broken_child() -> Desk:
    """Its promise was broken at 10; the ladder for it has told two by 10:15, all of the earlier one are told."""
    child = desk(CHILD)
    child.tell(CaseOpened, at("16 09:00"))
    told = rungs(child.wait(at("16 10:15")))
    assert [each for each in told if each[0] == "late"] == [("late", 1, at("16 10:00")), ("late", 2, at("16 10:10"))]
    return child


def test_a_ladder_goes_on_at_the_parent_from_where_it_stood_where_the_childs_promise_is_kept():
    child, parent = warned_child(), desk(PARENT)
    run = child._loaded("cases", CHILD).runs[0]
    parent.tell(CaseOpened, at("16 09:20"))
    commands = merged(child, "16 09:45")
    assert [type(each) for each in commands] == [TakeOverMilestone, TakeOverLadder]
    assert [each.reason for each in child.told if isinstance(each, LadderEnded)] == ["merged"]
    assert child.timers == {}
    told = taken(parent, commands, "16 09:46")
    (began,) = [each for each in told if isinstance(each, LadderStarted)]
    assert (began.reason, began.taken_over_from, began.occurrence) == ("merged", CHILD, run.id)
    assert rungs(told) == [], "what was reached on the child is not reached again"
    later = rungs(parent.wait(at("16 09:55")))
    assert later == [("near", 3, at("16 09:50"))], "at the start and the sum of the delays, as though nothing had been"
    assert parent.milestone("first_response").due_at == at("16 10:00")


def test_it_goes_on_where_the_parent_had_no_such_promise():
    child, parent = warned_child(), desk(PARENT)
    told = taken(parent, merged(child, "16 09:45"), "16 09:46")
    assert rungs([*told, *parent.wait(at("16 09:55"))]) == [("near", 3, at("16 09:50"))]


def test_a_rung_that_came_due_while_it_was_passed_on_is_told_at_its_own_instant():
    child, parent = warned_child(), desk(PARENT)
    commands = merged(child, "16 09:49")
    assert rungs(taken(parent, commands, "16 09:52")) == [("near", 3, at("16 09:50"))]


def test_the_parents_own_ladder_stays_where_its_own_promise_is_the_earlier():
    child, parent = warned_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 08:50"))
    parent.wait(at("16 09:45"))
    assert taken(parent, merged(child, "16 09:45"), "16 09:46") == []
    assert parent.skipped == [
        "the parent's own deadline is the earlier",
        "the parent keeps its own promise, and its own ladder",
    ]
    assert [run.ladder for run in parent._loaded("cases", PARENT).runs if run.is_open] == []


def test_who_waits_for_a_broken_promise_is_not_forgotten_though_it_stays_with_the_child():
    """ADR 14 leaves the violation with the child; somebody must still act."""
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 10:05"))
    commands = merged(child, "16 10:15")
    assert [type(each) for each in commands] == [TakeOverLadder]
    told = taken(parent, commands, "16 10:16")
    assert [type(each) for each in told] == [LadderStarted]
    assert rungs(parent.wait(at("16 10:25"))) == [("late", 3, at("16 10:20"))]


def test_an_answer_at_the_parent_ends_the_ladder_of_the_childs_broken_promise():
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 10:05"))
    taken(parent, merged(child, "16 10:15"), "16 10:16")
    told = parent.tell(CaseReplied, at("16 10:18"))
    assert [(each.ladder, each.reason) for each in told if isinstance(each, LadderEnded)] == [("late", "case.replied")]
    assert rungs(parent.wait(at("16 10:50"))) == []


def test_an_answer_that_the_parent_had_given_already_was_for_both():
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 08:55"))
    parent.tell(CaseReplied, at("16 09:10"))
    assert taken(parent, merged(child, "16 10:15"), "16 10:16") == []
    assert parent.skipped == ["the parent's own ended after the child's began"]


def test_of_two_ladders_for_broken_promises_the_earlier_climbs_on():
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 09:05"))
    parent.wait(at("16 10:15"))
    told = taken(parent, merged(child, "16 10:15"), "16 10:16")
    assert [(type(each), each.reason) for each in told] == [
        (LadderEnded, "an earlier one was taken over"),
        (LadderStarted, "merged"),
    ]
    assert rungs(parent.wait(at("16 10:30"))) == [("late", 3, at("16 10:20"))]
    other_child, other_parent = desk(CHILD), desk(PARENT)
    other_parent.tell(CaseOpened, at("16 09:00"))
    other_parent.wait(at("16 10:15"))
    other_child.tell(CaseOpened, at("16 09:05"))
    other_child.wait(at("16 10:15"))
    assert taken(other_parent, merged(other_child, "16 10:15"), "16 10:16") == []
    assert other_parent.skipped == ["the parent's own ladder began earlier"]


def test_a_ladder_of_no_promise_goes_on_too():
    child, parent = desk(CHILD), desk(PARENT)
    parent.tell(CaseOpened, at("16 09:00"))
    child.tell(CaseOpened, at("16 09:00"))
    child.tell(CaseNoted, at("16 09:05"), text="help")
    told = taken(parent, merged(child, "16 09:06")[1:], "16 09:07")
    assert [(each.ladder, each.taken_over_from) for each in told] == [("asked", CHILD)]
    assert rungs(parent.wait(at("16 09:16"))) == [("asked", 2, at("16 09:15"))]


def test_an_acknowledged_one_stays_acknowledged():
    child, parent = warned_child(), desk(PARENT)
    occurrence = child._loaded("cases", CHILD).runs[0].id
    child.tell(CaseStamped, at("16 09:46"), stamp="acknowledged", occurrence=occurrence)
    taken(parent, merged(child, "16 09:47"), "16 09:48")
    (run,) = parent._loaded("cases", PARENT).runs
    assert (run.state, run.acknowledged_by) == ("acknowledged", "agent-7")
    assert not [each for each in rungs(parent.wait(at("16 09:59"))) if each[0] == "near"]


def test_an_answer_to_an_older_notice_is_passed_on_and_can_be_taken_back():
    """The link in the mail names the child."""
    child, parent = warned_child(), desk(PARENT)
    occurrence = child._loaded("cases", CHILD).runs[0].id
    taken(parent, merged(child, "16 09:45"), "16 09:46")
    notice = {"notification": "n", "recipient": "person:bea", "channel": "email", "template": "ladder", "by": "bea"}
    (answer,) = child.tell(
        NotificationAcknowledged, at("16 09:47"), topic="notifications", occurrence=f"{occurrence}/2/0", **notice
    )
    assert isinstance(answer, AcknowledgeLadder)
    (acknowledged,) = parent.ask(answer, at("16 09:48"))
    assert (acknowledged.by, acknowledged.at, acknowledged.case_id) == ("bea", at("16 09:47"), PARENT)
    (taken_back,) = child.tell(CaseStamped, at("16 09:49"), stamp="acknowledged", occurrence=occurrence, removed=True)
    (resumed,) = parent.ask(taken_back, at("16 09:49"))
    assert resumed.reason == "taken back"
    assert rungs(parent.wait(at("16 09:58"))) == [("near", 3, at("16 09:52"))], "it stood for two minutes"


def given_up(child: Desk, occurrence: str, reason: str) -> list[Any]:
    notice = {"notification": "n", "recipient": "role:second", "channel": "email", "template": "ladder"}
    return child.tell(
        NotificationGivenUp, at("16 09:47"), topic="notifications", occurrence=occurrence, reason=reason, **notice
    )


def test_a_notice_with_nobody_to_tell_lets_the_parents_next_rung_come_at_once():
    """The notice was asked for on the child, before the merge: the notifier answers there."""
    child, parent = warned_child(), desk(PARENT)
    occurrence = child._loaded("cases", CHILD).runs[0].id
    taken(parent, merged(child, "16 09:45"), "16 09:46")
    (unreached,) = given_up(child, f"{occurrence}/2/0", "empty-list")
    assert isinstance(unreached, ReportUnreached)
    told = [each for each in parent.ask(unreached, at("16 09:48")) if isinstance(each, LadderRungReached)]
    assert [(each.rung, each.outcome, each.at) for each in told] == [
        (2, "empty", at("16 09:48")),
        (3, "done", at("16 09:48")),
    ]
    assert parent.ask(unreached, at("16 09:49")) == [], "twice changes nothing"


def test_a_notice_of_an_earlier_rung_or_one_bounced_address_does_not():
    child, parent = warned_child(), desk(PARENT)
    occurrence = child._loaded("cases", CHILD).runs[0].id
    taken(parent, merged(child, "16 09:45"), "16 09:46")
    for which, reason in ((f"{occurrence}/1/0", "empty-list"), (f"{occurrence}/2/0", "550")):
        (unreached,) = given_up(child, which, reason)
        assert parent.ask(unreached, at("16 09:48")) == []


def test_that_there_is_nobody_goes_on_through_a_second_merge():
    child, parent, last = warned_child(), desk(PARENT), desk("case_0")
    occurrence = child._loaded("cases", CHILD).runs[0].id
    taken(parent, merged(child, "16 09:45"), "16 09:46")
    commands = [
        each
        for each in parent.tell(CaseMerged, at("16 09:46"), into="case_0")
        if isinstance(each, TakeOverMilestone | TakeOverLadder)
    ]
    taken(last, commands, "16 09:46")
    (unreached,) = given_up(child, f"{occurrence}/2/0", "empty-list")
    (further,) = parent.ask(unreached, at("16 09:48"))
    assert (further.case_id, further.hops) == ("case_0", 2)
    assert [each[1] for each in rungs(last.ask(further, at("16 09:48")))] == [2, 3]


def test_a_parent_that_was_merged_itself_asks_on_and_never_in_a_circle():
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 10:05"))
    parent.tell(CaseMerged, at("16 10:06"), into="case_0")
    (command,) = merged(child, "16 10:15")
    (further,) = parent.ask(command, at("16 10:16"))
    assert (further.case_id, further.hops, further.from_case) == ("case_0", 2, CHILD)
    assert parent.ask(further.model_copy(update={"case_id": PARENT, "hops": 20})) == []
    answer = AcknowledgeLadder(case_id=PARENT, occurrence=command.occurrence, acknowledged_at=at("16 10:17"))
    (asked_on,) = parent.ask(answer)
    assert (asked_on.case_id, asked_on.hops) == ("case_0", 2)


def test_it_is_handed_on_again_when_the_parent_is_merged_later():
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 10:05"))
    taken(parent, merged(child, "16 10:15"), "16 10:16")
    told = parent.tell(CaseMerged, at("16 10:17"), into="case_0")
    (further,) = [each for each in told if isinstance(each, TakeOverLadder)]
    assert (further.is_broken, further.kind, further.step) == (True, "first_response", 2)


def test_a_parent_that_the_merge_opens_again_takes_it_when_that_is_read():
    """Intake tells the parent's reopening on another topic: the command may be read first."""
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 07:00"))
    parent.tell(CaseResolved, at("16 07:30"), status="resolved")
    assert taken(parent, merged(child, "16 10:15"), "16 10:16") == []
    assert parent.timers == {}
    told = parent.tell(CaseReopened, at("16 10:15"), read_at=at("16 10:17"), reason="merge", status="open", turn="desk")
    assert [each.taken_over_from for each in told if isinstance(each, LadderStarted)] == [CHILD]
    assert rungs(parent.wait(at("16 10:25"))) == [("late", 3, at("16 10:20"))]


def test_an_unmerge_brings_it_back_to_the_child_and_ends_it_at_the_parent():
    """Once more nobody is told twice: what came due meanwhile came at the parent."""
    child, parent = warned_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 09:20"))
    taken(parent, merged(child, "16 09:45"), "16 09:46")
    ended = parent.tell(CaseUnmerged, at("16 09:47"), parent=PARENT, child=CHILD)
    assert [each.reason for each in ended if isinstance(each, LadderEnded)] == ["case.unmerged"]
    told = child.tell(CaseUnmerged, at("16 09:47"), parent=PARENT)
    assert [each.reason for each in told if isinstance(each, LadderStarted)] == ["case.unmerged"]
    assert rungs(child.wait(at("16 09:55"))) == [("near", 3, at("16 09:50"))]


def test_a_broken_promise_is_climbed_for_again_after_an_unmerge_until_somebody_answers():
    child = broken_child()
    merged(child, "16 10:15")
    child.tell(CaseUnmerged, at("16 10:16"), parent=PARENT)
    told = child.tell(CaseReplied, at("16 10:18"))
    assert [each.reason for each in told if isinstance(each, LadderEnded)] == ["case.replied"]


@pytest.mark.parametrize("again", [1, 2])
def test_the_same_command_twice_changes_nothing(again):
    child, parent = broken_child(), desk(PARENT)
    parent.tell(CaseOpened, at("16 10:05"))
    (command,) = merged(child, "16 10:15")
    parent.ask(command, at("16 10:16"))
    for _ in range(again):
        assert parent.ask(command, at("16 10:16")) == []
    assert len(parent._loaded("cases", PARENT).runs) == 1
