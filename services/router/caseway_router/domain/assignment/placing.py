"""What becomes of a pool's work when something is wanted.

A command about work that is not there any more is superseded; one that contradicts what stands is refused as a fact;
either way nothing changed. Nothing is raised once a change has begun.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caseway.contracts.parts import Destination
from caseway.contracts.work import WorkRaised, WorkTransferred
from caseway.contracts.work_commands import QueueWork, RaiseWork, TransferWork, WithdrawWork
from caseway.kernel.errors import Superseded
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.ending import complete, withdraw, wrap_up
from caseway_router.domain.assignment.entering import check, enter, finite
from caseway_router.domain.assignment.offering import note_release, offer, serve, try_offer
from caseway_router.domain.assignment.reading import requirements
from caseway_router.domain.items import CoolDown, Held, Moved, Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.matching import direct

SOLVED = frozenset({"resolved", "closed"})
"""Reasons to withdraw that end the holder's part: they may still write it up."""
NOT_NOW = frozenset({"customer", "department", "third", "not_routed"})
"""Reasons that take waiting work off its queue, but nothing out of an agent's hands."""


def queue(ledger: Ledger, command: QueueWork) -> None:
    """Put a case's work into its queue, unless it is there, or with an agent, already."""
    live = ledger.pool.items.get(command.case_id)
    if live is not None and not isinstance(live.standing, WrappingUp):
        _note_again(ledger, live, command)
        return
    check(command)
    if live is not None and isinstance(live.standing, WrappingUp):
        complete(ledger, replace(live, again=None), live.standing, ledger.now)
    enter(ledger, command)


def _note_again(ledger: Ledger, live: WorkItem, command: QueueWork) -> None:
    """What comes in while somebody works on the case is theirs to read, but must not go under if they do not."""
    if not isinstance(live.standing, Held) or live.again is not None:
        raise Superseded("the case's work is queued already")
    check(command)
    ledger.put(replace(live, again=command.model_dump(mode="json", exclude_none=True)))


def withdraw_work(ledger: Ledger, command: WithdrawWork) -> None:
    """The case needs no work here; with `to`, it needs it elsewhere."""
    item = _named(ledger, command)
    if command.to is not None and command.to.pool != ledger.pool.name:
        _send_away(ledger, item, command.to, command.reason)
        return
    match item.standing:
        case Held() as standing if command.reason in SOLVED:
            wrap_up(ledger, replace(item, again=None), standing, command.reason)
        case Held() if command.reason in NOT_NOW:
            _answered(ledger, item)
        case WrappingUp():
            _answered(ledger, item)
        case _:
            withdraw(ledger, item, command.reason)


def _answered(ledger: Ledger, item: WorkItem) -> None:
    """The case is the desk's no longer: what came in meanwhile was answered; whoever has it in hand keeps it."""
    if item.again is None:
        raise Superseded("nothing of it waits")
    ledger.put(replace(item, again=None))


def raise_work(ledger: Ledger, command: RaiseWork) -> None:
    """Give it another place, and where the case is judged anew, another queue or other skills."""
    item = _named(ledger, command)
    plan = ledger.pool.plan
    if (
        command.queue is not None
        and command.queue in plan.elsewhere
        and not isinstance(item.standing, Held | WrappingUp)
    ):
        _send_away(ledger, item, _destination(plan.elsewhere[command.queue], command), command.reason)
        return
    if command.queue is not None and command.queue not in {*plan.queues, *plan.elsewhere}:
        telling.refused(ledger, command, "unknown_queue")
        return
    raised = _raised(ledger, item, command)
    if raised == item:
        raise Superseded("it stands there already")
    if item.next_relaxation_at is not None and raised.next_relaxation_at is None:
        ledger.disarm("relax", item.case_id)
    ledger.put(raised)
    _tell_raised(ledger, raised, command)
    ledger.arm_waits(raised)
    if isinstance(raised.standing, Waiting) and raised.signature != item.signature:
        try_offer(ledger, raised)


def _destination(pool: str, command: RaiseWork) -> Destination:
    return Destination(pool=pool, queue=command.queue, requirements=command.requirements, priority=command.priority)


def _raised(ledger: Ledger, item: WorkItem, command: RaiseWork) -> WorkItem:
    changes: dict[str, Any] = {}
    if command.priority is not None:
        changes["priority"] = command.priority.rank
    if command.class_ is not None:
        changes["case_class"] = command.class_
    if command.boost is not None:
        changes["boost"] = finite(command.boost)
    if command.queue in ledger.pool.plan.queues:
        changes["queue"] = command.queue
    if command.requirements is not None and requirements(command.requirements) != item.requirements:
        changes |= {"requirements": requirements(command.requirements), "step": 0}
    return replace(item, **changes).relaxed(ledger.now)


def _tell_raised(ledger: Ledger, item: WorkItem, command: RaiseWork) -> None:
    ledger.tell(
        WorkRaised(
            **ledger.about(item),
            actor=command.actor,
            priority=telling.PRIORITIES[item.priority],
            class_=item.case_class or None,
            boost=item.boost,
            slack_due_at=command.slack_due_at,
            requirements=telling.as_wire(item.requirements),
            reason=command.reason,
        )
    )


def transfer(ledger: Ledger, command: TransferWork) -> None:
    """Give it to another queue, agent or pool, as old as it is."""
    item = _named(ledger, command)
    reason = _against_transfer(ledger, item, command)
    if reason:
        telling.refused(ledger, command, reason)
    elif command.to.pool != ledger.pool.name:
        _send_away(ledger, item, command.to, command.reason)
    else:
        _transfer_within(ledger, item, command)


def _against_transfer(ledger: Ledger, item: WorkItem, command: TransferWork) -> str:
    if isinstance(item.standing, WrappingUp):
        return "wrapping_up"
    if command.agent is not None and item.agent != command.agent:
        return "not_held"
    return _against_destination(ledger, item, command.to) if command.to.pool == ledger.pool.name else ""


def _against_destination(ledger: Ledger, item: WorkItem, to: Destination) -> str:
    plan = ledger.pool.plan
    if to.queue is not None and to.queue not in plan.queues:
        return "unknown_queue"
    if to.agent is None:
        return "" if to.queue is not None else "no_destination"
    seat = ledger.pool.seat(to.agent)
    if seat is None:
        return "absent" if to.agent in plan.agents else "unknown_agent"
    return "" if seat.room(item.channel) >= item.weight else "no_room"


def _transfer_within(ledger: Ledger, item: WorkItem, command: TransferWork) -> None:
    to = command.to
    giver = item.agent
    if isinstance(item.standing, Offered):
        ledger.disarm("offer", item.case_id)
    moved = _arriving(ledger, item, to)
    ledger.put(moved)
    ledger.tell(
        WorkTransferred(
            **ledger.about(moved),
            actor=command.actor,
            agent=giver or None,
            to=to,
            reason=command.reason,
            queue_entered_at=moved.queued_at,
        )
    )
    seat = ledger.pool.seat(to.agent) if to.agent else None
    if seat is not None:
        offer(ledger, moved, direct(ledger.pool, moved, seat))
    elif not try_offer(ledger, moved):
        ledger.arm_waits(moved)
    if giver:
        note_release(ledger, giver)
        serve(ledger, giver)


def _arriving(ledger: Ledger, item: WorkItem, to: Destination) -> WorkItem:
    """The item as it stands at its destination; its giver shall not get it straight back."""
    changes: dict[str, Any] = {"standing": Waiting(), "queue": to.queue or item.queue, "again": None}
    if item.agent:
        until = ledger.now + ledger.pool.plan.cool_down
        changes["cool_downs"] = (*item.cooling(ledger.now), CoolDown(agent=item.agent, until=until))
    if to.requirements is not None:
        changes |= {"requirements": requirements(to.requirements), "step": 0}
    if to.priority is not None:
        changes["priority"] = to.priority.rank
    return replace(item, **changes).relaxed(ledger.now)


def _send_away(ledger: Ledger, item: WorkItem, to: Destination, reason: str) -> None:
    """End it here and queue it there, in one transaction. Source: delivery.md, "Between pools"."""
    if isinstance(item.standing, WrappingUp):
        raise Superseded("it is over already")
    ledger.drop(item)
    telling.withdrawn(ledger, item, reason or "transferred", to)
    ledger.move(Moved(case_id=item.case_id, pool=ledger.pool.name, to_pool=to.pool))
    ledger.tell(
        QueueWork(
            pool=to.pool,
            case_id=item.case_id,
            work_item=item.work_item,
            queue=to.queue or item.queue,
            requirements=to.requirements if to.requirements is not None else telling.as_wire(item.requirements),
            priority=to.priority or telling.PRIORITIES[item.priority],
            class_=item.case_class or None,
            weight=telling.contacts(item.weight),
            channel=telling.channel(item),
            queue_entered_at=item.queued_at,
            boost=item.boost,
            reason=reason,
            came_from=ledger.pool.name,
        )
    )
    if item.agent:
        note_release(ledger, item.agent)
        serve(ledger, item.agent)


def forward(ledger: Ledger, command: Any, moved: Moved) -> None:
    """Send a command on to where the case's work went; what ends the case's need ends the remembering."""
    if isinstance(command, WithdrawWork) and command.reason in {"closed", "merged"}:
        ledger.forget_move(moved.case_id)
    ledger.tell(command.model_copy(update={"pool": moved.to_pool}))


def _named(ledger: Ledger, command: Any) -> WorkItem:
    """The work that the command means.

    Raises:
        Superseded: it is not there any more, or another came in its place.
    """
    item = ledger.pool.items.get(command.case_id)
    if item is None or command.work_item not in {None, item.work_item}:
        raise Superseded("that work is not there any more")
    return item
