"""How a subscription becomes deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from caseway.kernel.ids import derived_id
from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain import addresses, obstacle
from caseway_notifier.domain.addressing import EMAIL, Nobody, Target
from caseway_notifier.domain.case import Thread
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Automatic, Delivery, Mailing, State, Urgency

CHUNK = 500
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
    moot_by: str = ""
    """The obstacle that ends its cause; empty where nothing does."""
    window: dt.timedelta = dt.timedelta(0)
    """For how long others may join it in one mail."""
    by_night: bool = False
    """Whether it goes out whatever the hour."""
    wants_answer: bool = False
    """Whether the recipients are asked to acknowledge it."""


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


def to_send(
    request: Request, target: Target, content: str, message_id: str = "", words: Content | None = None
) -> Delivery:
    """A delivery that waits for a sender; not before the recipient's quiet hours are over, unless it is urgent."""
    disturbs = not target.is_customer and not target.endpoint and request.urgency is Urgency.NORMAL
    bundled = disturbs and request.window > dt.timedelta(0)
    destination = addresses.destination_of(target.channel, target.recipient)
    return Delivery(
        id=notification_id(request, target.channel, target.recipient),
        case_id=request.case_id,
        occurrence=request.occurrence,
        cause=request.cause,
        subscription=request.subscription,
        reference=target.reference,
        recipient=target.recipient,
        channel=target.channel,
        template=request.template,
        content=content,
        words=words,
        urgency=request.urgency,
        destination=destination,
        bucket=addresses.bucket_of(destination),
        is_budgeted=target.is_customer and request.automatic is not Automatic.NO,
        mailing=_mailing(request, target, message_id),
        platform=target.platform,
        hops=target.hops,
        mentions=target.mentions,
        obstacles=_obstacles(request, target),
        bundle=f"{request.sender}/{target.channel}/{target.recipient}" if bundled else "",
        is_limited=disturbs,
        has_link=request.wants_answer and not target.endpoint,
        broadcast=request.broadcast,
        requested_at=request.requested_at,
        due_at=_due_at(request, target, bundled=bundled),
    )


def _due_at(request: Request, target: Target, *, bundled: bool) -> dt.datetime:
    """Now; or when the recipient may be disturbed, and others have had time to join."""
    now = request.requested_at
    waits = target.quiet is not None and request.urgency is not Urgency.URGENT and not request.by_night
    due_at = target.quiet.over(now) if waits and target.quiet is not None else now
    return max(due_at, now + request.window) if bundled else due_at


def _mailing(request: Request, target: Target, message_id: str) -> Mailing | None:
    """What a mail needs; also where mail is but the last way, so that it can be written then."""
    if target.channel != EMAIL and not any(hop.channel == EMAIL for hop in target.hops):
        return None
    return Mailing(
        sender=request.sender,
        to=target.to or target.recipient,
        name=target.name,
        copies=request.copies,
        automatic=request.automatic,
        message_id=message_id,
        in_reply_to=request.thread.in_reply_to if target.is_customer else "",
        references=request.thread.references if target.is_customer else (),
    )


def next_hop(delivery: Delivery, now: dt.datetime) -> Delivery | None:
    """The same notification on the recipient's next channel; None where there is none."""
    if not delivery.hops:
        return None
    hop, *rest = delivery.hops
    destination = addresses.destination_of(hop.channel, hop.recipient)
    mailing = delivery.mailing
    return replace(
        delivery,
        id="notification_" + derived_id("notification", delivery.id, hop.channel, hop.recipient),
        acknowledges=delivery.acknowledges or delivery.id,
        channel=hop.channel,
        recipient=hop.recipient,
        platform=hop.platform,
        hops=tuple(rest),
        destination=destination,
        bucket=addresses.bucket_of(destination),
        mailing=replace(mailing, to=hop.recipient) if mailing else None,
        obstacles=tuple(each for each in delivery.obstacles if not each.startswith(("bounced/", "endpoint/"))),
        bundle="",
        sealed="",
        state=State.PENDING,
        attempts=0,
        may_have_doubled=False,
        reason="",
        concluded_at=None,
        requested_at=now,
        due_at=now,
    )


def _obstacles(request: Request, target: Target) -> tuple[str, ...]:
    ids = [request.moot_by, request.broadcast]
    if target.is_customer:
        ids.append(obstacle.erased(request.case_id))
    if target.channel == EMAIL:
        ids.append(obstacle.bounced(target.recipient))
    if target.endpoint:
        ids.append(obstacle.closed(target.recipient, target.endpoint))
    return tuple(filter(None, ids))


def into_conversation(request: Request, target: Target, content: str) -> Delivery:
    """A delivery that is done as soon as it stands in the log: the gateway's part begins there."""
    delivery = _concluded(request, target.reference, target.channel, target.recipient, State.DELIVERED)
    return replace(delivery, content=content, attempts=1, platform=target.platform)


def not_sent(request: Request, nobody: Nobody, state: State, recipient: str = "") -> Delivery:
    """A delivery that will not be made, kept so that one can see why."""
    delivery = _concluded(request, nobody.reference, nobody.channel, recipient or nobody.reference, state)
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
        broadcast=request.broadcast,
        requested_at=request.requested_at,
        state=state,
        due_at=None,
        concluded_at=request.requested_at,
    )


def step(broadcast: Broadcast, start: int) -> Sequence[tuple[Target, str]]:
    """The recipients that are told from `start` on."""
    return broadcast.targets[start : start + CHUNK]
