"""Who is told of a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CaseReplied,
)
from caseway.contracts.milestones import LadderRungReached, MilestoneFact
from caseway.contracts.outbound import OutboundMessage
from caseway.kernel.decision import Arm, Decision, Due, Moment, Put, together
from caseway.kernel.ids import derived_id
from caseway_notifier.domain import addresses, occasion
from caseway_notifier.domain.addressing import EMAIL, Nobody, Target, customer_reference, find
from caseway_notifier.domain.case import KnownCase, threaded, with_told
from caseway_notifier.domain.content import Content, UnrenderableError, Words
from caseway_notifier.domain.delivery import State
from caseway_notifier.domain.fanout.learning import CONVERSING, CaseOccasion
from caseway_notifier.domain.fanout.record import outcome_fact, requested, row
from caseway_notifier.domain.kept import BROADCASTS, CASES, CONTENTS, SPREAD
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


def tell(before: KnownCase | None, known: KnownCase, fact: CaseOccasion, cause: str, moment: Moment) -> Decision:
    """Everything that the subscriptions want told of this fact, and the case, where it is known otherwise than before."""
    rules: Rules = moment.configuration
    told, decision = _told(known, fact, cause, moment) if rules.plan.has(fact.TYPE) else (known, Decision())
    changes = (Put(collection=CASES, id=told.id, value=told),) if told != before else ()
    return Decision(changes=changes) + decision


def _told(known: KnownCase, fact: CaseOccasion, cause: str, moment: Moment) -> tuple[KnownCase, Decision]:
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
    return known, together(decisions)


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
        conversing = fact.channel in CONVERSING
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
        return row(delivery, [requested(delivery, request, moment)])
    delivery = into_conversation(request, target, content)
    command = OutboundMessage(
        conversation=target.recipient,
        platform=target.platform,
        case_id=request.case_id,
        text=texts[content].text.strip(),
        notification=delivery.id,
        language=texts[content].language,
    )
    return row(
        delivery, [requested(delivery, request, moment), command, outcome_fact(delivery, moment.now, moment.version)]
    )


def _silence(request: Request, nobody: Nobody, moment: Moment) -> Decision:
    """Not told: on purpose, or because it cannot be."""
    is_failure = nobody.reason in {"no-recipient", "empty-list"} or nobody.reason.startswith("template")
    delivery = not_sent(request, nobody, State.GIVEN_UP if is_failure else State.SUPPRESSED)
    return row(delivery, [requested(delivery, request, moment), outcome_fact(delivery, moment.now, moment.version)])
