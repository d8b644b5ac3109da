"""What happened to a case, told by intake."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.case_company import (
    AdviceAsked,
    CaseAdvised,
    CaseFollowed,
    CaseStamped,
    CaseWatched,
    CaseWhispered,
    EscalatedToDepartment,
    RemoteRequested,
    ReturnedFromDepartment,
    TeamChanged,
)
from caseway.contracts.parts import (
    Call,
    Complexity,
    ContactContent,
    CustomerLink,
    EntitlementLink,
    FileReference,
    RefusedContact,
    Triage,
)
from caseway.contracts.wire import Fact, Fields, Instant, Ordinal, Seconds, Whole
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn

__all__ = [
    "AdviceAsked",
    "CallbackRecorded",
    "CaseAdvised",
    "CaseClosed",
    "CaseContinued",
    "CaseFollowed",
    "CaseHeld",
    "CaseLinked",
    "CaseMerged",
    "CaseNoted",
    "CaseOpened",
    "CaseRefused",
    "CaseReleased",
    "CaseReopened",
    "CaseReplied",
    "CaseResolved",
    "CaseStamped",
    "CaseUnmerged",
    "CaseWatched",
    "CaseWhispered",
    "ContactAdded",
    "ContactBounced",
    "ContactRefused",
    "ContactRepeated",
    "ContactUpdated",
    "CustomerLinked",
    "CustomerMergeDecided",
    "CustomerMergeProposed",
    "EscalatedToDepartment",
    "EscalationRequested",
    "FactsAssigned",
    "FactsConfirmed",
    "RemoteRequested",
    "ReturnedFromDepartment",
    "TeamChanged",
]


class CaseOpened(CaseFact, ContactContent, Triage):
    """A case begins, with its first contact."""

    TYPE = "caseway.case.opened.v1"

    number: Whole
    turn: Turn = Turn.DESK
    status: CaseStatus = CaseStatus.OPEN


class ContactAdded(CaseFact, ContactContent):
    """Another contact belongs to the case."""

    TYPE = "caseway.case.contact-added.v1"

    priority: Priority | None = None
    """The case's, after this contact."""


class ContactUpdated(CaseFact):
    """More became known about a call or chat."""

    TYPE = "caseway.case.contact-updated.v1"

    source_key: str
    event: str
    contact: str | None = None
    channel: Channel | None = None
    call: Call | None = None
    agent: str | None = None
    text: str | None = None
    duration_seconds: Seconds | None = None
    wrap_up_seconds: Seconds | None = None
    attributes: Fields = Field(default_factory=dict)


class ContactRepeated(CaseFact):
    """The same contact came again; nothing else changes."""

    TYPE = "caseway.case.contact-repeated.v1"

    source_key: str
    mailbox: str | None = None
    """Our address that it came to this time: a mail to two of our mailboxes is one contact."""


class ContactBounced(CaseFact):
    """Something we sent did not arrive."""

    TYPE = "caseway.case.contact-bounced.v1"

    source_key: str | None = None
    message_id: str | None = None
    """Of what we sent."""
    address: str | None = None
    reason: str = ""
    permanent: bool = True


class FactsAssigned(CaseFact):
    """What the case is, changed; what is absent stayed."""

    TYPE = "caseway.case.facts-assigned.v1"

    category: str | None = None
    priority: Priority | None = None
    class_: str | None = Field(default=None, alias="class")
    language: str | None = None
    complexity: Complexity | None = None
    tags: tuple[str, ...] | None = None
    """All tags, after the change."""
    subject: str | None = None
    department: str | None = None
    preferred_channel: Channel | None = None
    entitlement: EntitlementLink | None = None
    missing_fields: tuple[str, ...] | None = None
    fields: Fields = Field(default_factory=dict)
    product: str | None = None
    state: str | None = None
    campaign: str | None = None
    """Its tag now stands in the inquiry's text: `subject`."""
    route: bool = True


class FactsConfirmed(CaseFact):
    """The customer confirmed these facts."""

    TYPE = "caseway.case.facts-confirmed.v1"

    fields: Fields
    corrected: tuple[str, ...] = ()
    """Those that were declared otherwise before."""
    missing_fields: tuple[str, ...] | None = None
    """What is still to be asked, where this answered some of it."""


class CaseHeld(CaseFact):
    """The case waits for someone else."""

    TYPE = "caseway.case.held.v1"

    turn: Turn = Turn.CUSTOMER
    reason: str = ""
    until: Instant | None = None


class CaseReleased(CaseFact):
    """The case waits no longer."""

    TYPE = "caseway.case.released.v1"

    turn: Turn = Turn.DESK
    reason: str = ""


class CaseReplied(CaseFact):
    """Something is said to the customer; notifier sends it from here."""

    TYPE = "caseway.case.replied.v1"

    contact: str
    """The id of the outgoing contact."""
    text: str
    purpose: Literal["answer", "ask"] = "answer"
    channel: Channel
    to: str | None = None
    copies: tuple[str, ...] = ()
    mailbox: str | None = None
    subject: str = ""
    language: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    conversation: str | None = None
    platform: str | None = None
    attachments: tuple[FileReference, ...] = ()
    template: str | None = None
    article: str | None = None
    number: Whole | None = None
    first: bool = False
    """The first public answer by a person."""


class CaseNoted(CaseFact):
    """A note was written."""

    TYPE = "caseway.case.noted.v1"

    text: str
    shown_to_customer: bool = False
    attachments: tuple[FileReference, ...] = ()
    mentions: tuple[str, ...] = ()
    """People and groups that are to read it."""
    topics: tuple[str, ...] = ()
    """What it is about, as the text says after a `#`."""


class CaseResolved(CaseFact):
    """The problem is solved."""

    TYPE = "caseway.case.resolved.v1"

    status: CaseStatus = CaseStatus.RESOLVED
    turn: Turn = Turn.CUSTOMER
    reason: str = ""
    text: str = ""
    category: str | None = None
    article: str | None = None
    handling_seconds: Seconds | None = None


class CaseClosed(CaseFact):
    """The case is over."""

    TYPE = "caseway.case.closed.v1"

    status: CaseStatus = CaseStatus.CLOSED
    reason: str = ""


class CaseReopened(CaseFact):
    """The case goes on."""

    TYPE = "caseway.case.reopened.v1"

    status: CaseStatus = CaseStatus.OPEN
    turn: Turn = Turn.DESK
    reason: str = ""
    contact: str | None = None
    """The contact that reopened it."""
    count: Ordinal = 1


class EscalationRequested(CaseFact):
    """A superior must look."""

    TYPE = "caseway.case.escalation-requested.v1"

    reason: str = ""
    urgent: bool = False
    to: str | None = None


class CallbackRecorded(CaseFact):
    """The customer was called back."""

    TYPE = "caseway.case.callback-recorded.v1"

    medium: str = "phone"
    outcome: Literal["reached", "no_answer", "busy", "voicemail", "answered_otherwise"]
    text: str = ""
    duration_seconds: Seconds | None = None
    next_attempt_at: Instant | None = None
    advice: str | None = None
    answers: Fields = Field(default_factory=dict)
    answered: bool = False
    """The escalation, or the question for advice, came to its end by it: the customer was reached."""


class CaseMerged(CaseFact):
    """On the child: it is now part of `into`. On the parent (`into` is itself): it took `child` in."""

    TYPE = "caseway.case.merged.v1"

    into: str
    child: str | None = None
    reason: str = ""
    child_number: Whole | None = None
    child_opened_at: Instant | None = None
    child_priority: Priority | None = None
    child_turn: Turn | None = None
    child_answered_at: Instant | None = None
    """With the others: what the child was promised, for the earliest promise of all to hold."""


class CaseUnmerged(CaseFact):
    """The merge was undone."""

    TYPE = "caseway.case.unmerged.v1"

    parent: str
    child: str | None = None
    reason: str = ""


class CustomerLinked(CaseFact):
    """Which customer it is, is known, or known better."""

    TYPE = "caseway.case.customer-linked.v1"

    customer: CustomerLink
    entitlement: EntitlementLink | None = None


class CustomerMergeProposed(CaseFact):
    """Two registrations look like one person's."""

    TYPE = "caseway.case.customer-merge-proposed.v1"

    proposal: str
    customers: tuple[str, ...]
    urls: tuple[str, ...] = ()
    reason: str = ""


class CustomerMergeDecided(CaseFact):
    """A supervisor decided."""

    TYPE = "caseway.case.customer-merge-decided.v1"

    proposal: str
    merge: bool
    survivor: str | None = None
    reason: str = ""


class CaseRefused(CaseFact):
    """A command that cannot be: nothing changed."""

    TYPE = "caseway.case.refused.v1"

    command: str
    """Its `ce_type`."""
    reason: str
    detail: str = ""


class ContactRefused(Fact, RefusedContact):
    """A contact was not taken, and no case was opened for it: so it is no fact about a case, and has no version."""

    TOPIC: ClassVar[str] = "cases"
    KEY: ClassVar[str] = "case_id"
    TYPE = "caseway.case.contact-refused.v1"

    case_id: str
    """That of the case it would have opened."""


class CaseContinued(CaseFact):
    """The matter goes on in a new case, because this one was closed too long ago."""

    TYPE = "caseway.case.continued.v1"

    into: str
    source_key: str | None = None
    """Of the contact that came."""
    contact: str | None = None
    reason: str = ""


class CaseLinked(CaseFact):
    """Another case belongs beside this one."""

    TYPE = "caseway.case.linked.v1"

    other: str
    relation: Literal["about", "voice", "incident", "continuation"] = "about"
