"""What each message needs, and which decision it comes to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.milestones import LadderRungReached, MilestoneViolated, MilestoneWarned
from caseway.contracts.work_commands import QueueWork, WorkCommand
from caseway.kernel.decision import Decision, Due, Message, Moment, Put, Ref, States
from caseway.kernel.errors import Rejected, Superseded
from caseway_router import metrics
from caseway_router.domain.assignment import process
from caseway_router.domain.demand import promising, stating
from caseway_router.domain.demand.asking import Demand
from caseway_router.domain.demand.promising import Promise
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.items import Holder
from caseway_router.domain.ledger import HOLDERS, id_in
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Router
from caseway_router.settings import Configuration

ROUTED_CASES = "routed_cases"


def its_case(message: Message[Any]) -> Iterable[Ref]:
    """The case that a fact is about."""
    return (Ref(ROUTED_CASES, message.data.case_id),)


def its_waiting_case(message: Message[Due]) -> Iterable[Ref]:
    """The case that waits for an opening."""
    return (Ref(ROUTED_CASES, message.data.data["case_id"]),)


def on_case(message: Message[CaseFact], states: States, moment: Moment) -> Decision:
    """Something happened to a case."""
    before = states.get(ROUTED_CASES, message.data.case_id)
    return _stated(before, stating.on_case(before, message.data, _router(moment), _occasion(message.id, moment)))


def on_milestone(message: Message[MilestoneWarned | MilestoneViolated], states: States, moment: Moment) -> Decision:
    """A promise is near its end, or broken."""
    before = states.get(ROUTED_CASES, message.data.case_id)
    return _stated(before, stating.on_milestone(before, message.data, _router(moment)))


def on_promise(message: Message[Promise], states: States, moment: Moment) -> Decision:
    """A promise's clock starts, stands or ends."""
    before = states.get(ROUTED_CASES, message.data.case_id)
    occasion = _occasion(message.id, moment)
    return _stated(before, promising.on_promise(before, message.data, _router(moment), occasion))


def on_rung(message: Message[LadderRungReached], states: States, moment: Moment) -> Decision:
    """A ladder's rung says that somebody must act now."""
    before = states.get(ROUTED_CASES, message.data.case_id)
    return _stated(before, stating.on_rung(before, message.data, _router(moment), _occasion(message.id, moment)))


def on_opening(message: Message[Due], states: States, moment: Moment) -> Decision:
    """A queue opens for a case, or closes on it."""
    due = message.data
    before = states.get(ROUTED_CASES, due.data["case_id"])
    return _stated(before, stating.on_due(before, _router(moment), _occasion(due.armed_by, moment)))


def _router(moment: Moment) -> Router:
    configuration: Configuration = moment.configuration
    return configuration.router


def _occasion(cause: str, moment: Moment) -> Occasion:
    return Occasion(cause=cause, now=moment.now, version=moment.version)


def _stated(before: RoutedCase | None, stated: Demand) -> Decision:
    metrics.count_stated(stated.tells)
    changes = (
        () if stated.case == before else (Put(collection=ROUTED_CASES, id=stated.case.case_id, value=stated.case),)
    )
    return Decision(emits=stated.tells, changes=changes, timers=stated.timers)


def its_last_holder(message: Message[QueueWork]) -> Iterable[Ref]:
    """Who worked on the case last, where the rule prefers them."""
    command = message.data
    return (Ref(HOLDERS, id_in(command.pool, command.case_id)),) if command.holder_place is not None else ()


def on_command(message: Message[WorkCommand], states: States, moment: Moment) -> Decision:
    """Something is wanted of a pool."""
    return _decided(message, states, moment, "")


def on_queue(message: Message[QueueWork], states: States, moment: Moment) -> Decision:
    """A case's work comes to a pool."""
    known: list[Holder | None] = [states.get(*ref) for ref in its_last_holder(message)]
    return _decided(message, states, moment, next((each.agent for each in known if each is not None), ""))


def _decided(message: Message[Any], states: States, moment: Moment, holder: str) -> Decision:
    command: WorkCommand = message.data
    plan = _plan(moment, command.pool)
    if plan is None:
        raise Rejected("unknown-pool", "no such pool is configured")
    pool = states.resident.named(command.pool)
    with metrics.timed():
        decision = process.on_command(pool, plan, moment.version, command, message.id, moment.now, holder)
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
