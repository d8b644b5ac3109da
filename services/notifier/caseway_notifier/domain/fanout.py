"""Who is told of a fact, and what became of it: this file is the story.

A fact about a case teaches what answering needs (`learned`), and is held against the subscriptions (`tell`): each
recipient becomes a delivery, with the facts that say so. Whoever is not told is a fact as well, with the reason. The
senders then tell how deliveries went (`lease`, `settled`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    ContactAdded,
    ContactBounced,
    ContactUpdated,
    CustomerLinked,
    EscalatedToDepartment,
    EscalationRequested,
    FactsAssigned,
)
from caseway.contracts.customers import CustomerRecorded
from caseway.contracts.milestones import LadderRungReached, MilestoneFact, MilestoneViolated, MilestoneWarned
from caseway.contracts.notifications import (
    NotificationDelivered,
    NotificationFact,
    NotificationFailed,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.parts import ContactContent
from caseway.contracts.voices import CaseShared, IncidentDeclared, IncidentEnded, IncidentUpdated
from caseway.contracts.wire import Fact
from caseway.contracts.work import WorkAccepted, WorkOffered, WorkReturned
from caseway.kernel.decision import Arm, Decision, Due, Moment, Put, together
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import Channel
from caseway_notifier.domain import addresses, occasion
from caseway_notifier.domain.addressing import EMAIL, Nobody, Target, customer_reference, find
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.case import KnownCase, threaded, with_told
from caseway_notifier.domain.content import Content, UnrenderableError, Words
from caseway_notifier.domain.customer import KnownCustomer
from caseway_notifier.domain.delivery import Delivery, NotTried, Outcome, Patience, State, Urgency, settle
from caseway_notifier.domain.request import (
    CHUNK,
    Broadcast,
    Request,
    by_mail,
    content_id,
    into_conversation,
    not_sent,
    step,
)
from caseway_notifier.domain.subscription import Once, Plan, Subscription
from caseway_notifier.domain.taking import Hands, take

CASES = "cases"
CUSTOMERS = "customers"
DELIVERIES = "deliveries"
CONTENTS = "contents"
BROADCASTS = "broadcasts"
BUDGETS = "budgets"
SPREAD = "spread"
"""The timer that goes on with a broadcast."""

OCCASIONS: tuple[type[Fact], ...] = (
    CaseOpened, ContactAdded, CaseReplied, CaseResolved, CaseClosed, CaseReopened, FactsAssigned, CustomerLinked,
    ContactBounced, EscalationRequested, EscalatedToDepartment, IncidentDeclared, IncidentUpdated, IncidentEnded,
    CaseShared, WorkOffered, WorkAccepted, WorkReturned, MilestoneWarned, MilestoneViolated, LadderRungReached,
)  # fmt: skip
"""The facts that a subscription may be on; each is about a case."""

CaseOccasion: TypeAlias = Any
"""One of OCCASIONS."""
_CONVERSING = frozenset({Channel.CHAT, Channel.MESSAGE})


def learned(known: KnownCase, fact: CaseOccasion, customer: KnownCustomer | None = None) -> KnownCase:  # noqa: PLR0911 - one line a fact
    """The case after what the fact teaches about answering it."""
    match fact:
        case CaseOpened():
            return _with_customer(_opened(known, fact), customer)
        case ContactAdded() if fact.direction == "inbound" and fact.author.kind == "customer":
            return _with_contact(known, fact)
        case ContactUpdated(event="ended", channel=Channel.CHAT):
            return replace(known, conversation="")
        case FactsAssigned():
            return replace(
                known,
                language=fact.language or known.language,
                priority=fact.priority or known.priority,
                category=fact.category or known.category,
                subject=fact.subject or known.subject,
            )
        case CustomerLinked():
            linked = replace(known, customer=fact.customer.id or "", name=fact.customer.name or known.name)
            return _with_customer(linked, customer)
        case ContactBounced() if fact.permanent:
            return replace(known, has_bounced=True)
        case WorkAccepted():
            return replace(known, agent=fact.agent)
        case WorkReturned():
            return replace(known, agent="")
        case CaseFact() if fact.status is not None:
            return replace(known, status=fact.status.value)
        case _:
            return known


def _opened(known: KnownCase, fact: CaseOpened) -> KnownCase:
    known = replace(
        known,
        number=fact.number,
        subject=fact.subject,
        channel=fact.channel.value,
        language=fact.language or "",
        priority=fact.priority.value,
        category=fact.category or "",
        status=fact.status.value,
        customer=fact.customer.id or "",
        name=fact.party.name or fact.author.name or fact.customer.name or "",
        email=addresses.normal(fact.reply_to or "") or addresses.normal(fact.party.email or ""),
        phone=fact.party.phone or "",
    )
    return _with_contact(known, fact)


def _with_contact(known: KnownCase, contact: ContactContent) -> KnownCase:
    """What the customer's newest contact changes: where an answer belongs."""
    conversing = contact.channel in _CONVERSING and bool(contact.conversation)
    thread = (
        threaded(contact.message_id, contact.references, contact.in_reply_to) if contact.message_id else known.thread
    )
    return replace(
        known,
        mailbox=addresses.normal(contact.mailbox or "") or known.mailbox,
        conversation=(contact.conversation or "") if conversing else "",
        platform=(contact.platform or contact.channel.value) if conversing else "",
        is_automatic=contact.automatic,
        is_public=contact.public,
        thread=thread,
    )


def _with_customer(known: KnownCase, customer: KnownCustomer | None) -> KnownCase:
    if customer is None:
        return known
    return replace(
        known,
        name=known.name or customer.name,
        email=known.email or customer.email,
        language=known.language or customer.language,
    )


def registered(fact: CustomerRecorded) -> KnownCustomer:
    """What of a customer's record telling them needs."""
    usable = filter(None, map(addresses.normal, fact.emails))
    return KnownCustomer(id=fact.customer, name=fact.name, email=next(usable, ""), language=fact.language or "")


class Rules(Protocol):
    """The service's configuration, as decisions see it."""

    @property
    def plan(self) -> Plan:
        """Subscriptions, senders and lists."""
        ...

    @property
    def words(self) -> Words:
        """The templates."""
        ...


def tell(known: KnownCase, fact: CaseOccasion, cause: str, moment: Moment) -> Decision:
    """The case as learned, and everything that the subscriptions want told of this fact."""
    rules: Rules = moment.configuration
    facts = {
        "case": known.shown(),
        "customer": {"id": known.customer, "name": known.name},
        "fact": occasion.shown(fact, rules.plan.zone),
    }
    decisions = []
    for subscription in rules.plan.wanted(occasion.name_of(fact.TYPE), facts):
        telling = _Telling(known=known, fact=fact, cause=cause, moment=moment, rules=rules, facts=facts)
        decisions.append(telling.of(subscription))
        known = with_told(known, subscription.name) if subscription.once is Once.CASE else known
    return Decision(changes=(Put(collection=CASES, id=known.id, value=known),)) + together(decisions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a sender took in hand, and the decision that must be written before it acts."""

    leased: tuple[Delivery, ...]
    decision: Decision


def go_on(broadcast: Broadcast, due: Due, moment: Moment) -> Decision:
    """The next recipients of a broadcast."""
    return _spread(broadcast, int(due.data["from"]), moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """One fact, held against one subscription."""

    known: KnownCase
    fact: CaseOccasion
    cause: str
    moment: Moment
    rules: Rules
    facts: Mapping[str, Any]

    def of(self, subscription: Subscription) -> Decision:
        """Everything that this subscription wants told."""
        request = self._request(subscription)
        if subscription.name in self.known.told:
            again = Nobody(reference=f"subscription:{subscription.name}", channel=EMAIL, reason="duplicate")
            return _silence(request, again, self.moment)
        found = find(subscription, self._addressed(), self.rules.plan)
        targets = [each for each in found if isinstance(each, Target)]
        silences = [_silence(request, each, self.moment) for each in found if isinstance(each, Nobody)]
        return together([*silences, self._written(subscription, request, self._with_copies(targets))])

    def _request(self, subscription: Subscription) -> Request:
        known, fact = self.known, self.fact
        thread = known.thread
        if isinstance(fact, CaseReplied) and fact.in_reply_to:
            thread = threaded(fact.in_reply_to, fact.references, ())
        return Request(
            case_id=known.id,
            occurrence=_occurrence(fact, self.cause),
            cause=self.cause,
            subscription=subscription.name,
            template=subscription.template,
            urgency=subscription.urgency,
            automatic=subscription.automatic,
            sender=self.rules.plan.sender_for(subscription, self._addressed().mailbox).name,
            thread=thread,
            copies=self._copies(),
            requested_at=self.moment.now,
        )

    def _addressed(self) -> KnownCase:
        """The case, with the ways that an agent's reply itself names before those that are known."""
        known, fact = self.known, self.fact
        if not isinstance(fact, CaseReplied):
            return known
        conversing = fact.channel in _CONVERSING
        return replace(
            known,
            email=addresses.normal(fact.to or "") or known.email,
            mailbox=addresses.normal(fact.mailbox or "") or known.mailbox,
            conversation=(fact.conversation or known.conversation) if conversing else "",
            platform=fact.platform or known.platform or fact.channel.value,
            language=fact.language or known.language,
        )

    def _copies(self) -> tuple[str, ...]:
        copies = self.fact.copies if isinstance(self.fact, CaseReplied) else ()
        return tuple(dict.fromkeys(filter(None, map(addresses.normal, copies))))

    def _with_copies(self, targets: Sequence[Target]) -> list[Target]:
        """Whoever gets a copy of a reply by mail reads the customer's address in `To`."""
        first = next((each for each in targets if each.is_customer and each.channel == EMAIL), None)
        if first is None:
            return list(targets)
        there = {each.recipient for each in targets}
        copies = [address for address in self._copies() if address not in there]
        reference = customer_reference(self.known)
        return [
            *targets,
            *(
                replace(first, reference=f"{reference}/copy/{place}", recipient=address, to=first.recipient)
                for place, address in enumerate(copies, start=1)
            ),
        ]

    def _written(self, subscription: Subscription, request: Request, targets: Sequence[Target]) -> Decision:
        """The targets' deliveries, with one content for each language."""
        by_language: dict[str, Content | str] = {}
        sendable: list[tuple[Target, str]] = []
        decision = Decision()
        for target in targets:
            language = self.rules.words.language(subscription.template, subscription.language or target.language) or ""
            if language not in by_language:
                by_language[language] = self._content(subscription, request, language)
            content = by_language[language]
            if isinstance(content, Content):
                sendable.append((target, language))
            else:
                decision += _silence(
                    request, Nobody(reference=target.reference, channel=target.channel, reason=content), self.moment
                )
        contents = {name: each for name, each in by_language.items() if isinstance(each, Content)}
        return decision + _begin(request, contents, sendable, self.moment)

    def _content(self, subscription: Subscription, request: Request, language: str) -> Content | str:
        """The words, or the reason why there are none."""
        data = {**self.facts, "sender": self.rules.plan.senders[request.sender].shown()}
        try:
            return self.rules.words.render(subscription.template, language, data)
        except UnrenderableError as wrong:
            return f"template: {wrong}"


def _occurrence(fact: CaseOccasion, cause: str) -> str:
    """What it is told for: told of again, it is the same notification. Source: semantics.md 5.7 (occurrence id)."""
    match fact:
        case CaseFact():
            return f"{fact.case_id}/{fact.version}"
        case MilestoneFact():
            word = occasion.name_of(fact.TYPE).rpartition(".")[2]
            return f"{fact.milestone}/{fact.instance}/{word}/{int(fact.due_at.timestamp())}"
        case LadderRungReached():
            return f"{fact.occurrence}/{fact.rung}/{fact.repeat}"
        case _:
            return cause


def _begin(
    request: Request, contents: Mapping[str, Content], targets: Sequence[tuple[Target, str]], moment: Moment
) -> Decision:
    """Freeze the recipients and tell the first of them; a long list goes on by a timer, step by step."""
    ids = {language: content_id(request, language) for language in contents}
    written = tuple(Put(collection=CONTENTS, id=ids[language], value=each) for language, each in contents.items())
    decision = Decision(changes=written)
    if len(targets) <= CHUNK:
        texts = {ids[language]: each for language, each in contents.items()}
        return decision + together(_one(request, target, ids[language], texts, moment) for target, language in targets)
    broadcast = Broadcast(
        id="broadcast_" + derived_id("broadcast", request.subscription, request.occurrence),
        request=request,
        contents=ids,
        targets=tuple(targets),
    )
    broadcast = replace(broadcast, request=replace(request, broadcast=broadcast.id))
    frozen = Decision(changes=(Put(collection=BROADCASTS, id=broadcast.id, value=broadcast),))
    return decision + frozen + _spread(broadcast, 0, moment)


def _spread(broadcast: Broadcast, start: int, moment: Moment) -> Decision:
    told = [
        _one(broadcast.request, target, broadcast.contents[language], {}, moment)
        for target, language in step(broadcast, start)
    ]
    following = start + CHUNK
    if following >= len(broadcast.targets):
        return together(told)
    timer = Arm(
        key=f"{broadcast.id}/{following}",
        kind=SPREAD,
        due_at=moment.now,
        data={"broadcast": broadcast.id, "from": following},
    )
    return together(told) + Decision(timers=(timer,))


def _one(request: Request, target: Target, content: str, texts: Mapping[str, Content], moment: Moment) -> Decision:
    """One recipient's delivery: a row for the senders, or a command to the gateway."""
    if target.channel == EMAIL:
        delivery = by_mail(request, target, content)
        return _row(delivery, [_requested(delivery, request, moment)])
    delivery = into_conversation(request, target, content)
    command = OutboundMessage(
        conversation=target.recipient,
        platform=target.platform,
        case_id=request.case_id,
        text=texts[content].text.strip(),
        notification=delivery.id,
        language=texts[content].language,
    )
    return _row(
        delivery, [_requested(delivery, request, moment), command, outcome_fact(delivery, moment.now, moment.version)]
    )


def _silence(request: Request, nobody: Nobody, moment: Moment) -> Decision:
    """Not told: on purpose, or because it cannot be."""
    is_failure = nobody.reason in {"no-recipient", "empty-list"} or nobody.reason.startswith("template")
    delivery = not_sent(request, nobody, State.GIVEN_UP if is_failure else State.SUPPRESSED)
    return _row(delivery, [_requested(delivery, request, moment), outcome_fact(delivery, moment.now, moment.version)])


def _row(delivery: Delivery, emits: Iterable[Any]) -> Decision:
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


def _requested(delivery: Delivery, request: Request, moment: Moment) -> NotificationRequested:
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
        decision += _row(now, _taking_facts(delivery, now, hands.now, version))
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
        decision += _row(after, facts)
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
