"""What an agent does with the work in their hands."""

from __future__ import annotations

from dataclasses import replace

from caseway.contracts.parts import Destination
from caseway.contracts.work import WorkDeclined, WorkStarted, WorkTransferred
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    FinishWrapUp,
    PauseWork,
    ReleaseWork,
    StartWork,
    TakeWork,
)
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Presence
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.ending import complete, wrap_up
from caseway_router.domain.assignment.offering import expire, give_back, note_release, offer, serve, take
from caseway_router.domain.assignment.reading import is_supervisor
from caseway_router.domain.items import Held, Offered, Standing, Waiting, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.matching import direct, reasons_against
from caseway_router.domain.staff import Seat

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
    """Turn to this work, and so away from whatever else was started.

    An agent who is at it already may still say how long it will take: that is told, and nothing else changes.
    Source: S2-10, "or earlier when the agent announces it".
    """
    if standing.activity == command.activity:
        if command.announced_seconds is None:
            raise Superseded("it is started already")
        _tell_started(ledger, command, item)
        return
    for other in ledger.pool.held_by(command.agent):
        if isinstance(other.standing, Held) and other.standing.activity:
            telling.paused(ledger, other, other.standing, because_of=command.case_id)
            ledger.put(other.but(standing=other.standing.paused(ledger.now)))
    rested = standing.paused(ledger.now)
    ledger.put(item.but(standing=replace(rested, activity=command.activity, started_at=ledger.now)))
    _tell_started(ledger, command, item)


def _tell_started(ledger: Ledger, command: StartWork, item: WorkItem) -> None:
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
    ledger.put(item.but(standing=standing.paused(ledger.now)))


_MAY_TAKE_ANYWAY = frozenset({"cool_down", "named"})
"""What keeps work from being offered to an agent, but not from being taken by their own wish."""


def take_up(ledger: Ledger, command: TakeWork) -> None:
    """An agent takes waiting work by their own wish; a supervisor, whatever and from whomever it is."""
    item = ledger.pool.items.get(command.case_id)
    if item is None or command.work_item not in {None, item.work_item}:
        telling.refused(ledger, command, "gone")
        return
    match item.standing:
        case Offered(agent=agent) as standing if agent == command.agent and ledger.now < standing.expires_at:
            take(ledger, item, standing)
        case Held(agent=agent) if agent == command.agent:
            raise Superseded("they hold it already")
        case _:
            reason = _against_taking(ledger, command, item)
            if reason:
                telling.refused(ledger, command, reason)
            else:
                _take_from(ledger, command, item)


def _against_taking(ledger: Ledger, command: TakeWork, item: WorkItem) -> str:
    seat = ledger.pool.seat(command.agent)
    if seat is None:
        return "absent" if command.agent in ledger.pool.plan.agents else "unknown_agent"
    if isinstance(item.standing, WrappingUp):
        return f"is_{item.standing.word}"
    if is_supervisor(command.actor):
        return "" if _is_there(seat, command) else "absent"
    if not isinstance(item.standing, Waiting):
        return f"is_{item.standing.word}"
    return next((each for each in reasons_against(seat, item, ledger.now) if each not in _MAY_TAKE_ANYWAY), "")


def _is_there(seat: Seat, command: TakeWork) -> bool:
    """Whoever is given work must be online; who takes it by their own wish, a superior who is busy, must not be gone."""
    return seat.is_online or (_is_oneself(command) and seat.attendance.presence is not Presence.OFFLINE)


def _is_oneself(command: TakeWork) -> bool:
    return command.actor is not None and command.actor.id == command.agent


def _take_from(ledger: Ledger, command: TakeWork, item: WorkItem) -> None:
    """It goes over, beyond the capacity too: then it is told as overload, and nothing new comes to them."""
    giver, seat = item.agent, ledger.pool.seat(command.agent)
    if seat is None:
        return
    if isinstance(item.standing, Offered):
        ledger.disarm("offer", item.case_id)
    moved = ledger.put(item.but(standing=Waiting(), again=None).relaxed(ledger.now))
    if giver:
        to = Destination(pool=ledger.pool.name, agent=command.agent)
        about = ledger.about(moved)
        ledger.tell(
            WorkTransferred(
                **about,
                actor=command.actor,
                agent=giver,
                to=to,
                reason=command.reason or "taken",
                queue_entered_at=item.queued_at,
            )
        )
    why = "assigned" if is_supervisor(command.actor) and not _is_oneself(command) else "taken"
    offer(ledger, moved, direct(ledger.pool, moved, seat, why), by_hand=True, is_taken=True)
    if giver:
        note_release(ledger, giver)
        serve(ledger, giver)
