"""The life of one notification to one recipient.

    pending → leased → delivered
                     → pending again, later (it failed, or the outcome is unknown)
                     → given up, suppressed

Only the sender that holds the recipient's bucket changes a row; each change is fenced by the bucket's epoch. What is
still leased when its time is up was in somebody's hands when he vanished: nobody knows whether the mail went out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from enum import StrEnum
from typing import assert_never

from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain.content import Content


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    SUPPRESSED = "suppressed"


class Urgency(StrEnum):
    """Who goes first: what is urgent never waits behind a broadcast."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """Where the same recipient is told next, when a channel fails for good."""

    channel: str
    recipient: str
    platform: str = ""


class Automatic(StrEnum):
    """What `Auto-Submitted` says. Source: RFC 3834 §5."""

    NO = "no"
    REPLIED = "auto-replied"
    GENERATED = "auto-generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What a delivery by mail needs beside its content."""

    sender: str
    """The name of a sender, whose address stands in `From`."""
    to: str
    """What stands in `To`: for one who gets a copy, the address of another."""
    name: str = ""
    copies: tuple[str, ...] = ()
    """What stands in `Cc`."""
    automatic: Automatic
    message_id: str = ""
    """Signed at the first attempt, and the same at every later one."""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One notification to one recipient."""

    id: str
    case_id: str
    occurrence: str
    """What it was told for, such as a case and its version."""
    cause: str
    """The `ce_id` of what it tells of."""
    subscription: str
    reference: str
    """The recipient as facts name them, without an address: `customer:C-7`, `list:all/17`."""
    recipient: str
    """A mail address, or a conversation."""
    channel: str
    template: str
    content: str
    """The id of its content; empty where there is none."""
    words: Content | None = None
    """The content itself, where nobody else reads it: one document less for each automatic answer."""
    urgency: Urgency = Urgency.NORMAL
    destination: str = ""
    """What is paced: an address's domain."""
    bucket: int = 0
    is_budgeted: bool = False
    """Whether it counts against the recipient's automatic answers."""
    mailing: Mailing | None = None
    platform: str = ""
    """Of a message to a gateway: `sms`, `phone`, `desk` …"""
    hops: tuple[Hop, ...] = ()
    """The recipient's further channels, tried in turn."""
    mentions: tuple[str, ...] = ()
    """Who is called by name, in a channel that many read."""
    obstacles: tuple[str, ...] = ()
    """What would stop it, by id: looked up before each attempt."""
    bundle: str = ""
    """Those with the same one may go out as one."""
    sealed: str = ""
    """The delivery whose mail this one went out with; the same at every attempt."""
    is_limited: bool = False
    """Whether it counts against how often one person is disturbed."""
    has_link: bool = False
    """Whether the recipient is asked to acknowledge it."""
    acknowledges: str = ""
    """The notification that its link answers, where that is another: the one this reminds of, or stands in for."""
    broadcast: str = ""
    requested_at: dt.datetime
    state: State = State.PENDING
    due_at: dt.datetime | None
    """When a sender should look at it again; None once it is concluded."""
    epoch: int = 0
    attempts: int = 0
    may_have_doubled: bool = False
    """An attempt's outcome was unknown and another was made."""
    reason: str = ""
    concluded_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long an attempt is repeated."""

    first: dt.timedelta
    longest: dt.timedelta
    attempts: int
    give_up_after: dt.timedelta
    steps: tuple[dt.timedelta, ...] = ()
    """The waits one by one, where a specification names them; else they double."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The receiving server took it over."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiving server will never take it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """It was not taken, and may be later."""

    reason: str
    after: dt.timedelta = dt.timedelta(0)
    """How long the receiver asks us to wait; bounded by our patience."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was handed over, and the answer never came."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotTried:
    """It was leased and there was no time left: nothing was sent."""


Outcome = Accepted | Refused | Deferred | Unknown | NotTried


def lease(delivery: Delivery, *, epoch: int, until: dt.datetime) -> Delivery:
    """The delivery in a sender's hands until `until`; what was still in another's may be sent twice now."""
    doubled = delivery.may_have_doubled or delivery.state is State.LEASED
    return replace(
        delivery,
        state=State.LEASED,
        epoch=epoch,
        due_at=until,
        attempts=delivery.attempts + 1,
        may_have_doubled=doubled,
    )


def conclude(delivery: Delivery, state: State, reason: str, now: dt.datetime) -> Delivery:
    """The delivery at its end."""
    return replace(delivery, state=state, reason=reason, due_at=None, concluded_at=now)


def settle(delivery: Delivery, outcome: Outcome, now: dt.datetime, patience: Patience) -> Delivery:
    """What an attempt's outcome makes of a leased delivery."""
    match outcome:
        case Accepted():
            return conclude(delivery, State.DELIVERED, "", now)
        case Refused(reason):
            return conclude(delivery, State.GIVEN_UP, reason, now)
        case Deferred(reason, after):
            return again(delivery, reason, now, patience, after)
        case Unknown(reason):
            return again(replace(delivery, may_have_doubled=True), reason, now, patience)
        case NotTried():
            return replace(delivery, state=State.PENDING, due_at=now, attempts=delivery.attempts - 1)
        case _:
            assert_never(outcome)


def again(
    delivery: Delivery, reason: str, now: dt.datetime, patience: Patience, after: dt.timedelta = dt.timedelta(0)
) -> Delivery:
    """The delivery after a failed attempt: due once more, or given up."""
    due_at = now + max(wait(delivery, patience), min(after, patience.longest))
    if is_hopeless(delivery, due_at, patience):
        return conclude(delivery, State.GIVEN_UP, reason, now)
    return replace(delivery, state=State.PENDING, due_at=due_at, reason=reason)


def is_hopeless(delivery: Delivery, at: dt.datetime, patience: Patience) -> bool:
    """Whether another attempt at that instant would be one too many, or too late."""
    return delivery.attempts >= patience.attempts or at - delivery.requested_at > patience.give_up_after


def postpone(delivery: Delivery, until: dt.datetime, reason: str, bundle: str = "") -> Delivery:
    """The delivery, not yet tried and due later; with others of its bundle, where there is one."""
    return replace(
        delivery, state=State.PENDING, due_at=until, reason=reason, bundle=bundle or delivery.bundle, is_limited=False
    )


def wait(delivery: Delivery, patience: Patience) -> dt.timedelta:
    """How long until the next attempt: doubling, with jitter between half and the whole; or by the named steps.

    The jitter derives from the delivery and its attempt, so that ten thousand that failed together do not come back
    together, and the same log gives the same instants. Those that went out as one mail come back together.
    """
    drawn = hashlib.sha256(f"{delivery.sealed or delivery.id}/{delivery.attempts}".encode()).digest()[0] / 255
    made = max(delivery.attempts - 1, 0)
    if patience.steps:
        step = patience.steps[min(made, len(patience.steps) - 1)]
        return step + step / 10 * drawn
    whole = min(patience.first * (1 << min(made, 30)), patience.longest)
    return whole / 2 + whole / 2 * drawn
