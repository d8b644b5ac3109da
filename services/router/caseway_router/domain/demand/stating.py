"""What follows from one fact about a case: whom it needs now."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CallbackRecorded,
    CaseOpened,
    ContactAdded,
    ContactUpdated,
    CustomerLinked,
    EscalationRequested,
    FactsAssigned,
    FactsConfirmed,
)
from caseway.contracts.milestones import LadderRungReached, MilestoneViolated, MilestoneWarned
from caseway.contracts.parts import Actor
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_router.domain.demand import asking, learning, telling
from caseway_router.domain.demand.asking import Demand
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Router

_RAISING = frozenset({"raise", "raise_priority"})
"""Actions of a ladder's rung that move the work forward."""
_FURTHEST = dt.timedelta(days=366)
"""A customer who wishes to be called later than that has mistyped the year."""
_OF_ONE_NEED = frozenset({"talk", "callback", "callback_at", "escalated", "ladders"})
"""What is known for as long as the need lasts, and no longer."""


def on_case(before: RoutedCase | None, fact: CaseFact, router: Router, occasion: Occasion) -> Demand:
    """What a fact about the case means for its work.

    Raises:
        Superseded: the case was never opened here, or is opened twice.
    """
    if isinstance(fact, CaseOpened):
        return _on_opened(before, fact, router, occasion)
    if before is None or before.status is None:
        raise Superseded("a case that was not opened here")
    after = learning.after(before, fact, router)
    if _is_over(before, after) or _is_closed(before, after):
        return _ended(before, after, router, fact.actor)
    if not after.is_wanted:
        return Demand(case=after)
    if before.is_on_the_line and after.facts.get("talk") == "left":
        return _left(after, fact, router, occasion)
    if not before.is_wanted:
        return _queue(after, fact, router, occasion)
    return _of_wanted(after, before, fact, router, occasion)


def on_milestone(before: RoutedCase | None, fact: MilestoneWarned | MilestoneViolated, router: Router) -> Demand:
    """A promise is near its end, or broken: the work moves forward in its queue, no more."""
    kind = "violated" if isinstance(fact, MilestoneViolated) else "warned"
    boost = router.boosts.get(kind, 0.0)
    case = before or RoutedCase(case_id=fact.case_id)
    if boost <= case.boost:
        raise Superseded("its milestones raised it so far already")
    return asking.boosted(replace(case, boost=boost), f"{fact.kind}:{kind}", fact.due_at)


def on_rung(before: RoutedCase | None, fact: LadderRungReached, router: Router, occasion: Occasion) -> Demand:
    """Somebody must act now: rules may send the case elsewhere, and the rung may raise it.

    Raises:
        Superseded: that rung changed what it could before.
    """
    case = before or RoutedCase(case_id=fact.case_id)
    ladders = sorted({*case.facts.get("ladders", ()), fact.ladder})
    boost = max(case.boost, router.boosts.get("rung", 0.0)) if fact.action in _RAISING else case.boost
    after = replace(case, facts={**case.facts, "ladders": ladders}, boost=boost)
    if after == case:
        raise Superseded("that rung changed what it could before")
    if not after.is_wanted:
        return Demand(case=after)
    reason = f"{fact.ladder}/{fact.rung}"
    raised = asking.boosted(after, reason, fact.due_at).tells if boost > case.boost else ()
    return asking.judge_anew(after, reason, None, router, occasion).after(*raised)


def on_due(case: RoutedCase | None, router: Router, occasion: Occasion) -> Demand:
    """A queue opens for a case that waited for it, or closes on somebody who is still on the line.

    Raises:
        Superseded: the case waits for nothing of the kind any more.
    """
    if case is None or not case.is_wanted:
        raise Superseded("the case needs nobody now")
    if case.postponed_until is not None and case.postponed_until <= occasion.now:
        opened = _missed(replace(case, postponed_until=None))
        return asking.queue(opened, asking.OPENING, router, occasion)
    if case.postponed_until is None and case.is_on_the_line and case.route is not None:
        away = asking.closed(case, case.route, router, occasion)
        if away is not None and away.until is not None:
            told = telling.withdraw(case, case.route, "out_of_hours")
            return asking.postpone(case, case.route, away, router, occasion).after(told)
    raise Superseded("it does not wait for an opening")


def _on_opened(before: RoutedCase | None, fact: CaseOpened, router: Router, occasion: Occasion) -> Demand:
    if before is not None and before.status is not None:
        raise Superseded("the case was opened before")
    case = learning.opened(before, fact, router)
    if not case.is_wanted:
        return Demand(case=replace(case, since=None))
    wished = _wished(fact.attributes.get("callback_at"), occasion) if case.facts.get("callback") else None
    return asking.queue(case, fact.TYPE, router, occasion, wished=wished)


def _queue(case: RoutedCase, fact: CaseFact, router: Router, occasion: Occasion) -> Demand:
    """A need that begins; a call-back, when the customer wishes."""
    wished = _wished(case.facts.get("callback_at"), occasion) if case.facts.get("callback") else None
    return asking.queue(replace(case, is_wished=wished is not None), fact.TYPE, router, occasion, wished=wished)


def _of_wanted(after: RoutedCase, before: RoutedCase, fact: CaseFact, router: Router, occasion: Occasion) -> Demand:
    """A later fact about a case that the desk has to do something about already."""
    if after.since is None:  # its caller left, and was not to be called back: only a word of theirs is a need again
        is_need = _is_need(fact) or _asks_for_a_call(after, before, router)
        return _queue(replace(after, since=fact.at), fact, router, occasion) if is_need else Demand(case=after)
    wished = _wished(fact.attributes.get("callback_at"), occasion) if isinstance(fact, ContactUpdated) else None
    if wished or (_asks_for_a_call(after, before, router) and after.facts.get("talk") != "left"):
        return _called_at(after, fact, wished, router, occasion)
    if _is_need(fact) and after.postponed_until is None:
        return asking.queue_again(after, fact.TYPE, router, occasion)
    if isinstance(fact, CallbackRecorded) and fact.outcome != "reached":
        return _call_again(after, fact, router, occasion)
    learns = isinstance(
        fact, ContactAdded | EscalationRequested | CustomerLinked | ContactUpdated | CallbackRecorded | FactsConfirmed
    )
    if isinstance(fact, FactsAssigned) or (learns and after.facts != before.facts):
        moves = not isinstance(fact, FactsAssigned) or fact.route
        return asking.judge_anew(after, fact.TYPE, fact.actor, router, occasion, moves=moves)
    return Demand(case=after)


def _left(case: RoutedCase, fact: CaseFact, router: Router, occasion: Occasion) -> Demand:
    """Nobody is on the line any more: a call leaves, and may become a call-back; a chat waits on as what was written."""
    if case.facts["channel"] == "chat":
        return asking.judge_anew(case, fact.TYPE, fact.actor, router, occasion)
    attributes = fact.attributes if isinstance(fact, ContactUpdated) else {}
    if case.facts.get("callback") in router.callbacks:
        return _called_at(case, fact, _wished(attributes.get("callback_at"), occasion), router, occasion)
    told = () if case.route is None or case.postponed_until else (telling.withdraw(case, case.route, "abandoned"),)
    gone = replace(case, postponed_until=None, since=None)
    return Demand(case=gone, tells=told, timers=asking.forgotten(case))


def _called_at(
    case: RoutedCase, fact: CaseFact, wished: dt.datetime | None, router: Router, occasion: Occasion
) -> Demand:
    """A call-back takes the place of the call: as old as it, and when the customer wishes."""
    why = "abandoned" if case.facts.get("talk") == "left" else "callback_requested"
    told = () if case.route is None or case.postponed_until else (telling.withdraw(case, case.route, why),)
    anew = replace(case, postponed_until=None, is_wished=wished is not None)
    demand = asking.queue(anew, fact.TYPE, router, occasion, wished=wished).after(*told)
    return replace(demand, timers=demand.timers or asking.forgotten(case))


def _call_again(case: RoutedCase, fact: CallbackRecorded, router: Router, occasion: Occasion) -> Demand:
    """The customer was not reached: the work leaves whoever has it, until the next attempt."""
    at = fact.next_attempt_at
    if at is None or not occasion.now < at <= occasion.now + _FURTHEST:
        return Demand(case=case)
    told = () if case.route is None else (telling.withdraw(case, case.route, "called_later", fact.actor),)
    later = replace(case, is_wished=True)
    return asking.queue(later, fact.TYPE, router, occasion, wished=at.astimezone(dt.UTC)).after(*told)


def _wished(given: object, occasion: Occasion) -> dt.datetime | None:
    """When the customer wishes to be called; None for at once, and for what is no such time."""
    try:
        wished = dt.datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        return None
    if wished is None or wished.tzinfo is None or not occasion.now < wished <= occasion.now + _FURTHEST:
        return None
    return wished.astimezone(dt.UTC)


def _missed(case: RoutedCase) -> RoutedCase:
    """Whoever was on the line while nobody was there is not any more: they are called back."""
    called = replace(case, is_wished=False)
    if not case.is_on_the_line:
        return called
    missed = {"talk": "left", **({"callback": "missed"} if case.facts["channel"] == "phone" else {})}
    return replace(called, facts={**case.facts, **missed}, conversation=None)


def _asks_for_a_call(after: RoutedCase, before: RoutedCase, router: Router) -> bool:
    """Whether the customer asks to be called, and did not before: after an answer, too, that is work of its own."""
    why = after.facts.get("callback")
    return why in router.callbacks and why not in {"failed", before.facts.get("callback")}


def _is_need(fact: CaseFact) -> bool:
    """Whether the fact is a customer's word that somebody should read."""
    return isinstance(fact, ContactAdded) and fact.direction == "inbound" and not fact.automatic


def _is_over(before: RoutedCase, after: RoutedCase) -> bool:
    """Whether the need ends, or the case itself: then also a holder's part is over."""
    ended = before.status is CaseStatus.OPEN and after.status is not CaseStatus.OPEN
    return (before.is_wanted and not after.is_wanted) or ended or (after.is_merged and not before.is_merged)


def _over(case: RoutedCase, actor: Actor | None) -> Demand:
    """The need is over; a closed case is forgotten as far as its pool goes: reopened, it is routed as if new."""
    calmed = replace(
        case,
        facts={name: value for name, value in case.facts.items() if name not in _OF_ONE_NEED},
        boost=0.0,
        promises={} if case.status is CaseStatus.CLOSED else case.promises,
        told_due_at=None,
        postponed_until=None,
        is_wished=False,
        conversation=None,
        route=None if case.status is CaseStatus.CLOSED else case.route,
    )
    told = () if case.route is None else (telling.withdraw(case, case.route, _why_over(case), actor),)
    return Demand(case=calmed, tells=told, timers=asking.forgotten(case))


def _is_closed(before: RoutedCase, after: RoutedCase) -> bool:
    return after.status is CaseStatus.CLOSED and before.status is not CaseStatus.CLOSED


def _ended(before: RoutedCase, after: RoutedCase, router: Router, actor: Actor | None) -> Demand:
    """That a case which was over is closed, only a pool has to hear that remembers where its work went."""
    over = _over(after, actor)
    return over if _is_over(before, after) or router.has_several_pools else replace(over, tells=())


def _why_over(case: RoutedCase) -> str:
    if case.is_merged:
        return "merged"
    if case.status is not None and case.status is not CaseStatus.OPEN:
        return case.status.value
    return "held" if case.turn is Turn.DESK else case.turn.value
