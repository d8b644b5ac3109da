"""Who is told of a fact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import CaseReplied, RemoteRequested
from caseway.contracts.customers import OrderChanged
from caseway.contracts.measures import ReportPublished
from caseway.contracts.milestones import LadderRungReached, MilestoneFact, MilestoneWarned
from caseway.kernel.decision import Decision, Moment, Put
from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain import addresses, occasion
from caseway_notifier.domain.acknowledgement import Awaited, awaited
from caseway_notifier.domain.addressing import EMAIL, Nobody, Target, customer_reference, find
from caseway_notifier.domain.case import KnownCase, has_heard, threaded, with_heard, with_told
from caseway_notifier.domain.content import (
    ACKNOWLEDGE,
    Attachment,
    Content,
    LinkedFile,
    UnrenderableError,
    Words,
    one_line,
)
from caseway_notifier.domain.delivery import Delivery
from caseway_notifier.domain.fanout import linking
from caseway_notifier.domain.fanout.acknowledging import acknowledged, reminding
from caseway_notifier.domain.fanout.causes import begun, cause_of, ended
from caseway_notifier.domain.fanout.files import linked_files, shown
from caseway_notifier.domain.fanout.flooding import HELD, breaker, is_answer
from caseway_notifier.domain.fanout.learning import CONVERSING, AnswersHeld, CaseOccasion, WatchDue
from caseway_notifier.domain.fanout.record import joined
from caseway_notifier.domain.fanout.spreading import begin, silence
from caseway_notifier.domain.fanout.watching import watched
from caseway_notifier.domain.flood import Flood
from caseway_notifier.domain.kept import CASES
from caseway_notifier.domain.request import Request
from caseway_notifier.domain.subscription import Once, Plan, Subscription

_ANSWERING_NOBODY = frozenset({WatchDue, ReportPublished, AnswersHeld})
"""What the notifier says to itself, and reports: they are decided without the lane's count."""
MOST_COPIES = 100
"""Addresses in copy of one reply: more is a mailing, or a mistake."""


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

    def sign_file(self, digest: str, name: str, until: dt.datetime) -> str:
        """Where a stored file is fetched until then; empty where intake is reached by nobody."""
        ...

    def sign(self, case_id: str, occurrence: str) -> str:
        """The Message-ID of what is told of a case for an occurrence."""
        ...


def tell(
    before: KnownCase | None,
    known: KnownCase,
    fact: CaseOccasion,
    cause: str,
    moment: Moment,
    flood: Flood | None = None,
) -> Decision:
    """Everything that the subscriptions want told of this fact, and the case, where it is known otherwise than before."""
    rules: Rules = moment.configuration
    known, gone = ended(known, fact, moment)
    known, answers = acknowledged(known, fact, cause, moment)
    decision = gone + answers
    if rules.plan.has(fact.TYPE):
        facts = facts_of(known, fact, rules.plan)
        known, told = _told(known, fact, cause, facts, moment, flood)
        known, watches = watched(known, fact, facts, moment)
        decision = decision + told + watches
    if known == before:
        return decision
    decision += linking.shared(known, fact)
    return Decision(changes=(Put(collection=CASES, id=known.id, value=known),)) + decision if known.id else decision


def facts_of(known: KnownCase, fact: CaseOccasion, plan: Plan) -> dict[str, Any]:
    """What rules and templates may look at."""
    return {
        "case": known.shown(),
        "customer": {"id": known.customer, "name": known.name},
        "fact": occasion.shown(fact, plan.zone, plan.looked_at(fact.TYPE)),
        "link": {"case": plan.case_url.replace("{case}", known.id), "acknowledge": ACKNOWLEDGE},
    }


def quick_data(known: KnownCase, plan: Plan) -> dict[str, Any]:
    """What a quick text may look at: the case, its customer, and in whose name it is answered."""
    by_department = plan.departments.get(known.department, next(iter(plan.senders)))
    sender = plan.by_address.get(known.mailbox) or plan.senders[by_department]
    return {
        "case": known.shown(),
        "customer": {"id": known.customer, "name": known.name},
        "sender": sender.shown(),
    }


def _told(
    known: KnownCase, fact: CaseOccasion, cause: str, facts: Mapping[str, Any], moment: Moment, flood: Flood | None
) -> tuple[KnownCase, Decision]:
    rules: Rules = moment.configuration
    wanted = rules.plan.wanted(occasion.name_of(fact.TYPE), facts)
    answering = () if type(fact) in _ANSWERING_NOBODY else wanted
    is_held, counted = breaker(flood, answering, moment.lane, moment)
    files = linked_files(fact, rules.sign_file, moment.now)
    decisions = [counted]
    for subscription in wanted:
        telling = _Telling(
            known=known, fact=fact, cause=cause, moment=moment, rules=rules, facts=facts, files=files, is_held=is_held
        )
        known, decision = telling.of(subscription)
        decisions.append(decision)
    return known, joined(decisions)


def tell_other(
    subscription: Subscription, known: KnownCase, fact: CaseOccasion, cause: str, moment: Moment
) -> Decision:
    """What one subscription wants told of a fact to the customer of another case; nothing of that case is changed."""
    rules: Rules = moment.configuration
    facts = facts_of(known, fact, rules.plan)
    telling = _Telling(known=known, fact=fact, cause=cause, moment=moment, rules=rules, facts=facts)
    return telling.of(subscription)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """One fact, held against one subscription."""

    known: KnownCase
    fact: CaseOccasion
    cause: str
    moment: Moment
    rules: Rules
    facts: Mapping[str, Any]
    files: tuple[LinkedFile, ...] = ()
    is_held: bool = False
    """Whether automatic answers are held back just now."""

    @property
    def reply(self) -> CaseReplied | None:
        """The fact, where it is an agent's answer."""
        # by its very type: whether a model is one of a class that it is not takes as long as a rendered line
        return self.fact if type(self.fact) is CaseReplied else None

    def of(self, subscription: Subscription) -> tuple[KnownCase, Decision]:
        """The case, and everything that this subscription wants told."""
        addressed = self._addressed()
        request = self._request(subscription, addressed)
        if self._is_repeated(subscription, request.occurrence):
            again = Nobody(reference=f"subscription:{subscription.name}", channel=EMAIL, reason="duplicate")
            return self.known, silence(
                replace(request, occurrence=f"{request.occurrence}!{self.cause}"), again, self.moment
            )
        found = self._found(subscription, addressed)
        targets = [each for each in found if isinstance(each, Target)]
        nobodies = [*(each for each in found if isinstance(each, Nobody)), *self._beyond(targets)]
        silences = joined(silence(request, each, self.moment) for each in nobodies)
        written, asked = self._written(subscription, request, self._with_copies(targets))
        known, decision = self._remembered(subscription, request, asked)
        others = linking.steps(known, subscription, self.fact, self.cause, self.moment)
        return known, silences + written + decision + others

    def _found(self, subscription: Subscription, addressed: KnownCase) -> Sequence[Target | Nobody]:
        """The recipients; nobody where what it tells is overtaken, or answers are held back."""
        if type(self.fact) is MilestoneWarned and self.fact.is_overtaken:
            return (Nobody(reference=f"subscription:{subscription.name}", channel=EMAIL, reason="overtaken"),)
        found = find(subscription, addressed, self._named(), self.rules.plan)
        if not self.is_held or not is_answer(subscription):
            return found
        return [
            Nobody(reference=each.reference, channel=each.channel, reason=HELD)
            if isinstance(each, Target) and each.is_customer
            else each
            for each in found
        ]

    def _is_repeated(self, subscription: Subscription, occurrence: str) -> bool:
        return subscription.name in self.known.told or has_heard(self.known, subscription.name, occurrence)

    def _named(self) -> Mapping[str, Any]:
        """The fact's plain values as they are: recipients may stand in any of them."""
        return occasion.Plain(self.fact)

    def _remembered(
        self, subscription: Subscription, request: Request, asked: tuple[Awaited, ...]
    ) -> tuple[KnownCase, Decision]:
        """The case after telling: that it was told, what the notices wait on, and whose answer is awaited."""
        known = self.known
        if subscription.once is Once.CASE:
            known = with_told(known, subscription.name)
        if not isinstance(self.fact, CaseFact):
            known = with_heard(known, subscription.name, request.occurrence)
        known, decision = begun(known, request.moot_by)
        if subscription.acknowledgement is not None and asked:
            known = awaited(known, asked)
            timers = reminding(known.id, request, subscription.acknowledgement, self.moment)
            decision += Decision(timers=timers)
        return known, decision

    def _request(self, subscription: Subscription, addressed: KnownCase) -> Request:
        known, fact, reply = self.known, self.fact, self.reply
        thread = known.thread
        if reply is not None and reply.in_reply_to:
            thread = threaded(reply.in_reply_to, reply.references, ())
        return Request(
            case_id=known.id,
            occurrence=_occurrence(fact, self.cause),
            cause=self.cause,
            subscription=subscription.name,
            template=subscription.template,
            urgency=subscription.urgency,
            automatic=subscription.automatic,
            sender=self.rules.plan.sender_for(subscription, addressed).name,
            thread=thread,
            copies=self._copies(),
            requested_at=self.moment.now,
            moot_by=cause_of(subscription.moot, fact, known.id),
            window=subscription.window,
            by_night=subscription.by_night,
            wants_answer=subscription.acknowledgement is not None,
        )

    def _addressed(self) -> KnownCase:
        """The case, with the ways that an agent's reply itself names before those that are known."""
        known, fact, reply = self.known, self.fact, self.reply
        if type(fact) is RemoteRequested:
            return replace(
                known, email=addresses.normal(fact.to or "") or known.email, language=fact.language or known.language
            )
        if reply is None:
            return known
        conversing = reply.channel in CONVERSING
        return replace(
            known,
            email=addresses.normal(reply.to or "") or known.email,
            mailbox=addresses.normal(reply.mailbox or "") or known.mailbox,
            conversation=(reply.conversation or known.conversation) if conversing else "",
            platform=reply.platform or known.platform or reply.channel.value,
            language=reply.language or known.language,
        )

    def _copies(self) -> tuple[str, ...]:
        return self._all_copies()[:MOST_COPIES]

    def _all_copies(self) -> tuple[str, ...]:
        copies = self.reply.copies if self.reply is not None else ()
        return tuple(dict.fromkeys(filter(None, map(addresses.normal, copies)))) if copies else ()

    def _beyond(self, targets: Sequence[Target]) -> Sequence[Nobody]:
        """Whoever is in copy of more than a mail's `Cc` may name: told of as one, since nobody meant a mailing."""
        count = len(self._all_copies()) - MOST_COPIES if self.reply is not None else 0
        if count <= 0 or not any(each.is_customer and each.channel == EMAIL for each in targets):
            return ()
        return (Nobody(reference=f"copies:{count}", channel=EMAIL, reason="too-many-copies"),)

    def _with_copies(self, targets: Sequence[Target]) -> list[Target]:
        """Whoever gets a copy of a reply by mail reads the customer's address in `To`."""
        if not (copies := self._copies()):
            return list(targets)
        first = next((each for each in targets if each.is_customer and each.channel == EMAIL), None)
        if first is None:
            return list(targets)
        there = {each.recipient for each in targets}
        reference = customer_reference(self.known)
        return [
            *targets,
            *(
                replace(first, reference=f"{reference}/copy/{place}", recipient=address, to=first.recipient)
                for place, address in enumerate((each for each in copies if each not in there), start=1)
            ),
        ]

    def _written(
        self, subscription: Subscription, request: Request, targets: Sequence[Target]
    ) -> tuple[Decision, tuple[Awaited, ...]]:
        """The targets' deliveries, with one content for each language; and whose answer is awaited."""
        by_language: dict[str, Content | str] = {}
        sendable: list[tuple[Target, str]] = []
        silences = []
        for target in targets:
            language = self.rules.words.language(subscription.template, subscription.language or target.language) or ""
            if language not in by_language:
                by_language[language] = self._content(subscription, request, language)
            content = by_language[language]
            if isinstance(content, Content):
                sendable.append((target, language))
            else:
                nobody = Nobody(reference=target.reference, channel=target.channel, reason=content)
                silences.append(silence(request, nobody, self.moment))
        contents = {name: each for name, each in by_language.items() if isinstance(each, Content)}
        decision, deliveries = begin(request, contents, sendable, self.moment)
        asked = _asked(request, sendable, deliveries) if request.wants_answer else ()
        return joined(silences) + decision, asked

    def _content(self, subscription: Subscription, request: Request, language: str) -> Content | str:
        """The words, or the reason why there are none."""
        data = {**self.facts, "files": shown(self.files), "sender": self.rules.plan.senders[request.sender].shown()}
        try:
            content = self.rules.words.render(subscription.template, language, data)
            return _with_files(content, self.fact, self.files)
        except UnrenderableError as wrong:
            return f"template: {wrong}"


def _with_files(content: Content, fact: CaseOccasion, links: tuple[LinkedFile, ...]) -> Content:
    """A reply's links; a report's files, as far as they are in the fact: larger ones are a link in its words."""
    if type(fact) is not ReportPublished:
        return replace(content, files=links) if links else content
    files = (
        Attachment(name=one_line(each.name, 100), media_type=each.media_type, content=each.content)
        for each in fact.files
        if each.content is not None
    )
    return replace(content, attachments=tuple(files))


def _asked(
    request: Request, sendable: Sequence[tuple[Target, str]], deliveries: Sequence[Delivery]
) -> tuple[Awaited, ...]:
    return tuple(
        Awaited(notification=delivery.id, content=delivery.content, language=language, target=target, request=request)
        for (target, language), delivery in zip(sendable, deliveries, strict=False)
        if delivery.has_link
    )


def _occurrence(fact: CaseOccasion, cause: str) -> str:  # noqa: PLR0911 - one line a kind of fact
    """What it is told for: told of again, it is the same notification. Source: semantics.md 5.7 (occurrence id)."""
    match fact:
        case CaseFact():
            return f"{fact.case_id}/{fact.version}"
        case MilestoneFact():
            word = occasion.name_of(fact.TYPE).rpartition(".")[2]
            return f"{fact.milestone}/{fact.instance}/{word}/{int(fact.due_at.timestamp())}"
        case LadderRungReached():
            return f"{fact.occurrence}/{fact.rung}/{fact.repeat}"
        case WatchDue():
            return f"{fact.case_id}/{fact.watch}/{int(fact.since.timestamp())}/{fact.count}"
        case ReportPublished():
            return f"report/{fact.report}/{fact.occurrence}"
        case AnswersHeld():
            return f"flood/{fact.lane}/{int(fact.since.timestamp())}"
        case OrderChanged():
            return f"order/{fact.order}/{fact.status}/{cause}"
        case _:
            return cause
