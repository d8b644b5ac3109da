"""When a case needs somebody: the router's edge."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from caseway.contracts import cases
from caseway.contracts.milestones import MilestoneViolated, MilestoneWarned
from caseway.contracts.parts import CustomerLink, Requirement
from caseway.contracts.work_commands import QueueWork, RaiseWork, WithdrawWork
from caseway.kernel.errors import Superseded
from caseway.kernel.rules import compile_condition
from caseway.kernel.vocabulary import Channel, Priority, Turn
from caseway_router.domain import items
from caseway_router.domain.demand import stating
from caseway_router.domain.demand.telling import Occasion
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import FIELDS, Languages, Router, RoutingRule

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
STAMP: dict[str, Any] = {"at": NOW, "cause": "c", "configuration": "v1", "case_id": "case-1", "version": 2}
MINUTE = dt.timedelta(minutes=1)


def when(**field: Any) -> Any:
    return compile_condition(field, FIELDS)


ROUTER = Router(
    rules=(
        RoutingRule(name="unrouted", queue=None, when=when(field="record_type", equals="voice")),
        RoutingRule(
            name="data",
            queue="customers",
            when=when(field="category", equals="data-protection"),
            case_class="data_protection",
            priority=Priority.URGENT,
        ),
        RoutingRule(
            name="returns",
            queue="customers",
            when=when(field="category", equals="return"),
            requirements=(items.Requirement(skill="returns", level=2, drop_after=2 * MINUTE),),
        ),
        RoutingRule(name="partners", queue="partners", when=when(field="category", equals="partner")),
        RoutingRule(name="known", queue="mail", when=when(field="category", exists=True)),
    ),
    pools={"customers": "retail", "mail": "retail", "partners": "b2b"},
    default_queue="mail",
    languages=Languages(
        skills={"pl": "pl", "en": "en"},
        otherwise="pl",
        least=1,
        advanced=items.Requirement(skill="", level=3, drop_after=MINUTE),
    ),
    weights={"chat": 50},
    boosts={"warned": 1.0, "violated": 2.0},
)


class Case:
    """One case at the edge: facts in, commands out."""

    def __init__(self, router: Router = ROUTER) -> None:
        self.router = router
        self.state: RoutedCase | None = None
        self.count = 0

    def __call__(self, fact: Any) -> list[Any]:
        self.count += 1
        if isinstance(fact, MilestoneWarned | MilestoneViolated):
            stated = stating.on_milestone(self.state, fact, self.router)
        else:
            occasion = Occasion(cause=f"cause-{self.count}", now=NOW, version="v1")
            stated = stating.on_case(self.state, fact, self.router, occasion)
        self.state = stated.case
        return list(stated.tells)


def opened(**other: Any) -> cases.CaseOpened:
    values: dict[str, Any] = {
        **STAMP, "version": 1, "number": 7, "contact": "k1", "channel": Channel.EMAIL, "source_key": "m1",
        "category": "return", "language": "en", **other,
    }  # fmt: skip
    return cases.CaseOpened(**values)


def contact(**other: Any) -> cases.ContactAdded:
    return cases.ContactAdded(**{**STAMP, "contact": "k2", "channel": Channel.EMAIL, "source_key": "m2", **other})


def replied(turn: Turn = Turn.CUSTOMER) -> cases.CaseReplied:
    return cases.CaseReplied(**STAMP, contact="k3", text="…", channel=Channel.EMAIL, turn=turn)


def assigned(**facts: Any) -> cases.FactsAssigned:
    return cases.FactsAssigned(**STAMP, **facts)


def warned(kind: type[Any] = MilestoneWarned, **other: Any) -> Any:
    values = {name: value for name, value in STAMP.items() if name != "version"}
    return kind(**values, milestone="m", kind="resolution", due_at=NOW + 15 * MINUTE, **other)


def violated() -> Any:
    return warned(MilestoneViolated, noticed_at=NOW)


def resolved() -> cases.CaseResolved:
    return cases.CaseResolved(**STAMP)


def test_an_opened_case_is_queued_as_the_first_rule_that_fits_says() -> None:
    """S1-18: ordered assignment rules, first match."""
    (command,) = Case()(opened(priority=Priority.HIGH, tags=("gift",), channel=Channel.CHAT))
    assert isinstance(command, QueueWork)
    assert (command.pool, command.queue, command.matched_rule) == ("retail", "customers", "returns")
    assert (command.priority, command.weight, command.channel) == (Priority.HIGH, 0.5, Channel.CHAT)
    assert (command.queue_entered_at, command.number, command.tags) == (NOW, 7, ("gift",))
    assert command.requirements == (
        Requirement(skill="en", level=1),
        Requirement(skill="returns", level=2, hard=False, drop_after_seconds=120),
    )


def test_data_protection_gets_its_class_and_priority_from_the_rule() -> None:
    """S4-05: highest priority."""
    (command,) = Case()(opened(category="data-protection", priority=Priority.LOW))
    assert (command.class_, command.priority) == ("data_protection", Priority.URGENT)


def test_a_case_that_no_rule_fits_goes_to_the_default_queue() -> None:
    (command,) = Case()(opened(category=None))
    assert (command.queue, command.matched_rule) == ("mail", None)


def test_a_case_that_a_rule_excludes_is_not_queued() -> None:
    case = Case()
    assert case(opened(record_type="voice")) == []
    assert case(contact()) == []
    assert case(resolved()) == []


@pytest.mark.parametrize(("language", "skill"), [("pl", "pl"), ("en", "en"), ("fr", "pl"), (None, "pl")])
def test_the_language_becomes_a_skill(language: str | None, skill: str) -> None:
    """S4-10."""
    (command,) = Case()(opened(category="other", language=language))
    assert [each.skill for each in command.requirements] == [skill]


def test_an_advanced_case_asks_for_a_fluent_speaker_first() -> None:
    """S4-16: basic against fluent English."""
    (command,) = Case()(opened(category="other", complexity="advanced"))
    assert command.requirements == (
        Requirement(skill="en", level=1),
        Requirement(skill="en", level=3, hard=False, drop_after_seconds=60),
    )


def test_the_same_log_gives_the_same_work_items() -> None:
    assert Case()(opened()) == Case()(opened())
    case = Case()
    (first,), _, (second,) = case(opened()), case(replied()), case(contact(turn=Turn.DESK))
    assert first.work_item != second.work_item


def test_a_case_is_opened_once() -> None:
    case = Case()
    case(opened())
    with pytest.raises(Superseded):
        case(opened())


def test_a_fact_about_a_case_that_was_never_opened_is_superseded() -> None:
    with pytest.raises(Superseded):
        Case()(resolved())


def test_a_customers_word_states_the_need_again() -> None:
    """S4-25: the pool knows whether somebody has the case."""
    case = Case()
    case(opened())
    (command,) = case(contact())
    assert isinstance(command, QueueWork)


@pytest.mark.parametrize("quiet", [{"direction": "outbound"}, {"automatic": True}])
def test_no_need_arises_from_what_nobody_has_to_read(quiet: dict[str, Any]) -> None:
    case = Case()
    case(opened())
    assert case(contact(**quiet)) == []


def test_an_answer_takes_it_off_the_queue_and_the_customers_word_puts_it_back() -> None:
    case = Case()
    case(opened())
    (withdrawn,) = case(replied())
    assert (type(withdrawn), withdrawn.reason) == (WithdrawWork, "customer")
    assert case(replied()) == []
    (queued,) = case(contact(turn=Turn.DESK))
    assert isinstance(queued, QueueWork)


def test_a_department_has_it_until_it_comes_back() -> None:
    """S4-11."""
    case = Case()
    case(opened())
    (withdrawn,) = case(cases.EscalatedToDepartment(**STAMP, department="legal"))
    assert withdrawn.reason == "department"
    (queued,) = case(cases.ReturnedFromDepartment(**STAMP, department="legal"))
    assert isinstance(queued, QueueWork)


def test_held_and_released() -> None:
    case = Case()
    case(opened())
    assert case(cases.CaseHeld(**STAMP, turn=Turn.THIRD))[0].reason == "third"
    assert isinstance(case(cases.CaseReleased(**STAMP))[0], QueueWork)


def test_resolved_also_after_the_turn_was_the_customers() -> None:
    """The holder's part is over although nothing waited any more."""
    case = Case()
    case(opened())
    case(replied())
    (command,) = case(resolved())
    assert (type(command), command.reason) == (WithdrawWork, "resolved")


def test_a_word_to_a_resolved_case_waits_for_its_reopening() -> None:
    case = Case()
    case(opened())
    case(resolved())
    assert case(contact()) == []
    (command,) = case(cases.CaseReopened(**STAMP))
    assert isinstance(command, QueueWork)


def test_merged_into_another_it_is_nobodys_until_unmerged() -> None:
    """S4-27."""
    case = Case()
    case(opened())
    assert case(cases.CaseMerged(**STAMP, into="case-0"))[0].reason == "merged"
    assert case(contact()) == []
    assert isinstance(case(cases.CaseUnmerged(**STAMP, parent="case-0"))[0], QueueWork)


def test_the_parent_of_a_merge_goes_on() -> None:
    case = Case()
    case(opened())
    assert case(cases.CaseMerged(**STAMP, into="case-1", child="case-9")) == []


class TestJudgedAnew:
    def test_another_priority_gives_another_place(self) -> None:
        """S4-21."""
        case = Case()
        case(opened())
        (command,) = case(assigned(priority=Priority.URGENT))
        assert command == RaiseWork(
            pool="retail", case_id="case-1", priority=Priority.URGENT, reason="caseway.case.facts-assigned.v1"
        )

    def test_another_category_another_queue_and_other_skills(self) -> None:
        case = Case()
        case(opened())
        (command,) = case(assigned(category="other", language="pl"))
        assert (command.queue, command.priority) == ("mail", None)
        assert command.requirements == (Requirement(skill="pl", level=1),)

    def test_unless_it_shall_not_be_routed_anew(self) -> None:
        """S1-18: the per-case switch."""
        case = Case()
        case(opened())
        (command,) = case(assigned(category="other", priority=Priority.HIGH, route=False))
        assert (command.queue, command.requirements, command.priority) == (None, None, Priority.HIGH)

    def test_what_does_not_matter_for_routing_tells_nothing(self) -> None:
        case = Case()
        case(opened())
        assert case(assigned(tags=("vip",))) == []

    def test_what_changed_meanwhile_counts_at_the_next_need(self) -> None:
        case = Case()
        case(opened())
        case(replied())
        assert case(assigned(category="other")) == []
        assert case(contact(turn=Turn.DESK))[0].queue == "mail"

    def test_a_contact_that_raises_the_priority_raises_the_work(self) -> None:
        case = Case()
        case(opened())
        queued, raised = case(contact(priority=Priority.URGENT))
        assert (queued.priority, raised.priority) == (Priority.URGENT, Priority.URGENT)

    def test_the_case_goes_on_addressing_its_first_pool(self) -> None:
        """delivery.md, "Between pools"."""
        case = Case()
        case(opened())
        (command,) = case(assigned(category="partner"))
        assert (command.pool, command.queue) == ("retail", "partners")
        assert case(replied())[0].pool == "retail"

    @pytest.mark.parametrize(
        ("pools", "told"), [(ROUTER.pools, ["closed"]), (dict.fromkeys(ROUTER.pools, "retail"), [])]
    )
    def test_closed_after_it_was_resolved_only_a_pool_that_sent_it_on_must_hear(
        self, pools: dict[str, str], told: list[str]
    ) -> None:
        """Else every close would cost a command, or what was moved would be remembered for ever."""
        case = Case(dataclasses.replace(ROUTER, pools=pools))
        case(opened())
        case(resolved())
        assert [each.reason for each in case(cases.CaseClosed(**STAMP))] == told
        assert case.state is not None
        assert case.state.route is None
        assert case(cases.CaseClosed(**STAMP)) == []

    def test_closed_and_reopened_it_is_routed_as_if_new(self) -> None:
        case = Case()
        case(opened())
        case(assigned(category="partner"))
        case(cases.CaseClosed(**STAMP))
        assert case(cases.CaseReopened(**STAMP))[0].pool == "b2b"

    def test_judged_to_be_nobodys_it_is_withdrawn(self) -> None:
        router = ROUTER
        assert router.route({"record_type": "voice"}) is None
        case = Case()
        case(opened())
        assert case.state is not None
        case.state = RoutedCase(**{**_fields(case.state), "facts": {**case.state.facts, "record_type": "voice"}})
        assert case(assigned(tags=("x",)))[0].reason == "not_routed"


def _fields(state: RoutedCase) -> dict[str, Any]:
    return {name: getattr(state, name) for name in state.__dataclass_fields__}


class TestMilestones:
    def test_a_warning_moves_it_forward_a_violation_further(self) -> None:
        """design.md: a place in the queue, no more."""
        case = Case()
        case(opened())
        (first,), (second,) = case(warned()), case(violated())
        assert (first.boost, first.reason, first.slack_due_at) == (1, "resolution:warned", NOW + 15 * MINUTE)
        assert (second.boost, second.reason) == (2, "resolution:violated")

    def test_the_second_warning_changes_nothing(self) -> None:
        case = Case()
        case(opened())
        case(violated())
        with pytest.raises(Superseded):
            case(warned())

    def test_a_case_that_waits_for_nobody_is_not_raised(self) -> None:
        case = Case()
        case(opened())
        case(replied())
        assert case(warned()) == []
        assert case(contact(turn=Turn.DESK))[0].boost == 1

    def test_a_warning_that_overtakes_the_opening_is_not_lost(self) -> None:
        """Topics are not ordered among each other."""
        case = Case()
        assert case(warned()) == []
        (command,) = case(opened())
        assert command.boost == 1


def test_rules_may_look_at_the_customers_link() -> None:
    rule = RoutingRule(name="unknown", queue="mail", when=when(field="customer_state", equals="candidates"))
    router = Router(rules=(rule,), pools={"mail": "retail"}, default_queue="mail", languages=ROUTER.languages)
    fact = opened(customer=CustomerLink(state="candidates", candidates=("a", "b")))
    (command,) = stating.on_case(None, fact, router, Occasion(cause="x", now=NOW, version="v1")).tells
    assert command.matched_rule == "unknown"


def test_nothing_of_what_the_customer_wrote_is_kept() -> None:
    case = Case()
    case(opened(subject="About Jan Kowalski", text="call me: +48 22 555 01 00", reply_to="jan@example.com"))
    assert case.state is not None
    assert "Kowalski" not in repr(case.state)
    assert "example.com" not in repr(case.state)
    assert "555" not in repr(case.state)
