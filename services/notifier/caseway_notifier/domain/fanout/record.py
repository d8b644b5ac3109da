"""What became of deliveries, as facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from caseway.contracts.notifications import (
    NotificationDelivered,
    NotificationFact,
    NotificationFailed,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.kernel.decision import Decision, Moment, Put
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.delivery import Delivery, NotTried, Outcome, Patience, State, Urgency, settle
from caseway_notifier.domain.kept import BUDGETS, DELIVERIES
from caseway_notifier.domain.request import (
    Request,
)
from caseway_notifier.domain.taking import Hands, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a sender took in hand, and the decision that must be written before it acts."""

    leased: tuple[Delivery, ...]
    decision: Decision


def row(delivery: Delivery, emits: Iterable[Any]) -> Decision:
    """The delivery as it stands now, and what is told of it."""
    return Decision(changes=(Put(collection=DELIVERIES, id=delivery.id, value=delivery),), emits=tuple(emits))


def _about(delivery: Delivery, at: dt.datetime, version: str) -> dict[str, Any]:
    return {
        "at": at,
        "cause": delivery.cause,
        "configuration": version,
        "notification": delivery.id,
        "case_id": delivery.case_id,
        "occurrence": delivery.occurrence,
        "recipient": delivery.reference,
        "channel": delivery.channel,
        "template": delivery.template,
        "subscription": delivery.subscription,
    }


def requested(delivery: Delivery, request: Request, moment: Moment) -> NotificationRequested:
    """The fact that somebody is to be told."""
    return NotificationRequested(
        **_about(delivery, moment.now, moment.version),
        urgent=delivery.urgency is Urgency.URGENT,
        broadcast=request.broadcast or None,
    )


def taken(hands: Hands, deliveries: Iterable[Delivery], budgets: Mapping[str, Budget], version: str) -> Taken:
    """What a sender that holds the bucket takes in hand, and what comes to nothing before an attempt."""
    after = dict(budgets)
    leased: list[Delivery] = []
    decision = Decision()
    for delivery in deliveries:
        now = take(hands, delivery, after)
        decision += row(now, _taking_facts(delivery, now, hands.now, version))
        if now.state is State.LEASED:
            leased.append(now)
    spent = (Put(collection=BUDGETS, id=each.id, value=each) for each in after.values() if each != budgets.get(each.id))
    return Taken(leased=tuple(leased), decision=decision + Decision(changes=tuple(spent)))


def _taking_facts(before: Delivery, after: Delivery, at: dt.datetime, version: str) -> Iterable[NotificationFact]:
    """An ordinary lease is no fact; one that replaces a lost sender's tells that its attempt is unknown."""
    if after.state is not State.LEASED:
        yield outcome_fact(after, at, version)
    elif before.state is State.LEASED:
        yield outcome_fact(replace(before, reason="unknown", due_at=at), at, version)


def settled(
    results: Iterable[tuple[Delivery, Outcome]], patience: Patience, now: dt.datetime, version: str
) -> Decision:
    """What became of attempts."""
    decision = Decision()
    for delivery, outcome in results:
        after = settle(delivery, outcome, now, patience)
        facts = () if isinstance(outcome, NotTried) else (outcome_fact(after, now, version),)
        decision += row(after, facts)
    return decision


def outcome_fact(delivery: Delivery, at: dt.datetime, version: str) -> NotificationFact:
    """The fact that says how a delivery stands after an attempt, or at its end."""
    about = _about(delivery, at, version)
    attempt = max(delivery.attempts, 1)
    match delivery.state:
        case State.DELIVERED:
            message_id = delivery.mailing.message_id if delivery.mailing else None
            return NotificationDelivered(
                **about, message_id=message_id, attempt=attempt, maybe_doubled=delivery.may_have_doubled
            )
        case State.GIVEN_UP:
            return NotificationGivenUp(**about, attempt=attempt, reason=delivery.reason)
        case State.SUPPRESSED:
            return NotificationSuppressed(**about, reason=delivery.reason)
        case State.PENDING | State.LEASED:
            return NotificationFailed(**about, attempt=attempt, reason=delivery.reason, next_attempt_at=delivery.due_at)
