"""A case's course: kept without a text of anybody, told in sentences with the routing decision's reason."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

from caseway.contracts import cases
from caseway.contracts.parts import Actor, Author, Candidate, RoutingDecision
from caseway.testkit.desk_facts import CaseTeller
from caseway_analytics.adapters.states import dump_history, load_history
from caseway_analytics.domain.course import MOST, entered
from caseway_analytics.domain.history import changed
from caseway_analytics.domain.live import live_case
from caseway_analytics.domain.timeline import Speech, timeline
from caseway_analytics.domain.tracking import follow

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
NAMES = {"ada": "Agent 1", "bo": "Agent 2"}
SPEECH = Speech(
    agent=lambda agent: NAMES.get(agent, "a colleague"), queues={"stores": "Stores"}, zone=ZoneInfo("Europe/Warsaw")
)


def history_of(*facts):
    history = None
    for fact in facts:
        history = follow(history, fact)
        history = changed(history, course=entered(history.course, fact))
    return history


def told(*facts):
    history = history_of(*facts)
    return timeline(live_case(facts[0].case_id, history), history.course, SPEECH)


def offered(case, **decision):
    account = RoutingDecision(policy_version="1", chosen="ada", **decision)
    return case.offered(NOW + MINUTE, "stores", "ada").model_copy(update={"decision": account, "waited_seconds": 31.0})


def test_the_timeline_says_why_the_router_chose_this_agent():
    """S4-28, S1-47: drill-down to the decision's reason."""
    case = CaseTeller("c", 7)
    offer = offered(
        case,
        tie_break="idle longest",
        candidates=(
            Candidate(agent="ada", ok=True),
            Candidate(agent="bo", ok=True),
            Candidate(agent="cy", ok=False, failed=("capacity",)),
        ),
        rest={"skill:de": 5},
        queue_ahead=2,
        dropped=("pl",),
    )
    shown = told(case.opened(NOW), case.queued(NOW, "stores", matched_rule="by-topic"), offer)
    assert [entry["text"] for entry in shown["entries"]] == [
        "Opened by e-mail, priority normal.",
        "Waits in Stores, by the rule by-topic.",
        "Offered to Agent 1 after 31 s.",
    ]
    assert shown["entries"][2]["reason"] == (
        "Agent 1: equally busy and equally skilled, but idle the longest. 2 ahead in the queue, for which nobody was "
        "free. No longer asked for, after the wait: pl. Next would have been Agent 2. Kept out: 5 without de; 1 holding "
        "as much as they may."
    )


def test_instants_of_promises_are_told_in_the_desks_zone():
    case = CaseTeller("c")
    entry = told(case.opened(NOW), case.started(NOW, "first_response", NOW + 15 * MINUTE))["entries"][1]
    assert entry["text"] == "Promised: first response by 10:45."


def test_topics_read_in_another_order_make_the_same_timeline():
    """Bad input: facts out of order between topics."""
    case = CaseTeller("c")
    facts = [case.opened(NOW), case.queued(NOW + MINUTE, "stores"), case.accepted(NOW + 2 * MINUTE, "stores", "ada")]
    assert told(*facts)["entries"] == told(facts[1], facts[2], facts[0])["entries"]


def test_no_word_of_anybody_and_no_customer_stands_in_a_course():
    """Demand: no personal data beyond need."""
    case = CaseTeller("c")
    private = {"subject": "Anna's parcel", "text": "I am Anna", "party": {"name": "Anna", "email": "anna@example.com"}}
    customer = Author(kind="customer", id="anna@example.com", name="Anna")
    transfer = case.transferred(NOW, "stores", "other").model_copy(update={"reason": "Anna shouts at everybody"})
    whisper = case._case(cases.CaseWhispered, NOW, text="Anna again", to="ada", actor=Actor(kind="supervisor", id="sv"))
    facts = [
        case.opened(NOW, **private, author=customer),
        case.contact_added(NOW, author=customer, text="Anna!"),
        transfer,
        whisper,
    ]
    history = history_of(*facts)
    assert "nna" not in json.dumps([str(entry) for entry in history.course])
    assert len(history.course) == 4


def test_a_course_is_stored_and_read_back_as_it_was():
    case = CaseTeller("c")
    history = history_of(case.opened(NOW), case.queued(NOW, "stores"), offered(case, tie_break="rotation"))
    assert load_history(dump_history(history)).course == history.course
    older = {name: value for name, value in dump_history(history).items() if name != "course"}
    assert load_history(older).course == ()  # kept before courses were


def test_a_case_that_goes_on_for_ever_keeps_its_beginning_and_its_end():
    """Bad input: thousands of facts on one case."""
    case = CaseTeller("c")
    history = history_of(case.opened(NOW), *(case.contact_added(NOW + place * MINUTE) for place in range(400)))
    assert len(history.course) == MOST
    assert history.course[0].what == "opened"
    assert history.course[-1].at == NOW + 399 * MINUTE


def test_a_fact_that_has_no_words_yet_is_told_by_its_name():
    case = CaseTeller("c")
    stamped = case._case(cases.CaseStamped, NOW, stamp="済", occurrence="call-1")
    assert told(case.opened(NOW), stamped)["entries"][1]["text"] == "Stamped."


def test_work_knows_whose_router_decides_about_it():
    case = CaseTeller("c")
    history = history_of(case.opened(NOW), case.queued(NOW, "stores"))
    assert [item.pool for item in history.items.values()] == ["retail"]
    assert load_history(dump_history(history)).items == history.items
