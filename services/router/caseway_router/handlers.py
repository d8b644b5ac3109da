"""What each message needs, and which decision it comes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.milestones import MilestoneViolated, MilestoneWarned
from caseway.contracts.work_commands import QueueWork, WorkCommand
from caseway.kernel.decision import Decision, Due, Message, Moment, Put, Ref, States
from caseway.kernel.errors import Rejected, Superseded
from caseway_router import metrics
from caseway_router.domain import demand
from caseway_router.domain.assignment import process
from caseway_router.domain.demand import Demand
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.routed import RoutedCase
from caseway_router.settings import Configuration

ROUTED_CASES = "routed_cases"


def its_case(message: Message[Any]) -> Iterable[Ref]:
    """The case that a fact is about."""
    return (Ref(ROUTED_CASES, message.data.case_id),)


def on_case(message: Message[CaseFact], states: States, moment: Moment) -> Decision:
    """Something happened to a case."""
    before = states.get(ROUTED_CASES, message.data.case_id)
    configuration: Configuration = moment.configuration
    return _stated(before, demand.on_case(before, message.data, configuration.router, message.id))


def on_milestone(message: Message[MilestoneWarned | MilestoneViolated], states: States, moment: Moment) -> Decision:
    """A promise is near its end, or broken."""
    before = states.get(ROUTED_CASES, message.data.case_id)
    configuration: Configuration = moment.configuration
    return _stated(before, demand.on_milestone(before, message.data, configuration.router))


def _stated(before: RoutedCase | None, stated: Demand) -> Decision:
    for command in stated.commands:
        if isinstance(command, QueueWork) and command.matched_rule is None:
            metrics.UNMATCHED.inc()
    changes = (
        () if stated.case == before else (Put(collection=ROUTED_CASES, id=stated.case.case_id, value=stated.case),)
    )
    return Decision(emits=stated.commands, changes=changes)


def on_command(message: Message[WorkCommand], states: States, moment: Moment) -> Decision:
    """Something is wanted of a pool."""
    command = message.data
    plan = _plan(moment, command.pool)
    if plan is None:
        raise Rejected("unknown-pool", "no such pool is configured")
    pool = states.resident.named(command.pool)
    with metrics.timed():
        decision = process.on_command(pool, plan, moment.version, command, message.id, moment.now)
    metrics.count(decision.emits)
    return decision


def on_due(message: Message[Due], states: States, moment: Moment) -> Decision:
    """Something in a pool is due."""
    due = message.data
    plan = _plan(moment, due.data["pool"])
    if plan is None:
        raise Superseded("the pool is configured no longer")
    pool = states.resident.named(due.data["pool"])
    with metrics.timed():
        decision = process.on_due(pool, plan, moment.version, due, moment.now)
    metrics.count(decision.emits)
    return decision


def _plan(moment: Moment, pool: str) -> PoolPlan | None:
    configuration: Configuration = moment.configuration
    return configuration.plans.get(pool)
