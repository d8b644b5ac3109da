"""What happens in a pool because its time has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping

from caseway.kernel.decision import Due
from caseway_router.domain.assignment.attending import fall_silent, stay_absent
from caseway_router.domain.assignment.ending import complete
from caseway_router.domain.assignment.flowing import follow
from caseway_router.domain.assignment.offering import expire, try_offer
from caseway_router.domain.items import Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger, armed
from caseway_router.domain.pool import Pool


def _offer(ledger: Ledger, case_id: str, at: dt.datetime) -> None:
    """An offer ran out."""
    item = ledger.pool.items.get(case_id)
    if item is not None and isinstance(item.standing, Offered) and item.standing.expires_at <= at:
        expire(ledger, item, item.standing)


def _relax(ledger: Ledger, case_id: str, at: dt.datetime) -> None:
    """A requirement is dropped of work that waits; what is with an agent is asked anew when it comes back."""
    item = ledger.pool.items.get(case_id)
    if item is None or not isinstance(item.standing, Waiting):
        return
    relaxed = item.relaxed(at)
    if relaxed is not item:
        ledger.put(relaxed)
    if relaxed.next_relaxation_at is not None:
        ledger.arm("relax", case_id, relaxed.next_relaxation_at)
    if relaxed.signature != item.signature:
        try_offer(ledger, relaxed)


def _retry(ledger: Ledger, case_id: str, _: dt.datetime) -> None:
    """A cool-down ended: its agent may be asked again."""
    item = ledger.pool.items.get(case_id)
    if item is not None and isinstance(item.standing, Waiting) and not try_offer(ledger, item):
        ledger.arm_waits(item)


def _step(ledger: Ledger, case_id: str, _: dt.datetime) -> None:
    """A step of its flow begins, for work that still waits; what is with an agent follows when it comes back."""
    item = ledger.pool.items.get(case_id)
    if item is not None and isinstance(item.standing, Waiting):
        follow(ledger, item)


def _wrap(ledger: Ledger, case_id: str, at: dt.datetime) -> None:
    """The time for writing up is over."""
    item = ledger.pool.items.get(case_id)
    if item is not None and isinstance(item.standing, WrappingUp) and item.standing.ends_at <= at:
        complete(ledger, item, item.standing, item.standing.ends_at)


def _moved(ledger: Ledger, case_id: str, _: dt.datetime) -> None:
    """A case that left the pool is over: nothing comes any more that would have to be sent on."""
    ledger.forget_move(case_id)


BY_KIND: Mapping[str, Callable[[Ledger, str, dt.datetime], None]] = {
    "offer": _offer,
    "relax": _relax,
    "retry": _retry,
    "step": _step,
    "wrap": _wrap,
    "moved": _moved,
    "absent": lambda ledger, agent, _: stay_absent(ledger, agent),
    "silent": lambda ledger, agent, _: fall_silent(ledger, agent),
}
"""What each kind of timer does, to the case or agent that it names."""

FOLLOWING = frozenset({"offer", "wrap"})
"""Kinds of timers that are nothing but what an item's standing says: whoever has the pool has them."""


def open_timers(pools: Iterable[Pool]) -> Iterator[Due]:
    """Those of the kinds that follow from a pool, as its items stand: for who takes it over."""
    for pool in pools:
        for item in pool.items.values():
            match item.standing:
                case Offered() as standing:
                    yield _due("offer", item, standing.expires_at, standing.cause)
                case WrappingUp() as standing:
                    yield _due("wrap", item, standing.ends_at, standing.cause)
                case _:
                    pass


def _due(kind: str, item: WorkItem, at: dt.datetime, cause: str) -> Due:
    arm = armed(kind, item.pool, item.case_id, at)
    return Due(key=arm.key, kind=arm.kind, due_at=arm.due_at, armed_by=cause, data=arm.data)
