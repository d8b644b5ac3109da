"""Formulas of what is counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from caseway_analytics.domain.history import History, Outcome, slot_of
from caseway_analytics.domain.samples import Sample, counted, in_queue, seconds_since_2020, timed


def cases_opened(history: History) -> Iterator[Sample]:
    """One for each case, when it was opened and in the queue it came into first.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> [(s.slot.hour, s.times) for s in cases_opened(life.opened(History(), nine, channel="chat"))]
    [(9, 1)]
    """
    if history.opened_at:
        yield counted(history, history.opened_at)


def contacts_added(history: History) -> Iterator[Sample]:
    """The customer's contacts after the first, by their own channel, in the queue the case came into first.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.contacted(life.contacted(History(), nine, "email"), nine, "phone")
    >>> [(s.channel, s.times) for s in contacts_added(case)]
    [('email', 1), ('phone', 1)]
    """
    for (slot, channel), count in history.contacts.items():
        yield Sample(slot, in_queue(history.entry_queue, channel), times=count)


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


def reopened(history: History) -> Iterator[Sample]:
    """One for each reopening.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.resolved(life.opened(History(), nine, channel="web"), nine)
    >>> len(list(reopened(life.reopened(case, nine))))
    1
    """
    for cycle in history.cycles[1:]:
        yield counted(history, cycle.started_at)


def transfers(history: History) -> Iterator[Sample]:
    """One for each time that work went to another queue or agent, in the queue and of the agent that gave it away.

    >>> from caseway_analytics.domain import work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> waiting = work.queued(History(), nine, "w", "orders", since=nine)
    >>> [s.queue for s in transfers(work.transferred(waiting, nine, "w", "stores"))]
    ['orders']
    """
    for mark in history.transfers:
        yield timed(history, mark)


def first_resolved(history: History) -> Iterator[Sample]:
    """One for each case that was resolved for the first time, whatever came after.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> once = life.resolved(life.opened(History(), nine, channel="web"), nine)
    >>> len(list(first_resolved(life.resolved(life.reopened(once, nine), nine))))
    1
    """
    if history.cycles and history.cycles[0].resolved:
        yield _only_counted(history)


def resolved_at_first_contact(history: History) -> Iterator[Sample]:
    """Of those, one for each that took a single contact and was never reopened, transferred or escalated away.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> once = life.resolved(life.opened(History(), nine, channel="web"), nine)
    >>> len(list(resolved_at_first_contact(once)))
    1
    >>> len(list(resolved_at_first_contact(life.reopened(once, nine))))
    0
    """
    if len(history.cycles) != 1 or not history.cycles[0].resolved or history.transfers:
        return
    cycle = history.cycles[0]
    if cycle.contacts <= 1 and not cycle.turns.get("department"):
        yield _only_counted(history)


def _only_counted(history: History) -> Sample:
    mark = history.cycles[0].resolved
    assert mark is not None
    return timed(history, mark)._replace(milliseconds=None, business_ms=None)


def backlog_in(history: History) -> Iterator[Sample]:
    """What came onto the pile: each opening and reopening, and since when it lies there.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> once = life.resolved(life.opened(History(), nine, channel="web"), nine)
    >>> len(list(backlog_in(life.reopened(once, nine))))
    2
    """
    for cycle in history.cycles:
        yield _piled(history, cycle.started_at, cycle.started_at)


def backlog_out(history: History) -> Iterator[Sample]:
    """What left the pile: each cycle that was resolved, closed unresolved, or merged away.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> len(list(backlog_out(life.left(life.opened(History(), nine, channel="web"), nine))))
    1
    """
    for cycle in history.cycles:
        if cycle.left_at:
            yield _piled(history, cycle.left_at, cycle.started_at)


def _piled(history: History, at: dt.datetime, since: dt.datetime) -> Sample:
    return Sample(slot_of(at), in_queue(history.entry_queue), instant=seconds_since_2020(since))


def calls_answered(history: History) -> Iterator[Sample]:
    """One for each call that somebody took, when it was answered.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> called = life.call_answered(History(), nine, "phone:1")
    >>> len(list(calls_answered(life.call_abandoned(called, nine, "phone:1"))))
    1
    """
    for call in history.calls.values():
        if call.answered:
            yield timed(history, call.answered, "phone")


def calls_abandoned(history: History) -> Iterator[Sample]:
    """One for each call that ended before anybody took it, when it was hung up.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> called = life.call_abandoned(History(), nine, "phone:1")
    >>> len(list(calls_abandoned(called))), len(list(calls_answered(called)))
    (1, 0)
    """
    for call in history.calls.values():
        if call.abandoned_at and not call.answered:
            yield Sample(slot_of(call.abandoned_at), in_queue(history.queue_at(call.abandoned_at), "phone"))


def facts_confirmed(history: History) -> Iterator[Sample]:
    """One for each case in which the customer was asked about version, type or whatever else was declared.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> asked = life.confirmed(History(), nine, is_corrected=False)
    >>> len(list(facts_confirmed(asked))), len(list(facts_declared_wrong(asked)))
    (1, 0)
    """
    if history.confirmed_at:
        yield counted(history, history.confirmed_at)


def facts_declared_wrong(history: History) -> Iterator[Sample]:
    """Of those, one for each in which it was wrong; counted when the customer was first asked.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> wrong = life.confirmed(life.confirmed(History(), nine, is_corrected=True), nine, is_corrected=True)
    >>> len(list(facts_declared_wrong(wrong)))
    1
    """
    if history.corrected_at and history.confirmed_at:
        yield counted(history, history.confirmed_at)


def facts_declared_right(history: History) -> Iterator[Sample]:
    """Of those asked, one for each in which it was right.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> len(list(facts_declared_right(life.confirmed(History(), nine, is_corrected=False))))
    1
    """
    if history.confirmed_at and not history.corrected_at:
        yield counted(history, history.confirmed_at)


def campaign_responses(history: History) -> Iterator[Sample]:
    """One for each case that a campaign brought, when it was opened.

    >>> from caseway_analytics.domain import life
    >>> from caseway_analytics.domain.history import Face
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> len(list(campaign_responses(life.opened(History(), nine, face=Face(campaign="newsletter")))))
    1
    """
    if history.face.campaign:
        yield from cases_opened(history)


def milestones_warned(history: History) -> Iterator[Sample]:
    """One for each milestone that was warned of, at the warning.

    >>> from caseway_analytics.domain import promises
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> warned = promises.warned(History(), nine, "m", "resolution")
    >>> len(list(milestones_warned(promises.warned(warned, nine, "m", "resolution"))))
    1
    """
    for promise in history.promises.values():
        if promise.warned_at:
            yield counted(history, promise.warned_at)


def milestones_met(history: History) -> Iterator[Sample]:
    """One for each milestone whose last word is "met", when it was met.

    >>> from caseway_analytics.domain import promises
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> late = promises.ended(History(), nine, "m", "resolution", Outcome.VIOLATED)
    >>> corrected = promises.ended(late, nine, "m", "resolution", Outcome.MET, corrects=True)
    >>> len(list(milestones_met(corrected))), len(list(milestones_violated(corrected)))
    (1, 0)
    """
    yield from _ended(history, Outcome.MET)


def milestones_violated(history: History) -> Iterator[Sample]:
    """One for each milestone whose last word is "violated", when it was due.

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
            yield counted(history, promise.outcome_at)
