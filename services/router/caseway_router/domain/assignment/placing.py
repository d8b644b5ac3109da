"""What becomes of a pool's work when something is wanted.

A command about work that is not there any more is superseded; one that contradicts what stands is refused as a fact;
either way nothing changed. Nothing is raised once a change has begun.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from caseway.contracts.parts import Destination
from caseway.contracts.work_commands import QueueWork, RaiseWork, WithdrawWork
from caseway.kernel.errors import Superseded
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.ending import complete, withdraw, wrap_up
from caseway_router.domain.assignment.entering import check, enter, finite, named_until
from caseway_router.domain.assignment.moving import against_destination, resolved, send_away
from caseway_router.domain.assignment.offering import rearm_relaxation, serve, try_offer
from caseway_router.domain.assignment.reading import requirements, to_milliseconds
from caseway_router.domain.assignment.warning import warn
from caseway_router.domain.items import Held, Moved, Waiting, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger

SOLVED = frozenset({"resolved", "closed"})
"""Reasons to withdraw that end the holder's part: they may still write it up."""
_NOT_KEPT = {"customer", "attributes", "context", "actor"}
"""What a queue command may say about people: told when it comes, and not kept. Source: S4-05."""
_PLACE = {"priority", "class_", "slack_due_at", "boost", "requirements", "queue", "named_agent"}
"""What of a raise holds for what came meanwhile as well."""
ENDED = frozenset({"closed", "merged"})
"""Reasons to withdraw after which nothing is expected of the case any more."""
RESTING = frozenset({"customer", "department", "third", "held", "out_of_hours"})
"""Reasons that leave it in its agent's hands, where it rests: it is somebody else's turn."""
NOT_NOW = RESTING | {"not_routed", "callback_requested"}
"""Reasons that take waiting work off its queue, but nothing out of an agent's hands."""


def queue(ledger: Ledger, command: QueueWork) -> None:
    """Put a case's work into its queue, unless it is there, or with an agent, already."""
    check(command)
    live = ledger.pool.items.get(command.case_id)
    if live is None:
        enter(ledger, command)
        return
    match live.standing:
        case Held() as standing:
            _note_again(ledger, live, standing, command)
        case WrappingUp() as standing:
            complete(ledger, live.but(again=None), standing, ledger.now)
            enter(ledger, command)
        case _:
            raise Superseded("the case's work is queued already")


def _note_again(ledger: Ledger, live: WorkItem, standing: Held, command: QueueWork) -> None:
    """What comes in while somebody works on the case is theirs to read, but must not go under if they do not.

    A conversation that rested comes back to its agent, beyond their capacity too: then nothing new comes to them.
    """
    if live.again is not None and not standing.is_quiet:
        raise Superseded("the case's work is queued already")
    again = command.model_dump(mode="json", exclude_none=True, exclude=_NOT_KEPT)
    revived = ledger.put(live.but(again=again, standing=replace(standing, is_quiet=False)))
    telling.turned(ledger, revived, live)


def withdraw_work(ledger: Ledger, command: WithdrawWork) -> None:
    """The case needs no work here; with `to`, it needs it elsewhere."""
    item = named_item(ledger, command)
    if command.to is not None and (to := resolved(ledger.pool.plan, command.to)).pool != ledger.pool.name:
        _withdraw_to(ledger, item, command, to)
        return
    match item.standing:
        case Held() as standing if command.reason in SOLVED:
            wrap_up(ledger, item.but(again=None), standing, command.reason)
        case Held() as standing if command.reason in NOT_NOW:
            _rest(ledger, item, replace(standing, is_quiet=standing.is_quiet or command.reason in RESTING))
        case WrappingUp() if item.again is not None:
            ledger.put(item.but(again=None))
        case WrappingUp():
            raise Superseded("nothing of it waits")
        case _:
            withdraw(ledger, item, command.reason)


def _withdraw_to(ledger: Ledger, item: WorkItem, command: WithdrawWork, to: Destination) -> None:
    reason = against_destination(ledger.pool.plan, to)
    if reason:
        telling.refused(ledger, command, reason)
    else:
        send_away(ledger, item, to, command.reason)


def _rest(ledger: Ledger, item: WorkItem, standing: Held) -> None:
    """It is not the desk's turn: whoever has it in hand keeps it, but it may weigh less meanwhile."""
    if standing == item.standing and item.again is None:
        raise Superseded("nothing of it waits")
    resting = ledger.put(item.but(again=None, standing=standing))
    telling.turned(ledger, resting, item)
    serve(ledger, standing.agent)


def raise_work(ledger: Ledger, command: RaiseWork) -> None:
    """Give it another place, and where the case is judged anew, another queue or other skills."""
    item = named_item(ledger, command)
    if isinstance(item.standing, WrappingUp) and item.again is None:
        raise Superseded("nothing of it waits")
    plan = ledger.pool.plan
    if (
        command.queue is not None
        and command.queue in plan.elsewhere
        and not isinstance(item.standing, Held | WrappingUp)
    ):
        send_away(ledger, item, _destination(plan.elsewhere[command.queue], command), command.reason)
        return
    if command.queue is not None and command.queue not in {*plan.queues, *plan.elsewhere}:
        telling.refused(ledger, command, "unknown_queue")
        return
    raised = _raised(ledger, item, command)
    if raised == item:
        raise Superseded("it stands there already")
    ledger.put(raised)
    rearm_relaxation(ledger, item, raised)
    telling.raised(ledger, raised, command.reason, command.actor)
    if isinstance(raised.standing, Waiting) and raised.signature != item.signature and not try_offer(ledger, raised):
        warn(ledger, raised)


def _destination(pool: str, command: RaiseWork) -> Destination:
    return Destination(pool=pool, queue=command.queue, requirements=command.requirements, priority=command.priority)


def _raised(ledger: Ledger, item: WorkItem, command: RaiseWork) -> WorkItem:
    changes: dict[str, Any] = {}
    if command.priority is not None:
        changes["priority"] = command.priority.rank
    if command.class_ is not None:
        changes["case_class"] = command.class_
    if command.named_agent is not None and command.named_agent != item.named:
        changes |= {"named": command.named_agent, "named_until": named_until(ledger, command)}
    if command.slack_due_at is not None:
        changes["slack_due_at"] = to_milliseconds(command.slack_due_at)
    if command.boost is not None:
        changes["boost"] = finite(command.boost)
    if command.queue in ledger.pool.plan.queues:
        changes["queue"] = command.queue
    if command.requirements is not None and requirements(command.requirements) != item.requirements:
        changes |= {"requirements": requirements(command.requirements), "step": 0}
    if item.again is not None:
        # what came meanwhile is queued anew afterwards: then it has that place, too
        changes["again"] = {**item.again, **command.model_dump(mode="json", exclude_none=True, include=_PLACE)}
    return item.but(**changes).relaxed(ledger.now)


_STRAGGLING = dt.timedelta(days=1)
"""So long after a case's end what still comes about it is sent on. Forgotten at once, a case that is opened again could be
queued here before the other pool has heard of its end: two would hold it."""


def forward(ledger: Ledger, command: Any, moved: Moved) -> None:
    """Send a command on to where the case's work went; what ends the case ends the remembering, a while later."""
    if isinstance(command, WithdrawWork) and command.reason in ENDED:
        ledger.arm("moved", moved.case_id, ledger.now + _STRAGGLING)
    elif isinstance(command, QueueWork):
        ledger.disarm("moved", moved.case_id)
    ledger.tell(command.model_copy(update={"pool": moved.to_pool}))


def named_item(ledger: Ledger, command: Any) -> WorkItem:
    """The work that the command means.

    Raises:
        Superseded: it is not there any more, or another came in its place.
    """
    item = ledger.pool.items.get(command.case_id)
    if item is None or command.work_item not in {None, item.work_item}:
        raise Superseded("that work is not there any more")
    return item
