"""What a fact teaches about answering its case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    AdviceAsked,
    CallbackRecorded,
    CaseAdvised,
    CaseClosed,
    CaseContinued,
    CaseFollowed,
    CaseHeld,
    CaseLinked,
    CaseMerged,
    CaseNoted,
    CaseOpened,
    CaseReleased,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseStamped,
    CaseUnmerged,
    ContactAdded,
    ContactBounced,
    ContactRefused,
    ContactUpdated,
    CustomerLinked,
    CustomerMergeProposed,
    EscalatedToDepartment,
    EscalationRequested,
    FactsAssigned,
    FactsConfirmed,
    RemoteRequested,
    ReturnedFromDepartment,
    TeamChanged,
)
from caseway.contracts.customers import CustomerRecorded, OrderChanged
from caseway.contracts.measures import ReportPublished
from caseway.contracts.milestones import (
    LadderRungReached,
    MilestoneCancelled,
    MilestoneMet,
    MilestoneViolated,
    MilestoneWarned,
)
from caseway.contracts.parts import ContactContent
from caseway.contracts.voices import (
    ApprovalReminded,
    CaseApproved,
    CaseChecked,
    CaseHandedOver,
    CaseJudged,
    CaseRejected,
    CaseShared,
    CaseSubmitted,
    ConsentChanged,
    DataActionDecided,
    DataActionRequested,
    HandOverAccepted,
    HandOverReturned,
    IncidentContained,
    IncidentCorrected,
    IncidentDeclared,
    IncidentEnded,
    IncidentJoined,
    IncidentReviewed,
    IncidentRoleSet,
    IncidentUpdated,
    PersonalDataErased,
    PersonalDataRestricted,
    VoiceEdited,
)
from caseway.contracts.wire import Fact, Instant, WireModel
from caseway.contracts.work import (
    WorkAccepted,
    WorkDeclined,
    WorkExpired,
    WorkOffered,
    WorkQueued,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
)
from caseway.contracts.work_notices import WorkMentioned, WorkPostponed, WorkUnroutable
from caseway.kernel.values import replace
from caseway.kernel.vocabulary import Channel
from caseway_notifier.domain import addresses
from caseway_notifier.domain.case import KnownCase, forgotten, threaded
from caseway_notifier.domain.customer import KnownCustomer


class WatchDue(Fact):
    """What should have happened by now has not; said by the notifier to itself alone, and never published."""

    TYPE = "caseway.watch.due.v1"
    TOPIC = "cases"
    KEY = "case_id"

    case_id: str
    watch: str
    since: Instant
    count: int = 1
    text: str = ""


class AnswersHeld(Fact):
    """Too many automatic answers were asked for, and the rest was held back; said to itself alone, like a watch."""

    TYPE = "caseway.answers.held.v1"
    TOPIC = "cases"
    KEY = "lane"

    lane: str
    count: int
    """How many were not given."""
    since: Instant


OCCASIONS: tuple[type[WireModel], ...] = (
    CaseOpened, ContactAdded, CaseReplied, CaseResolved, CaseClosed, CaseReopened, FactsAssigned, FactsConfirmed,
    CustomerLinked, CustomerMergeProposed, ContactBounced, EscalationRequested, CallbackRecorded, EscalatedToDepartment,
    ReturnedFromDepartment, AdviceAsked, CaseAdvised, CaseNoted, CaseHeld, CaseReleased, CaseMerged, CaseStamped,
    CaseFollowed, TeamChanged, RemoteRequested, CaseContinued, CaseLinked, CaseUnmerged, ConsentChanged, VoiceEdited,
    IncidentDeclared, IncidentUpdated, IncidentContained, IncidentEnded, IncidentReviewed, IncidentRoleSet,
    CaseHandedOver, HandOverAccepted, HandOverReturned,
    CaseShared, CaseSubmitted, CaseApproved, CaseRejected, CaseJudged, CaseChecked, DataActionRequested, DataActionDecided,
    PersonalDataErased, PersonalDataRestricted, ApprovalReminded, IncidentJoined, IncidentCorrected,
    WorkQueued, WorkOffered, WorkAccepted, WorkReturned, WorkDeclined, WorkExpired, WorkTransferred, WorkWithdrawn,
    WorkMentioned, WorkPostponed, WorkUnroutable, MilestoneWarned, MilestoneViolated, MilestoneMet, MilestoneCancelled, LadderRungReached,
)  # fmt: skip
"""The facts about a case that a subscription may be on, and that teach."""
BESIDE: tuple[type[WireModel], ...] = (OrderChanged, ReportPublished, ContactRefused, WatchDue, AnswersHeld)
"""What else a subscription may be on: orders, reports and refused contacts, which belong to no case, and what the notifier
says to itself."""

MODELS_BY_TYPE: dict[str, type[WireModel]] = {model.TYPE: model for model in (*OCCASIONS, *BESIDE)}

CaseOccasion: TypeAlias = Any
"""One of OCCASIONS or BESIDE."""
CONVERSING = frozenset({Channel.CHAT, Channel.MESSAGE})


def learned(known: KnownCase, fact: CaseOccasion, customer: KnownCustomer | None = None) -> KnownCase:
    """The case after what the fact teaches about answering it."""
    lesson = _LESSONS.get(type(fact))
    after = lesson(known, fact) if lesson is not None else known
    return _with_customer(after, customer) if customer is not None else after


def _heard(known: KnownCase, fact: ContactAdded) -> KnownCase:
    if fact.direction == "inbound" and fact.author.kind == "customer":
        return replace(known, **_contact(known, fact))
    return _standing(known, fact)


def _updated(known: KnownCase, fact: ContactUpdated) -> KnownCase:
    if fact.event == "ended" and fact.channel is Channel.CHAT:
        return replace(known, conversation="")
    return _standing(known, fact)


def _assigned(known: KnownCase, fact: FactsAssigned) -> KnownCase:
    return replace(
        known,
        language=fact.language or known.language,
        priority=fact.priority or known.priority,
        category=fact.category or known.category,
        subject=fact.subject or known.subject,
    )


def _linked(known: KnownCase, fact: CustomerLinked) -> KnownCase:
    return replace(known, customer=fact.customer.id or "", name=fact.customer.name or known.name)


def _bounced(known: KnownCase, fact: ContactBounced) -> KnownCase:
    return replace(known, has_bounced=True) if fact.permanent else _standing(known, fact)


def _accepted(known: KnownCase, fact: WorkAccepted) -> KnownCase:
    return replace(known, agent=fact.agent)


def _queued(known: KnownCase, fact: WorkQueued) -> KnownCase:
    return replace(known, queue=fact.queue) if known.queue != fact.queue else known


def _let_go(known: KnownCase, _fact: WorkReturned | WorkTransferred | WorkWithdrawn) -> KnownCase:
    return replace(known, agent="") if known.agent else known


def _erased(known: KnownCase, _fact: PersonalDataErased) -> KnownCase:
    return forgotten(known)


def _followed(known: KnownCase, fact: CaseFollowed) -> KnownCase:
    others = tuple(each for each in known.followers if each != fact.follower)
    return replace(known, followers=others if fact.stopped else (*others, fact.follower))


def _teamed(known: KnownCase, fact: TeamChanged) -> KnownCase:
    return replace(known, team=tuple(each.agent for each in fact.members))


def _in_role(known: KnownCase, fact: IncidentRoleSet) -> KnownCase:
    pair = (fact.role, fact.person)
    rest = tuple(each for each in known.roles if each != pair)
    return replace(known, roles=rest if fact.renounced else (*rest, pair))


def _declared(known: KnownCase, fact: IncidentDeclared) -> KnownCase:
    declared = replace(
        known,
        reports=known.reports + 1,
        severity=fact.severity or known.severity,
        department=fact.cause_department or known.department,
        number=known.number or fact.number or 0,
    )
    return _standing(declared, fact)


def _escalated(known: KnownCase, fact: EscalatedToDepartment) -> KnownCase:
    return _standing(replace(known, department=fact.department), fact)


def _joined(known: KnownCase, fact: IncidentJoined) -> KnownCase:
    return _standing(replace(known, incident=fact.incident), fact)


def _with_report(known: KnownCase, fact: CaseLinked) -> KnownCase:
    if fact.relation == "incident" and fact.other not in known.linked:
        known = replace(known, linked=(*known.linked, fact.other))
    return _standing(known, fact)


def _standing(known: KnownCase, fact: CaseFact) -> KnownCase:
    """What any fact about a case may say: where it stands."""
    return replace(known, status=fact.status.value) if fact.status is not None else known


def _opened(known: KnownCase, fact: CaseOpened) -> KnownCase:
    return replace(
        known,
        **_contact(known, fact),
        number=fact.number,
        subject=fact.subject,
        channel=fact.channel.value,
        language=fact.language or "",
        priority=fact.priority.value,
        category=fact.category or "",
        status=fact.status.value,
        customer=fact.customer.id or "",
        name=fact.party.name or fact.author.name or fact.customer.name or "",
        email=next(filter(None, map(addresses.normal, _addresses_of(fact))), ""),
        phone=fact.party.phone or "",
    )


def _addresses_of(contact: ContactContent) -> Iterable[str]:
    """Where a contact may be answered by mail, the best first; a number or a platform's name is no address."""
    return filter(None, (contact.reply_to, contact.author.address, contact.party.email))


def _contact(known: KnownCase, contact: ContactContent) -> dict[str, Any]:
    """What the customer's newest contact changes: where an answer belongs."""
    conversing = contact.channel in CONVERSING and bool(contact.conversation)
    thread = (
        threaded(contact.message_id, contact.references, contact.in_reply_to) if contact.message_id else known.thread
    )
    return {
        "mailbox": addresses.normal(contact.mailbox or "") or known.mailbox,
        "conversation": (contact.conversation or "") if conversing else "",
        "platform": (contact.platform or contact.channel.value) if conversing else "",
        "is_automatic": contact.automatic,
        "is_public": contact.public,
        "thread": thread,
    }


def _with_customer(known: KnownCase, customer: KnownCustomer) -> KnownCase:
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


def turned_away(fact: ContactRefused) -> KnownCase:
    """Whose contact was not taken, as far as telling them needs; there is no case, and so nothing is kept."""
    return KnownCase(
        id="",
        channel=fact.channel.value,
        subject=fact.subject,
        language=fact.language or "",
        name=fact.name or "",
        email=addresses.normal(fact.reply_to or ""),
    )


def ordering(fact: OrderChanged, customer: KnownCustomer | None) -> KnownCase:
    """An order's customer, as far as telling them needs; it is about no case, and so is never kept."""
    known = KnownCase(id="", customer=fact.customer, email=addresses.normal(fact.email or ""))
    return _with_customer(known, customer) if customer is not None else known


_LESSONS: dict[type[WireModel], Callable[[KnownCase, Any], KnownCase]] = {
    **{each: _standing for each in OCCASIONS if issubclass(each, CaseFact)},
    CaseOpened: _opened,
    ContactAdded: _heard,
    ContactUpdated: _updated,
    FactsAssigned: _assigned,
    CustomerLinked: _linked,
    ContactBounced: _bounced,
    WorkAccepted: _accepted,
    WorkQueued: _queued,
    WorkReturned: _let_go,
    WorkTransferred: _let_go,
    WorkWithdrawn: _let_go,
    PersonalDataErased: _erased,
    CaseFollowed: _followed,
    TeamChanged: _teamed,
    IncidentRoleSet: _in_role,
    IncidentDeclared: _declared,
    EscalatedToDepartment: _escalated,
    IncidentJoined: _joined,
    CaseLinked: _with_report,
}
"""What each fact teaches. By its very type, since whether it is one of thirty classes is too dear to ask of each."""
