"""How a need is put to a pool, now or when somebody is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from caseway.contracts.parts import Actor
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import RaiseWork
from caseway.kernel.decision import Arm, Disarm
from caseway_router.domain.demand import telling
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.hours import Closed
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Route, Router

OPENING = "opening"
"""The kind of timer for a case that waits for an opening, or whose queue will close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What follows from one fact: the case as it is remembered, what is told, and what becomes due."""

    case: RoutedCase
    tells: tuple[WireModel, ...] = ()
    timers: tuple[Arm | Disarm, ...] = ()

    def after(self, *told: WireModel) -> Demand:
        """The same, with this told before."""
        return replace(self, tells=(*told, *self.tells))


def queue(
    case: RoutedCase, reason: str, router: Router, occasion: Occasion, *, wished: dt.datetime | None = None
) -> Demand:
    """Put it where the rules say, now or when somebody is there for it."""
    found = router.route(case.facts)
    if found is None:
        return Demand(case=replace(case, route=None))
    if not found.queue:
        handed = Demand(case=replace(case, route=None), tells=(telling.hand_over(case, found),))
        return _posted(handed, found, occasion)
    route = found if case.route is None else replace(found, pool=case.route.pool)
    if wished is not None:
        return postpone(case, route, Closed(reason="wished", until=wished), router, occasion)
    away = closed(case, route, router, occasion)
    if away is not None and away.until is not None:
        return postpone(case, route, away, router, occasion)
    queued = telling.queue(case, route, occasion, reason, router)
    told: tuple[WireModel, ...] = (queued,)
    if (
        away is not None and case.is_on_the_line
    ):  # it never opens, as far as can be seen: they are not left to find that out
        told = (queued, telling.postponed(case, route, occasion, away, router.hours.choices))
    known = replace(case, route=route, told_due_at=case.nearest_promise)
    demand = Demand(case=known, tells=told, timers=_closing(case, route, router, occasion))
    return _posted(demand, route, occasion)


def queue_again(case: RoutedCase, reason: str, router: Router, occasion: Occasion) -> Demand:
    """The customer's word to a case that is queued, or held, already."""
    told = case.route
    found = router.route(case.facts)
    if told is None or found is None or not found.queue:
        return queue(case, reason, router, occasion)
    route = replace(found, pool=told.pool)
    queued = telling.queue(case, route, occasion, reason, router)
    commands = (queued, *telling.raises(case, told, route, reason, None))
    return _posted(Demand(case=replace(case, route=route), tells=commands), route, occasion)


def judge_anew(
    case: RoutedCase, reason: str, actor: Actor | None, router: Router, occasion: Occasion, *, moves: bool = True
) -> Demand:
    """The case is something else than it seemed: its work gets another place, and if it `moves`, another queue."""
    if case.postponed_until is not None:
        return _postponed_anew(case, reason, router, occasion)
    if case.route is None:
        return queue(case, reason, router, occasion)
    found = router.route(case.facts)
    if found is None or not found.queue:
        command = telling.withdraw(case, case.route, "not_routed", actor)
        return queue(replace(case, route=None), reason, router, occasion).after(command)
    stays = replace(case.route, priority=found.priority, case_class=found.case_class)
    route = replace(found, pool=case.route.pool) if moves else stays
    told = telling.raises(case, case.route, route, reason, actor)
    return _posted(Demand(case=replace(case, route=route), tells=told), route, occasion)


def boosted(case: RoutedCase, reason: str, due_at: dt.datetime | None) -> Demand:
    """Another place in its queue, where it is in one."""
    if case.route is None or not case.is_wanted or case.postponed_until is not None:
        return Demand(case=case)
    boost = case.boost + case.route.boost
    slack_due_at = min((each for each in (due_at, case.nearest_promise) if each is not None), default=None)
    raises = RaiseWork(
        pool=case.route.pool, case_id=case.case_id, boost=boost, slack_due_at=slack_due_at, reason=reason
    )
    return Demand(case=replace(case, told_due_at=slack_due_at), tells=(raises,))


def closed(case: RoutedCase, route: Route, router: Router, occasion: Occasion) -> Closed | None:
    """Why nobody is there for somebody on the line, or for whom a call-back is due; None while somebody is."""
    facts = case.facts
    is_live = case.is_on_the_line or facts.get("callback") is not None
    return router.hours.closed(route.queue, facts.get("language"), facts["channel"], occasion.now) if is_live else None


def postpone(case: RoutedCase, route: Route, away: Closed, router: Router, occasion: Occasion) -> Demand:
    """Nobody is there for it until then: the customer is told, and it is queued by itself."""
    told = telling.postponed(case, route, occasion, away, router.hours.choices)
    assert away.until is not None, "what has no opening in sight is queued, not postponed"
    timer = Arm(key=_timer(case), kind=OPENING, due_at=away.until, data={"case_id": case.case_id})
    demand = Demand(case=replace(case, postponed_until=away.until), tells=(told,), timers=(timer,))
    return _posted(demand, route, occasion)


def forgotten(case: RoutedCase) -> tuple[Disarm, ...]:
    """Forget the opening that it waited for; a closing that finds nobody on the line changes nothing."""
    return (Disarm(key=_timer(case)),) if case.postponed_until is not None else ()


def _postponed_anew(case: RoutedCase, reason: str, router: Router, occasion: Occasion) -> Demand:
    """It may belong to a queue now that is open; a time that the customer wished stays."""
    found = router.route(case.facts)
    is_queued = found is not None and found.queue
    if is_queued and found is not None and (case.is_wished or closed(case, found, router, occasion) is not None):
        return Demand(case=case)
    demand = queue(replace(case, postponed_until=None), reason, router, occasion)
    return replace(demand, timers=demand.timers or forgotten(case))


def _posted(demand: Demand, route: Route, occasion: Occasion) -> Demand:
    """With the post that tells people of it by name, unless they were told."""
    key = "; ".join(f"{post.post_to}: {', '.join(post.mentions)}" for post in route.posts)
    if key in {"", demand.case.told}:
        return demand
    posts = telling.mentions(demand.case, route, occasion)
    return replace(demand, case=replace(demand.case, told=key), tells=(*demand.tells, *posts))


def _closing(case: RoutedCase, route: Route, router: Router, occasion: Occasion) -> tuple[Arm, ...]:
    """Whoever is on the line when the queue closes is told, too."""
    if not case.is_on_the_line:
        return ()
    closes = router.hours.closes_at(route.queue, case.facts.get("language"), case.facts["channel"], occasion.now)
    if closes is None:
        return ()
    return (Arm(key=_timer(case), kind=OPENING, due_at=closes, data={"case_id": case.case_id}),)


def _timer(case: RoutedCase) -> str:
    return f"{case.case_id}/{OPENING}"
