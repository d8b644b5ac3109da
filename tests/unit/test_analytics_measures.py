"""Each measure, edge case by edge case; the figures are worked out by hand."""

import datetime as dt
import doctest
from collections.abc import Sequence

import pytest

from caseway.contracts.wire import Fact
from caseway.kernel.vocabulary import Channel
from caseway.testkit.desk_facts import CaseTeller
from caseway_analytics.domain import (
    calendar,
    cells,
    counts,
    cuts,
    deriving,
    figures,
    histogram,
    history,
    known,
    layers,
    roll_ups,
    satisfaction,
    scheduling,
    searching,
    tables,
    times,
)
from caseway_analytics.domain.history import History
from caseway_analytics.domain.measures import MEASURES
from caseway_analytics.domain.samples import Sample, Where
from caseway_analytics.domain.sampling import samples_of
from caseway_analytics.domain.tracking import follow

NINE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


def history_of(facts: Sequence[Fact]) -> History:
    history = None
    for fact in facts:
        history = follow(history, fact)
    assert history is not None
    return history


def samples(measure: str, *facts: Fact) -> list[Sample]:
    return [sample for name, sample in samples_of(history_of(facts)) if name == measure]


def minutes(measure: str, *facts: Fact) -> list[float]:
    return [(sample.milliseconds or 0) / 60_000 for sample in samples(measure, *facts)]


@pytest.mark.parametrize(
    "module",
    [
        calendar,
        cells,
        counts,
        cuts,
        deriving,
        figures,
        histogram,
        history,
        known,
        layers,
        roll_ups,
        satisfaction,
        scheduling,
        searching,
        tables,
        times,
    ],
)
def test_every_definition_carries_an_example_that_holds(module):
    """S4-29: each measure is defined once, with an example."""
    assert doctest.testmod(module, extraglobs={"dt": dt}).failed == 0


def test_every_measure_of_cases_has_its_doctest():
    """S4-29."""
    undocumented = [
        name for name, each in MEASURES.items() if each.formula and ">>>" not in (each.formula.__doc__ or "")
    ]
    assert undocumented == []


def test_a_case_counts_in_the_hour_and_the_queue_it_came_into():
    case = CaseTeller("c", channel=Channel.CHAT)
    facts = [case.opened(NINE + 29 * MINUTE), case.queued(NINE + 31 * MINUTE, "stores")]
    assert samples("cases_opened", *facts) == [Sample(NINE, Where("stores"))]
    assert history_of(facts).channel == "chat"


def test_a_case_that_was_never_queued_counts_without_a_queue():
    assert samples("cases_opened", CaseTeller("c").opened(NINE)) == [Sample(NINE)]


def test_later_contacts_count_by_their_own_channel_and_a_repetition_does_not():
    """S4-02: all channels in parallel."""
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.contact_added(NINE),
        case.contact_added(NINE + HOUR, channel=Channel.PHONE),
        case.agent_wrote(NINE),
    ]
    assert samples("contacts_added", *facts) == [
        Sample(NINE, Where(channel="email")),
        Sample(NINE + HOUR, Where(channel="phone")),
    ]
    assert sum(sample.times for sample in samples("contacts", *facts)) == 3


def test_a_case_that_we_began_has_no_contact_and_no_first_response():
    case = CaseTeller("c")
    facts = [case.opened(NINE, direction="outbound"), case.replied(NINE + MINUTE)]
    assert samples("contacts", *facts) == []
    assert samples("first_response", *facts) == []
    assert len(samples("cases_opened", *facts)) == 1


def test_pick_up_runs_from_the_queue_to_the_acceptance():
    """S4-29: pick-up time."""
    case = CaseTeller("c")
    facts = [case.opened(NINE), case.queued(NINE, "stores"), case.accepted(NINE + 3 * MINUTE, "stores", "ada")]
    assert samples("pick_up", *facts) == [Sample(NINE, Where("stores", agent="ada"), milliseconds=180_000)]


def test_declined_and_expired_offers_do_not_begin_the_wait_anew():
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.queued(NINE, "stores"),
        case.offered(NINE + MINUTE, "stores", "ada"),
        case.declined(NINE + 2 * MINUTE, "stores", "ada"),
        case.returned(NINE + 2 * MINUTE, "stores", NINE),
        case.offered(NINE + 3 * MINUTE, "stores", "bo"),
        case.expired(NINE + 4 * MINUTE, "stores", "bo"),
        case.accepted(NINE + 5 * MINUTE, "stores", "cy"),
    ]
    assert minutes("pick_up", *facts) == [5]


def test_what_an_agent_gave_back_waits_anew():
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.queued(NINE, "stores"),
        case.accepted(NINE + MINUTE, "stores", "ada"),
        case.returned(NINE + 30 * MINUTE, "stores", NINE),
        case.accepted(NINE + 34 * MINUTE, "stores", "bo"),
    ]
    assert minutes("pick_up", *facts) == [1, 4]


def test_a_transfer_is_a_new_wait_in_the_other_queue():
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.queued(NINE, "stores"),
        case.accepted(NINE + MINUTE, "stores", "ada"),
        case.transferred(NINE + 10 * MINUTE, "stores", "marketplace"),
        case.accepted(NINE + 12 * MINUTE, "marketplace", "bo"),
    ]
    assert [(each.queue, each.milliseconds) for each in samples("pick_up", *facts)] == [
        ("stores", 60_000),
        ("marketplace", 120_000),
    ]


def test_a_move_to_another_pool_keeps_the_age_without_what_was_in_somebodys_hands():
    case = CaseTeller("c")
    unheld = [
        case.opened(NINE),
        case.queued(NINE, "stores"),
        case.withdrawn(NINE + 5 * MINUTE, "stores"),
        case.queued(NINE + 5 * MINUTE, "other", since=NINE),
        case.accepted(NINE + 9 * MINUTE, "other", "ada"),
    ]
    assert minutes("pick_up", *unheld) == [9]
    held = [*unheld, case.withdrawn(NINE + 20 * MINUTE, "other"), case.queued(NINE + 21 * MINUTE, "stores", since=NINE)]
    assert minutes("pick_up", *held, case.accepted(NINE + 23 * MINUTE, "stores", "bo")) == [9, 3]


def test_an_acceptance_told_twice_is_one_pick_up():
    case = CaseTeller("c")
    facts = [case.opened(NINE), case.queued(NINE, "stores"), case.accepted(NINE + MINUTE, "stores", "ada")]
    assert minutes("pick_up", *facts, case.accepted(NINE + HOUR, "stores", "ada")) == [1]


def test_an_acceptance_whose_queueing_was_never_read_tells_its_own_age():
    case = CaseTeller("c")
    facts = [case.opened(NINE), case.accepted(NINE + 4 * MINUTE, "stores", "ada", queue_entered_at=NINE + MINUTE)]
    assert minutes("pick_up", *facts) == [3]
    assert minutes("pick_up", case.accepted(NINE, "stores", "ada")) == []


def test_clocks_that_disagree_make_no_negative_time():
    """Bad input: clocks ahead."""
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.queued(NINE + MINUTE, "stores"),
        case.accepted(NINE, "stores", "ada"),
        case.replied(NINE - HOUR),
    ]
    assert minutes("pick_up", *facts) == [0]
    assert minutes("first_response", *facts) == [0]


def test_the_first_response_is_a_persons():
    """S4-29: first contact; automatic answers never count."""
    case = CaseTeller("c")
    automatic = [case.opened(NINE), case.replied(NINE + MINUTE, "machine"), case.agent_wrote(NINE + 2 * MINUTE, "bot")]
    assert samples("first_response", *automatic) == []
    assert minutes("first_response", *automatic, case.replied(NINE + 7 * MINUTE), case.replied(NINE + HOUR)) == [7]


@pytest.mark.parametrize(
    "respond",
    [
        lambda case: case.agent_wrote(NINE + 2 * MINUTE),
        lambda case: case.call(NINE + 2 * MINUTE, "answered"),
        lambda case: case.called_back(NINE + 2 * MINUTE),
    ],
)
def test_a_line_in_the_chat_an_answered_call_and_a_callback_are_responses_too(respond):
    case = CaseTeller("c", channel=Channel.PHONE)
    assert minutes("first_response", case.opened(NINE), respond(case)) == [2]


def test_a_callback_that_reached_nobody_is_no_response():
    case = CaseTeller("c", channel=Channel.PHONE)
    assert samples("first_response", case.opened(NINE), case.called_back(NINE + MINUTE, "no_answer")) == []


def test_each_cycle_has_its_own_resolution():
    """Semantics 5.2, reopen: the old result is kept."""
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.resolved(NINE + 10 * MINUTE),
        case.resolved(NINE + 20 * MINUTE),
        case.reopened(NINE + HOUR),
        case.resolved(NINE + HOUR + 5 * MINUTE),
    ]
    assert minutes("resolution", *facts) == [10, 5]
    assert [sample.slot for sample in samples("reopened", *facts)] == [NINE + HOUR]


def test_a_case_closed_unresolved_has_no_resolution():
    case = CaseTeller("c")
    assert samples("resolution", case.opened(NINE), case.closed(NINE + MINUTE)) == []


def test_a_resolution_belongs_to_the_queue_that_had_the_case_then():
    case = CaseTeller("c")
    facts = [
        case.opened(NINE),
        case.queued(NINE, "stores"),
        case.transferred(NINE + HOUR, "stores", "other"),
        case.resolved(NINE + 2 * HOUR),
    ]
    assert [sample.queue for sample in samples("resolution", *facts)] == ["other"]
    assert [sample.queue for sample in samples("cases_opened", *facts)] == ["stores"]


def test_a_call_is_answered_or_abandoned_and_never_both():
    """S1-44: answer rate."""
    case = CaseTeller("c", channel=Channel.PHONE)
    answered = [
        case.opened(NINE),
        case.call(NINE, "answered"),
        case.call(NINE, "answered"),
        case.call(NINE, "abandoned"),
    ]
    assert len(samples("calls_answered", *answered)) == 1
    assert samples("calls_abandoned", *answered) == []
    for event in ("abandoned", "no_answer"):
        gone = [CaseTeller("d").opened(NINE), case.call(NINE + MINUTE, event)]
        assert len(samples("calls_abandoned", *gone)) == 1
        assert samples("calls_answered", *gone) == []


def test_a_chat_that_ends_is_no_abandoned_call():
    case = CaseTeller("c", channel=Channel.CHAT)
    facts = [case.opened(NINE, event="started"), case.contact_added(NINE, event="ended")]
    assert samples("calls_abandoned", *facts) == samples("calls_answered", *facts) == []


def test_a_violation_counts_when_it_was_due_however_late_it_was_noticed():
    case = CaseTeller("c")
    assert [sample.slot for sample in samples("milestones_violated", case.violated(NINE - MINUTE, "resolution"))] == [
        NINE - HOUR / 2
    ]


def test_the_first_end_of_a_milestone_stands_unless_it_is_corrected():
    """delivery.md: a fact read late corrects a violation."""
    case = CaseTeller("c")
    late = [case.opened(NINE), case.violated(NINE, "resolution"), case.met(NINE + MINUTE, "resolution")]
    assert len(samples("milestones_violated", *late)) == 1
    corrected = [*late, case.met(NINE - MINUTE, "resolution", corrects="the-violation")]
    assert samples("milestones_violated", *corrected) == []
    assert [sample.slot for sample in samples("milestones_met", *corrected)] == [NINE - HOUR / 2]


def test_a_cancelled_milestone_is_neither_and_a_warning_stays():
    case = CaseTeller("c")
    facts = [
        case.started(NINE, "resolution", NINE + HOUR),
        case.warned(NINE, "resolution"),
        case.warned(NINE, "resolution"),
        case.cancelled(NINE + MINUTE, "resolution"),
    ]
    assert len(samples("milestones_warned", *facts)) == 1
    assert samples("milestones_met", *facts) == samples("milestones_violated", *facts) == []


def test_a_case_whose_beginning_was_never_read_still_counts_what_is_known():
    """Bad input: facts from before the log's retention."""
    case = CaseTeller("c")
    facts = [
        case.contact_added(NINE),
        case.resolved(NINE + MINUTE),
        case.reopened(NINE + HOUR),
        case.resolved(NINE + 2 * HOUR),
    ]
    assert [sample.times for sample in samples("contacts", *facts)] == [1]
    assert samples("resolution", *facts) == [Sample(NINE + 2 * HOUR, milliseconds=3_600_000)]
    assert samples("cases_opened", *facts) == []


def test_figures_do_not_depend_on_microseconds_that_the_database_forgets():
    case = CaseTeller("c")
    precise = NINE + dt.timedelta(microseconds=999)
    facts = [case.opened(precise), case.resolved(precise + MINUTE + dt.timedelta(microseconds=1))]
    assert history_of(facts).opened_at == NINE
    assert [sample.milliseconds for sample in samples("resolution", *facts)] == [60_001]


def test_a_merged_child_is_open_no_more_whatever_comes_after():
    case = CaseTeller("c")
    history = history_of([case.opened(NINE), case.merged(NINE, "parent"), case.contact_added(NINE, status="open")])
    assert history.status == "merged"
