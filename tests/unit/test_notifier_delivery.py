"""The life of a delivery: what a sender takes, and what becomes of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from caseway.contracts.notifications import (
    NotificationDelivered,
    NotificationFailed,
    NotificationGivenUp,
    NotificationSuppressed,
)
from caseway.contracts.outbound import OutboundMessage
from caseway_notifier.domain.addresses import BUCKETS, bucket_of, is_never_read, normal
from caseway_notifier.domain.budget import Allowance, Budget, budget_id, spend
from caseway_notifier.domain.content import ACKNOWLEDGE, Content
from caseway_notifier.domain.delivery import (
    Accepted,
    Deferred,
    Delivery,
    NotTried,
    Patience,
    Refused,
    State,
    Unknown,
    settle,
    wait,
)
from caseway_notifier.domain.fanout.record import Kept, settled, taken
from caseway_notifier.domain.taking import Hands
from tests.notifier_builders import CUSTOMER, NOW, delivery, put

PATIENCE = Patience(
    first=dt.timedelta(seconds=30), longest=dt.timedelta(minutes=10), attempts=5, give_up_after=dt.timedelta(hours=2)
)
UNTIL = NOW + dt.timedelta(minutes=2)


def hands(**changes: Any) -> Hands:
    plain = Hands(
        epoch=7, now=NOW, until=UNTIL, patience=lambda _: PATIENCE,
        allowance=Allowance(count=2, window=dt.timedelta(hours=1)), limits={},
        sign=lambda each: f"<{each.occurrence}@desk.example.com>",
    )  # fmt: skip
    return replace(plain, **changes)


def kept(*budgets: Budget) -> Kept:
    return Kept(budgets={each.id: each for each in budgets}, obstacles={}, contents={})


def test_what_is_taken_is_recorded_with_its_message_id_before_any_attempt() -> None:
    after = taken(hands(), [delivery()], kept(), "v1")
    (leased,) = after.leased
    assert put(after.decision.changes, "deliveries") == [leased]
    assert (leased.state, leased.epoch, leased.due_at, leased.attempts) == (State.LEASED, 7, UNTIL, 1)
    assert leased.mailing.message_id == f"<{delivery().occurrence}@desk.example.com>"
    assert not leased.may_have_doubled
    assert after.decision.emits == ()


def test_what_a_gateway_shows_has_its_recipients_own_link_and_never_the_mark_for_it() -> None:
    """Found by a story: a desk's message showed the mark where a mail has the link."""
    words = Content(language="en", subject="", text=f"Press: {ACKNOWLEDGE}")
    row = delivery(channel="desk", recipient="agent:anna", platform="desk", content="c", mailing=None)
    known = replace(kept(), contents={"c": words})

    def linked(content: Content, to: Delivery) -> Content:
        return replace(content, text=content.text.replace(ACKNOWLEDGE, f"https://desk.example.com/{to.recipient}"))

    said = [
        each.text
        for given in (hands(linked=linked), hands())
        for each in taken(given, [row], known, "v1").decision.emits
        if isinstance(each, OutboundMessage)
    ]
    assert said == ["Press: https://desk.example.com/agent:anna", "Press:"]


def test_the_message_id_of_the_first_attempt_is_kept() -> None:
    (first,) = taken(hands(), [delivery()], kept(), "v1").leased
    again = settle(first, Deferred("451"), NOW, PATIENCE)
    (second,) = taken(hands(sign=lambda _: "<another@example.com>"), [again], kept(), "v1").leased
    assert second.mailing.message_id == first.mailing.message_id
    assert second.attempts == 2


def test_what_a_lost_sender_had_in_hand_may_be_doubled_and_says_so() -> None:
    (lost,) = taken(hands(), [delivery()], kept(), "v1").leased
    after = taken(hands(epoch=8), [lost], kept(), "v1")
    (leased,) = after.leased
    assert leased.may_have_doubled
    (told,) = after.decision.emits
    assert isinstance(told, NotificationFailed)
    assert (told.attempt, told.reason) == (1, "unknown")

    decision = settled([(leased, Accepted())], lambda _: PATIENCE, NOW, "v1")
    (delivered,) = decision.emits
    assert isinstance(delivered, NotificationDelivered)
    assert delivered.maybe_doubled
    assert delivered.message_id == lost.mailing.message_id
    assert delivered.attempt == 2


def test_delivered_means_done() -> None:
    (leased,) = taken(hands(), [delivery()], kept(), "v1").leased
    decision = settled([(leased, Accepted())], lambda _: PATIENCE, NOW, "v1")
    (after,) = put(decision.changes, "deliveries")
    assert (after.state, after.due_at, after.concluded_at) == (State.DELIVERED, None, NOW)
    (told,) = decision.emits
    assert (told.notification, told.recipient, told.maybe_doubled) == ("notification_1", "customer:C-1", False)


def test_a_final_refusal_is_given_up_at_once() -> None:
    (leased,) = taken(hands(), [delivery()], kept(), "v1").leased
    decision = settled([(leased, Refused("550"))], lambda _: PATIENCE, NOW, "v1")
    (told,) = decision.emits
    assert isinstance(told, NotificationGivenUp)
    assert (told.reason, told.attempt) == ("550", 1)


@pytest.mark.parametrize(("outcome", "doubled"), [(Deferred("451"), False), (Unknown("timeout"), True)])
def test_what_failed_is_tried_again_later(outcome: Any, doubled: bool) -> None:
    (leased,) = taken(hands(), [delivery()], kept(), "v1").leased
    decision = settled([(leased, outcome)], lambda _: PATIENCE, NOW, "v1")
    (after,) = put(decision.changes, "deliveries")
    assert after.state is State.PENDING
    assert after.may_have_doubled is doubled
    assert NOW + dt.timedelta(seconds=15) <= after.due_at <= NOW + dt.timedelta(seconds=30)
    (told,) = decision.emits
    assert isinstance(told, NotificationFailed)
    assert told.next_attempt_at == after.due_at


def test_what_was_not_tried_is_no_attempt_and_no_fact() -> None:
    (leased,) = taken(hands(), [delivery()], kept(), "v1").leased
    decision = settled([(leased, NotTried())], lambda _: PATIENCE, NOW, "v1")
    (after,) = put(decision.changes, "deliveries")
    assert (after.state, after.attempts, after.due_at) == (State.PENDING, 0, NOW)
    assert decision.emits == ()


def test_patience_ends_with_the_last_attempt() -> None:
    tired = delivery(attempts=5, state=State.LEASED)
    assert settle(tired, Deferred("451"), NOW, PATIENCE).state is State.GIVEN_UP
    assert settle(replace(tired, attempts=4), Deferred("451"), NOW, PATIENCE).state is State.PENDING


def test_patience_ends_with_time() -> None:
    """A sender that was away for days gives up what is too old, with a reason, instead of mailing it."""
    late = NOW + dt.timedelta(hours=3)
    after = taken(hands(now=late), [delivery(attempts=1, reason="connect")], kept(), "v1")
    assert after.leased == ()
    (told,) = after.decision.emits
    assert isinstance(told, NotificationGivenUp)
    assert told.reason == "connect"


def test_a_lost_last_attempt_is_given_up_as_unknown() -> None:
    after = taken(hands(), [delivery(attempts=5, state=State.LEASED)], kept(), "v1")
    (told,) = after.decision.emits
    assert isinstance(told, NotificationGivenUp)
    assert told.reason == "unknown"


def test_waits_double_up_to_the_longest_and_are_the_same_each_time() -> None:
    waits = [wait(delivery(attempts=count), PATIENCE).total_seconds() for count in range(1, 40)]
    wholes = [min(30 * 2**count, 600) for count in range(39)]
    assert all(whole / 2 <= each <= whole for each, whole in zip(waits, wholes, strict=True))
    assert waits == [wait(delivery(attempts=count), PATIENCE).total_seconds() for count in range(1, 40)]


def test_those_that_failed_together_do_not_come_back_together() -> None:
    waits = {wait(delivery(id=f"notification_{number}", attempts=1), PATIENCE) for number in range(1000)}
    assert len(waits) > 100


def test_the_budget_slides_and_does_not_begin_anew_at_midnight() -> None:
    """Semantics 5.1 ("Budget"): a calendar day would feed the loop again at 00:00."""
    allowance = Allowance(count=2, window=dt.timedelta(hours=1))
    evening = dt.datetime(2026, 11, 22, 23, 50, tzinfo=dt.UTC)
    budget = Budget(id="x")
    for minutes in (0, 5):
        budget = spend(budget, evening + dt.timedelta(minutes=minutes), allowance)
        assert budget is not None
    assert spend(budget, evening + dt.timedelta(minutes=20), allowance) is None
    later = spend(budget, evening + dt.timedelta(minutes=61), allowance)
    assert later is not None
    assert len(later.spent_at) == 2, "what has left the window is forgotten"


def test_automatic_answers_stop_at_the_budget_and_say_so() -> None:
    many = [delivery(id=f"notification_{number}", is_budgeted=True) for number in range(4)]
    after = taken(hands(), many, kept(), "v1")
    assert [each.id for each in after.leased] == ["notification_0", "notification_1"]
    assert [type(each) for each in after.decision.emits] == [NotificationSuppressed] * 2
    assert {each.reason for each in after.decision.emits} == {"reply-budget"}
    (budget,) = put(after.decision.changes, "budgets")
    assert budget.id == budget_id("support", CUSTOMER)
    assert budget.spent_at == (NOW, NOW)
    assert taken(hands(), [delivery(id="n5", is_budgeted=True)], kept(budget), "v1").leased == ()
    assert taken(hands(), [delivery(id="n6")], kept(budget), "v1").leased, "an agent's reply is not counted"


def test_a_second_attempt_costs_no_second_share_of_the_budget() -> None:
    full = Budget(id=budget_id("support", CUSTOMER), spent_at=(NOW, NOW))
    assert taken(hands(), [delivery(is_budgeted=True, attempts=1)], kept(full), "v1").leased


@pytest.mark.parametrize(
    "hostile",
    ["", "anna", "anna@", "@example.com", "a b@example.com", "a@b@example.com", "a@example.com, b@example.com", "<a@example.com>",
     "a\x00@example.com", "a@exa\r\nmple.com", "x" * 65 + "@example.com", "a@" + "x" * 254, "a..b@example.com", "a@example..com"],
)  # fmt: skip
def test_what_is_no_single_address_is_none(hostile: str) -> None:
    assert normal(hostile) == ""


@pytest.mark.parametrize(
    "fine", ["a@example.com", "o'neil+tag@example.co.uk", "łukasz@żółw.example", "A.B@EXAMPLE.com"]
)
def test_addresses_people_have_are_taken(fine: str) -> None:
    assert normal(f" {fine} ") == fine.lower()


@pytest.mark.parametrize(
    ("address", "expected"),
    [("noreply@x.example", True), ("no-reply-7@x.example", True), ("donotreply@x.example", True), ("do-not-reply@x.example", True),
     ("MAILER-DAEMON@x.example", True), ("postmaster@x.example", True), ("bounce+7@x.example", True),
     ("norbert@x.example", False), ("support@x.example", False), ("bouncer@x.example", False)],
)  # fmt: skip
def test_addresses_that_nobody_reads(address: str, expected: bool) -> None:
    assert is_never_read(address) is expected


def test_buckets_are_for_ever() -> None:
    """Another function would move every destination while senders of two versions run."""
    assert [bucket_of(each) for each in ("a@example.com", "b@example.com", "anna.nowak@example.com")] == [24, 62, 59]
    assert {bucket_of(f"{number}@example.com") for number in range(2000)} == set(range(BUCKETS))
