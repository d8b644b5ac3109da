"""What is measured, each figure defined once.

A measure turns a case's history into samples; what an hour's cell holds is the sum of its samples. Streaming adds the
difference that one fact makes (`domain.cells`), a recount adds whole histories (`domain.recount`): the definition is
this one. Channel is the channel of the contact that opened the case, unless a measure says otherwise; queue is the
queue that had the case at that moment. A dimension that is not known yet is the empty text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from caseway_analytics.domain.history import History, Outcome, hour_of, milliseconds_between


class Sample(NamedTuple):
    """One thing counted, or timed."""

    hour: dt.datetime
    channel: str
    queue: str
    milliseconds: int | None = None
    times: int = 1
    """How many alike; 1 for what is timed."""


Formula = Callable[[History], Iterator[Sample]]
Unit = Literal["count", "seconds", "ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure that cells hold."""

    name: str
    title: str
    unit: Unit
    source: str
    """The facts it comes from."""
    edge_cases: tuple[str, ...] = ()
    formula: Formula | None = None
    """None: counted fact by fact, without a history."""

    @property
    def is_timed(self) -> bool:
        """Whether it has durations, and not counts alone."""
        return self.unit == "seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A figure of two others: without a denominator it is None, neither 0 nor 100 %."""

    name: str
    title: str
    part: str
    others: str
    """`part / (part + others)`."""


def cases_opened(history: History) -> Iterator[Sample]:
    """One for each case, in the hour it was opened and the queue it came into first.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> [(s.hour.hour, s.channel, s.times) for s in cases_opened(life.opened(History(), nine, channel="chat"))]
    [(9, 'chat', 1)]
    """
    if history.opened_at:
        yield Sample(hour_of(history.opened_at), history.channel, history.entry_queue)


def contacts_added(history: History) -> Iterator[Sample]:
    """The customer's contacts after the first, by their own channel, in the queue the case came into first.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.contacted(life.contacted(History(), nine, "email"), nine, "phone")
    >>> [(s.channel, s.times) for s in contacts_added(case)]
    [('email', 1), ('phone', 1)]
    """
    for (hour, channel), count in history.contacts.items():
        yield Sample(hour, channel, history.entry_queue, times=count)


def contacts(history: History) -> Iterator[Sample]:
    """All contacts from customers: the one that opened the case, and those added to it.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.opened(History(), nine, channel="email")
    >>> sum(s.times for s in contacts(life.contacted(case, nine, "email")))
    2
    >>> sum(s.times for s in contacts(life.opened(History(), nine, channel="email", is_ours=True)))
    0
    """
    if not history.is_ours:
        yield from cases_opened(history)
    yield from contacts_added(history)


def pick_up(history: History) -> Iterator[Sample]:
    """From coming into a queue to an agent's acceptance, in the hour and queue of the acceptance.

    >>> from caseway_analytics.domain import work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> waiting = work.queued(History(), nine, "w", "orders", since=nine)
    >>> declined = work.unanswered(work.offered(waiting, nine, "w", "orders", "ada"), "w", "orders")
    >>> taken = work.accepted(declined, nine + dt.timedelta(minutes=5), "w", "orders", "bo")
    >>> [s.milliseconds for s in pick_up(taken)]
    [300000]
    """
    for each in history.pick_ups:
        yield Sample(hour_of(each.at), history.channel, each.queue, each.waited_ms)


def first_response(history: History) -> Iterator[Sample]:
    """From opening to the first answer by a person, in the hour of the answer.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.responded(life.opened(History(), nine, channel="email"), nine + dt.timedelta(minutes=30))
    >>> [s.milliseconds for s in first_response(case)]
    [1800000]
    """
    if history.opened_at and history.first_response_at and not history.is_ours:
        at = history.first_response_at
        yield Sample(hour_of(at), history.channel, history.queue_at(at), milliseconds_between(history.opened_at, at))


def resolution(history: History) -> Iterator[Sample]:
    """From opening, or reopening, to the resolution that ends the cycle, in the hour of the resolution.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> once = life.resolved(life.opened(History(), nine, channel="web"), nine + dt.timedelta(hours=2))
    >>> twice = life.resolved(life.reopened(once, nine + dt.timedelta(hours=5)), nine + dt.timedelta(hours=6))
    >>> [s.milliseconds // 3_600_000 for s in resolution(twice)]
    [2, 1]
    """
    for cycle in history.cycles:
        if cycle.resolved_at:
            at = cycle.resolved_at
            took = milliseconds_between(cycle.started_at, at)
            yield Sample(hour_of(at), history.channel, history.queue_at(at), took)


def reopened(history: History) -> Iterator[Sample]:
    """One for each reopening.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.resolved(life.opened(History(), nine, channel="web"), nine)
    >>> len(list(reopened(life.reopened(case, nine))))
    1
    """
    for cycle in history.cycles[1:]:
        yield Sample(hour_of(cycle.started_at), history.channel, history.queue_at(cycle.started_at))


def calls_answered(history: History) -> Iterator[Sample]:
    """One for each call that somebody took, in the hour of the answer.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> called = life.call_answered(History(), nine, "phone:1")
    >>> len(list(calls_answered(life.call_abandoned(called, nine, "phone:1"))))
    1
    """
    for call in history.calls.values():
        if call.answered_at:
            yield Sample(hour_of(call.answered_at), "phone", history.queue_at(call.answered_at))


def calls_abandoned(history: History) -> Iterator[Sample]:
    """One for each call that ended before anybody took it, in the hour of hanging up.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> called = life.call_abandoned(History(), nine, "phone:1")
    >>> len(list(calls_abandoned(called))), len(list(calls_answered(called)))
    (1, 0)
    """
    for call in history.calls.values():
        if call.abandoned_at and not call.answered_at:
            yield Sample(hour_of(call.abandoned_at), "phone", history.queue_at(call.abandoned_at))


def milestones_warned(history: History) -> Iterator[Sample]:
    """One for each milestone that was warned of, in the hour of the warning.

    >>> from caseway_analytics.domain import promises
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> warned = promises.warned(History(), nine, "m", "resolution")
    >>> len(list(milestones_warned(promises.warned(warned, nine, "m", "resolution"))))
    1
    """
    for promise in history.promises.values():
        if promise.warned_at:
            yield Sample(hour_of(promise.warned_at), history.channel, history.queue_at(promise.warned_at))


def milestones_met(history: History) -> Iterator[Sample]:
    """One for each milestone whose last word is "met", in the hour it was met.

    >>> from caseway_analytics.domain import promises
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> late = promises.ended(History(), nine, "m", "resolution", Outcome.VIOLATED)
    >>> corrected = promises.ended(late, nine, "m", "resolution", Outcome.MET, corrects=True)
    >>> len(list(milestones_met(corrected))), len(list(milestones_violated(corrected)))
    (1, 0)
    """
    yield from _ended(history, Outcome.MET)


def milestones_violated(history: History) -> Iterator[Sample]:
    """One for each milestone whose last word is "violated", in the hour it was due.

    >>> from caseway_analytics.domain import promises
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> late = promises.ended(History(), nine, "m", "resolution", Outcome.VIOLATED)
    >>> again = promises.ended(late, nine, "m", "resolution", Outcome.MET)
    >>> len(list(milestones_violated(again)))
    1
    """
    yield from _ended(history, Outcome.VIOLATED)


def _ended(history: History, outcome: Outcome) -> Iterator[Sample]:
    for promise in history.promises.values():
        if promise.outcome is outcome and promise.outcome_at:
            yield Sample(hour_of(promise.outcome_at), history.channel, history.queue_at(promise.outcome_at))


_DISAGREEING_CLOCKS = "A wait that two clocks make negative counts as none at all."

_OF_CASES = (
    Measure(
        name="cases_opened", title="Cases opened", unit="count", source="case.opened",
        edge_cases=("Merged cases stay counted: they were opened.",), formula=cases_opened,
    ),
    Measure(
        name="contacts", title="Contacts", unit="count", source="case.opened, case.contact-added",
        edge_cases=("A repeated mail is no new contact.", "What we wrote is none."), formula=contacts,
    ),
    Measure(
        name="contacts_added", title="Contacts added to cases", unit="count", source="case.contact-added",
        edge_cases=("Outbound contacts are not counted.",), formula=contacts_added,
    ),
    Measure(
        name="pick_up", title="Pick-up time", unit="seconds", source="work.queued … work.accepted",
        edge_cases=(
            "Declined and expired offers do not begin the wait anew.",
            "What an agent held and gave back waits anew, from then on.",
            "A move to another pool keeps the age, less what was in somebody's hands.",
            _DISAGREEING_CLOCKS,
        ),
        formula=pick_up,
    ),
    Measure(
        name="first_response", title="First response", unit="seconds",
        source="case.opened … the first of: case.replied by a person, an outbound contact of an agent, a call answered, "
        "a callback that reached the customer",
        edge_cases=("Automatic answers and bots never count.", "Cases that we began have none.", _DISAGREEING_CLOCKS),
        formula=first_response,
    ),
    Measure(
        name="resolution", title="Resolution", unit="seconds", source="case.opened or case.reopened … case.resolved",
        edge_cases=(
            "Each cycle counts by itself: a reopening does not spoil what was measured.",
            "A case that is closed unresolved has none.",
            _DISAGREEING_CLOCKS,
        ),
        formula=resolution,
    ),
    Measure(
        name="reopened", title="Cases reopened", unit="count", source="case.reopened",
        edge_cases=("A case reopened twice counts twice.",), formula=reopened,
    ),
    Measure(
        name="calls_answered", title="Calls answered", unit="count", source="case.contact-updated (answered)",
        edge_cases=("A call that is transferred and answered again counts once.",), formula=calls_answered,
    ),
    Measure(
        name="calls_abandoned", title="Calls abandoned", unit="count",
        source="case.contact-updated (abandoned, no_answer)",
        edge_cases=("Hanging up after an answer is not abandoning.",), formula=calls_abandoned,
    ),
    Measure(
        name="milestones_warned", title="Milestones warned", unit="count", source="milestone.warned",
        edge_cases=("Counts even if the milestone is met after.",), formula=milestones_warned,
    ),
    Measure(
        name="milestones_met", title="Milestones met", unit="count", source="milestone.met",
        edge_cases=("A met that corrects a violated takes that away.", "Cancelled ones are neither."),
        formula=milestones_met,
    ),
    Measure(
        name="milestones_violated", title="Milestones violated", unit="count", source="milestone.violated",
        edge_cases=("In the hour of the deadline, however late it was noticed.",), formula=milestones_violated,
    ),
)  # fmt: skip

NOTICES = ("requested", "delivered", "failed", "given_up", "suppressed", "acknowledged")
"""What a notification's facts say happened."""

_OF_NOTIFICATIONS = tuple(
    Measure(
        name=f"notifications_{notice}",
        title=f"Notifications {notice.replace('_', ' ')}",
        unit="count",
        source=f"notification.{notice.replace('_', '-')}",
        edge_cases=("Channel is the notification's own; queue is empty, since many are about no case.",),
    )
    for notice in NOTICES
)

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in (*_OF_CASES, *_OF_NOTIFICATIONS)}
"""Every figure in the cells, by name."""

RATIOS: Mapping[str, Ratio] = {
    ratio.name: ratio
    for ratio in (
        Ratio(name="promises_kept", title="Promises kept", part="milestones_met", others="milestones_violated"),
        Ratio(name="abandonment", title="Calls abandoned", part="calls_abandoned", others="calls_answered"),
        Ratio(
            name="delivery",
            title="Notifications delivered",
            part="notifications_delivered",
            others="notifications_given_up",
        ),
    )
}
"""Figures of two others, by name."""


def samples_of(history: History) -> Iterator[tuple[str, Sample]]:
    """Every sample that a history gives, with its measure's name."""
    for measure in _OF_CASES:
        if measure.formula:
            for sample in measure.formula(history):
                yield measure.name, sample
