"""What an agent does with the work in their hands."""

from __future__ import annotations

from dataclasses import replace

from caseway.contracts.work import WorkDeclined, WorkStarted
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    FinishWrapUp,
    PauseWork,
    ReleaseWork,
    StartWork,
)
from caseway.kernel.errors import Superseded
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.ending import complete, wrap_up
from caseway_router.domain.assignment.offering import expire, give_back, take
from caseway_router.domain.items import Held, Offered, Standing, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger

OnWork = AcceptWork | DeclineWork | StartWork | PauseWork | CompleteWork | FinishWrapUp | ReleaseWork


def handle(ledger: Ledger, command: OnWork) -> None:
    """Do what the agent asks for, or refuse it."""
    item = ledger.pool.items.get(command.case_id)
    if item is None or command.work_item not in {None, item.work_item}:
        _about_nothing(ledger, command)
    elif item.agent != command.agent:
        telling.refused(ledger, command, "not_offered" if isinstance(command, AcceptWork | DeclineWork) else "not_held")
    else:
        _by_standing(ledger, command, item, item.standing)


def _about_nothing(ledger: Ledger, command: OnWork) -> None:
    """Work that ended while the agent still spoke of it: only wanting to begin something is worth an answer."""
    if isinstance(command, AcceptWork | StartWork):
        telling.refused(ledger, command, "gone")
        return
    raise Superseded("that work is not there any more")


def _by_standing(ledger: Ledger, command: OnWork, item: WorkItem, standing: Standing) -> None:
    match command, standing:
        case ((AcceptWork() | DeclineWork()), Offered()) if ledger.now >= standing.expires_at:
            telling.refused(ledger, command, "expired")
            expire(ledger, item, standing)
        case AcceptWork(), Offered():
            take(ledger, item, standing)
        case DeclineWork(), Offered():
            _decline(ledger, command, item)
        case StartWork(), Held():
            _start(ledger, command, item, standing)
        case PauseWork(), Held():
            _pause(ledger, item, standing)
        case CompleteWork(), Held():
            wrap_up(ledger, item, standing, command.outcome or "")
        case FinishWrapUp(), WrappingUp():
            ledger.disarm("wrap", item.case_id)
            complete(ledger, item, standing, ledger.now)
        case ReleaseWork(), Held():
            give_back(ledger, item, command.reason or "released")
        case (AcceptWork(), Held()) | ((CompleteWork() | PauseWork()), WrappingUp()):
            raise Superseded("it is so already")
        case _:
            telling.refused(ledger, command, f"is_{standing.word}")


def _decline(ledger: Ledger, command: DeclineWork, item: WorkItem) -> None:
    ledger.tell(WorkDeclined(**ledger.about(item), agent=command.agent, reason=command.reason))
    give_back(ledger, item, "declined")


def _start(ledger: Ledger, command: StartWork, item: WorkItem, standing: Held) -> None:
    """Turn to this work, and so away from whatever else was started."""
    if standing.activity == command.activity:
        raise Superseded("it is started already")
    for other in ledger.pool.held_by(command.agent):
        if isinstance(other.standing, Held) and other.standing.activity:
            telling.paused(ledger, other, other.standing, because_of=command.case_id)
            ledger.put(replace(other, standing=other.standing.paused(ledger.now)))
    rested = standing.paused(ledger.now)
    ledger.put(replace(item, standing=replace(rested, activity=command.activity, started_at=ledger.now)))
    ledger.tell(
        WorkStarted(
            **ledger.about(item),
            agent=command.agent,
            activity=command.activity,
            announced_seconds=command.announced_seconds,
        )
    )


def _pause(ledger: Ledger, item: WorkItem, standing: Held) -> None:
    if not standing.activity:
        raise Superseded("nothing was started")
    telling.paused(ledger, item, standing)
    ledger.put(replace(item, standing=standing.paused(ledger.now)))
