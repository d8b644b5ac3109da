"""What a rung does: whom it tells, and what it asks of others."""

from __future__ import annotations

from dataclasses import dataclass

from caseway.contracts.case_commands import AssignFacts, RequestEscalation
from caseway.contracts.parts import Actor, Destination
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import TransferWork
from caseway.kernel.vocabulary import Priority
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.ladders import HOLDER, Action, Rung

OURSELVES = Actor(kind="machine", id="escalation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What came of a rung."""

    outcome: str = "done"
    reason: str = ""
    recipients: tuple[str, ...] = ()
    commands: tuple[WireModel, ...] = ()


def deed(rung: Rung, ladder: str, case: Case) -> Deed:
    """What a rung does to such a case."""
    match rung.action:
        case Action.NOTIFY | Action.PROPOSE:
            return _told(rung, case)
        case Action.RAISE:
            return _raised(Priority(rung.to[0]), ladder, case)
        case Action.REASSIGN | Action.MOVE:
            return _moved(rung, ladder, case)
        case Action.CALLBACK:
            request = RequestEscalation(case_id=case.id, actor=OURSELVES, reason=f"ladder: {ladder}", urgent=True)
            return Deed(commands=(request,))


def _told(rung: Rung, case: Case) -> Deed:
    holder = f"agent:{case.work.agent}" if case.work and case.work.agent else ""
    named = (holder if each == HOLDER else each for each in rung.to)
    recipients = tuple(dict.fromkeys(filter(None, named)))
    return Deed(recipients=recipients) if recipients else Deed(outcome="empty", reason="nobody holds the case")


def _raised(priority: Priority, ladder: str, case: Case) -> Deed:
    if case.standing.priority.rank >= priority.rank:
        return Deed(outcome="skipped", reason=f"it is {case.standing.priority} already")
    return Deed(reason=ladder, commands=(AssignFacts(case_id=case.id, actor=OURSELVES, priority=priority),))


def _moved(rung: Rung, ladder: str, case: Case) -> Deed:
    """To an agent of the work's pool; or to a queue, of another pool where it is written `pool/queue`."""
    work = case.work
    if work is None:
        return Deed(outcome="empty", reason="it has no work that could be moved")
    if rung.action is Action.REASSIGN:
        if work.agent == rung.to[0]:
            return Deed(outcome="skipped", reason="they hold it already")
        to = Destination(pool=work.pool, agent=rung.to[0])
    else:
        pool, _, queue = rung.to[0].rpartition("/")
        to = Destination(pool=pool or work.pool, queue=queue)
        if (to.pool, to.queue) == (work.pool, work.queue):
            return Deed(outcome="skipped", reason="it is there already")
    command = TransferWork(
        pool=work.pool, actor=OURSELVES, case_id=case.id, work_item=work.work_item, to=to, reason=f"ladder: {ladder}"
    )
    return Deed(reason=ladder, commands=(command,))
