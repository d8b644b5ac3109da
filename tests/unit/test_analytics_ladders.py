"""Ladders, guidance and focused work: counted as a supervisor asks for them, whatever order the topics were read in."""

import datetime as dt
import itertools

from caseway.contracts.milestones import (
    HandlingMeasured,
    LadderAcknowledged,
    LadderRungReached,
    LadderStarted,
)
from caseway.testkit.desk_facts import CaseTeller
from caseway_analytics.adapters.states import dump_history, load_history
from caseway_analytics.domain.cells import difference, together
from caseway_analytics.domain.course import entered
from caseway_analytics.domain.figures import Figure
from caseway_analytics.domain.measures import DERIVED, EDITION
from caseway_analytics.domain.sampling import samples_of
from caseway_analytics.domain.tracking import follow

NINE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
NAMES = {"cause": "x", "configuration": "x", "case_id": "c"}


def rung(at, number, **fields):
    return LadderRungReached(at=at, ladder="complaint", rung=number, occurrence="run", **NAMES, **fields)


def of_ladder(model, at, occurrence="run", **fields):
    return model(at=at, ladder="complaint", occurrence=occurrence, **NAMES, **fields)


def climbed():
    """A ladder that found nobody at its first rung, was acknowledged at the second, and again; and long guidance."""
    yield of_ladder(LadderStarted, NINE, entry="any", rungs=3)
    yield rung(NINE, 1, outcome="empty")
    yield rung(NINE, 2)
    yield of_ladder(LadderAcknowledged, NINE + 7 * MINUTE, by="maria")
    yield of_ladder(LadderAcknowledged, NINE + 60 * MINUTE, by="maria")
    yield of_ladder(LadderStarted, NINE, "taken", entry="any", rungs=3, taken_over_from="other")
    yield rung(NINE + 20 * MINUTE, 1, action="alert")
    yield rung(NINE + 30 * MINUTE, 2, action="ask_stamp")
    yield rung(NINE + 500 * MINUTE, 3, action="list_unstamped")
    yield HandlingMeasured(at=NINE + 30 * MINUTE, seconds=300, by_activity={"guidance": 300.0}, **NAMES)
    yield HandlingMeasured(
        at=NINE + 90 * MINUTE, seconds=900, by_activity={"guidance": 300.0, "research": 600.0}, **NAMES
    )


def history_of(*facts):
    history = None
    for fact in facts:
        history = follow(history, fact, edition=EDITION)
    return history


def told(history):
    found = {}
    for name, sample in samples_of(history):
        found.setdefault(name, []).append((sample.queue, sample.milliseconds))
    return found


def of_case():
    case = CaseTeller("c", 1)
    return [case.opened(NINE), case.queued(NINE, "stores")]


def test_a_supervisor_sees_how_often_cases_escalate_and_who_answers_when():
    """S2-10, S2-02: escalations, rungs with nobody to tell, long guidance, stamps that lack at the day's end."""
    found = told(history_of(*of_case(), *climbed()))
    assert found["ladders_started"] == [("stores", None)], "a run taken over began elsewhere"
    assert found["ladders_acknowledged"] == [("stores", 7 * 60_000)], "the first answer counts"
    assert found["rungs_reached"] == [("stores", None)]
    assert found["rungs_empty"] == [("stores", None)]
    assert found["guidance_alerts"] == [("stores", None)]
    assert found["guidance_unstamped"] == [("stores", None)]
    assert found["focused"] == [("stores", 900_000)], "what was told last counts"
    assert found["focused_research"] == [("stores", 600_000)]
    assert found["focused_guidance"] == [("stores", 300_000)]
    assert "focused_remote" not in found


def test_the_order_of_topics_does_not_matter_and_step_by_step_is_the_same_as_at_once():
    """The aggregates equal a recount of the facts."""
    case, climb = of_case(), list(climbed())
    at_once = difference(None, history_of(*case, *climb))
    for order in ((*case, *climb), (*climb, *case), (*climb[:5], *case, *climb[5:])):
        steps = [history_of(*order[:place]) for place in range(len(order) + 1)]
        pairs = itertools.pairwise(steps)
        assert together([difference(before, after) for before, after in pairs]) == together([at_once])


def test_a_document_keeps_it():
    history = history_of(*of_case(), *climbed())
    assert load_history({**dump_history(history), "_id": "c"}) == history
    assert "climb" not in dump_history(history_of(*of_case())), "cases without any are no larger"


def test_the_course_of_a_case_tells_of_it():
    """S4-28: drill-down to the case's timeline."""
    course = ()
    for fact in climbed():
        course = entered(course, fact)
    assert [entry.what for entry in course] == [
        "rung-reached", "rung-reached", "ladder-acknowledged", "ladder-acknowledged", "rung-reached", "rung-reached", "rung-reached",
    ]  # fmt: skip
    assert course[1].detail == {"ladder": "complaint", "rung": 2, "outcome": "done"}


def test_a_ladder_without_end_does_not_make_a_history_without_end():
    history = history_of(*of_case(), *(rung(NINE + place * MINUTE, 1, repeat=place) for place in range(500)))
    assert len(history.climb.rungs) == 400


def test_the_share_of_cases_that_escalate_is_nothing_where_nothing_was_opened():
    figures = DERIVED["escalation_rate"].figures
    assert figures({"ladders_started": Figure(count=1), "cases_opened": Figure()})["ratio"] is None
    assert figures({"ladders_started": Figure(count=1), "cases_opened": Figure(count=8)})["ratio"] == 0.125
