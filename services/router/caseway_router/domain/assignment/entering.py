"""How a case's work enters its queue."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.work_commands import QueueWork, RaiseWork
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.flowing import follow
from caseway_router.domain.assignment.offering import try_offer
from caseway_router.domain.assignment.reading import hundredths, length, requirements, steps, to_milliseconds
from caseway_router.domain.assignment.warning import warn
from caseway_router.domain.items import Moved, WorkItem
from caseway_router.domain.ledger import Ledger

_MOST_OFFERS = 1_000_000
"""Made of one work item in another pool: more is a mistake of the sender's."""
_MOST_NAMES = 50
"""Agents preferred or excluded: more is a mistake of the sender's, and would be kept with each item."""


def check(command: QueueWork) -> None:
    """See that the work can be counted, before anything is changed.

    Raises:
        Rejected: its weight is beyond all sense.
    """
    _weight(command)


def enter(ledger: Ledger, command: QueueWork) -> None:
    """Put a checked piece of work into its queue, and offer it to whoever is free for it."""
    plan = ledger.pool.plan
    if command.queue in plan.elsewhere and plan.elsewhere[command.queue] != command.came_from:
        # back to where it came from it would only go if that process reads another configuration: then it stays
        _pass_on(ledger, command, plan.elsewhere[command.queue])
        return
    if command.queue not in plan.queues and not plan.default_queue:
        telling.refused(ledger, command, "unknown_queue")
        return
    ledger.forget_move(command.case_id)
    item = ledger.put(_new_item(ledger, command))
    telling.queued(ledger, item, command)
    if not try_offer(ledger, item):
        warn(ledger, item)
        ledger.arm_waits(item)
        follow(ledger, item)


def _weight(command: QueueWork) -> int:
    return max(hundredths(command.weight, "weight"), 1)


def _pass_on(ledger: Ledger, command: QueueWork, pool: str) -> None:
    """The edge goes on addressing the pool that it told first; the case is routed to another one now."""
    ledger.move(Moved(case_id=command.case_id, pool=ledger.pool.name, to_pool=pool))
    ledger.tell(command.model_copy(update={"pool": pool, "came_from": ledger.pool.name}))


def _new_item(ledger: Ledger, command: QueueWork) -> WorkItem:
    plan = ledger.pool.plan
    entered = to_milliseconds(command.queue_entered_at) if command.queue_entered_at else ledger.now
    item = WorkItem(
        work_item=command.work_item,
        case_id=command.case_id,
        pool=ledger.pool.name,
        # a queue that was taken out of the configuration since the edge chose it
        queue=command.queue if command.queue in plan.queues else plan.default_queue,
        channel=command.channel.value,
        queued_at=min(entered, ledger.now),
        requirements=requirements(command.requirements),
        priority=command.priority.rank,
        boost=finite(command.boost),
        slack_due_at=to_milliseconds(command.slack_due_at) if command.slack_due_at else None,
        case_class=command.class_ or "",
        weight=_weight(command),
        named=command.named_agent or "",
        steps=steps(command.steps),
        named_until=None if command.named_agent in command.excluded_agents else named_until(ledger, command),
        preferred=_preferred(ledger, command)[:_MOST_NAMES],
        excluded=command.excluded_agents[:_MOST_NAMES],
        offer_count=min(command.offer_count, _MOST_OFFERS),
        topics=((command.category,) if command.category else ()) + command.tags,
        passed_on=_passed_on(command),
    )
    return item.relaxed(ledger.now)


def _preferred(ledger: Ledger, command: QueueWork) -> tuple[str, ...]:
    """Who goes before all others; among them, where the rule asks for it, who worked on the case last."""
    names, place = command.preferred_agents, command.holder_place
    if place is None or not ledger.holder:
        return names
    return tuple(dict.fromkeys((*names[:place], ledger.holder, *names[place:])))


def named_until(ledger: Ledger, command: QueueWork | RaiseWork) -> dt.datetime | None:
    """Work waits for whom the customer asked for only while that agent is there. Source: S2-19."""
    seat = ledger.pool.seat(command.named_agent or "")
    if seat is None or not seat.is_online:
        return None
    if isinstance(command, QueueWork) and command.named_seconds is not None:
        return ledger.now + length(command.named_seconds)
    return ledger.now + ledger.pool.plan.named_for(command.queue or "")


def _passed_on(command: QueueWork) -> dict[str, Any]:
    """What must go along when the work moves, and whom to ask when a flow says so; nothing that a customer wrote."""
    values = {
        "language": command.language,
        "complexity": command.complexity if command.complexity != "basic" else None,
        "category": command.category,
        "tags": list(command.tags) or None,
        "number": command.number,
        "matched_rule": command.matched_rule,
        "conversation": command.attributes.get("conversation") if command.steps else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def finite(boost: float) -> float:
    """A place further forward is worth a few ranks; what is beyond all sense counts as none."""
    return boost if -100 <= boost <= 100 else 0.0
