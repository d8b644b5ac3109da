"""How the edge says what a case needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from caseway.contracts import parts
from caseway.contracts.case_commands import EscalateToDepartment
from caseway.contracts.parts import Actor
from caseway.contracts.work_commands import QueueWork, RaiseWork, WithdrawWork
from caseway.contracts.work_notices import WorkMentioned, WorkPostponed
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import Channel, Priority
from caseway_router.domain.assignment.telling import as_wire, contacts
from caseway_router.domain.flows import Step
from caseway_router.domain.hours import Closed, OpeningHours
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Route, Router

_ROUTER = Actor(kind="machine", id="router")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why, when and by which rules something is decided."""

    cause: str
    """The id of the message, or of the one that armed the timer."""
    now: dt.datetime
    version: str
    """Of the configuration."""


def queue(case: RoutedCase, route: Route, occasion: Occasion, reason: str, router: Router) -> QueueWork:
    """The case's work, for its pool."""
    facts = case.facts
    steps = [*route.steps, *_offering_a_choice(case, router.hours)]
    return QueueWork(
        pool=route.pool,
        case_id=case.case_id,
        work_item=work_item(case, occasion),
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
        queue_entered_at=case.since or occasion.now,
        slack_due_at=case.nearest_promise,
        preferred_agents=route.preferred,
        holder_place=route.holder_place,
        named_agent=route.named,
        excluded_agents=route.excluded,
        boost=case.boost + route.boost,
        reason=reason,
        matched_rule=route.rule or None,
        steps=tuple(_step(each) for each in sorted(steps, key=lambda step: step.after)),
        named_seconds=None if route.named is None else router.named_calls.wait.total_seconds(),
        attributes={"conversation": case.conversation} if case.conversation else {},
    )


def work_item(case: RoutedCase, occasion: Occasion) -> str:
    """The id of the work that this occasion queues."""
    return f"work_{derived_id(case.case_id, occasion.cause)}"


def _offering_a_choice(case: RoutedCase, hours: OpeningHours) -> Iterator[Step]:
    """Whoever is on the line is not left waiting for nobody."""
    if case.is_on_the_line and hours.unstaffed_after is not None and hours.choices:
        yield Step(name="nobody there", after=hours.unstaffed_after, choices=hours.choices)


def _step(step: Step) -> parts.FlowStep:
    return parts.FlowStep.model_validate(
        {
            "name": step.name,
            "after_seconds": step.after.total_seconds(),
            "queue": step.queue,
            "requirements": None if step.requirements is None else as_wire(step.requirements),
            "priority": step.priority,
            "boost": step.boost,
            "is_early": step.is_early,
            "frees_named": step.frees_named,
            "department": step.department,
            "choices": step.choices,
        }
    )


def withdraw(case: RoutedCase, route: Route, reason: str, actor: Actor | None = None) -> WithdrawWork:
    """The pool has nothing to do about it any more."""
    return WithdrawWork(pool=route.pool, case_id=case.case_id, reason=reason, actor=actor)


def raises(case: RoutedCase, told: Route, route: Route, reason: str, actor: Actor | None) -> tuple[RaiseWork, ...]:
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
    if route.named != told.named:
        changed["named_agent"] = route.named or ""
    if route.boost != told.boost:
        changed["boost"] = case.boost + route.boost
    if not changed:
        return ()
    return (RaiseWork(pool=route.pool, case_id=case.case_id, reason=reason, actor=actor, **changed),)


def hand_over(case: RoutedCase, route: Route) -> EscalateToDepartment:
    """A rule says that this is a department's matter."""
    return EscalateToDepartment(
        case_id=case.case_id, actor=_ROUTER, department=route.department or "", person=route.person
    )


def postponed(
    case: RoutedCase, route: Route, occasion: Occasion, away: Closed, choices: tuple[str, ...]
) -> WorkPostponed:
    """It is queued later; whoever is on the line may choose."""
    values = {
        **_about(case, route, occasion),
        "reason": away.reason,
        "until": away.until,
        "choices": choices if case.is_on_the_line else (),
        "conversation": case.conversation,
    }
    return WorkPostponed.model_validate(values)


def mentions(case: RoutedCase, route: Route, occasion: Occasion) -> list[WorkMentioned]:
    """What is posted where, and whom it mentions. Source: S2-18 to S2-22."""
    asked_for = case.facts.get("asked_for")
    return [
        WorkMentioned(
            **_about(case, route, occasion),
            post_to=post.post_to,
            mentions=post.mentions,
            reason="asked_for" if asked_for is not None and post.mentions == (asked_for,) else "handed_on",
            category=case.facts.get("category"),
            priority=Priority(case.facts.get("priority") or Priority.NORMAL),
            missing_fields=tuple(case.facts.get("missing_fields") or ()),
        )
        for post in route.posts
    ]


def _about(case: RoutedCase, route: Route, occasion: Occasion) -> dict[str, Any]:
    return {
        "at": occasion.now,
        "cause": occasion.cause,
        "configuration": occasion.version,
        "work_item": work_item(case, occasion),
        "case_id": case.case_id,
        "pool": route.pool,
        "queue": route.queue,
        "channel": Channel(case.facts["channel"]),
        "language": case.facts.get("language"),
        "number": case.facts.get("number"),
    }
