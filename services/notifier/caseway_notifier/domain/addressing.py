"""Where a subscription's recipients are reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from caseway.kernel.values import dataclass
from caseway_notifier.domain import addresses
from caseway_notifier.domain.case import KnownCase, has_grown
from caseway_notifier.domain.delivery import Automatic, Hop
from caseway_notifier.domain.directory import Directory, Member
from caseway_notifier.domain.directory import Found as Entry
from caseway_notifier.domain.restraint import Quiet
from caseway_notifier.domain.subscription import Audience, Plan, Subscription, Way, Whom

EMAIL = "email"
CHAT = "chat"
MESSAGE = "message"
_NAMED = frozenset({Audience.FIELD, Audience.FOLLOWERS, Audience.TEAM, Audience.INCIDENT_ROLE})
"""Recipients whom a case or a fact names one by one."""
_PLAIN_NAME = re.compile(r"[\w.:-]{1,100}")
"""How people and groups are named; anything else may be what a person wrote, and stands in no fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One recipient who can be reached."""

    reference: str
    channel: str
    recipient: str
    """A mail address, a conversation, a number, or an endpoint's name."""
    to: str = ""
    """What a mail's `To` says, where it is not the recipient: they get a copy."""
    name: str = ""
    language: str = ""
    platform: str = ""
    is_customer: bool = False
    endpoint: str = ""
    """The mark of the endpoint that it is."""
    hops: tuple[Hop, ...] = ()
    mentions: tuple[str, ...] = ()
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """A recipient who is not told, and why: a fact, never silence."""

    reference: str
    channel: str
    reason: str


Found = Target | Nobody


def find(subscription: Subscription, known: KnownCase, fact: Mapping[str, Any], plan: Plan) -> tuple[Found, ...]:
    """All recipients of a subscription on one case, each once."""
    found: dict[tuple[str, str], Found] = {}
    for whom in subscription.to:
        for each in _of(whom, subscription, known, fact, plan):
            found.setdefault((each.channel, each.recipient if isinstance(each, Target) else each.reference), each)
    return tuple(found.values())


def _of(
    whom: Whom, subscription: Subscription, known: KnownCase, fact: Mapping[str, Any], plan: Plan
) -> Iterator[Found]:
    match whom.audience:
        case Audience.CUSTOMER:
            yield _customer(subscription, known, plan)
        case Audience.ADDRESS:
            yield Target(reference=f"address:{whom.name}", channel=EMAIL, recipient=whom.name)
        case Audience.ENDPOINT:
            yield from _endpoint(whom.name, whom, known, fact, plan)
        case Audience.ENDPOINT_OF:
            yield from _endpoint(str(fact.get(whom.name) or "").lstrip("#"), whom, known, fact, plan)
        case Audience.LINKED:
            return  # on lanes of their own: `fanout.linking`
        case _:
            entries = list(entered(whom, known, fact, plan.directory))
            if not entries:
                yield Nobody(reference=_reference(whom), channel=EMAIL, reason="empty-list")
            for reference, member in entries:
                yield _person(reference, member, subscription.ways)
            if entries:  # some of those who were named: the others have left, or never were
                yield from _strangers(whom, known, fact, plan.directory, whom.audience.value, EMAIL)


def entered(  # noqa: C901, PLR0911 - one line a kind of recipient
    whom: Whom, known: KnownCase, fact: Mapping[str, Any], directory: Directory
) -> Iterator[Entry]:
    """The people that a rule means, on this case and fact."""
    match whom.audience:
        case Audience.LIST:
            return directory.listed(whom.name or str(fact.get("list") or ""))
        case Audience.ROLE:
            return directory.in_role(whom.name)
        case Audience.PERSON:
            return directory.person(whom.name)
        case Audience.HOLDER:
            return directory.person(known.agent)
        case Audience.QUEUE:
            return directory.on_queue(whom.name or known.queue)
        case Audience.SKILL:
            return directory.skilled(whom.name)
        case Audience.DEPARTMENT:
            return directory.in_department(whom.name or known.department)
        case Audience.EVERYONE:
            return directory.everyone()
        case Audience.FIELD | Audience.FOLLOWERS | Audience.TEAM | Audience.INCIDENT_ROLE:
            return (each for name in _names(whom, known, fact) for each in directory.named(name))
        case Audience.CUSTOMER | Audience.LINKED | Audience.ADDRESS | Audience.ENDPOINT | Audience.ENDPOINT_OF:
            return iter(())
        case _:
            assert_never(whom.audience)


def _strangers(
    whom: Whom, known: KnownCase, fact: Mapping[str, Any], directory: Directory, kind: str, channel: str
) -> Iterator[Nobody]:
    """Whoever the case or the fact names, and nobody is: told of one by one, never left out in silence."""
    if whom.audience not in _NAMED:
        return
    for name in dict.fromkeys(_names(whom, known, fact)):
        if name and not any(directory.named(name)):
            shown = name if _PLAIN_NAME.fullmatch(name) else "?"
            yield Nobody(reference=f"{kind}:{shown}", channel=channel, reason="no-recipient")


def _names(whom: Whom, known: KnownCase, fact: Mapping[str, Any]) -> tuple[str, ...]:
    match whom.audience:
        case Audience.FOLLOWERS:
            return known.followers
        case Audience.TEAM:
            return known.team
        case Audience.INCIDENT_ROLE:
            return tuple(person for role, person in known.roles if role == whom.name)
        case _:
            value = fact.get(whom.name) or ()
            return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _reference(whom: Whom) -> str:
    return f"{whom.audience}:{whom.name}" if whom.name else whom.audience.value


def _person(reference: str, member: Member, ways: tuple[Way, ...]) -> Found:
    """The first way that reaches them; the others are where it goes on."""
    hops = [hop for way in ways if (hop := _hop(way, member)) is not None]
    if not hops:
        return Nobody(reference=reference, channel=ways[0].value, reason="no-recipient")
    first, *rest = hops
    return Target(
        reference=reference,
        channel=first.channel,
        recipient=first.recipient,
        platform=first.platform,
        name=member.name,
        language=member.language,
        hops=tuple(rest),
        quiet=member.quiet,
    )


def _hop(way: Way, member: Member) -> Hop | None:
    match way:
        case Way.EMAIL | Way.REPLY:
            return Hop(channel=EMAIL, recipient=member.address) if member.address else None
        case Way.MESSAGE:
            return Hop(channel=MESSAGE, recipient=member.phone, platform="sms") if member.phone else None
        case Way.RING:
            return Hop(channel="ring", recipient=member.phone, platform="phone") if member.phone else None
        case Way.DESK:
            return Hop(channel="desk", recipient=f"agent:{member.id}", platform="desk") if member.id else None
        case _:
            assert_never(way)


def _endpoint(name: str, whom: Whom, known: KnownCase, fact: Mapping[str, Any], plan: Plan) -> Iterator[Found]:
    endpoint = plan.directory.endpoints.get(name)
    if endpoint is None:
        yield Nobody(reference=f"endpoint:{name}", channel="webhook", reason="no-recipient")
        return
    called = (
        member.name or member.id for each in whom.mention for _, member in entered(each, known, fact, plan.directory)
    )
    yield Target(
        reference=f"endpoint:{endpoint.name}",
        channel=endpoint.kind,
        recipient=endpoint.name,
        endpoint=endpoint.mark,
        mentions=tuple(dict.fromkeys(filter(None, called))),
    )
    for each in whom.mention:
        yield from _strangers(each, known, fact, plan.directory, "mention", endpoint.kind)


def customer_reference(known: KnownCase) -> str:
    """How facts name the customer of a case, linked or not."""
    return f"customer:{known.customer or known.id}"


def _customer(subscription: Subscription, known: KnownCase, plan: Plan) -> Found:
    found = reach(known, subscription.ways[0])
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
