"""How work that waits goes through its flow, step by step."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from operator import attrgetter
from typing import Any

from caseway.contracts.case_commands import EscalateToDepartment
from caseway.contracts.parts import Actor, Destination
from caseway.contracts.work_notices import WorkPostponed
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.moving import send_away
from caseway_router.domain.assignment.offering import rearm_relaxation, try_offer
from caseway_router.domain.assignment.warning import warn
from caseway_router.domain.items import FlowStep, WorkItem
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.matching import could_take

_ROUTER = Actor(kind="machine", id="router")
_UNTIL_ASKED = dt.timedelta(seconds=30)
"""So long after somebody was there for it, it is seen whether somebody still is."""


def follow(ledger: Ledger, item: WorkItem) -> None:
    """Begin each step that is due, or whose turn it is at once, until the work is offered.

    A step's time counts from the entry into the queue, so that a late one makes the next no later.
    Source: semantics.md 5.4 (TaskRouter).
    """
    while (step := item.next_step) is not None and _begins(ledger, item, step):
        if step.choices and could_take(ledger.pool, item):
            item = _asked_later(ledger, item, step)
            continue
        begun = item.but(begun_count=item.begun_count + 1)
        if _leaves(ledger, begun, step):
            return
        item = _changed(ledger, item, begun, step)
        if try_offer(ledger, item):
            return
        if step.queue or step.requirements is not None:
            warn(ledger, item)
    if item.steps:
        ledger.arm_waits(item)


def _begins(ledger: Ledger, item: WorkItem, step: FlowStep) -> bool:
    is_due = item.queued_at + step.after <= ledger.now
    return is_due or (step.is_early and not could_take(ledger.pool, item))


def _asked_later(ledger: Ledger, item: WorkItem, step: FlowStep) -> WorkItem:
    """With the choice after a further while: whoever is there for it now may have gone by then."""
    later = replace(step, after=ledger.now - item.queued_at + _UNTIL_ASKED)
    rest = sorted((*item.steps[item.begun_count + 1 :], later), key=attrgetter("after"))
    return ledger.put(item.but(steps=(*item.steps[: item.begun_count], *rest)))


def _leaves(ledger: Ledger, item: WorkItem, step: FlowStep) -> bool:
    """Whether another pool has the step's queue: then it goes there."""
    pool = ledger.pool.plan.elsewhere.get(step.queue or "")
    if pool is None:
        return False
    changed = ledger.put(item.but(**_changes(ledger, item, step)))
    send_away(ledger, changed, Destination(pool=pool, queue=step.queue), f"step:{step.name}")
    return True


def _changed(ledger: Ledger, before: WorkItem, begun: WorkItem, step: FlowStep) -> WorkItem:
    item = ledger.put(begun.but(**_changes(ledger, begun, step)).relaxed(ledger.now))
    rearm_relaxation(ledger, before, item)
    if item != begun:
        telling.raised(ledger, item, f"step:{step.name}")
    if step.choices:
        _offer_a_choice(ledger, item, step)
    if step.department:
        # it waits on until intake says that the department has it: a refused command loses nobody
        ledger.tell(EscalateToDepartment(case_id=item.case_id, actor=_ROUTER, department=step.department))
    return item


def _changes(ledger: Ledger, item: WorkItem, step: FlowStep) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if step.queue is not None and step.queue in ledger.pool.plan.queues:
        changes["queue"] = step.queue
    if step.requirements is not None:
        changes |= {"requirements": step.requirements, "step": 0}
    if step.priority is not None:
        changes["priority"] = step.priority
    if step.boost is not None:
        changes["boost"] = item.boost + step.boost
    if step.frees_named and item.named:
        changes |= {"named": "", "named_until": None}
    return changes


def _offer_a_choice(ledger: Ledger, item: WorkItem, step: FlowStep) -> None:
    """Whoever is on the line and waits for nobody is told so."""
    told = item.passed_on
    ledger.tell(
        WorkPostponed.model_validate(
            {
                **ledger.about(item),
                "reason": "unstaffed",
                "choices": step.choices,
                "channel": item.channel,
                "conversation": told.get("conversation"),
                "language": told.get("language"),
                "number": told.get("number"),
                "skills": tuple(f"{skill}:{level}" for skill, level in item.needed),
            }
        )
    )
