"""How the nearest promise of a case reaches its pool."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from caseway.contracts.milestones import (
    MilestoneCancelled,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
)
from caseway.contracts.work_commands import RaiseWork
from caseway.kernel.errors import Superseded
from caseway_router.domain.assignment.reading import to_milliseconds
from caseway_router.domain.demand.asking import Demand
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Router

Promise = MilestoneStarted | MilestoneResumed | MilestonePaused | MilestoneMet | MilestoneCancelled

_MOST_PROMISES = 20
"""That are remembered of a case, the nearest: a case has three or four, and one that restarts for ever is a mistake."""


def on_promise(before: RoutedCase | None, fact: Promise, router: Router, occasion: Occasion) -> Demand:
    """A promise's clock starts, stands or ends.

    Every need states the nearest promise anyway. What is waiting already is told of one only if it is near: a pool orders
    by promises within a quarter of a rank, where those that are far off stand in the order of their age. So a case that
    is opened costs its pool one command, not one more for each promise.

    Raises:
        Superseded: it is known so already.
    """
    case = before or RoutedCase(case_id=fact.case_id)
    promises = _learnt(case.promises, fact)
    if promises == case.promises:
        raise Superseded("its promises are known so already")
    after = replace(case, promises=promises)
    due_at = after.nearest_promise
    if due_at is None or due_at - occasion.now > router.promise_near or not _is_sooner(due_at, case.told_due_at):
        return Demand(case=after)
    if case.route is None or not case.is_wanted or case.postponed_until is not None:
        return Demand(case=after)
    reason = f"{fact.kind}:near"
    hurries = RaiseWork(pool=case.route.pool, case_id=case.case_id, slack_due_at=due_at, reason=reason)
    return Demand(case=replace(after, told_due_at=due_at), tells=(hurries,))


def _learnt(known: Mapping[str, dt.datetime], fact: Promise) -> dict[str, dt.datetime]:
    """The promises whose clocks run; a broken one stays until it is met: nothing is nearer."""
    others = {name: due_at for name, due_at in known.items() if name != fact.milestone}
    if isinstance(fact, MilestoneStarted | MilestoneResumed):
        others[fact.milestone] = to_milliseconds(fact.due_at)
    return dict(sorted(others.items(), key=lambda each: (each[1], each[0]))[:_MOST_PROMISES])


def _is_sooner(due_at: dt.datetime, told: dt.datetime | None) -> bool:
    return told is None or due_at < told
