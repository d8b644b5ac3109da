"""How a case's own facts change its history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway_analytics.domain.history import Call, Cycle, History, hour_of


def opened(
    history: History, at: dt.datetime, *, channel: str, number: str = "", priority: str = "", is_ours: bool = False
) -> History:
    """A contact opened it."""
    return replace(
        history,
        number=number,
        channel=channel,
        priority=priority,
        status="open",
        turn="desk",
        is_ours=is_ours,
        opened_at=at,
        cycles=(Cycle(started_at=at),),
    )


def contacted(history: History, at: dt.datetime, channel: str) -> History:
    """A further contact came from the customer."""
    slot = (hour_of(at), channel)
    return replace(history, contacts={**history.contacts, slot: history.contacts.get(slot, 0) + 1})


def responded(history: History, at: dt.datetime) -> History:
    """A person answered; only the first time counts."""
    return history if history.first_response_at else replace(history, first_response_at=at)


def resolved(history: History, at: dt.datetime) -> History:
    """This cycle ends; resolving again what is resolved changes nothing."""
    if not history.cycles or history.cycles[-1].resolved_at:
        return history
    return replace(history, cycles=(*history.cycles[:-1], replace(history.cycles[-1], resolved_at=at)))


def reopened(history: History, at: dt.datetime) -> History:
    """A new cycle begins; what the earlier ones measured stands."""
    return replace(history, cycles=(*history.cycles, Cycle(started_at=at)))


def standing(history: History, *, status: str, turn: str, priority: str) -> History:
    """Status, turn and priority from now on; what is empty stays as it was."""
    return replace(
        history,
        status=status or history.status,
        turn=turn or history.turn,
        priority=priority or history.priority,
    )


def call_answered(history: History, at: dt.datetime, source_key: str) -> History:
    """Somebody took the call: that is a response, too."""
    call = history.calls.get(source_key, Call())
    answered = replace(call, answered_at=call.answered_at or at)
    return responded(replace(history, calls={**history.calls, source_key: answered}), at)


def call_abandoned(history: History, at: dt.datetime, source_key: str) -> History:
    """The caller hung up; after an answer that is an ordinary end."""
    call = history.calls.get(source_key, Call())
    if call.answered_at or call.abandoned_at:
        return history
    return replace(history, calls={**history.calls, source_key: replace(call, abandoned_at=at)})
