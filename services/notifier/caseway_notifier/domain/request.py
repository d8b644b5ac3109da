"""How a subscription becomes deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from caseway.kernel.ids import derived_id
from caseway_notifier.domain import addresses
from caseway_notifier.domain.addressing import EMAIL, Nobody, Target
from caseway_notifier.domain.case import Thread
from caseway_notifier.domain.delivery import Automatic, Delivery, Mailing, State, Urgency

CHUNK = 250
"""Recipients told in one step: bounds a transaction, and the outbox document (8 MB), whatever the list's length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What all deliveries of one subscription on one fact have in common."""

    case_id: str
    occurrence: str
    cause: str
    subscription: str
    template: str
    urgency: Urgency
    automatic: Automatic
    sender: str
    thread: Thread
    copies: tuple[str, ...] = ()
    requested_at: dt.datetime
    broadcast: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A request to more recipients than one step tells, frozen when it began."""

    id: str
    request: Request
    contents: dict[str, str]
    """Content ids by language."""
    targets: tuple[tuple[Target, str], ...]
    """Each recipient, and in which language."""


def notification_id(request: Request, channel: str, recipient: str) -> str:
    """The same recipient, channel, rule and occurrence are one notification. Source: semantics.md 5.7 (dedup key)."""
    return "notification_" + derived_id("notification", request.subscription, request.occurrence, channel, recipient)


def content_id(request: Request, language: str) -> str:
    """Names what all recipients of one language read."""
    return "content_" + derived_id("content", request.subscription, request.occurrence, language)


def by_mail(request: Request, target: Target, content: str) -> Delivery:
    """A delivery that waits for a sender."""
    return Delivery(
        id=notification_id(request, EMAIL, target.recipient),
        case_id=request.case_id,
        occurrence=request.occurrence,
        cause=request.cause,
        subscription=request.subscription,
        reference=target.reference,
        recipient=target.recipient,
        channel=EMAIL,
        template=request.template,
        content=content,
        urgency=request.urgency,
        destination=addresses.domain_of(target.recipient),
        bucket=addresses.bucket_of(target.recipient),
        is_budgeted=target.is_customer and request.automatic is not Automatic.NO,
        mailing=Mailing(
            sender=request.sender,
            to=target.to or target.recipient,
            name=target.name,
            copies=request.copies,
            automatic=request.automatic,
            in_reply_to=request.thread.in_reply_to if target.is_customer else "",
            references=request.thread.references if target.is_customer else (),
        ),
        requested_at=request.requested_at,
        due_at=request.requested_at,
    )


def into_conversation(request: Request, target: Target, content: str) -> Delivery:
    """A delivery that is done as soon as it stands in the log: the gateway's part begins there."""
    delivery = _concluded(request, target.reference, target.channel, target.recipient, State.DELIVERED)
    return replace(delivery, content=content, attempts=1)


def not_sent(request: Request, nobody: Nobody, state: State) -> Delivery:
    """A delivery that will not be made, kept so that one can see why."""
    delivery = _concluded(request, nobody.reference, nobody.channel, nobody.reference, state)
    return replace(delivery, reason=nobody.reason)


def _concluded(request: Request, reference: str, channel: str, recipient: str, state: State) -> Delivery:
    return Delivery(
        id=notification_id(request, channel, recipient),
        case_id=request.case_id,
        occurrence=request.occurrence,
        cause=request.cause,
        subscription=request.subscription,
        reference=reference,
        recipient=recipient,
        channel=channel,
        template=request.template,
        content="",
        urgency=request.urgency,
        requested_at=request.requested_at,
        state=state,
        due_at=None,
        concluded_at=request.requested_at,
    )


def step(broadcast: Broadcast, start: int) -> Sequence[tuple[Target, str]]:
    """The recipients that are told from `start` on."""
    return broadcast.targets[start : start + CHUNK]
