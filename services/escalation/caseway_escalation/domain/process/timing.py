"""When a case must be looked at next.

One timer a case, at the next instant at which anything happens by itself: a warning, a deadline, a rung, a reminder, a
post, a day's end. Each thing remembers by which message its instant was set, which is what its facts name as their
cause: the one timer is moved by others too.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.values import replace
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.guidance import Post, Stretch
from caseway_escalation.domain.run import Run

NEXT = "next"
"""The kind of timer."""

Timed = TypeVar("Timed", Milestone, Run, Stretch, Post)


def next_of(milestone: Milestone) -> dt.datetime | None:
    """When a promise is warned of next, or falls due."""
    if not milestone.is_ticking:
        return None
    warn_at = milestone.warn_at
    return milestone.due_at if warn_at is None else min(warn_at, milestone.due_at)


def next_at(case: Case) -> dt.datetime | None:
    """When anything happens to the case by itself."""
    instants = [next_of(each) for each in case.milestones]
    if case.runs:
        instants += [run.due_at for run in case.runs]
    if case.focus.stretches:
        instants += [each.alert_at for each in case.focus.stretches]
    if case.focus.posts:
        instants += [each.list_at for each in case.focus.posts]
    return min([at for at in instants if at is not None], default=None)


def timers(before: Case, after: Case, *, fired: bool) -> tuple[Arm | Disarm, ...]:
    """The case's timer, where it moves; one that fired is gone."""
    old, new = None if fired else next_at(before), next_at(after)
    if old == new:
        return ()
    if new is None:
        return (Disarm(key=after.id),)
    return (Arm(key=after.id, kind=NEXT, due_at=new, is_new=old is None and not fired),)


def remembered(before: Case, after: Case, cause: str) -> Case:
    """With the message by which each new instant was set."""
    focus = after.focus
    if focus is not before.focus:
        focus = replace(
            focus,
            stretches=_timed(before.focus.stretches, focus.stretches, cause),
            posts=_timed(before.focus.posts, focus.posts, cause),
        )
    milestones, runs = _timed(before.milestones, after.milestones, cause), _timed(before.runs, after.runs, cause)
    if milestones is after.milestones and runs is after.runs and focus is after.focus:
        return after
    return replace(after, milestones=milestones, runs=runs, focus=focus)


def _timed(before: tuple[Timed, ...], after: tuple[Timed, ...], cause: str) -> tuple[Timed, ...]:
    if before is after or not after:
        return after
    if all(each.timed_by == cause for each in after):
        return after
    known = {_instant(each) for each in before}
    return tuple(each if each.timed_by and _instant(each) in known else replace(each, timed_by=cause) for each in after)


def _instant(each: Milestone | Run | Stretch | Post) -> tuple[object, ...]:
    match each:
        case Milestone():
            return (each.id, next_of(each))
        case Run():
            return (each.id, each.due_at)
        case Stretch():
            return (each.agent, each.alert_at)
        case Post():
            return (each.id, each.list_at)
