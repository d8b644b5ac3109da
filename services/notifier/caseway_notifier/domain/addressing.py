"""Where a subscription's recipients are reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from caseway_notifier.domain import addresses
from caseway_notifier.domain.case import KnownCase, has_grown
from caseway_notifier.domain.delivery import Automatic
from caseway_notifier.domain.subscription import Audience, Plan, Subscription, Way, Whom

EMAIL = "email"
CHAT = "chat"
MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One recipient who can be reached."""

    reference: str
    channel: str
    recipient: str
    """A mail address, or a conversation."""
    to: str = ""
    """What a mail's `To` says, where it is not the recipient: they get a copy."""
    name: str = ""
    language: str = ""
    platform: str = ""
    is_customer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """A recipient who is not told, and why: a fact, never silence."""

    reference: str
    channel: str
    reason: str


Found = Target | Nobody


def find(subscription: Subscription, known: KnownCase, plan: Plan) -> tuple[Found, ...]:
    """All recipients of a subscription on one case, each once."""
    found: dict[tuple[str, str], Found] = {}
    for whom in subscription.to:
        for each in _of(whom, subscription, known, plan):
            found.setdefault((each.channel, each.recipient if isinstance(each, Target) else each.reference), each)
    return tuple(found.values())


def _of(whom: Whom, subscription: Subscription, known: KnownCase, plan: Plan) -> Iterator[Found]:
    match whom.audience:
        case Audience.CUSTOMER:
            yield _customer(subscription, known, plan)
        case Audience.LIST | Audience.ROLE:
            yield from _members(whom, plan)
        case Audience.ADDRESS:
            yield Target(reference=f"address:{whom.name}", channel=EMAIL, recipient=whom.name)
        case _:
            assert_never(whom.audience)


def _members(whom: Whom, plan: Plan) -> Iterator[Found]:
    """A list's members are named by their place in it: a fact holds no address."""
    members = (plan.lists if whom.audience is Audience.LIST else plan.roles).get(whom.name, ())
    group = f"{whom.audience}:{whom.name}"
    if not members:
        yield Nobody(reference=group, channel=EMAIL, reason="empty-list")
    for place, member in enumerate(members, start=1):
        yield Target(
            reference=f"{group}/{place}",
            channel=EMAIL,
            recipient=member.address,
            name=member.name,
            language=member.language,
        )


def customer_reference(known: KnownCase) -> str:
    """How facts name the customer of a case, linked or not."""
    return f"customer:{known.customer or known.id}"


def _customer(subscription: Subscription, known: KnownCase, plan: Plan) -> Found:
    found = reach(known, subscription.way)
    if isinstance(found, Target) and subscription.automatic is not Automatic.NO:
        reason = silence(found, known, plan)
        if reason:
            return Nobody(reference=found.reference, channel=found.channel, reason=reason)
    return found


def reach(known: KnownCase, way: Way) -> Found:
    """The customer: in the conversation that the case is, else by mail."""
    reference = customer_reference(known)
    if way is Way.REPLY and known.conversation:
        return Target(
            reference=reference,
            channel=CHAT if known.platform == CHAT else MESSAGE,
            recipient=known.conversation,
            name=known.name,
            language=known.language,
            platform=known.platform,
            is_customer=True,
        )
    if not known.email:
        return Nobody(reference=reference, channel=EMAIL, reason="no-recipient")
    return Target(
        reference=reference,
        channel=EMAIL,
        recipient=known.email,
        name=known.name,
        language=known.language,
        is_customer=True,
    )


def silence(target: Target, known: KnownCase, plan: Plan) -> str:
    """Why a machine must not answer; empty when it may. Source: RFC 3834 §2, semantics.md 5.1."""
    if known.is_automatic:
        return "automatic"
    if target.channel != EMAIL:
        return "public" if known.is_public else ""
    if addresses.is_never_read(target.recipient):
        return "never-read"
    if plan.is_ours(target.recipient):
        return "own-mailbox"
    if has_grown(known.subject):
        return "loop"
    return "bounced" if known.has_bounced else ""
