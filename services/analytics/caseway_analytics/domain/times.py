"""Formulas of what is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from caseway_analytics.domain.history import MILLISECOND, History, by_slot
from caseway_analytics.domain.samples import Sample, timed


def pick_up(history: History) -> Iterator[Sample]:
    """From coming into a queue to an agent's acceptance, when and in the queue in which it was accepted.

    >>> from caseway_analytics.domain import work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> waiting = work.queued(History(), nine, "w", "orders", since=nine)
    >>> declined = work.unanswered(work.offered(waiting, nine, "w", "orders", "ada"), "w", "orders")
    >>> taken = work.accepted(declined, nine + dt.timedelta(minutes=5), "w", "orders", "bo")
    >>> [s.milliseconds for s in pick_up(taken)]
    [300000]
    """
    for mark in history.pick_ups:
        yield timed(history, mark)


def first_response(history: History) -> Iterator[Sample]:
    """From opening to the first answer by a person, when it was answered.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = life.responded(life.opened(History(), nine, channel="email"), nine + dt.timedelta(minutes=30))
    >>> [s.milliseconds for s in first_response(case)]
    [1800000]
    """
    if history.opened_at and history.first_response and not history.is_ours:
        yield timed(history, history.first_response)


def next_response(history: History) -> Iterator[Sample]:
    """From the customer's oldest contact that nobody has answered to the answer by a person, after the first.

    >>> from caseway_analytics.domain import life
    >>> nine, minute = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC), dt.timedelta(minutes=1)
    >>> answered = life.responded(life.opened(History(), nine, channel="email"), nine)
    >>> asked = life.contacted(life.contacted(answered, nine + minute, "email"), nine + 3 * minute, "email")
    >>> [s.milliseconds // 60_000 for s in next_response(life.responded(asked, nine + 11 * minute))]
    [10]
    """
    for mark in history.next_responses:
        yield timed(history, mark)


def resolution(history: History) -> Iterator[Sample]:
    """From opening, or reopening, to the resolution that ends the cycle, when it was resolved.

    >>> from caseway_analytics.domain import life
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> once = life.resolved(life.opened(History(), nine, channel="web"), nine + dt.timedelta(hours=2))
    >>> twice = life.resolved(life.reopened(once, nine + dt.timedelta(hours=5)), nine + dt.timedelta(hours=6))
    >>> [s.milliseconds // 3_600_000 for s in resolution(twice)]
    [2, 1]
    """
    for cycle in history.cycles:
        if cycle.resolved:
            yield timed(history, cycle.resolved)


def handling(history: History) -> Iterator[Sample]:
    """How long each work item was handled, when it was completed: all focused work, research included.

    >>> from caseway_analytics.domain import work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> held = work.accepted(History(), nine, "w", "orders", "ada", since=nine)
    >>> ten = nine + dt.timedelta(minutes=10)
    >>> done = work.completed(held, ten, "w", "orders", "ada", handling_ms=None, wrap_up_ms=None)
    >>> [(s.agent, s.milliseconds) for s in handling(done)]
    [('ada', 600000)]
    """
    for mark in history.handled:
        yield timed(history, mark)


def handling_declared_wrong(history: History) -> Iterator[Sample]:
    """Handling time of cases in which something declared, such as a version, turned out to be wrong.

    >>> from caseway_analytics.domain import life, work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> done = work.completed(History(), nine, "w", "orders", "ada", handling_ms=60_000, wrap_up_ms=None)
    >>> [s.milliseconds for s in handling_declared_wrong(life.confirmed(done, nine, is_corrected=True))]
    [60000]
    """
    if history.corrected_at:
        yield from handling(history)


def handling_declared_right(history: History) -> Iterator[Sample]:
    """Handling time of cases in which what was declared was confirmed as right.

    >>> from caseway_analytics.domain import life, work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> done = work.completed(History(), nine, "w", "orders", "ada", handling_ms=60_000, wrap_up_ms=None)
    >>> [s.milliseconds for s in handling_declared_right(life.confirmed(done, nine, is_corrected=False))]
    [60000]
    """
    if history.is_confirmed and not history.corrected_at:
        yield from handling(history)


def talk(history: History) -> Iterator[Sample]:
    """How long a call that was answered lasted, as telephony told at its end.

    >>> from caseway_analytics.domain import life
    >>> from caseway_analytics.domain.known import NOTHING
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> called = life.call_answered(History(), nine, "phone:1", agent="ada")
    >>> ended = life.call_timed(called, nine, "phone:1", talk_ms=90_000, wrap_up_ms=None, agent="", known=NOTHING)
    >>> [(s.agent, s.milliseconds) for s in talk(ended)]
    [('ada', 90000)]
    """
    for call in history.calls.values():
        if call.talk:
            yield timed(history, call.talk, "phone")


def wrap_up(history: History) -> Iterator[Sample]:
    """How long was written up after the contact: as telephony told of its calls, else as the router told of the work.

    >>> from caseway_analytics.domain import work
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> done = work.completed(History(), nine, "w", "orders", "ada", handling_ms=0, wrap_up_ms=30_000)
    >>> [s.milliseconds for s in wrap_up(done)]
    [30000]
    """
    for call in history.calls.values():
        if call.wrap_up:
            yield timed(history, call.wrap_up, "phone")
    if not any(call.wrap_up for call in history.calls.values()):
        for mark in history.wrap_ups:
            yield timed(history, mark)


def worked(history: History) -> Iterator[Sample]:
    """Stretches of work, cut at half hours, so that an agent's time stands where it was spent.

    >>> from caseway_analytics.domain import work
    >>> from caseway_analytics.domain.known import NOTHING
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> held = work.focused(work.accepted(History(), nine, "w", "orders", "ada", since=nine), nine, "w", "orders", "ada")
    >>> forty = nine + dt.timedelta(minutes=40)
    >>> paused = work.unfocused(held, forty, "w", "orders", "ada", milliseconds=None, known=NOTHING)
    >>> [(s.slot.minute, s.milliseconds // 60_000) for s in worked(paused)]
    [(0, 30), (30, 10)]
    """
    for mark in history.worked:
        sample = timed(history, mark)
        for slot, lasted in by_slot(mark.at - (mark.milliseconds or 0) * MILLISECOND, mark.at):
            yield sample._replace(slot=slot, milliseconds=lasted, business_ms=None)


def _with(turn: str) -> Callable[[History], Iterator[Sample]]:
    def formula(history: History) -> Iterator[Sample]:
        for cycle in history.cycles:
            if cycle.resolved:
                sample = timed(history, cycle.resolved)
                yield sample._replace(milliseconds=cycle.turns.get(turn, 0), business_ms=None)

    formula.__doc__ = f"""How much of a cycle, from its beginning to its resolution, was the {turn}'s turn.

    >>> from caseway_analytics.domain import life
    >>> nine, hour = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC), dt.timedelta(hours=1)
    >>> case = life.turned(life.opened(History(), nine, channel="web"), nine + hour, "{turn}")
    >>> [s.milliseconds // 3_600_000 for s in with_{turn}(life.resolved(case, nine + 3 * hour))]
    [{3 if turn == "desk" else 2}]
    """
    return formula


with_desk = _with("desk")
with_department = _with("department")
with_customer = _with("customer")
with_third = _with("third")
