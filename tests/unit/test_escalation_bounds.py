"""What is kept of one case is bounded, however long it goes on (S1-17, S2-02)."""

from __future__ import annotations

import datetime as dt

import bson

from caseway.contracts.cases import (
    CaseHeld,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseStamped,
    ContactAdded,
    FactsAssigned,
)
from caseway.contracts.work import WorkCompleted, WorkPaused, WorkStarted
from caseway_escalation.domain import clock
from caseway_escalation.domain.earlier import KEPT as STRETCHES
from caseway_escalation.domain.process.forgetting import KEPT, MOST_OPEN
from caseway_escalation.domain.process.guiding import OTHERS
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, CASE, RESOLUTION, Desk, at, configured

NEXT_RESPONSE = {
    "starts": [{"fact": "case.contact-added"}],
    "completes": [{"fact": "case.replied"}],
    "recurrence": "sequential",
    "promises": [{"name": "all", "target": "4h", "calendar": "always"}],
}
SIDE_BY_SIDE = {**NEXT_RESPONSE, "recurrence": "independent"}
MINUTE = dt.timedelta(minutes=1)
MOST = 100
WORK = {"work_item": "w", "pool": "p", "queue": "q"}


def contact(desk: Desk, number: int) -> None:
    when = at("16 09:00") + number * MINUTE
    desk.tell(ContactAdded, when, contact=f"c{number}", channel="email", source_key=f"s{number}")


def test_of_promises_that_are_over_the_newest_are_kept_and_all_are_counted():
    desk = Desk(configured({"next_response": NEXT_RESPONSE, "resolution": RESOLUTION}))
    desk.tell(CaseOpened, at("16 09:00"))
    for number in range(1, 61):
        contact(desk, number)
        desk.tell(CaseReplied, at("16 09:00") + number * MINUTE)
    assert len(desk.milestones) == 1 + KEPT
    assert [each.instance for each in desk.milestones if each.kind == "next_response"] == list(range(41, 61))
    told = {each.milestone for each in desk.facts if each.kind == "next_response"}
    assert len(told) == 60, "no two have one name"
    assert desk._loaded("cases", CASE).forgotten == {"next_response": 40}
    assert desk.milestone("resolution").is_open


def test_what_is_open_is_never_forgotten():
    desk = Desk(configured({"next_response": SIDE_BY_SIDE}))
    for number in range(KEPT + 30):
        contact(desk, number)
    assert len(desk.milestones) == KEPT + 30


def test_so_many_promises_of_a_kind_run_side_by_side_and_no_more():
    desk = Desk(configured({"next_response": SIDE_BY_SIDE}))
    for number in range(MOST_OPEN + 5):
        contact(desk, number)
    assert len(desk.milestones) == MOST_OPEN
    desk.tell(CaseReplied, at("17 09:00"))
    contact(desk, 2000)
    assert desk.milestones[-1].instance == MOST_OPEN + 1


def test_a_promise_given_once_is_remembered_as_given():
    desk = Desk(configured({"once": {**NEXT_RESPONSE, "recurrence": "none"}, "resolution": RESOLUTION}))
    desk.tell(CaseOpened, at("16 09:00"))
    contact(desk, 1)
    desk.tell(CaseReplied, at("16 09:02"))
    for number in range(3, 40):
        desk.tell(CaseResolved, at("16 09:00") + number * MINUTE, status="resolved")
        desk.tell(CaseReopened, at("16 09:00") + number * MINUTE, status="open")
    contact(desk, 70)
    assert len({each.milestone for each in desk.facts if each.kind == "once"}) == 1


def guided() -> Desk:
    guidance = {"alert_after": "20m", "post_to": ["channel:window"], "calendar": "always"}
    given = {"calendars": CALENDARS, "milestones": {"kinds": {"resolution": RESOLUTION}}, "guidance": guidance}
    desk = Desk(Configuration.model_validate(given))
    desk.tell(CaseOpened, at("16 09:00"))
    return desk


def test_the_time_of_so_many_agents_is_told_apart_and_of_the_others_together():
    desk = guided()
    for number in range(MOST + 10):
        when = at("16 09:00") + number * MINUTE
        paused = {"agent": f"a{number}", "activity": "research", "seconds": 60.0}
        desk.tell(WorkPaused, when, topic="work", **WORK, **paused)
    (measured,) = desk.tell(WorkCompleted, at("16 18:00"), topic="work", **WORK, agent="a1")
    assert len(measured.by_agent) == MOST + 1
    assert measured.by_agent[OTHERS] == 10 * 60
    assert measured.seconds == (MOST + 10) * 60, "not a second is lost"


def test_so_many_agents_are_turned_to_one_case_at_once():
    desk = guided()
    for number in range(MOST + 10):
        when = at("16 09:00") + number * dt.timedelta(seconds=1)
        desk.tell(WorkStarted, when, topic="work", **WORK, agent=f"a{number}", activity="research")
    focus = desk._loaded("cases", CASE).focus
    assert len(focus.stretches) == MOST
    assert sum(focus.by_agent.values(), dt.timedelta(0)) == 10 * dt.timedelta(seconds=MOST)


def test_of_posts_that_nobody_stamps_the_newest_are_kept():
    desk = guided()
    for number in range(MOST + 20):
        when = at("16 09:00") + number * MINUTE
        about = {"agent": f"a{number}", "activity": "guidance", "announced_seconds": 3600.0}
        desk.tell(WorkStarted, when, topic="work", **WORK, **about)
    posts = desk._loaded("cases", CASE).focus.posts
    assert len(posts) == MOST
    assert posts[-1].agent == f"a{MOST + 19}"
    supervisor = {"kind": "supervisor", "id": "bea", "name": "Bea"}
    desk.tell(CaseStamped, at("17 09:00"), stamp="済", occurrence=posts[-1].id, actor=supervisor, by="Bea")
    assert [each.stamped_by for each in desk._loaded("cases", CASE).focus.posts if each.stamped_by] == ["Bea"]


def to_and_fro(pauses: int, kinds: dict | None = None) -> Desk:
    """Opened on Friday at nine; each quarter of an hour it is the customer's turn, or the desk's again."""
    desk = Desk(configured(kinds or {"resolution": PATIENT}))
    desk.tell(CaseOpened, at("16 09:00"))
    for number in range(2 * pauses):
        turn = "desk" if number % 2 else "customer"
        desk.tell(CaseHeld, at("16 09:15") + number * 15 * MINUTE, turn=turn)
    return desk


PATIENT = RESOLUTION | {
    "promises": [
        {"name": "urgent", "when": {"field": "priority", "equals": "urgent"}, "target": "900h", "calendar": "always"},
        {"name": "normal", "target": "400h", "calendar": "desk"},
    ]
}


def test_a_promise_paused_for_ever_keeps_its_time_to_the_microsecond():
    """All pauses kept one by one, and most of them summed up, lead to the same: used, due, and so on from there."""
    desk = to_and_fro(STRETCHES + 150)
    (promise,) = desk.milestones
    hours = desk.configuration.promises.calendars["desk"]
    ran = [(at("16 09:00") + n * 30 * MINUTE, at("16 09:15") + n * 30 * MINUTE) for n in range(STRETCHES + 150)]
    used = sum((hours.elapsed(*each) for each in ran), dt.timedelta())
    assert (len(promise.stretches), promise.earlier.count) == (STRETCHES, 150)
    now = at("16 09:00") + (STRETCHES + 150) * 30 * MINUTE
    assert clock.elapsed(promise, now, hours) == used
    assert promise.due_at == hours.due_at(now, dt.timedelta(hours=400) - used)
    assert len(bson.encode(desk.documents[CASE])) < 20_000
    spent = desk._loaded("cases", CASE).turns.until(now)
    assert sum(spent.values(), dt.timedelta()) == now - at("16 09:00")


def test_what_is_summed_up_is_exact_at_all_hours_too():
    """A case that becomes urgent is reckoned from its start, round the clock."""
    desk = to_and_fro(STRETCHES + 150)
    now = at("16 09:00") + (STRETCHES + 150) * 30 * MINUTE
    (moved,) = desk.tell(FactsAssigned, now, priority="urgent")
    assert moved.elapsed_seconds == (STRETCHES + 150) * 15 * 60
    assert moved.due_at == now + dt.timedelta(hours=900) - (STRETCHES + 150) * 15 * MINUTE
    (back,) = desk.tell(FactsAssigned, now, priority="normal")
    assert (back.replaces_due_at, back.policy) == (moved.due_at, "normal")


def test_a_fact_from_before_all_that_is_kept_counts_as_of_the_oldest():
    desk = to_and_fro(STRETCHES + 150)
    (promise,) = desk.milestones
    (met,) = desk.tell(CaseResolved, at("16 10:00"))
    assert met.elapsed_seconds == promise.earlier.used.total_seconds()
    assert desk.milestone("resolution").stretches == ()


def test_a_parent_takes_over_what_is_summed_up():
    child = Desk(configured({"resolution": PATIENT}), case="case_2")
    child.tell(CaseOpened, at("16 09:00"))
    for number in range(2 * STRETCHES + 20):
        turn = "desk" if number % 2 else "customer"
        child.tell(CaseHeld, at("16 09:15") + number * 15 * MINUTE, turn=turn)
    promise = child.milestone("resolution")
    *_, command = child.tell(CaseMerged, child.now, into=CASE)
    parent = Desk(configured({"resolution": PATIENT}))
    (started,) = parent.ask(command, child.now)
    assert (started.due_at, started.started_at) == (promise.due_at, promise.started_at)
    assert parent.milestone("resolution").earlier == promise.earlier
