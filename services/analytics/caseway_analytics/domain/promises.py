"""How the facts about its milestones change a case's history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway_analytics.domain.history import History, Outcome, Promise, changed


def promised(history: History, milestone: str, kind: str, due_at: dt.datetime, *, is_paused: bool = False) -> History:
    """A milestone runs or stands, and is due then."""
    before = _promise(history, milestone, kind)
    return _with(history, milestone, replace(before, due_at=due_at, is_paused=is_paused))


def warned(history: History, at: dt.datetime, milestone: str, kind: str) -> History:
    """Its time is nearly up; only the first warning counts."""
    before = _promise(history, milestone, kind)
    return history if before.warned_at else _with(history, milestone, replace(before, warned_at=at))


def ended(
    history: History, at: dt.datetime, milestone: str, kind: str, outcome: Outcome, *, corrects: bool = False
) -> History:
    """How it ended; the first end stands, unless a later one corrects it."""
    before = _promise(history, milestone, kind)
    if before.outcome and not corrects:
        return history
    return _with(history, milestone, replace(before, outcome=outcome, outcome_at=at))


def _promise(history: History, milestone: str, kind: str) -> Promise:
    return history.promises.get(milestone) or Promise(kind=kind)


def _with(history: History, milestone: str, value: Promise) -> History:
    return changed(history, promises={**history.promises, milestone: value})
