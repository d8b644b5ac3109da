"""Measures of work, turns, calls, agents and corrections; the figures are worked out by hand."""

import dataclasses
import datetime as dt

from caseway.contracts import cases, quality, voices, work, work_notices
from caseway.contracts.parts import Actor, CustomerLink, Requirement
from caseway.kernel.business_hours import BusinessHours, Hours, Span
from caseway.kernel.vocabulary import Channel, Presence, Turn
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway_analytics.domain.agents_told import follow_agent, presence_of
from caseway_analytics.domain.cells import difference, together, without_zeros
from caseway_analytics.domain.known import Known
from caseway_analytics.domain.measures import EDITION, MEASURES
from caseway_analytics.domain.recount import recount
from caseway_analytics.domain.sampling import samples_of
from caseway_analytics.domain.tracking import follow

NINE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
WEEK = {day: (Span.of("08:00", "20:00"),) for day in range(5)}
KNOWN = Known(
    teams={"ada": "B", "bo": "C"}, hours=BusinessHours("desk", "Europe/Warsaw", [Hours(week=WEEK)]),
    products=frozenset({"phone"}),
)  # fmt: skip
_COMMON = {"cause": "c", "configuration": "t"}


def history_of(*facts, known=KNOWN):
    history = None
    for fact in facts:
        history = follow(history, fact, known, EDITION)
    return history


def samples(measure, *facts):
    return [sample for name, sample in samples_of(history_of(*facts)) if name == measure]


def minutes(measure, *facts):
    return [(sample.milliseconds or 0) / 60_000 for sample in samples(measure, *facts)]


def case_fact(case, model, at, **fields):
    return case._case(model, at, **fields)


def test_a_next_response_is_from_the_oldest_unanswered_contact():
    """Semantics 5.2: next reply from the oldest unanswered comment; machines do not answer."""
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.replied(NINE + 5 * MINUTE),
        case.contact_added(NINE + 10 * MINUTE),
        case.contact_added(NINE + 20 * MINUTE),
        case.replied(NINE + 25 * MINUTE, "machine"),
        case.replied(NINE + 40 * MINUTE),
        case.replied(NINE + 50 * MINUTE),
    ]
    assert minutes("first_response", *facts) == [5]
    assert minutes("next_response", *facts) == [30]


def test_a_customer_who_writes_before_the_first_response_waits_for_that():
    case = CaseTeller("c")
    facts = [case.opened(NINE), case.contact_added(NINE + MINUTE), case.replied(NINE + 3 * MINUTE)]
    assert minutes("next_response", *facts) == []


def test_the_four_turns_add_up_to_the_resolution():
    """S4-29: a department's time is not the desk's; S1-17. 1 h desk, 2 h department, 4 h customer, then 30 min desk."""
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case_fact(case, cases.EscalatedToDepartment, NINE + HOUR, department="office", turn=Turn.DEPARTMENT),
        case_fact(case, cases.ReturnedFromDepartment, NINE + 3 * HOUR, department="office", turn=Turn.DESK),
        case_fact(case, cases.CaseHeld, NINE + 3 * HOUR, turn=Turn.CUSTOMER),
        case_fact(case, cases.CaseReleased, NINE + 7 * HOUR, turn=Turn.DESK),
        case.resolved(NINE + 7 * HOUR + 30 * MINUTE),
    ]
    told = {turn: minutes(f"with_{turn}", *facts)[0] for turn in ("desk", "department", "customer", "third")}
    assert told == {"desk": 90, "department": 120, "customer": 240, "third": 0}
    assert sum(told.values()) == minutes("resolution", *facts)[0]
    assert history_of(*facts).face.department == "office"


def test_a_reopened_cycle_has_turns_of_its_own():
    case = CaseTeller("c")
    facts = [
        case.opened(NINE), case.resolved(NINE + HOUR), case.reopened(NINE + 5 * HOUR), case.resolved(NINE + 6 * HOUR)
    ]  # fmt: skip
    assert minutes("with_desk", *facts) == [60, 60]
    assert minutes("with_customer", *facts) == [0, 0]


def test_business_time_leaves_the_night_out():
    """Opened on Monday at 19:30 in Warsaw, resolved on Tuesday at 8:30: an hour of business time."""
    case = CaseTeller("c")
    evening = dt.datetime(2026, 11, 23, 18, 30, tzinfo=dt.UTC)
    (sample,) = samples("resolution", case.opened(evening), case.resolved(evening + 13 * HOUR))
    assert (sample.milliseconds, sample.business_ms) == (13 * 3_600_000, 3_600_000)


def stretch(case, at, seconds, agent="ada"):
    return case._work(work.WorkPaused, at, "stores", agent=agent, activity="research", seconds=seconds)


def test_handling_is_what_the_router_told_else_the_stretches_else_the_time_held():
    """S2-02: from starting to investigate to the record being completed."""
    case = CaseTeller("c")
    held = [case.opened(NINE), case.queued(NINE, "stores"), case.accepted(NINE + MINUTE, "stores", "ada")]
    told = case._work(work.WorkCompleted, NINE + HOUR, "stores", agent="ada", handling_seconds=90.0)
    assert minutes("handling", *held, stretch(case, NINE + 9 * MINUTE, 300), told) == [1.5]
    assert minutes("handling", *held, stretch(case, NINE + 9 * MINUTE, 300), case.completed(NINE + HOUR, "stores")) == [
        5
    ]
    assert minutes("handling", *held, case.completed(NINE + 11 * MINUTE, "stores")) == [10]
    assert minutes("handling", case.completed(NINE, "stores")) == [0]
    assert minutes("handling", *held, case.withdrawn(NINE + HOUR, "stores")) == []


def test_work_stands_in_the_half_hours_in_which_it_was_done_under_agent_and_team():
    """S2-01: by team and agent. 50 minutes that end at 9:50: 30 before half past, 20 after."""
    case = CaseTeller("c")
    found = samples("worked", stretch(case, NINE + 50 * MINUTE, 3000))
    assert [(each.slot.minute, each.milliseconds / 60_000, each.agent, each.where.team) for each in found] == [
        (0, 30, "ada", "B"),
        (30, 20, "ada", "B"),
    ]


def test_wrap_up_is_telephonys_where_it_tells_else_the_routers():
    """S1-44: after-call work."""
    case = CaseTeller("c", channel=Channel.PHONE)
    facts = [
        case.opened(NINE),
        case.queued(NINE, "phone"),
        case.accepted(NINE, "phone", "ada"),
        case.call(NINE, "answered"),
        case.wrapping_up(NINE + 5 * MINUTE, "phone", "ada"),
        case.completed(NINE + 7 * MINUTE, "phone"),
    ]
    assert minutes("wrap_up", *facts) == [2]
    ended = case._case(
        cases.ContactUpdated, NINE + 5 * MINUTE, source_key=case.source_key, event="ended", duration_seconds=300.0,
        wrap_up_seconds=60.0, agent="ada",
    )  # fmt: skip
    assert minutes("wrap_up", *facts, ended) == [1]
    assert minutes("wrap_up", *facts[:4], ended, *facts[4:]) == [1], "whichever was read first"
    assert minutes("talk", *facts, ended) == [5]


def test_a_call_that_nobody_took_has_no_talk():
    case = CaseTeller("c", channel=Channel.PHONE)
    ended = case._case(cases.ContactUpdated, NINE, source_key=case.source_key, event="ended", duration_seconds=30.0)
    assert samples("talk", case.opened(NINE), ended) == []


def test_first_contact_resolution_is_taken_back_by_whatever_shows_that_it_was_none():
    """S1-44; late facts correct the past."""
    case = CaseTeller("c")
    once = [case.opened(NINE), case.queued(NINE, "stores"), case.resolved(NINE + HOUR)]
    assert len(samples("resolved_at_first_contact", *once)) == len(samples("first_resolved", *once)) == 1
    spoilt = (
        [*once, case.reopened(NINE + 50 * HOUR)],
        [once[0], case.contact_added(NINE + MINUTE), *once[1:]],
        [*once[:2], case.transferred(NINE, "stores", "other"), once[2]],
    )
    for facts in spoilt:
        assert samples("resolved_at_first_contact", *facts) == []
        assert len(samples("first_resolved", *facts)) == 1


def test_the_pile_grows_and_shrinks_once_a_cycle():
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.resolved(NINE + HOUR),
        case.closed(NINE + 2 * HOUR),
        case.reopened(NINE + 3 * HOUR),
        case.merged(NINE + 4 * HOUR, "parent"),
    ]
    assert [each.slot.hour for each in samples("backlog_in", *facts)] == [9, 12]
    assert [each.slot.hour for each in samples("backlog_out", *facts)] == [10, 13]
    back = case_fact(case, cases.CaseUnmerged, NINE + 5 * HOUR, parent="parent")
    assert [each.slot.hour for each in samples("backlog_out", *facts, back)] == [10]


def test_a_wrong_version_and_what_it_cost():
    """S2-08, S2-09: what the customer declared is often wrong; guidance differs by type."""
    case = CaseTeller("c")
    done = case._work(work.WorkCompleted, NINE, "stores", agent="ada", handling_seconds=600.0)
    right = case_fact(case, cases.FactsConfirmed, NINE, fields={"version": "9"})
    wrong = case_fact(case, cases.FactsConfirmed, NINE + HOUR, fields={"version": "8"}, corrected=("version",))
    opened = case.opened(NINE)
    assert minutes("handling_declared_right", opened, done, right) == [10]
    assert minutes("handling_declared_wrong", opened, done, right, wrong) == [10]
    assert samples("handling_declared_right", opened, done, right, wrong) == []
    assert (
        len(samples("facts_confirmed", opened, right, wrong))
        == len(samples("facts_declared_wrong", opened, right, wrong))
        == 1
    )


def test_what_a_case_is_counted_under_follows_corrections():
    """S4-20: categorisation drives report segments; S2-23: campaigns."""
    case = CaseTeller("c")
    opened = case.opened(
        NINE, category="orders", product="toaster", customer=CustomerLink(state="linked", id="x", vip=True)
    )
    assigned = case_fact(case, cases.FactsAssigned, NINE, category="returns", product="phone", campaign="【DMをみた】")
    face = history_of(opened, assigned).face
    assert (face.category, face.product, face.segment, face.campaign) == ("returns", "phone", "vip", "【DMをみた】")
    assert history_of(opened).face.product == "other", "typed by a customer, and not one that is told apart"
    moved = difference(history_of(opened), history_of(opened, assigned))
    by_category = {key.values[0]: amounts["cases_opened.n"] for key, amounts in moved.items() if key.cut == "subjects"}
    assert by_category == {"orders": -1, "returns": 1}
    assert len(samples("campaign_responses", opened, assigned)) == 1


def test_work_that_was_forgotten_in_somebodys_hands_counts_for_a_day_only():
    """A stretch without an end, told or not, is no week of work; what has an end counts as told."""
    day = dt.timedelta(days=1)
    for started in (False, True):
        case = CaseTeller("c")
        held = [case.opened(NINE), case.queued(NINE, "stores"), case.accepted(NINE, "stores", "ada")]
        begun = [case._work(work.WorkStarted, NINE, "stores", agent="ada", activity="research")] if started else []
        found = samples("worked", *held, *begun, case.completed(NINE + 100 * day, "stores"))
        assert sum(each.milliseconds for each in found) == 24 * 3_600_000
        assert max(each.slot for each in found) < NINE + day


def test_a_customers_segment_is_the_one_of_their_record():
    """S4-20: the segments that the desk names; where a record has none, what else is known."""
    segments = Known(segments=frozenset({"store", "partner"}))

    def counted(link, known=segments):
        case = CaseTeller("c")
        unlinked = follow(None, case.opened(NINE), known)
        return follow(unlinked, case_fact(case, cases.CustomerLinked, NINE, customer=link), known).face.segment

    assert follow(None, CaseTeller("c").opened(NINE), segments).face.segment == "unknown"
    assert counted(CustomerLink(state="linked", id="x", segment="store", vip=True)) == "store"
    assert counted(CustomerLink(state="linked", id="x", segment="school")) == "other", "not one that is told apart"
    assert counted(CustomerLink(state="linked", id="x", segment="school"), Known()) == "school"
    assert counted(CustomerLink(state="linked", id="x", vip=True)) == "vip"
    assert counted(CustomerLink(state="linked", id="x")) == "known"
    assert counted(CustomerLink(state="linked", id="x", segment="s" * 61), Known()) == "other"


def test_a_skill_is_the_first_hard_one():
    case = CaseTeller("c")
    asked = (Requirement(skill="en", hard=False), Requirement(skill="orders"))
    facts = [case.opened(NINE), case.queued(NINE, "stores", requirements=asked), case.accepted(NINE, "stores", "ada")]
    assert [each.where.skill for each in samples("pick_up", *facts)] == ["orders"]


def test_time_signed_in_is_cut_at_half_hours_and_a_forgotten_presence_stops_counting():
    """S1-44: occupancy."""
    online = follow_agent(None, presence(NINE + 20 * MINUTE, "ada", Presence.ONLINE))
    away = follow_agent(online, presence(NINE + 50 * MINUTE, "ada", Presence.AWAY))
    found = [
        (name, each.slot.minute, each.milliseconds / 60_000, each.where.team)
        for name, each in presence_of(online, away, KNOWN)
    ]
    assert found == [("signed_in", 0, 10, "B"), ("signed_in", 30, 20, "B")]
    late = follow_agent(away, presence(NINE + 100 * HOUR, "ada", Presence.OFFLINE))
    assert sum(each.milliseconds for _, each in presence_of(away, late, KNOWN)) == 24 * 3_600_000
    assert {name for name, _ in presence_of(away, late, KNOWN)} == {"away"}
    back = follow_agent(late, presence(NINE + 200 * HOUR, "ada", Presence.ONLINE))
    assert list(presence_of(late, back, KNOWN)) == []


def test_an_answer_after_a_case_recorded_again_replaces_the_earlier():
    """CSAT after a case."""
    facts = [
        quality.AnswerRecorded(
            customer="c", answer="a", case_id="x", level="l", indicator="i", score=score, channel="email", at=NINE
        )
        for score in (2, 5)
    ]
    counted = recount((str(place), fact) for place, fact in enumerate(facts))
    assert {
        name: n
        for key, each in counted.items()
        if key.cut == "surveys"
        for name, n in each.items()
        if ".b." not in name
    } == {
        "satisfaction_after_case.n": 1,
        "satisfaction_after_case.ms": 5000,
    }


def test_a_case_counted_under_an_earlier_edition_is_never_taken_away_twice():
    """A new measure is back-filled: a case that was counted before it came gives nothing back for it."""
    case = CaseTeller("c")
    opened, resolved = case.opened(NINE), case.resolved(NINE + HOUR)
    old = dataclasses.replace(follow(None, opened, KNOWN), edition=0)
    new = follow(old, resolved, KNOWN, EDITION)
    gained = without_zeros(together([difference(old, new)]))
    whole = without_zeros(difference(None, new))
    assert gained == whole, "every measure here is of an edition that the case did not know"
    assert all(measure.since <= EDITION for measure in MEASURES.values())


def test_an_agents_team_is_that_of_the_moment():
    """What was counted can always be taken away again, whatever configuration says meanwhile."""
    case = CaseTeller("c")
    before = history_of(case.opened(NINE), case.queued(NINE, "stores"), case.accepted(NINE, "stores", "ada"))
    moved = Known(teams={"ada": "C"})
    after = follow(before, case_fact(case, cases.FactsAssigned, NINE, category="returns"), moved, EDITION)
    gained = difference(before, after)
    assert {key.values[0] for key in gained if key.cut == "subjects"} == {"", "returns"}
    assert [key for key in gained if key.cut == "agents"] == [], "what was team B's stays team B's"


def test_a_resolution_is_the_agents_who_resolved_it():
    case = CaseTeller("c")
    resolved = case_fact(case, cases.CaseResolved, NINE + HOUR, actor=Actor(kind="agent", id="bo"))
    assert [(each.agent, each.where.team) for each in samples("resolution", case.opened(NINE), resolved)] == [
        ("bo", "C")
    ]


def test_an_answer_counts_for_the_agents_team():
    """CSAT after a case, by agent and team."""
    answered = quality.AnswerRecorded(
        customer="c", answer="a", case_id="c-1", level="after_case", indicator="overall", score=4, agent="ada", at=NINE
    )
    counted = recount([("1", answered)], KNOWN)
    agents = [key.values for key in counted if key.cut == "agents"]
    assert agents == [("B", "ada", "")]


def test_what_others_newly_tell_spoils_no_figure():
    """Facts that say how work or approvals stand move nothing that is counted."""
    case = CaseTeller("c")
    work_fields = {"work_item": "work-c", "case_id": "c", "pool": "retail", "queue": "stores", "at": NINE, **_COMMON}
    told = history_of(case.opened(NINE), case.queued(NINE, "stores"), case.started(NINE, "resolution", NINE + HOUR))
    counted = list(samples_of(told))
    for fact in (
        case_fact(case, cases.CaseContinued, NINE, into="d"),
        case_fact(case, cases.CaseLinked, NINE, other="d", relation="continuation"),
        case_fact(case, cases.CaseStamped, NINE, stamp="done", occurrence="o"),
        case_fact(case, voices.IncidentJoined, NINE, incident="i"),
        case_fact(case, voices.IncidentCorrected, NINE, incident="i"),
        case_fact(case, voices.ApprovalReminded, NINE, stage="reminder", approver="bo", submitted_at=NINE),
        work_notices.WorkPostponed(reason="closed", **work_fields),
        work_notices.WorkMentioned(post_to="room", mentions=("bo",), reason="asked_for", **work_fields),
        work_notices.WorkUnroutable(**work_fields),
    ):
        told = follow(told, fact, KNOWN, EDITION)
        assert list(samples_of(told)) == counted, type(fact).__name__


def test_a_merged_promise_is_counted_once_where_it_went():
    """A merge ends the child's promise unjudged; the parent's, taken over, is judged."""
    child, parent = CaseTeller("child"), CaseTeller("parent")
    taken = parent.started(NINE, "resolution", NINE + HOUR).model_copy(
        update={"taken_over_from": "child", "subject": "child", "milestone": "taken"}
    )
    warned = parent.warned(NINE, "resolution").model_copy(update={"milestone": "taken", "is_overtaken": True})
    late = parent.violated(NINE + HOUR, "resolution").model_copy(update={"milestone": "taken"})
    facts = [
        child.opened(NINE), parent.opened(NINE), child.started(NINE, "resolution", NINE + HOUR),
        child.merged(NINE, "parent"), child.cancelled(NINE, "resolution"), taken, warned, warned, late, late,
    ]  # fmt: skip
    counted = recount([(str(place), fact) for place, fact in enumerate(facts)], KNOWN)
    desk = [amounts for key, amounts in counted.items() if key.cut == "desk"]
    for measure, expected in (("milestones_violated", 1), ("milestones_warned", 1), ("milestones_met", 0)):
        assert sum(amounts.get(f"{measure}.n", 0) for amounts in desk) == expected, measure
