"""How an agent's part in a case ends."""

from __future__ import annotations

import datetime as dt
from json import dumps

from caseway.contracts.work_commands import QueueWork
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.entering import enter
from caseway_router.domain.assignment.offering import note_release, serve
from caseway_router.domain.items import Held, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger


def wrap_up(ledger: Ledger, item: WorkItem, standing: Held, outcome: str = "") -> None:
    """The contact is over; its agent may write it up for as long as the channel allows."""
    length = ledger.pool.plan.wrap_up.get(item.channel, dt.timedelta(0))
    wrapping = WrappingUp(
        agent=standing.agent,
        since=ledger.now,
        ends_at=ledger.now + length,
        accepted_at=standing.since,
        handled=standing.handled_until(ledger.now),
        outcome=outcome,
        cause=ledger.cause,
    )
    if not length:
        complete(ledger, item, wrapping, ledger.now)
        return
    item = ledger.put(item.but(standing=wrapping))
    ledger.arm("wrap", item.case_id, wrapping.ends_at)
    telling.wrapping_up(ledger, item, wrapping)
    serve(ledger, standing.agent)


def complete(ledger: Ledger, item: WorkItem, standing: WrappingUp, at: dt.datetime) -> None:
    """The agent's part is done, and they have room again; what came in meanwhile, unanswered, is queued anew."""
    ledger.drop(item)
    ledger.remember_holder(item)
    telling.completed(ledger, item, standing, at)
    note_release(ledger, standing.agent)
    serve(ledger, standing.agent)
    if item.again is not None:
        # from its JSON, as it is kept: instants are texts there
        enter(ledger, QueueWork.model_validate_json(dumps(item.again)))


def withdraw(ledger: Ledger, item: WorkItem, reason: str) -> None:
    """The case needs no work here, whoever had it."""
    ledger.drop(item)
    telling.withdrawn(ledger, item, reason)
    if isinstance(item.standing, Held):
        ledger.remember_holder(item)
    if item.agent:
        note_release(ledger, item.agent)
        serve(ledger, item.agent)
