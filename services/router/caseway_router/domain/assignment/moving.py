"""How work goes to another agent, queue, department or pool."""

from __future__ import annotations

from typing import Any

from caseway.contracts.parts import Actor, Destination
from caseway.contracts.work import WorkTransferred
from caseway.contracts.work_commands import QueueWork, TransferWork
from caseway.kernel.errors import Superseded
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.offering import note_release, offer, rearm_relaxation, serve, try_offer
from caseway_router.domain.assignment.reading import is_supervisor, requirements
from caseway_router.domain.assignment.warning import warn
from caseway_router.domain.items import CoolDown, Moved, Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.matching import direct
from caseway_router.domain.plan import PoolPlan


def transfer(ledger: Ledger, command: TransferWork, item: WorkItem) -> None:
    """Give it to another queue, agent, department or pool, as old as it is."""
    to = resolved(ledger.pool.plan, command.to)
    reason = _against_transfer(ledger, item, command, to)
    if reason:
        telling.refused(ledger, command, reason)
    elif to.pool != ledger.pool.name:
        send_away(ledger, item, to, command.reason, command.context)
    else:
        _transfer_within(ledger, item, command, to)


def resolved(plan: PoolPlan, to: Destination) -> Destination:
    """A department as the queue where its work waits."""
    queue = plan.departments.get(to.department or "")
    if queue is None:
        return to
    return to.model_copy(update={"pool": plan.pool_of(queue), "queue": queue})


def against_destination(plan: PoolPlan, to: Destination) -> str:
    """Why nothing can be sent there; empty when it can."""
    if to.department is not None and to.department not in plan.departments:
        return "unknown_department"
    if to.pool != plan.pool and to.pool not in plan.default_queues:
        return "unknown_pool"
    if to.queue is not None and plan.pool_of(to.queue) != to.pool:
        return "unknown_queue"
    return ""


def _against_transfer(ledger: Ledger, item: WorkItem, command: TransferWork, to: Destination) -> str:
    plan = ledger.pool.plan
    if isinstance(item.standing, WrappingUp):
        return "wrapping_up"
    if command.agent is not None and item.agent != command.agent:
        return "not_held"
    reason = against_destination(plan, to)
    if reason or to.pool != plan.pool:
        return reason
    if to.agent is None:
        return "" if to.queue is not None else "no_destination"
    return _against_agent(ledger, item, to.agent, command.actor)


def _against_agent(ledger: Ledger, item: WorkItem, agent: str, actor: Actor | None) -> str:
    """A supervisor may ask more of an agent than their capacity; nobody may ask somebody who is not there."""
    seat = ledger.pool.seat(agent)
    if seat is None:
        return "absent" if agent in ledger.pool.plan.agents else "unknown_agent"
    if agent == item.agent:
        return "is_theirs"
    if is_supervisor(actor):
        return "" if seat.is_online else "absent"
    return "" if 0 < seat.room(item.channel) >= seat.cost(item.channel, item.weight) else "no_room"


def _transfer_within(ledger: Ledger, item: WorkItem, command: TransferWork, to: Destination) -> None:
    giver = item.agent
    if isinstance(item.standing, Offered):
        ledger.disarm("offer", item.case_id)
    moved = ledger.put(_arriving(ledger, item, to))
    rearm_relaxation(ledger, item, moved)
    ledger.tell(
        WorkTransferred(
            **ledger.about(moved),
            actor=command.actor,
            agent=giver or None,
            to=to,
            reason=command.reason,
            context=command.context,
            queue_entered_at=moved.queued_at,
        )
    )
    seat = ledger.pool.seat(to.agent) if to.agent else None
    if seat is not None:
        why = "assigned" if is_supervisor(command.actor) else "named"
        offer(ledger, moved, direct(ledger.pool, moved, seat, why), by_hand=True)
    elif not try_offer(ledger, moved):
        warn(ledger, moved)
        ledger.arm_waits(moved)
    if giver:
        note_release(ledger, giver)
        serve(ledger, giver)


def _arriving(ledger: Ledger, item: WorkItem, to: Destination) -> WorkItem:
    """The item as it stands at its destination; its giver shall not get it straight back."""
    changes: dict[str, Any] = {
        "standing": Waiting(), "queue": to.queue or item.queue, "again": None, "named_until": None
    }  # fmt: skip
    if item.agent:
        until = ledger.now + ledger.pool.plan.cool_down
        changes["cool_downs"] = (*item.cooling(ledger.now), CoolDown(agent=item.agent, until=until))
    if to.requirements is not None:
        changes |= {"requirements": requirements(to.requirements), "step": 0}
    if to.priority is not None:
        changes["priority"] = to.priority.rank
    return item.but(**changes).relaxed(ledger.now)


def send_away(ledger: Ledger, item: WorkItem, to: Destination, reason: str, context: str = "") -> None:
    """End it here and queue it there, in one transaction. Source: delivery.md, "Between pools"."""
    if isinstance(item.standing, WrappingUp):
        raise Superseded("it is over already")
    ledger.drop(item)
    telling.withdrawn(ledger, item, reason or "transferred", to)
    ledger.move(Moved(case_id=item.case_id, pool=ledger.pool.name, to_pool=to.pool))
    ledger.tell(_queue_there(ledger, item, to, reason, context))
    if item.agent:
        note_release(ledger, item.agent)
        serve(ledger, item.agent)


def _queue_there(ledger: Ledger, item: WorkItem, to: Destination, reason: str, context: str) -> QueueWork:
    return QueueWork(
        pool=to.pool,
        case_id=item.case_id,
        work_item=item.work_item,
        queue=to.queue or ledger.pool.plan.default_queues.get(to.pool) or item.queue,
        requirements=to.requirements if to.requirements is not None else telling.as_wire(item.requirements),
        priority=to.priority or telling.PRIORITIES[item.priority],
        class_=item.case_class or None,
        weight=telling.contacts(item.weight),
        channel=telling.channel(item),
        queue_entered_at=item.queued_at,
        slack_due_at=item.slack_due_at,
        named_agent=to.agent,
        preferred_agents=item.preferred,
        excluded_agents=item.excluded,
        boost=item.boost,
        offer_count=item.offer_count,
        steps=telling.steps_as_wire(item.steps[item.begun_count :]),
        reason=reason,
        context=context,
        came_from=ledger.pool.name,
        **_along(item),
    )


def _along(item: WorkItem) -> dict[str, Any]:
    told = dict(item.passed_on)
    conversation = told.pop("conversation", None)
    return told | ({"attributes": {"conversation": conversation}} if conversation else {})
