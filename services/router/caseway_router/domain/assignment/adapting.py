"""What follows when other rules or people are configured."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from operator import attrgetter

from caseway.contracts.parts import Destination
from caseway.kernel.vocabulary import Presence
from caseway_router.domain.assignment import telling
from caseway_router.domain.assignment.moving import send_away
from caseway_router.domain.assignment.offering import expect_back, rearm_relaxation, settle, stand_back
from caseway_router.domain.items import Offered, Waiting, WorkItem
from caseway_router.domain.ledger import Ledger


def adapt(ledger: Ledger) -> None:
    """Bring what stands in line with the rules, then ask whoever may now take what waits.

    Also after a pool was taken over: another process may have left it under other rules.
    """
    waiting = [*_dismiss(ledger), *_rehouse(ledger)]
    for seat in ledger.pool.seats:
        if seat.is_overloaded:
            telling.presence_changed(ledger, seat.attendance, seat.attendance.presence, "overload")
    settle(ledger)
    for case_id in waiting:
        item = ledger.pool.items.get(case_id)
        if item is not None and isinstance(item.standing, Waiting):
            ledger.arm_waits(item)


def _dismiss(ledger: Ledger) -> list[str]:
    """Whoever is configured no longer is gone: they cannot say so themselves. The cases that wait again for it."""
    pool = ledger.pool
    gone = sorted(
        name
        for name, attendance in pool.attendances.items()
        if name not in pool.plan.agents and attendance.presence is not Presence.OFFLINE
    )
    held: dict[str, list[WorkItem]] = defaultdict(list)
    if gone:
        for item in pool.items.values():
            held[item.agent].append(item)
    waiting = []
    for name in gone:
        before = pool.attendances[name]
        attendance = replace(before, presence=Presence.OFFLINE, since=ledger.now)
        ledger.attend(attendance)
        telling.presence_changed(ledger, attendance, before.presence, "not_configured")
        offered = [item for item in held[name] if isinstance(item.standing, Offered)]
        waiting += [stand_back(ledger, item, "presence", cools=False).case_id for item in offered]
        waiting += _free(ledger, name)
        if len(offered) < len(held[name]):
            expect_back(ledger, name)
    return waiting


def _free(ledger: Ledger, agent: str) -> list[str]:
    """What waited for this agent alone waits for anyone."""
    cases = ledger.pool.lines.only_for(agent)
    for case_id in cases:
        item = ledger.pool.items[case_id]
        rearm_relaxation(ledger, item, ledger.put(item.but(named_until=None)))
    return cases


def _rehouse(ledger: Ledger) -> list[str]:
    """Work whose queue is configured no longer goes where that queue is now, or into the pool's default one."""
    plan = ledger.pool.plan
    strays = [item for item in ledger.pool.items.values() if item.queue not in plan.queues]
    strays.sort(key=attrgetter("case_id"))
    for item in strays if plan.default_queue else ():
        elsewhere = plan.elsewhere.get(item.queue)
        if elsewhere is not None and isinstance(item.standing, Waiting):
            send_away(ledger, item, Destination(pool=elsewhere, queue=item.queue), "queue_moved")
        else:
            moved = ledger.put(item.but(queue=plan.default_queue))
            telling.raised(ledger, moved, "queue_not_configured")
    return [item.case_id for item in strays]
