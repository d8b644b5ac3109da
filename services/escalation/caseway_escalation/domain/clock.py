"""How one promise's time runs.

A milestone remembers the stretches in which its clock ran; its elapsed time is the business time in them, and its
deadline the least instant at which that reaches the target, if things stay as they are. Nothing here knows "now":
every step names its instant, and may be told late.

Source: semantics.md 5.2, "Take this definition".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from caseway.kernel.business_hours import BusinessHours, Interval
from caseway_escalation.domain.promises import Terms

_ZERO = dt.timedelta(0)


class Outcome(StrEnum):
    """How a promise ended; a violated one may still wait for its completion."""

    MET = "met"
    VIOLATED = "violated"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One promise on one case."""

    id: str
    kind: str
    instance: int
    terms: Terms
    started_at: dt.datetime
    stretches: tuple[Interval, ...] = ()
    """When the clock ran, and ran no longer."""
    running_since: dt.datetime | None
    """None while it stands."""
    due_at: dt.datetime
    """While it stands: as it stood when the pause began."""
    warn_at: dt.datetime | None
    warned_at: dt.datetime | None = None
    """The `warn_at` that was told."""
    outcome: Outcome | None = None
    violation: str = ""
    """The `ce_id` of the fact that told the violation."""
    ended_at: dt.datetime | None = None
    """When it was completed or cancelled; a violated one may be completed later."""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether facts can still change it."""
        return self.ended_at is None

    @property
    def is_ticking(self) -> bool:
        """Whether it will fall due by itself."""
        return self.ended_at is None and self.outcome is None and self.running_since is not None

    @property
    def state(self) -> str:
        """running, paused, met, violated or cancelled."""
        return self.outcome or ("paused" if self.running_since is None else "running")


def started(
    *,
    id: str,  # noqa: A002 - the word of the trade
    kind: str,
    instance: int,
    terms: Terms,
    at: dt.datetime,
    hours: BusinessHours,
) -> Milestone:
    """A clock that begins to run."""
    milestone = Milestone(
        id=id, kind=kind, instance=instance, terms=terms, started_at=at, running_since=at, due_at=at, warn_at=None
    )
    return _timed(milestone, hours)


def elapsed(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> dt.timedelta:
    """The business time that had been used at an instant, whatever happened after it."""
    return sum((hours.elapsed(run.start, run.end) for run in _runs(milestone, at)), _ZERO)


def is_over(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> bool:
    """Whether the whole target had been used at an instant: the deadline had come."""
    return elapsed(milestone, at, hours) >= milestone.terms.target


def is_kept(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> bool:
    """Whether a completion at an instant keeps the promise: equal counts as kept."""
    return elapsed(milestone, at, hours) <= milestone.terms.target


def paused(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
    """The clock stands from an instant on; told late, what has elapsed since is taken back."""
    if milestone.running_since is None:
        return milestone
    return _timed(replace(milestone, stretches=tuple(_runs(milestone, at)), running_since=None), hours)


def resumed(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
    """The clock runs again, not before the pause began."""
    if milestone.running_since is not None:
        return milestone
    return _timed(replace(milestone, running_since=max(at, _stood_since(milestone))), hours)


def retimed(milestone: Milestone, terms: Terms, hours: BusinessHours) -> Milestone:
    """Other terms, reckoned from the start."""
    return _timed(replace(milestone, terms=terms), hours)


def ended(milestone: Milestone, at: dt.datetime, outcome: Outcome, reason: str = "") -> Milestone:
    """The clock is taken down."""
    runs = tuple(_runs(milestone, at))
    return replace(milestone, stretches=runs, running_since=None, outcome=outcome, ended_at=at, reason=reason)


def _timed(milestone: Milestone, hours: BusinessHours) -> Milestone:
    """With the deadline and the warning that follow from the stretches and the terms."""
    terms = milestone.terms
    due_at = _reached(milestone, terms.target, hours)
    warn_at = None
    if terms.warn_before is not None:
        if terms.is_wall_time:
            warn_at = max(due_at - terms.warn_before, milestone.started_at)
        else:
            warn_at = _reached(milestone, max(terms.target - terms.warn_before, _ZERO), hours)
    return replace(milestone, due_at=due_at, warn_at=warn_at)


def _reached(milestone: Milestone, amount: dt.timedelta, hours: BusinessHours) -> dt.datetime:
    """The least instant at which `amount` has elapsed; a clock that stands is taken to run on."""
    left = amount
    for run in milestone.stretches:
        used = hours.elapsed(run.start, run.end)
        if used >= left:
            return hours.due_at(run.start, left)
        left -= used
    return hours.due_at(milestone.running_since or _stood_since(milestone), left)


def _stood_since(milestone: Milestone) -> dt.datetime:
    return milestone.stretches[-1].end if milestone.stretches else milestone.started_at


def _runs(milestone: Milestone, at: dt.datetime) -> Iterator[Interval]:
    """The stretches up to an instant, the running one included."""
    for run in milestone.stretches:
        if run.start < at:
            yield Interval(run.start, min(run.end, at))
    if milestone.running_since is not None and milestone.running_since < at:
        yield Interval(milestone.running_since, at)
