"""What became of deliveries, as facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from caseway.contracts.notifications import (
    NotificationDelivered,
    NotificationFact,
    NotificationFailed,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.parts import FileReference
from caseway.contracts.trusted import trusted
from caseway.kernel.decision import NOTHING, Decision, Put
from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.content import ACKNOWLEDGE, Content
from caseway_notifier.domain.delivery import Delivery, NotTried, Outcome, Patience, Refused, State, Urgency, settle
from caseway_notifier.domain.kept import BUDGETS, DELIVERIES, OBSTACLES
from caseway_notifier.domain.obstacle import CLOSED, Obstacle
from caseway_notifier.domain.request import next_hop
from caseway_notifier.domain.restraint import sealed
from caseway_notifier.domain.taking import Hands, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a sender took in hand, and the decision that must be written before it acts."""

    leased: tuple[Delivery, ...]
    decision: Decision


def row(delivery: Delivery, emits: Iterable[Any], *, is_new: bool = False) -> Decision:
    """The delivery as it stands now, and what is told of it."""
    put = Put(collection=DELIVERIES, id=delivery.id, value=delivery, is_new=is_new)
    return Decision(changes=(put,), emits=tuple(emits))


def joined(decisions: Iterable[Decision]) -> Decision:
    """All of them, in order; joined once, since hundreds may be written at one time."""
    every = [each for each in decisions if each is not NOTHING]
    if len(every) < 2:
        return every[0] if every else NOTHING
    return Decision(
        emits=tuple(emit for each in every for emit in each.emits),
        changes=tuple(change for each in every for change in each.changes),
        timers=tuple(timer for each in every for timer in each.timers),
    )


def _about(delivery: Delivery, at: dt.datetime, version: str) -> dict[str, Any]:
    return {
        "at": at,
        "cause": delivery.cause,
        "configuration": version,
        "notification": delivery.id,
        "case_id": delivery.case_id or None,
        "occurrence": delivery.occurrence,
        "recipient": delivery.reference,
        "channel": delivery.channel,
        "template": delivery.template,
        "subscription": delivery.subscription,
    }


def requested(delivery: Delivery, at: dt.datetime, version: str, language: str = "") -> NotificationRequested:
    """The fact that somebody is to be told."""
    return trusted(
        NotificationRequested,
        **_about(delivery, at, version),
        language=language or None,
        message_id=(delivery.mailing.message_id if delivery.mailing else "") or None,
        urgent=delivery.urgency is Urgency.URGENT,
        send_after=delivery.due_at if delivery.due_at and delivery.due_at > delivery.requested_at else None,
        broadcast=delivery.broadcast or None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the senders keep about the recipients of some deliveries."""

    budgets: Mapping[str, Budget]
    obstacles: Mapping[str, Obstacle]
    contents: Mapping[str, Content]


def taken(hands: Hands, deliveries: Iterable[Delivery], kept: Kept, version: str) -> Taken:
    """What a sender that holds the bucket takes in hand, and what comes to nothing before an attempt."""
    before = list(deliveries)
    budgets = dict(kept.budgets)
    after = [take(hands, each, budgets, kept.obstacles) for each in before]
    leased = iter(_sealed([each for each in after if each.state is State.LEASED]))
    after = [next(leased) if each.state is State.LEASED else each for each in after]
    decision = joined(
        row(now, (*_taking_facts(was, now, hands.now, version), *_relayed(now, kept.contents, hands)))
        + onward(now, hands.now, version)
        for was, now in zip(before, after, strict=True)
    )
    spent = (
        Put(collection=BUDGETS, id=each.id, value=each)
        for each in budgets.values()
        if each != kept.budgets.get(each.id)
    )
    in_hand = tuple(each for each in after if each.state is State.LEASED)
    return Taken(leased=in_hand, decision=decision + Decision(changes=tuple(spent)))


def _sealed(leased: list[Delivery]) -> list[Delivery]:
    """Those of one bundle under one Message-ID: what goes out together is one mail."""
    done = sealed(leased)
    leaders = {each.id: each for each in done}
    return [_as(each, leaders.get(each.sealed)) for each in done]


def _as(delivery: Delivery, leader: Delivery | None) -> Delivery:
    if leader is None or delivery.mailing is None or leader.mailing is None:
        return delivery
    return replace(delivery, mailing=replace(delivery.mailing, message_id=leader.mailing.message_id))


def _relayed(delivery: Delivery, contents: Mapping[str, Content], hands: Hands) -> Iterable[OutboundMessage]:
    """The command to a gateway, for what is handed over by standing in the log."""
    if delivery.state is State.DELIVERED and delivery.content in contents:
        yield command(delivery, hands.linked(contents[delivery.content], delivery))


def command(delivery: Delivery, content: Content) -> OutboundMessage:
    """What a gateway must say to one recipient."""
    called = " ".join(f"@{name}" for name in delivery.mentions)
    return OutboundMessage(
        conversation=delivery.recipient,
        platform=delivery.platform or None,
        case_id=delivery.case_id,
        text=f"{called}\n{content.text}".replace(ACKNOWLEDGE, "").strip(),
        notification=delivery.id,
        language=content.language,
        attachments=tuple(
            FileReference(name=each.name, url=each.url, media_type=each.media_type, size=each.size)
            for each in content.files
        ),
    )


def onward(delivery: Delivery, at: dt.datetime, version: str) -> Decision:
    """What is given up on one channel goes on to the recipient's next."""
    following = next_hop(delivery, at) if delivery.state is State.GIVEN_UP else None
    return row(following, (requested(following, at, version),)) if following else NOTHING


def _taking_facts(before: Delivery, after: Delivery, at: dt.datetime, version: str) -> Iterable[NotificationFact]:
    """An ordinary lease is no fact, nor is a wait; a lease that replaces a lost sender's tells of an unknown outcome."""
    if after.concluded_at is not None:
        yield outcome_fact(after, at, version)
    elif before.state is State.LEASED and after.state is State.LEASED:
        yield outcome_fact(replace(before, reason="unknown", due_at=at), at, version)


def settled(
    results: Iterable[tuple[Delivery, Outcome]], patience: Callable[[str], Patience], now: dt.datetime, version: str
) -> Decision:
    """What became of attempts."""
    return joined(_settled(delivery, outcome, patience, now, version) for delivery, outcome in results)


def _settled(
    delivery: Delivery, outcome: Outcome, patience: Callable[[str], Patience], now: dt.datetime, version: str
) -> Decision:
    after = settle(delivery, outcome, now, patience(delivery.channel))
    facts = () if isinstance(outcome, NotTried) else (outcome_fact(after, now, version),)
    decision = row(after, facts) + onward(after, now, version)
    if outcome == Refused(CLOSED):
        decision += Decision(changes=tuple(_barred(delivery, now)))
    return decision


def _barred(delivery: Delivery, now: dt.datetime) -> Iterable[Put]:
    """An endpoint that is gone for good hears nothing more."""
    for name in delivery.obstacles:
        if name.startswith("endpoint/"):
            yield Put(collection=OBSTACLES, id=name, value=Obstacle(id=name, reason=CLOSED, since=now))


def outcome_fact(delivery: Delivery, at: dt.datetime, version: str) -> NotificationFact:
    """The fact that says how a delivery stands after an attempt, or at its end."""
    about = _about(delivery, at, version)
    attempt = max(delivery.attempts, 1)
    match delivery.state:
        case State.DELIVERED:
            message_id = delivery.mailing.message_id if delivery.mailing else None
            return trusted(
                NotificationDelivered,
                **about,
                message_id=message_id,
                attempt=attempt,
                maybe_doubled=delivery.may_have_doubled,
            )
        case State.GIVEN_UP:
            return trusted(NotificationGivenUp, **about, attempt=attempt, reason=delivery.reason)
        case State.SUPPRESSED:
            return trusted(NotificationSuppressed, **about, reason=delivery.reason)
        case State.PENDING | State.LEASED:
            return trusted(
                NotificationFailed, **about, attempt=attempt, reason=delivery.reason, next_attempt_at=delivery.due_at
            )
