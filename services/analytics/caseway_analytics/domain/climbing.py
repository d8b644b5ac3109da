"""What ladders and focused work came to on one case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a ladder."""

    started_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    """The first time; that it was taken back later does not make the first answer slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Focus:
    """How much focused work the case has taken, as it was told last."""

    at: dt.datetime
    milliseconds: int
    by_activity: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Everything of it that is counted."""

    runs: Mapping[str, Run] = field(default_factory=dict)
    """By occurrence."""
    rungs: tuple[tuple[dt.datetime, str], ...] = ()
    """Each rung that was reached: when, and what became of it, or what it asked for."""
    focus: Focus | None = None


NO_CLIMB = Climb()
_MOST_RUNGS = 400
"""Of one case: a ladder without end must not make its history grow without end."""


def started(climb: Climb, occurrence: str, at: dt.datetime) -> Climb:
    """A ladder begins on the case."""
    return _with(climb, occurrence, replace(climb.runs.get(occurrence, Run()), started_at=at))


def acknowledged(climb: Climb, occurrence: str, at: dt.datetime) -> Climb:
    """Somebody has seen it; only the first time counts."""
    run = climb.runs.get(occurrence, Run())
    return climb if run.acknowledged_at else _with(climb, occurrence, replace(run, acknowledged_at=at))


def reached(climb: Climb, at: dt.datetime, what: str) -> Climb:
    """A rung is reached."""
    if len(climb.rungs) >= _MOST_RUNGS:
        return climb
    return replace(climb, rungs=(*climb.rungs, (at, what)))


def measured(climb: Climb, at: dt.datetime, milliseconds: int, by_activity: Mapping[str, int]) -> Climb:
    """So much focused work so far: what is told last counts."""
    return replace(climb, focus=Focus(at=at, milliseconds=milliseconds, by_activity=by_activity))


def _with(climb: Climb, occurrence: str, run: Run) -> Climb:
    return replace(climb, runs={**climb.runs, occurrence: run})
