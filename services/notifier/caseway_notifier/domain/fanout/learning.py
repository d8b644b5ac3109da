"""What a fact teaches about answering its case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

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
from caseway.contracts.milestones import LadderRungReached, MilestoneViolated, MilestoneWarned
from caseway.contracts.parts import ContactContent
from caseway.contracts.voices import CaseShared, IncidentDeclared, IncidentEnded, IncidentUpdated
from caseway.contracts.wire import Fact
from caseway.contracts.work import WorkAccepted, WorkOffered, WorkReturned
from caseway.kernel.vocabulary import Channel
from caseway_notifier.domain import addresses
from caseway_notifier.domain.case import KnownCase, threaded
from caseway_notifier.domain.customer import KnownCustomer

OCCASIONS: tuple[type[Fact], ...] = (
    CaseOpened, ContactAdded, CaseReplied, CaseResolved, CaseClosed, CaseReopened, FactsAssigned, CustomerLinked,
    ContactBounced, EscalationRequested, EscalatedToDepartment, IncidentDeclared, IncidentUpdated, IncidentEnded,
    CaseShared, WorkOffered, WorkAccepted, WorkReturned, MilestoneWarned, MilestoneViolated, LadderRungReached,
)  # fmt: skip
"""The facts that a subscription may be on; each is about a case."""

CaseOccasion: TypeAlias = Any
"""One of OCCASIONS."""
CONVERSING = frozenset({Channel.CHAT, Channel.MESSAGE})


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
        email=next(filter(None, map(addresses.normal, _addresses_of(fact))), ""),
        phone=fact.party.phone or "",
    )
    return _with_contact(known, fact)


def _addresses_of(contact: ContactContent) -> Iterable[str]:
    """Where a contact may be answered by mail, the best first; a number or a platform's name is no address."""
    return filter(None, (contact.reply_to, contact.author.address, contact.party.email))


def _with_contact(known: KnownCase, contact: ContactContent) -> KnownCase:
    """What the customer's newest contact changes: where an answer belongs."""
    conversing = contact.channel in CONVERSING and bool(contact.conversation)
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
