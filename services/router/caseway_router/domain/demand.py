"""When a case needs somebody, and when no longer.

The edge sees what happens to cases, not who works on them: it states each need, and the pool, which knows, takes a
need that is served already for what it is. So a customer's reply to a case that an agent holds changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import CaseMerged, CaseOpened, CaseUnmerged, ContactAdded, FactsAssigned
from caseway.contracts.milestones import MilestoneViolated, MilestoneWarned
from caseway.contracts.work_commands import QueueWork, RaiseWork, WithdrawWork
from caseway.kernel.errors import Superseded
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import CaseStatus
from caseway_router.domain.assignment.telling import as_wire, contacts
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Route, Router

_ASSIGNABLE = ("category", "priority", "language", "complexity", "tags", "department", "preferred_channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What follows from one fact: the case as it is remembered, and what its pool is told."""

    case: RoutedCase
    commands: tuple[QueueWork | WithdrawWork | RaiseWork, ...] = ()


def on_case(before: RoutedCase | None, fact: CaseFact, router: Router, cause: str) -> Demand:
    """What a fact about the case means for its work.

    Raises:
        Superseded: the case was never opened here, or is opened twice.
    """
    if isinstance(fact, CaseOpened):
        return _on_opened(before, fact, router, cause)
    if before is None or before.status is None:
        raise Superseded("a case that was not opened here")
    after = _after(before, fact)
    if after.is_wanted and (not before.is_wanted or _is_need(fact)):
        return _queue(after, fact, router, cause)
    if _is_over(before, after):
        return _withdraw(after, fact)
    if after.is_wanted and isinstance(fact, FactsAssigned):
        return _judge_anew(after, fact, router, cause)
    return Demand(case=after)


def on_milestone(before: RoutedCase | None, fact: MilestoneWarned | MilestoneViolated, router: Router) -> Demand:
    """A promise is near its end, or broken: the work moves forward in its queue, no more."""
    boost = router.boosts.get("violated" if isinstance(fact, MilestoneViolated) else "warned", 0.0)
    case = before or RoutedCase(case_id=fact.case_id)
    if boost <= case.boost:
        raise Superseded("its milestones raised it so far already")
    raised = replace(case, boost=boost)
    if case.route is None or not case.is_wanted:
        return Demand(case=raised)
    reason = f"{fact.kind}:{'violated' if isinstance(fact, MilestoneViolated) else 'warned'}"
    command = RaiseWork(
        pool=case.route.pool, case_id=case.case_id, boost=boost, slack_due_at=fact.due_at, reason=reason
    )
    return Demand(case=raised, commands=(command,))


def _on_opened(before: RoutedCase | None, fact: CaseOpened, router: Router, cause: str) -> Demand:
    if before is not None and before.status is not None:
        raise Superseded("the case was opened before")
    case = RoutedCase(
        case_id=fact.case_id,
        facts=_facts_of(fact),
        status=fact.status,
        turn=fact.turn,
        boost=before.boost if before else 0.0,
    )
    return _queue(case, fact, router, cause) if case.is_wanted else Demand(case=case)


def _facts_of(fact: CaseOpened) -> dict[str, Any]:
    values = {
        "channel": fact.channel.value,
        "language": fact.language,
        "category": fact.category,
        "priority": fact.priority.value,
        "class": fact.class_,
        "tags": list(fact.tags) or None,
        "complexity": fact.complexity,
        "department": fact.department,
        "record_type": fact.record_type,
        "customer_state": fact.customer.state,
        "entitlement_state": fact.entitlement.state if fact.entitlement else None,
        "vip": fact.customer.vip or None,
        "preferred_channel": fact.preferred_channel.value if fact.preferred_channel else None,
        "mailbox": fact.mailbox,
        "form": fact.form,
        "platform": fact.platform,
        "number": fact.number,
    }
    return {name: value for name, value in values.items() if value is not None}


def _after(case: RoutedCase, fact: CaseFact) -> RoutedCase:
    """The case after the fact."""
    after = replace(case, status=fact.status or case.status, turn=fact.turn or case.turn)
    match fact:
        case CaseMerged():
            return replace(after, is_merged=fact.into != case.case_id)
        case CaseUnmerged():
            return replace(after, is_merged=False)
        case ContactAdded(priority=priority) if priority is not None:
            return replace(after, facts={**case.facts, "priority": priority.value})
        case FactsAssigned():
            return replace(after, facts={**case.facts, **_assigned(fact)})
        case _:
            return after


def _assigned(fact: FactsAssigned) -> dict[str, Any]:
    values = {name: getattr(fact, name) for name in _ASSIGNABLE} | {"class": fact.class_}
    if fact.entitlement is not None:
        values["entitlement_state"] = fact.entitlement.state
    return {name: _plain(value) for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    """As it is kept: enumerations by their value, tuples as lists."""
    return list(value) if isinstance(value, tuple) else getattr(value, "value", value)


def _is_need(fact: CaseFact) -> bool:
    """Whether the fact is a customer's word that somebody should read."""
    return isinstance(fact, ContactAdded) and fact.direction == "inbound" and not fact.automatic


def _is_over(before: RoutedCase, after: RoutedCase) -> bool:
    """Whether the need ends, or the case itself: then also a holder's part is over."""
    ended = before.status is CaseStatus.OPEN and after.status is not CaseStatus.OPEN
    return (before.is_wanted and not after.is_wanted) or ended or (after.is_merged and not before.is_merged)


def _queue(case: RoutedCase, fact: CaseFact, router: Router, cause: str) -> Demand:
    route = router.route(case.facts)
    if route is None:
        return Demand(case=replace(case, route=None))
    told = case.route
    if told is not None:
        route = replace(route, pool=told.pool)
    raises = _raise(case, told, route, fact) if told is not None and _is_need(fact) else ()
    queues = _queue_command(case, route, fact, f"work_{derived_id(case.case_id, cause)}")
    return Demand(case=replace(case, route=route), commands=(queues, *raises))


def _queue_command(case: RoutedCase, route: Route, fact: CaseFact, work_item: str) -> QueueWork:
    facts = case.facts
    return QueueWork(
        pool=route.pool,
        case_id=case.case_id,
        work_item=work_item,
        queue=route.queue,
        requirements=as_wire(route.requirements),
        priority=route.priority,
        class_=route.case_class,
        weight=contacts(route.weight),
        channel=facts["channel"],
        language=facts.get("language"),
        category=facts.get("category"),
        complexity=facts.get("complexity", "basic"),
        tags=facts.get("tags", ()),
        number=facts.get("number"),
        queue_entered_at=fact.at,
        boost=case.boost,
        reason=fact.TYPE,
        matched_rule=route.rule or None,
    )


def _withdraw(case: RoutedCase, fact: CaseFact) -> Demand:
    """The need is over; a closed case is forgotten as far as its pool goes: reopened, it is routed as if new."""
    calmed = replace(case, boost=0.0, route=None if case.status is CaseStatus.CLOSED else case.route)
    if case.route is None:
        return Demand(case=calmed)
    command = WithdrawWork(pool=case.route.pool, case_id=case.case_id, reason=_why_over(case), actor=fact.actor)
    return Demand(case=calmed, commands=(command,))


def _why_over(case: RoutedCase) -> str:
    if case.is_merged:
        return "merged"
    if case.status is not None and case.status is not CaseStatus.OPEN:
        return case.status.value
    return case.turn.value


def _judge_anew(case: RoutedCase, fact: FactsAssigned, router: Router, cause: str) -> Demand:
    """The case is something else than it seemed: its work gets another place, or another queue."""
    if case.route is None:
        return _queue(case, fact, router, cause)
    found = router.route(case.facts)
    if found is None:
        command = WithdrawWork(pool=case.route.pool, case_id=case.case_id, reason="not_routed", actor=fact.actor)
        return Demand(case=replace(case, route=None), commands=(command,))
    stays = replace(case.route, priority=found.priority, case_class=found.case_class)
    route = replace(found, pool=case.route.pool) if fact.route else stays
    return Demand(case=replace(case, route=route), commands=_raise(case, case.route, route, fact))


def _raise(case: RoutedCase, told: Route, route: Route, fact: CaseFact) -> tuple[RaiseWork, ...]:
    """What the pool must be told of the difference; nothing when there is none."""
    changed: dict[str, Any] = {}
    if route.priority is not told.priority:
        changed["priority"] = route.priority
    if route.case_class != told.case_class:
        changed["class_"] = route.case_class or ""
    if route.queue != told.queue:
        changed["queue"] = route.queue
    if route.requirements != told.requirements:
        changed["requirements"] = as_wire(route.requirements)
    if not changed:
        return ()
    return (RaiseWork(pool=route.pool, case_id=case.case_id, reason=fact.TYPE, actor=fact.actor, **changed),)
