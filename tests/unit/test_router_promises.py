"""How promises and people known from the case reach its pool."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts import cases
from caseway.contracts.milestones import MilestoneMet, MilestonePaused, MilestoneResumed, MilestoneStarted
from caseway.contracts.parts import Actor
from caseway.contracts.work_commands import QueueWork, RaiseWork
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Channel, Turn
from caseway_router.adapters.routed_documents import dump_routed, load_routed
from caseway_router.domain.demand import promising, stating
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.flows import NamedCalls
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Languages, Router, RoutingRule

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
STAMP: dict[str, Any] = {"at": NOW, "cause": "c", "configuration": "v1", "case_id": "case-1"}
ROUTER = Router(
    rules=(RoutingRule(name="all", queue="mail", preferred=("zoe",), prefers=("account_manager", "answered_by")),),
    pools={"mail": "retail"},
    default_queue="mail",
    languages=Languages(skills={}, otherwise=None),
    named_calls=NamedCalls(names={"adalis": "ada.lis"}),
    promise_near=30 * MINUTE,
)


class Case:
    """One case at the edge, kept as documents are."""

    def __init__(self) -> None:
        self.state: RoutedCase | None = None

    def __call__(self, fact: Any) -> list[Any]:
        occasion = Occasion(cause="x", now=NOW, version="v1")
        is_promise = isinstance(fact, MilestoneStarted | MilestoneResumed | MilestonePaused | MilestoneMet)
        follows = promising.on_promise if is_promise else stating.on_case
        stated = follows(self.state, fact, ROUTER, occasion)
        self.state = load_routed({"_id": "case-1", **dump_routed(stated.case)})
        assert self.state.promises == stated.case.promises
        return list(stated.tells)


def opened(**other: Any) -> cases.CaseOpened:
    values = {"number": 7, "contact": "k1", "channel": Channel.EMAIL, "source_key": "m1", **other}
    return cases.CaseOpened(**STAMP, version=1, **values)


def started(minutes: float, milestone: str = "m1") -> MilestoneStarted:
    due_at = NOW + minutes * MINUTE
    return MilestoneStarted(
        **STAMP,
        milestone=milestone,
        kind="resolution",
        due_at=due_at,
        target_seconds=60,
        calendar="c",
        calendar_version="1",
    )


def of_kind(kind: Any, minutes: float = 10, milestone: str = "m1") -> Any:
    return kind(**STAMP, milestone=milestone, kind="resolution", due_at=NOW + minutes * MINUTE)


def answered(turn: Turn, by: str = "ben") -> cases.CaseReplied:
    actor = Actor(kind="agent", id=by)
    return cases.CaseReplied(**STAMP, version=2, contact="k2", text="…", channel=Channel.EMAIL, turn=turn, actor=actor)


def written() -> cases.ContactAdded:
    return cases.ContactAdded(**STAMP, version=3, contact="k3", channel=Channel.EMAIL, source_key="m2", turn=Turn.DESK)


class TestPromises:
    """Order among cases: promise slack, told cheaply."""

    def test_a_far_promise_costs_no_command_and_goes_with_the_next_need(self) -> None:
        case = Case()
        case(opened())
        assert case(started(240)) == []
        case(answered(Turn.CUSTOMER))
        (queued,) = case(written())
        assert isinstance(queued, QueueWork)
        assert queued.slack_due_at == NOW + 240 * MINUTE

    def test_a_near_one_is_told_at_once_and_only_once(self) -> None:
        case = Case()
        case(opened())
        (raised,) = case(started(30))
        assert isinstance(raised, RaiseWork)
        assert (raised.slack_due_at, raised.reason, raised.boost) == (NOW + 30 * MINUTE, "resolution:near", None)
        with pytest.raises(Superseded):
            case(started(30))
        assert case(started(31, "m2")) == []

    def test_one_that_is_met_or_paused_counts_no_more(self) -> None:
        for ends in (MilestoneMet, MilestonePaused):
            case = Case()
            case(opened())
            case(started(20))
            case(started(90, "m2"))
            assert case(of_kind(ends)) == []
            case(answered(Turn.CUSTOMER))
            assert case(written())[0].slack_due_at == NOW + 90 * MINUTE

    def test_a_resumed_one_that_is_later_is_not_told_to_a_pool_that_knows_a_nearer(self) -> None:
        case = Case()
        case(opened())
        case(started(10))
        assert case(of_kind(MilestoneResumed, 25)) == []

    def test_one_that_is_heard_of_before_the_case_goes_with_its_first_need(self) -> None:
        """Topics are not ordered among each other."""
        case = Case()
        assert case(started(10)) == []
        assert case(opened())[0].slack_due_at == NOW + 10 * MINUTE

    def test_nothing_is_told_while_it_is_the_customers_turn(self) -> None:
        case = Case()
        case(opened())
        case(answered(Turn.CUSTOMER))
        assert case(started(5)) == []

    def test_a_promise_that_restarts_for_ever_does_not_grow_the_case(self) -> None:
        case = Case()
        case(opened())
        for number in range(30):
            case(started(1000 - number, f"m{number:02}"))
        assert case.state is not None
        assert len(case.state.promises) == 20
        assert case.state.nearest_promise == NOW + (1000 - 29) * MINUTE


class TestKnownPeople:
    """S4-08: whom the customer knows goes first."""

    def test_who_answered_last_goes_first_when_the_customer_writes_again(self) -> None:
        case = Case()
        assert case(opened())[0].preferred_agents == ("zoe",)
        case(answered(Turn.CUSTOMER, "ben"))
        assert case(written())[0].preferred_agents == ("ben", "zoe")

    def test_the_account_manager_by_name_and_nobody_for_an_unknown_name(self) -> None:
        assert Case()(opened(attributes={"account_manager": "Ada Lis"}))[0].preferred_agents == ("ada.lis", "zoe")
        assert Case()(opened(attributes={"account_manager": "Nobody"}))[0].preferred_agents == ("zoe",)
        assert Case()(opened(attributes={"account_manager": 7}))[0].preferred_agents == ("zoe",)
