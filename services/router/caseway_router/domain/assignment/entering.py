"""How a case's work enters its queue."""

from __future__ import annotations

from caseway.contracts.work_commands import QueueWork
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.offering import try_offer
from caseway_router.domain.assignment.reading import hundredths, requirements, to_milliseconds
from caseway_router.domain.items import Moved, WorkItem
from caseway_router.domain.ledger import Ledger


def check(command: QueueWork) -> None:
    """See that the work can be counted, before anything is changed.

    Raises:
        Rejected: its weight is beyond all sense.
    """
    _weight(command)


def enter(ledger: Ledger, command: QueueWork) -> None:
    """Put a checked piece of work into its queue, and offer it to whoever is free for it."""
    plan = ledger.pool.plan
    if command.queue in plan.elsewhere:
        _pass_on(ledger, command, plan.elsewhere[command.queue])
        return
    if command.queue not in plan.queues:
        telling.refused(ledger, command, "unknown_queue")
        return
    ledger.forget_move(command.case_id)
    item = ledger.put(_new_item(ledger, command))
    telling.queued(ledger, item, command)
    ledger.arm_waits(item)
    try_offer(ledger, item)


def _weight(command: QueueWork) -> int:
    return max(hundredths(command.weight, "weight"), 1)


def _pass_on(ledger: Ledger, command: QueueWork, pool: str) -> None:
    """The edge goes on addressing the pool that it told first; the case is routed to another one now."""
    ledger.move(Moved(case_id=command.case_id, pool=ledger.pool.name, to_pool=pool))
    ledger.tell(command.model_copy(update={"pool": pool, "came_from": ledger.pool.name}))


def _new_item(ledger: Ledger, command: QueueWork) -> WorkItem:
    entered = to_milliseconds(command.queue_entered_at) if command.queue_entered_at else ledger.now
    item = WorkItem(
        work_item=command.work_item,
        case_id=command.case_id,
        pool=ledger.pool.name,
        queue=command.queue,
        channel=command.channel.value,
        queued_at=min(entered, ledger.now),
        requirements=requirements(command.requirements),
        priority=command.priority.rank,
        boost=finite(command.boost),
        case_class=command.class_ or "",
        weight=_weight(command),
    )
    return item.relaxed(ledger.now)


def finite(boost: float) -> float:
    """A place further forward is worth a few ranks; what is beyond all sense counts as none."""
    return boost if -100 <= boost <= 100 else 0.0
