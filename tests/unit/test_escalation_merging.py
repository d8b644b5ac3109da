"""Promises of merged cases: the parent keeps the earliest deadline (S4-27; semantics.md 5.12)."""

from __future__ import annotations

import pytest

from caseway.contracts.cases import CaseHeld, CaseMerged, CaseReleased, CaseReplied, CaseResolved, CaseUnmerged
from caseway.contracts.cases import CaseOpened as Opened
from caseway.contracts.milestone_commands import TakeOverMilestone
from tests.escalation_builders import FIRST_RESPONSE, RESOLUTION, Desk, at, configured, names

ONLY_RESOLUTION = {"resolution": RESOLUTION}
CHILD = "case_2"


def desk(kinds=None) -> Desk:
    return Desk(configured(kinds or ONLY_RESOLUTION))


def merged_child(opened: str = "16 09:30", merged: str = "16 12:00", before=(), kinds=None) -> TakeOverMilestone:
    """What a child that was opened then and merged into case_1 asks of it."""
    child = Desk(configured(kinds or ONLY_RESOLUTION), case=CHILD)
    child.tell(Opened, at(opened))
    for model, when, fields in before:
        child.tell(model, at(when), **fields)
    *_, command = child.tell(CaseMerged, at(merged), into="case_1")
    return command


def test_a_merged_child_asks_its_parent_to_keep_its_deadline():
    command = merged_child(
        before=[(CaseHeld, "16 10:00", {"turn": "customer"}), (CaseReleased, "16 11:00", {"turn": "desk"})]
    )
    assert isinstance(command, TakeOverMilestone)
    assert (command.case_id, command.from_case, command.kind, command.policy) == (
        "case_1",
        CHILD,
        "resolution",
        "normal",
    )
    assert [(each.start, each.end) for each in command.stretches] == [(at("16 09:30"), at("16 10:00"))]
    assert (command.running_since, command.target_seconds) == (at("16 11:00"), 16 * 3600)


def test_the_parent_takes_the_earlier_deadline_over_and_says_so():
    parent = desk()
    parent.tell(Opened, at("16 11:00"))
    (started,) = parent.ask(merged_child(), at("16 12:00"))
    assert (started.reason, started.taken_over_from) == ("merged", CHILD)
    assert (started.replaces_due_at, started.due_at, started.started_at) == (
        at("20 11:00"),
        at("19 17:30").replace(day=20, hour=8),
        at("16 09:30"),
    )
    assert (started.milestone, started.instance) == (parent.told[0].milestone, 1)
    assert parent.ask(merged_child(), at("16 12:01")) == []
    assert names(parent.wait(at("21 00:00"))) == ["resolution warned", "resolution violated"]
    assert parent.milestone("resolution").due_at == started.due_at


def test_the_parents_own_deadline_stays_where_it_is_the_earlier():
    parent = desk()
    parent.tell(Opened, at("16 09:00"))
    assert parent.ask(merged_child(), at("16 12:00")) == []
    assert parent.skipped == ["the parent's own deadline is the earlier"]


def test_while_the_parent_waits_for_the_customer_the_taken_over_clock_stands():
    parent = desk()
    parent.tell(Opened, at("16 11:00"))
    parent.tell(CaseHeld, at("16 11:30"), turn="customer")
    assert names(parent.ask(merged_child(), at("16 12:00"))) == ["resolution started", "resolution paused"]
    assert parent.timers == {}


def test_a_parent_without_such_a_promise_begins_it():
    """A statutory clock is not lost with the case it hung on."""
    parent = desk()
    (started,) = parent.ask(merged_child(), at("16 12:00"))
    assert (started.reason, started.started_at, started.instance) == ("merged", at("16 09:30"), 1)
    assert parent.milestone("resolution").taken_over_from == CHILD


def test_what_the_parent_answered_after_the_child_began_is_answered_for_both():
    only_first = {"first_response": FIRST_RESPONSE}
    parent = desk(only_first)
    parent.tell(Opened, at("16 09:00"))
    parent.tell(CaseReplied, at("16 11:00"))
    assert parent.ask(merged_child(kinds=only_first), at("16 12:00")) == []
    assert parent.skipped == ["the parent's own ended after the child's began"]


def test_what_ended_before_the_child_began_does_not_answer_it():
    parent = desk()
    parent.tell(Opened, at("15 09:00"))
    parent.tell(CaseResolved, at("15 10:00"))
    started, _paused = parent.ask(merged_child(), at("16 12:00"))
    assert (started.instance, started.reason) == (2, "merged")


def test_a_broken_promise_of_the_childs_is_not_passed_on():
    child = Desk(configured(ONLY_RESOLUTION), case=CHILD)
    child.tell(Opened, at("12 09:00"))
    child.wait(at("16 12:00"))
    assert child.tell(CaseMerged, at("16 12:00"), into="case_1") == []


def test_a_parent_that_was_merged_itself_asks_on_and_never_in_a_circle():
    parent = desk()
    parent.tell(Opened, at("16 11:00"))
    parent.tell(CaseMerged, at("16 11:30"), into="case_0")
    (further,) = parent.ask(merged_child(), at("16 12:00"))
    assert (further.case_id, further.from_case, further.hops) == ("case_0", CHILD, 2)
    assert parent.ask(further.model_copy(update={"case_id": "case_1", "hops": 20})) == []


def test_an_unmerge_restores_the_promise_as_though_it_had_never_stopped():
    child = Desk(configured(ONLY_RESOLUTION), case=CHILD)
    child.tell(Opened, at("16 10:00"))
    child.tell(CaseMerged, at("16 11:00"), into="case_1")
    (started,) = child.tell(CaseUnmerged, at("16 15:00"), parent="case_1")
    assert (started.due_at, started.reason) == (at("20 10:00"), "case.unmerged")
    assert names(child.wait(at("20 10:00"))) == ["resolution warned", "resolution violated"]


def test_an_unmerge_brings_a_clock_back_that_stood_as_one_that_stands():
    """The wait for the customer before, during and after the merge counts nothing."""
    child = Desk(configured(ONLY_RESOLUTION), case=CHILD)
    child.tell(Opened, at("16 10:00"))
    child.tell(CaseHeld, at("16 11:00"), turn="customer")
    child.tell(CaseMerged, at("16 12:00"), into="case_1")
    told = child.tell(CaseUnmerged, at("16 14:00"), parent="case_1")
    assert names(told) == ["resolution started", "resolution paused"]
    assert [each.elapsed_seconds for each in told] == [3600, 3600]
    (resumed,) = child.tell(CaseReleased, at("16 15:00"), turn="desk")
    assert (resumed.elapsed_seconds, resumed.due_at) == (3600, at("20 14:00"))


def test_an_unmerge_that_gives_the_turn_back_lets_the_clock_run_from_then_on():
    child = Desk(configured(ONLY_RESOLUTION), case=CHILD)
    child.tell(Opened, at("16 10:00"))
    child.tell(CaseHeld, at("16 11:00"), turn="customer")
    child.tell(CaseMerged, at("16 12:00"), into="case_1")
    told = child.tell(CaseUnmerged, at("16 14:00"), parent="case_1", turn="desk")
    assert names(told) == ["resolution started", "resolution resumed"]
    assert told[-1].due_at == at("20 13:00")


@pytest.mark.parametrize("child", [None, CHILD], ids=["into itself", "taking another in"])
def test_what_a_case_promised_stays_promised_where_it_takes_another_in_or_is_merged_into_itself(child):
    """Also where `cancels` does not tell the child's fact from the parent's."""
    careless = RESOLUTION | {"cancels": [{"fact": "case.merged"}]}
    parent = Desk(configured({"resolution": careless}))
    parent.tell(Opened, at("16 10:00"))
    assert parent.tell(CaseMerged, at("16 11:00"), into=parent.case, child=child) == []
    assert parent.milestone("resolution").is_ticking


def test_an_unmerge_brings_back_only_what_the_merge_took():
    child = Desk(configured(ONLY_RESOLUTION), case=CHILD)
    child.tell(Opened, at("16 10:00"))
    child.tell(CaseResolved, at("16 10:30"))
    assert child.tell(CaseUnmerged, at("16 15:00"), parent="case_1") == []


@pytest.mark.parametrize("change", [{"kind": "gone"}, {"calendar": "gone"}])
def test_what_is_no_longer_declared_is_not_taken_over(change):
    parent = desk()
    assert parent.ask(merged_child().model_copy(update=change), at("16 12:00")) == []
    assert parent.skipped == ["a promise that is no longer declared"]
