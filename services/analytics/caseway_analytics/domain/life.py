"""How a case's own facts change its history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway_analytics.domain.history import Call, Cycle, Face, History, Mark, changed, milliseconds_between, slot_of
from caseway_analytics.domain.known import NOTHING, Known


def opened(
    history: History, at: dt.datetime, *, face: Face | None = None, channel: str = "", number: str = "",
    is_ours: bool = False, customer: str = "",
) -> History:  # fmt: skip
    """A contact opened it."""
    return changed(
        history,
        number=number,
        face=face or Face(channel=channel),
        status="open",
        turn="desk",
        turn_since=at,
        is_ours=is_ours,
        customer=customer,
        opened_at=at,
        cycles=(Cycle(started_at=at, contacts=0 if is_ours else 1),),
    )


def contacted(history: History, at: dt.datetime, channel: str) -> History:
    """A further contact came from the customer; after the first response it waits for the next."""
    slot = (slot_of(at), channel)
    waits = history.first_response is not None and history.unanswered_since is None
    return changed(
        history,
        contacts={**history.contacts, slot: history.contacts.get(slot, 0) + 1},
        cycles=_counted(history.cycles),
        unanswered_since=at if waits else history.unanswered_since,
    )


def _counted(cycles: tuple[Cycle, ...]) -> tuple[Cycle, ...]:
    if not cycles or cycles[-1].resolved:
        return cycles
    return (*cycles[:-1], replace(cycles[-1], contacts=cycles[-1].contacts + 1))


def responded(history: History, at: dt.datetime, *, agent: str = "", known: Known = NOTHING) -> History:
    """A person answered: the first time, or what was asked since."""
    if history.first_response is None:
        start = history.opened_at or at
        return changed(history, first_response=known.mark(start, at, agent=agent))
    if history.unanswered_since is None:
        return history
    mark = known.mark(history.unanswered_since, at, agent=agent)
    return changed(history, next_responses=(*history.next_responses, mark), unanswered_since=None)


def resolved(history: History, at: dt.datetime, *, agent: str = "", known: Known = NOTHING) -> History:
    """This cycle ends; resolving again what is resolved changes nothing."""
    if not history.cycles or history.cycles[-1].resolved:
        return history
    ended = _turns_until(history, at)
    mark = known.mark(ended.started_at, at, agent=agent)
    last = replace(ended, resolved=mark, left_at=ended.left_at or at)
    return changed(history, cycles=(*history.cycles[:-1], last), turn_since=at, unanswered_since=None)


def left(history: History, at: dt.datetime) -> History:
    """Closed, or merged into another: nothing is left to do here."""
    if not history.cycles or history.cycles[-1].left_at:
        return history
    return changed(history, cycles=(*history.cycles[:-1], replace(_turns_until(history, at), left_at=at)))


def returned(history: History) -> History:
    """Taken out of the case that it was merged into: what was unresolved is so again."""
    if history.cycles and not history.cycles[-1].resolved:
        history = changed(history, cycles=(*history.cycles[:-1], replace(history.cycles[-1], left_at=None)))
    return changed(history, status="open")


def reopened(history: History, at: dt.datetime) -> History:
    """A new cycle begins; what the earlier ones measured stands."""
    return changed(history, cycles=(*history.cycles, Cycle(started_at=at, contacts=1)), turn_since=at)


def turned(history: History, at: dt.datetime, turn: str) -> History:
    """From now on it is somebody else's turn."""
    if not turn or turn == history.turn:
        return history
    if not history.cycles or history.cycles[-1].left_at:
        return changed(history, turn=turn, turn_since=at)
    return changed(history, cycles=(*history.cycles[:-1], _turns_until(history, at)), turn=turn, turn_since=at)


def _turns_until(history: History, at: dt.datetime) -> Cycle:
    cycle = history.cycles[-1]
    since = history.turn_since or cycle.started_at
    spent = cycle.turns.get(history.turn, 0) + milliseconds_between(since, at)
    return replace(cycle, turns={**cycle.turns, history.turn: spent})


def confirmed(history: History, at: dt.datetime, *, is_corrected: bool) -> History:
    """The customer was asked about what was declared; only the first time, and the first error, count."""
    return changed(
        history,
        is_confirmed=True,
        confirmed_at=history.confirmed_at or at,
        corrected_at=history.corrected_at or (at if is_corrected else None),
    )


def call_answered(
    history: History, at: dt.datetime, source_key: str, *, agent: str = "", known: Known = NOTHING
) -> History:
    """Somebody took the call: that is a response, too."""
    call = history.calls.get(source_key, Call())
    mark = call.answered or Mark(at=at, agent=agent, team=known.teams.get(agent, ""))
    answered = replace(call, answered=mark)
    return responded(changed(history, calls={**history.calls, source_key: answered}), at, agent=agent, known=known)


def call_abandoned(history: History, at: dt.datetime, source_key: str) -> History:
    """The caller hung up; after an answer that is an ordinary end."""
    call = history.calls.get(source_key, Call())
    if call.answered or call.abandoned_at:
        return history
    return changed(history, calls={**history.calls, source_key: replace(call, abandoned_at=at)})


def call_timed(
    history: History, at: dt.datetime, source_key: str, *, talk_ms: int | None, wrap_up_ms: int | None, agent: str,
    known: Known,
) -> History:  # fmt: skip
    """Telephony told how long was talked and written up; what it tells last counts."""
    call = history.calls.get(source_key, Call())
    agent = agent or (call.answered.agent if call.answered else "")
    team = known.teams.get(agent, "")
    talk = Mark(at=at, milliseconds=talk_ms, agent=agent, team=team) if talk_ms is not None else call.talk
    wrap = Mark(at=at, milliseconds=wrap_up_ms, agent=agent, team=team) if wrap_up_ms is not None else call.wrap_up
    return changed(history, calls={**history.calls, source_key: replace(call, talk=talk, wrap_up=wrap)})
