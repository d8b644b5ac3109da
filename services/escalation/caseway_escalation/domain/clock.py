"""How one promise's time runs.

A milestone remembers the stretches in which its clock ran; its elapsed time is the business time in them, and its
deadline the least instant at which that reaches the target, if things stay as they are. Nothing here knows "now":
every step names its instant, and may be told late.

Source: semantics.md 5.2, "Take this definition".
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from enum import StrEnum

from caseway.kernel.business_hours import BusinessHours, Interval
from caseway.kernel.values import dataclass, replace
from caseway_escalation.domain.earlier import Earlier, newest
from caseway_escalation.domain.months import months_after
from caseway_escalation.domain.promises import Terms

_ZERO = dt.timedelta(0)
_FURTHEST = dt.timedelta(days=3660)
"""A deadline named beyond it (ten years) is a slip of the pen: the target counts."""
NEVER = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
"""When a promise is due whose hours do not come to its target in any time that a desk plans for."""


class Outcome(StrEnum):
    """How a promise ended; a violated one may still wait for its completion."""

    MET = "met"
    VIOLATED = "violated"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningTime:
    """One warning of a deadline."""

    before: dt.timedelta
    """How long before the deadline, in business or wall time."""
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One promise on one case."""

    id: str
    kind: str
    instance: int
    subject: str = ""
    """What tells independent ones of a kind apart."""
    terms: Terms
    target: dt.timedelta
    """The time promised: the terms' own, or what their months come to."""
    extension_months: int = 0
    started_at: dt.datetime
    earlier: Earlier | None = None
    """What came of stretches before those; None where all are kept."""
    stretches: tuple[Interval, ...] = ()
    """When the clock ran, and ran no longer: the newest."""
    running_since: dt.datetime | None
    """None while it stands."""
    due_at: dt.datetime
    """While it stands: as it stood when the pause began."""
    warnings: tuple[WarningTime, ...] = ()
    """In the order in which they come."""
    warned: tuple[dt.timedelta, ...] = ()
    """Those that were told, by how long before."""
    calendar_version: str = ""
    """Of the hours by which the deadline was reckoned."""
    given_by: str = ""
    """The version of the configuration that gave the terms."""
    taken_over_from: str | None = None
    """The merged case whose promise this was."""
    is_awaiting_stamps: bool = False
    """Completed, but for the stamps it requires."""
    outcome: Outcome | None = None
    violation: str = ""
    """The `ce_id` of the fact that told the violation."""
    ended_at: dt.datetime | None = None
    """When it was completed or cancelled; a violated one may be completed later."""
    reason: str = ""
    timed_by: str = ""
    """The `ce_id` of what its deadline rests on."""

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

    @property
    def next_warning(self) -> WarningTime | None:
        """The first that was not told."""
        for warning in self.warnings:
            if warning.before not in self.warned:
                return warning
        return None

    @property
    def warn_at(self) -> dt.datetime | None:
        """When it is warned of next."""
        warning = self.next_warning
        return warning.at if warning else None


def started(
    *,
    id: str,  # noqa: A002 - the word of the trade
    kind: str,
    instance: int,
    terms: Terms,
    at: dt.datetime,
    hours: BusinessHours,
    subject: str = "",
    until: dt.datetime | None = None,
    given_by: str = "",
    timed_by: str = "",
) -> Milestone:
    """A clock that begins to run; `until` is the deadline where a fact names it."""
    target = until - at if until is not None and at < until <= at + _FURTHEST else terms.target
    if terms.months:
        target = months_after(at, terms.months, hours.zone) - at
    reached = functools.partial(_due_at, hours, at)
    due_at = reached(target)
    return Milestone(
        id=id,
        kind=kind,
        instance=instance,
        subject=subject,
        terms=terms,
        target=target,
        started_at=at,
        running_since=at,
        due_at=due_at,
        warnings=_warnings(terms, target, at, due_at, reached),
        calendar_version=hours.version,
        given_by=given_by,
        timed_by=timed_by,
    )


def elapsed(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> dt.timedelta:
    """The business time that had been used at an instant, whatever happened after it."""
    if at <= milestone.started_at and milestone.earlier is None:
        return _ZERO
    used = milestone.earlier.used_in(hours) if milestone.earlier else _ZERO
    for run in _runs(milestone, at):
        used += hours.elapsed(run.start, run.end)
    return used


def is_over(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> bool:
    """Whether the whole target had been used at an instant: the deadline had come."""
    if _is_reckoned(milestone, hours):
        return at >= milestone.due_at
    return elapsed(milestone, at, hours) >= milestone.target


def is_kept(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> bool:
    """Whether a completion at an instant keeps the promise: equal counts as kept."""
    if at <= milestone.due_at and _is_reckoned(milestone, hours):
        return True
    return elapsed(milestone, at, hours) <= milestone.target


def paused(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
    """The clock stands from an instant on; told late, what has elapsed since is taken back."""
    if milestone.running_since is None:
        return milestone
    earlier, stretches = newest(milestone.earlier, tuple(_runs(milestone, at)), hours)
    standing = replace(milestone, earlier=earlier, stretches=stretches, running_since=None)
    if at > milestone.running_since and _is_reckoned(milestone, hours):
        return standing  # if it ran on from here, it would end when it would have ended
    return timed(standing, hours)


def resumed(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
    """The clock runs again, not before the pause began."""
    if milestone.running_since is not None:
        return milestone
    return timed(replace(milestone, running_since=max(at, stood_since(milestone))), hours)


def retimed(milestone: Milestone, terms: Terms, hours: BusinessHours) -> Milestone:
    """Other terms, or other hours, reckoned from the start."""
    target = milestone.target if terms.until and terms == milestone.terms else terms.target
    return timed(replace(milestone, terms=terms, target=target), hours)


def ended(milestone: Milestone, at: dt.datetime, outcome: Outcome, reason: str = "") -> Milestone:
    """The clock is taken down."""
    runs = tuple(_runs(milestone, at))
    return replace(milestone, stretches=runs, running_since=None, outcome=outcome, ended_at=at, reason=reason)


def restored(milestone: Milestone, hours: BusinessHours) -> Milestone:
    """A clock that was taken down goes on, or stands, as though it never had been."""
    since = stood_since(milestone)
    has_run = since == milestone.ended_at  # one that stood had run no further than to its pause
    running_since = since if has_run else None
    return timed(replace(milestone, running_since=running_since, outcome=None, ended_at=None, reason=""), hours)


def timed(milestone: Milestone, hours: BusinessHours) -> Milestone:
    """With the deadline and the warnings that follow from the stretches and the terms; a broken one keeps its own."""
    if milestone.outcome is not None:
        return milestone
    terms = milestone.terms
    if terms.months:
        months = terms.months + milestone.extension_months
        target = months_after(milestone.started_at, months, hours.zone) - milestone.started_at
        milestone = replace(milestone, target=target)
    reached = _reaching(milestone, hours)
    due_at = reached(milestone.target)
    warnings = _warnings(terms, milestone.target, milestone.started_at, due_at, reached)
    return replace(milestone, due_at=due_at, warnings=warnings, calendar_version=hours.version)


def _warnings(
    terms: Terms,
    target: dt.timedelta,
    started_at: dt.datetime,
    due_at: dt.datetime,
    reached: Callable[[dt.timedelta], dt.datetime],
) -> tuple[WarningTime, ...]:
    """Of those that come at one instant (a case that begins inside several windows), the nearest only."""
    found: dict[dt.datetime, WarningTime] = {}
    for before in terms.warnings:
        at = max(due_at - before, started_at) if terms.is_wall_time else reached(max(target - before, _ZERO))
        found[at] = WarningTime(before=before, at=at)
    return tuple(found.values())


def _reaching(milestone: Milestone, hours: BusinessHours) -> Callable[[dt.timedelta], dt.datetime]:
    """Tells the least instant at which an amount has elapsed; a clock that stands is taken to run on."""
    stretches = [(run.start, hours.elapsed(run.start, run.end)) for run in milestone.stretches]
    since = milestone.running_since or stood_since(milestone)
    earlier = milestone.earlier

    def reached(amount: dt.timedelta) -> dt.datetime:
        left = amount - earlier.used_in(hours) if earlier else amount
        if earlier and left <= _ZERO:
            return earlier.until  # it was then at the latest: when exactly is no longer kept
        for start, used in stretches:
            if used >= left:
                return hours.due_at(start, left)
            left -= used
        return _due_at(hours, since, left)

    return reached


def _due_at(hours: BusinessHours, start: dt.datetime, amount: dt.timedelta) -> dt.datetime:
    try:
        return hours.due_at(start, amount)
    except OverflowError:
        return NEVER


def _is_reckoned(milestone: Milestone, hours: BusinessHours) -> bool:
    """Whether its deadline is, by these very hours, the least instant at which the whole target has been used."""
    return milestone.running_since is not None and milestone.calendar_version == hours.version


def stood_since(milestone: Milestone) -> dt.datetime:
    """When the clock last stopped; its start, when it never ran."""
    if milestone.stretches:
        return milestone.stretches[-1].end
    return milestone.earlier.until if milestone.earlier else milestone.started_at


def _runs(milestone: Milestone, at: dt.datetime) -> Iterator[Interval]:
    """The stretches up to an instant, the running one included."""
    for run in milestone.stretches:
        if run.start < at:
            yield Interval(run.start, min(run.end, at))
    if milestone.running_since is not None and milestone.running_since < at:
        yield Interval(milestone.running_since, at)
