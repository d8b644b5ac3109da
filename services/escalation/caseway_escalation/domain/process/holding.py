"""What facts say about who holds a case's work."""

from __future__ import annotations

from typing import Any

from caseway.contracts.work import (
    WorkAccepted,
    WorkCompleted,
    WorkFact,
    WorkQueued,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
)
from caseway_escalation.domain.case import Work


def after(work: Work | None, fact: Any) -> Work | None:
    """The work once the fact is known."""
    match fact:
        case WorkAccepted():
            return _of(fact, fact.agent)
        case WorkQueued() | WorkReturned() | WorkTransferred():
            return _of(fact, "")
        case WorkCompleted() | WorkWithdrawn():
            return None
        case _:
            return work


def _of(fact: WorkFact, agent: str) -> Work:
    return Work(pool=fact.pool, queue=fact.queue, work_item=fact.work_item, agent=agent)
