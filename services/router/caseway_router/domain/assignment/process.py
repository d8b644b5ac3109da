"""One command or due timer, taken through a pool."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from caseway.contracts.work_commands import (
    QueueWork,
    RaiseWork,
    SendHeartbeat,
    SetPresence,
    TakeWork,
    TransferWork,
    WithdrawWork,
    WorkCommand,
)
from caseway.kernel.decision import Decision, Due
from caseway.kernel.errors import Rejected, Superseded
from caseway_router.domain.assignment import attending, moving, placing
from caseway_router.domain.assignment.adapting import adapt
from caseway_router.domain.assignment.falling_due import BY_KIND
from caseway_router.domain.assignment.handling import OnWork, handle, take_up
from caseway_router.domain.assignment.reading import to_milliseconds
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.pool import Pool

Does = Callable[[Ledger], None]


def on_command(
    pool: Pool, plan: PoolPlan, version: str, command: WorkCommand, cause: str, now: dt.datetime, holder: str = ""
) -> Decision:
    """What a command does to its pool; `holder` is who worked on its case last, where that is asked.

    Raises:
        Superseded: it is so already, or nothing is there to do it to.
        Rejected: it can never be done.
    """
    ledger = _ledger(pool, plan, version, cause, now)
    ledger.holder = holder
    return _decided(ledger, lambda ledger: _do(ledger, command))


def on_due(pool: Pool, plan: PoolPlan, version: str, due: Due, now: dt.datetime) -> Decision:
    """What a due timer does to its pool."""
    does = BY_KIND[due.kind]
    return _decided(
        _ledger(pool, plan, version, due.armed_by, now), lambda ledger: does(ledger, due.data["name"], due.due_at)
    )


def _ledger(pool: Pool, plan: PoolPlan, version: str, cause: str, now: dt.datetime) -> Ledger:
    ledger = Ledger(pool, to_milliseconds(now), cause)
    if pool.version != version:
        # the rules changed, or the pool was just rebuilt: whoever may now take what waits is asked before anything else
        pool.follow(plan, version)
        adapt(ledger)
    return ledger


def _decided(ledger: Ledger, does: Does) -> Decision:
    """The whole decision; what settling changed already must be written even when there is nothing else to do."""
    settled = not ledger.is_empty
    try:
        does(ledger)
    except Superseded:
        if not settled:
            raise
    except Rejected as rejected:
        if not settled:
            raise
        return ledger.decision(parks=rejected.reason)
    return ledger.decision()


def _do(ledger: Ledger, command: WorkCommand) -> None:
    moved = ledger.pool.moved.get(getattr(command, "case_id", ""))
    if moved is not None and getattr(command, "came_from", None) is None:
        placing.forward(ledger, command, moved)
        return
    match command:
        case QueueWork():
            placing.queue(ledger, command)
        case WithdrawWork():
            placing.withdraw_work(ledger, command)
        case RaiseWork():
            placing.raise_work(ledger, command)
        case TransferWork():
            moving.transfer(ledger, command, placing.named_item(ledger, command))
        case SetPresence():
            attending.set_presence(ledger, command)
        case SendHeartbeat():
            attending.heartbeat(ledger, command)
        case TakeWork():
            take_up(ledger, command)
        case _ if isinstance(command, OnWork):
            handle(ledger, command)
        case _:
            raise Rejected("unknown-type", f"no such command is known here: {command.TYPE}")
