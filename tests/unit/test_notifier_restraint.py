"""How people are spared: bundles, limits, obstacles; and where a failed channel goes on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from caseway.contracts.notifications import (
    NotificationDelivered,
    NotificationFailed,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.contracts.outbound import OutboundMessage
from caseway_notifier.adapters.composing import Composer
from caseway_notifier.domain.budget import Allowance, Budget
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Accepted, Deferred, Delivery, Hop, Patience, Refused, State, Urgency, wait
from caseway_notifier.domain.fanout.record import Kept, settled, taken
from caseway_notifier.domain.obstacle import BOUNCED, CANCELLED, CLOSED, MOOT, Obstacle
from caseway_notifier.domain.restraint import Limit, together_sent
from caseway_notifier.domain.taking import Hands
from caseway_notifier.plan_settings import _WEBHOOK_STEPS
from tests.notifier_builders import NOW, OPENED, SENDERS, TEMPLATES, configuration, delivery, put

PATIENCE = Patience(
    first=dt.timedelta(seconds=30), longest=dt.timedelta(minutes=10), attempts=5, give_up_after=dt.timedelta(hours=2)
)
CONTENT = Content(language="en", subject="Hello", text="One.\n")


def hands(limits: dict[str, Limit] | None = None, now: dt.datetime = NOW) -> Hands:
    return Hands(
        epoch=7,
        now=now,
        until=now + dt.timedelta(minutes=1),
        patience=lambda _: PATIENCE,
        allowance=Allowance(count=2, window=dt.timedelta(hours=1)),
        limits=limits or {},
        sign=lambda each: f"<{each.id}@desk.example.com>",
    )


def kept(*obstacles: Obstacle, budgets: tuple[Budget, ...] = ()) -> Kept:
    return Kept(
        budgets={each.id: each for each in budgets},
        obstacles={each.id: each for each in obstacles},
        contents={"content_1": CONTENT},
    )


def notice(number: int, **changes: Any) -> Delivery:
    return delivery(id=f"n{number}", occurrence=f"o{number}", is_limited=True, **changes)


def test_a_bundle_is_one_mail_with_one_id_at_every_attempt() -> None:
    """Semantics 5.7: bundle by destination; what went out together comes back together."""
    many = [notice(number, bundle="desk/a") for number in range(3)]
    first = taken(hands(), [*many, notice(9)], kept(), "v1").leased
    groups = together_sent(first)
    assert sorted(len(each) for each in groups) == [1, 3]
    (bundle,) = [each for each in groups if len(each) == 3]
    assert {each.mailing.message_id for each in bundle if each.mailing} == {"<n0@desk.example.com>"}

    decision = settled([(each, Deferred("451")) for each in bundle], lambda _: PATIENCE, NOW, "v1")
    back = put(decision.changes, "deliveries")
    assert len({each.due_at for each in back}) == 1
    late = [*back, notice(4, bundle="desk/a")]
    again = together_sent(taken(hands(now=NOW + dt.timedelta(minutes=1)), late, kept(), "v1").leased)
    assert sorted(tuple(each.id for each in group) for group in again) == [("n0", "n1", "n2"), ("n4",)]


def test_a_bundle_is_written_by_its_template_and_says_how_many_more() -> None:
    templates = {
        **TEMPLATES,
        "bundle.en.txt": '---\nsubject: "{{ bundle.count }}"\n---\n{% for each in notices %}\n{{ each.subject }}\n{% endfor %}\nand {{ bundle.more }}\n',
    }
    rules = configuration(OPENED, templates=templates, senders={**SENDERS, "bundle_template": "bundle"})
    composer = Composer(rules.plan, rules.words, b"key")
    group = [notice(number, content=f"c{number}") for number in range(60)]
    contents = {f"c{number}": replace(CONTENT, subject=f"Notice {number}") for number in range(60)}
    said = composer.one(group, contents)
    assert said is not None
    assert said.subject == "60"
    assert "Notice 49" in said.text
    assert "Notice 50" not in said.text
    assert said.text.endswith("and 10\n")
    assert composer.one(group[:1], contents) == contents["c0"]
    assert composer.one(group[:1], {}) is None


def test_beyond_the_limit_the_rest_comes_as_one_summary() -> None:
    """The storm breaker: over N in a window, one summary when it has passed; nothing is lost."""
    limits = {"email": Limit(count=2, window=dt.timedelta(minutes=10))}
    after = taken(hands(limits), [notice(number) for number in range(5)], kept(), "v1")
    rows = put(after.decision.changes, "deliveries")
    assert [each.state for each in rows] == [State.LEASED] * 2 + [State.PENDING] * 3
    held = rows[2:]
    assert {(each.bundle, each.due_at, each.reason) for each in held} == {
        ("storm/email/anna.nowak@example.com", NOW + dt.timedelta(minutes=10), "storm")
    }
    assert after.decision.emits == (), "a wait is no fact"
    (spent,) = put(after.decision.changes, "budgets")

    later = hands(limits, NOW + dt.timedelta(minutes=10))
    (summary,) = together_sent(taken(later, held, kept(budgets=(spent,)), "v1").leased)
    assert len(summary) == 3


def test_what_is_urgent_and_what_goes_to_all_is_not_counted() -> None:
    limits = {"email": Limit(count=1, window=dt.timedelta(minutes=10))}
    many = [delivery(id=f"u{number}", urgency=Urgency.URGENT) for number in range(3)]
    assert len(taken(hands(limits), many, kept(), "v1").leased) == 3


def test_an_obstacle_stops_what_has_lost_its_cause() -> None:
    """Semantics 5.7: suppressed if the cause is gone before sending."""
    for reason, state, fact in (
        (MOOT, State.SUPPRESSED, NotificationSuppressed),
        (CANCELLED, State.SUPPRESSED, NotificationSuppressed),
        (BOUNCED, State.GIVEN_UP, NotificationGivenUp),
        (CLOSED, State.GIVEN_UP, NotificationGivenUp),
    ):
        after = taken(hands(), [delivery(obstacles=("x", "y"))], kept(Obstacle(id="y", reason=reason, since=NOW)), "v1")
        (row,) = put(after.decision.changes, "deliveries")
        assert (row.state, row.reason, after.leased) == (state, reason, ())
        assert [type(each) for each in after.decision.emits] == [fact]


def test_what_a_person_writes_goes_to_an_address_that_bounced_before() -> None:
    stands = Obstacle(id="bounced/a", reason=BOUNCED, since=NOW)
    written = delivery(obstacles=("bounced/a",), urgency=Urgency.URGENT)
    assert taken(hands(), [written], kept(stands), "v1").leased


def test_a_channel_that_fails_for_good_gives_way_to_the_next() -> None:
    """Permanent failure on one channel falls back to the next, in the same transaction."""
    (leased,) = taken(
        hands(), [delivery(hops=(Hop(channel="message", recipient="+4855501", platform="sms"),))], kept(), "v1"
    ).leased
    decision = settled([(leased, Refused("550"))], lambda _: PATIENCE, NOW, "v1")
    failed, following = put(decision.changes, "deliveries")
    assert (failed.state, following.state) == (State.GIVEN_UP, State.PENDING)
    assert [type(each) for each in decision.emits] == [NotificationGivenUp, NotificationRequested]

    relayed = taken(hands(), [following], kept(), "v1")
    assert relayed.leased == ()
    delivered, command = relayed.decision.emits
    assert isinstance(delivered, NotificationDelivered)
    assert isinstance(command, OutboundMessage)
    assert (command.topic(), command.platform, command.conversation, command.text) == (
        "outbound.message",
        "sms",
        "+4855501",
        "One.",
    )
    assert command.notification == following.id


def test_a_failure_that_may_pass_does_not_fall_back() -> None:
    (leased,) = taken(hands(), [delivery(hops=(Hop(channel="message", recipient="+4855501"),))], kept(), "v1").leased
    decision = settled([(leased, Deferred("451"))], lambda _: PATIENCE, NOW, "v1")
    assert [type(each) for each in decision.emits] == [NotificationFailed]
    assert len(put(decision.changes, "deliveries")) == 1


def test_an_endpoint_that_is_gone_hears_nothing_more() -> None:
    """Standard Webhooks: 410 disables; another URL is another endpoint."""
    hook = delivery(channel="webhook", mailing=None, recipient="audit", obstacles=("endpoint/audit/1",))
    (leased,) = taken(hands(), [hook], kept(), "v1").leased
    decision = settled([(leased, Refused(CLOSED))], lambda _: PATIENCE, NOW, "v1")
    (stands,) = put(decision.changes, "obstacles")
    following = taken(hands(), [replace(hook, id="n2")], kept(stands), "v1")
    assert following.leased == ()
    other = replace(hook, id="n3", obstacles=("endpoint/audit/2",))
    assert taken(hands(), [other], kept(stands), "v1").leased


def test_webhooks_wait_as_the_specification_says() -> None:
    """Standard Webhooks 1.0: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 hours; with jitter on top."""
    patience = replace(PATIENCE, steps=_WEBHOOK_STEPS, attempts=10)
    waits = [wait(delivery(attempts=attempt), patience) for attempt in range(1, 12)]
    named = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, 86400, 86400]
    assert all(step <= each.total_seconds() <= step * 1.1 for each, step in zip(waits, named, strict=True))


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    (leased,) = taken(hands(), [delivery()], kept(), "v1").leased
    for asked, minutes in ((dt.timedelta(minutes=7), 7), (dt.timedelta(days=9), 10)):
        (row,) = put(settled([(leased, Deferred("429", asked))], lambda _: PATIENCE, NOW, "v1").changes, "deliveries")
        assert row.due_at == NOW + dt.timedelta(minutes=minutes)


def test_each_recipient_has_a_link_of_their_own() -> None:
    rules = configuration(OPENED, senders={**SENDERS, "public_url": "https://desk.example.com/"})
    composer = Composer(rules.plan, rules.words, b"key")
    words = Content(
        language="en", subject="s", text="Go: \ue000acknowledge\ue001\n", html="<a>\ue000acknowledge\ue001</a>"
    )
    one = composer.one([delivery(id="n1", has_link=True)], {"content_1": words})
    two = composer.one([delivery(id="n2", has_link=True)], {"content_1": words})
    none = composer.one([delivery(id="n3")], {"content_1": words})
    assert one is not None
    assert two is not None
    assert none is not None
    assert one.text.startswith("Go: https://desk.example.com/v1/acknowledgements/")
    assert one.text != two.text
    assert none.text == "Go: \n"


def test_a_delivery_that_succeeds_is_done_for_all_of_its_mail() -> None:
    leased = taken(hands(), [notice(number, bundle="desk/a") for number in range(2)], kept(), "v1").leased
    decision = settled([(each, Accepted()) for each in leased], lambda _: PATIENCE, NOW, "v1")
    assert {each.state for each in put(decision.changes, "deliveries")} == {State.DELIVERED}
    assert len({each.message_id for each in decision.emits}) == 1
