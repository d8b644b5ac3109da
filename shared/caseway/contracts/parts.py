"""What several messages share: actors, files, links."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from caseway.contracts.wire import Count, Fields, Instant, Name, Ordinal, Part, Seconds, Whole
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority

Direction = Literal["inbound", "outbound"]
Complexity = Literal["basic", "advanced"]
RecordType = Literal["case", "voice"]


class Actor(Part):
    """Who wants, or did, something."""

    kind: Literal["agent", "supervisor", "officer", "manager", "employee", "customer", "machine"]
    id: str
    name: str | None = None


class Party(Part):
    """A customer as the contact names them; nothing here is looked up."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None


class Author(Part):
    """Who wrote or said a contact."""

    kind: Literal["customer", "agent", "bot", "machine", "unknown"] = "customer"
    id: str | None = None
    name: str | None = None
    address: str | None = None
    """As it came: a mail address, a number, a platform's name for them."""


class FileReference(Part):
    """A file: stored by us under its digest, or still at a gateway's address."""

    name: str = ""
    media_type: str = "application/octet-stream"
    size: Count = 0
    """Bytes."""
    digest: str | None = None
    """SHA-256 in hex: the name under which intake stores it."""
    url: str | None = None
    content_id: str | None = None
    """Of a picture inside a mail's HTML."""
    withheld: Literal["size", "type", "count"] | None = None
    """Why it is not stored by itself; the raw mail has it."""


class RelatedCase(Part):
    """Another case that has to do with this contact; joining the two is for a person to decide."""

    case_id: str | None = None
    """None where only its number is known."""
    relation: Literal["mentions", "refers_to", "resembles"]
    """Its number is named; its mails are referred to under another subject; nearly the same was written before."""
    number: Whole | None = None
    resemblance: float | None = None
    """Of the two texts, from 0 to 1."""


class RefusedContact(Part):
    """A contact that is not taken, as far as answering its customer needs."""

    source_key: str
    channel: Channel
    reason: str
    subject: str = ""
    name: str | None = None
    reply_to: str | None = None
    """Where its customer is answered; none where nothing tells."""
    language: str | None = None
    """Of the answer."""
    received_at: Instant
    again_at: Instant | None = None
    """When the next ones are taken."""


class CustomerLink(Part):
    """Which customer a case belongs to, as far as is known."""

    state: Literal["linked", "candidates", "unlinked"] = "unlinked"
    id: str | None = None
    candidates: tuple[str, ...] = ()
    name: str | None = None
    account: str | None = None
    vip: bool = False
    segment: str | None = None
    """As the customer's record says: `store`, `customer`, `partner` …"""
    matched_by: str | None = None
    """What the link rests on: `id`, `email`, `phone`, `person` …"""


class EntitlementLink(Part):
    """The support a case is owed."""

    state: Literal["entitled", "not_entitled", "expired", "unknown"] = "unknown"
    id: str | None = None
    plan: str | None = None
    """Decides the milestones."""
    calendar: str | None = None
    reason: str | None = None


class OrderGlance(Part):
    """One order, as far as a desk wants to see it at once."""

    order: str
    status: str
    ordered_at: Instant | None = None
    products: tuple[str, ...] = ()
    total: str | None = None


class CaseGlance(Part):
    """One earlier case of the customer."""

    case_id: str
    opened_at: Instant
    channel: Channel
    category: str | None = None
    number: Whole | None = None
    status: CaseStatus | None = None
    """As it stood when this was told; none where that was not known."""
    subject: str = ""


class CustomerGlance(Part):
    """One registration that may be the customer's."""

    customer: str
    name: str | None = None
    matched_by: str | None = None


class Background(Part):
    """What is known of a customer when their contact comes: told before anybody answers."""

    orders: tuple[OrderGlance, ...] = ()
    """The newest first."""
    cases: tuple[CaseGlance, ...] = ()
    """The newest first."""
    open_cases_count: Count = 0
    last_contact_at: Instant | None = None
    last_channel: Channel | None = None
    candidates: tuple[CustomerGlance, ...] = ()
    """Registrations to choose from, where no one is linked."""


class Recording(Part):
    """A recorded call."""

    url: str
    sides: Literal["customer", "agent", "both"] = "both"
    consent: bool = False


class Call(Part):
    """What telephony said about a call."""

    call: str
    event: str
    direction: Direction = "inbound"
    caller: str = ""
    dialled: str = ""
    ivr: Fields = Field(default_factory=dict)
    asked_for: str | None = None
    agent: str | None = None
    duration_seconds: Seconds | None = None
    wrap_up_seconds: Seconds | None = None
    recording: Recording | None = None
    transcript: str | None = None


class Bounce(Part):
    """What a mail system says about a mail of ours that did not arrive."""

    message_id: str | None = None
    """Of what we sent."""
    address: str | None = None
    """Who did not get it."""
    reason: str = ""
    permanent: bool = True
    """False: it is still being tried."""


class ContactContent(Part):
    """A contact in the one form that all channels share; what notifier needs to answer it is here too."""

    contact: str
    """The contact's id."""
    channel: Channel
    source_key: str
    direction: Direction = "inbound"
    author: Author = Author()
    party: Party = Party()
    """The customer as the contact names them."""
    subject: str = ""
    text: str = ""
    text_file: FileReference | None = None
    """The whole text, where it is too long to stand here."""
    quoted: str | None = None
    """What a mail quotes of earlier ones; shortened."""
    signature: str | None = None
    html_file: FileReference | None = None
    """The page that a mail shows, sanitised: no scripts, no styles, nothing fetched from outside."""
    language: str | None = None
    attachments: tuple[FileReference, ...] = ()
    received_at: Instant | None = None
    automatic: bool = False
    """Written by a machine: never answered automatically."""
    raw: str | None = None
    """SHA-256 in hex of the stored raw bytes."""
    mailbox: str | None = None
    """Our address that it came to, and from which it is answered."""
    also_received_at: tuple[str, ...] = ()
    """Further mailboxes of ours that the same mail went to."""
    reply_to: str | None = None
    """The address or number to answer to."""
    copies: tuple[str, ...] = ()
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    conversation: str | None = None
    platform: str | None = None
    """Of a message: `sms`, `whatsapp` …; of a chat: `chat`."""
    public: bool = False
    form: str | None = None
    submission: str | None = None
    event: str | None = None
    """Of a chat or a call: what happened."""
    call: Call | None = None
    attributes: Fields = Field(default_factory=dict)
    reply_until: Instant | None = None
    """Until when the platform takes a free answer (WhatsApp: a day after the customer's last word)."""
    matched_by: str | None = None
    """Which test found the case: `message_id`, `reply_address`, `conversation`, `claim` …; none for a new one."""
    related: tuple[RelatedCase, ...] = ()
    stranger: bool = False
    """By mail: the author refers to the case, but took no part in it, and nothing signed by us shows that we wrote to
    them: what they say is heard, and answers go on to whom they went before."""


class Triage(Part):
    """What a case is judged to be when it opens."""

    category: str | None = None
    priority: Priority = Priority.NORMAL
    class_: str | None = Field(default=None, alias="class")
    """Above priority in every queue, such as `data_protection`."""
    tags: tuple[str, ...] = ()
    complexity: Complexity = "basic"
    customer: CustomerLink = CustomerLink()
    entitlement: EntitlementLink | None = None
    preferred_channel: Channel | None = None
    missing_fields: tuple[str, ...] = ()
    department: str | None = None
    record_type: RecordType = "case"
    about_case: str | None = None
    """Another case that this one speaks of."""
    fields: Fields = Field(default_factory=dict)
    """Further facts by name: order, product, version …"""
    rules: dict[Name, str] = Field(default_factory=dict)
    """What was judged by rules (category, priority …), and by which."""
    impact: str | None = None
    urgency: str | None = None
    """With the impact it gives the priority, where no rule names one."""
    product: str | None = None
    language_confidence: float | None = None
    """How probable the text's language is, from 0 to 1; none where the text did not tell it."""
    reply_language: str | None = None
    """In which to answer: the customer's preference, else that of the text."""
    statutory: str | None = None
    """The clock that a law sets, such as `gdpr-one-month`."""
    guidance: tuple[str, ...] = ()
    """Which guidance texts fit the category and state, by name."""
    campaigns: tuple[str, ...] = ()
    """Tags of campaigns that the contact may have come by; a person writes one into the inquiry."""
    to_confirm: tuple[str, ...] = ()
    """Facts that the customer only declared: to be confirmed before anybody guides."""
    state: str | None = None
    """Where the case stands among the states of its record type."""
    background: Background | None = None


class TeamMember(Part):
    """One person's part in a case."""

    agent: str
    role: str


class Requirement(Part):
    """A skill that work asks for."""

    skill: str
    level: Ordinal = 1
    hard: bool = True
    """A soft one may be dropped, or goes by itself after a wait."""
    drop_after_seconds: Seconds | None = None
    order: Whole = 0
    """The lowest is dropped first."""


class FlowStep(Part):
    """What changes for work that still waits after a time."""

    name: str
    after_seconds: Seconds
    """Since it entered its queue, whatever happened meanwhile."""
    queue: str | None = None
    """Where it waits from then on."""
    requirements: tuple[Requirement, ...] | None = None
    """What it asks for from then on."""
    priority: Priority | None = None
    boost: float | None = None
    is_early: bool = False
    """Begins at once where nobody present could take the work by the step before."""
    frees_named: bool = False
    """Whoever was asked for by name is waited for no longer."""
    department: str | None = None
    """It leaves the desk: this department is asked."""
    choices: tuple[Literal["callback", "case"], ...] = ()
    """What the customer is offered, where nobody present could take it."""


class Candidate(Part):
    """One agent as a routing decision saw them."""

    agent: str
    ok: bool
    failed: tuple[str, ...] = ()
    """Why not: `skill:en`, `capacity`, `presence`, `cool_down` …"""
    score: tuple[float, ...] = ()


class RoutingDecision(Part):
    """Why this agent."""

    policy_version: str
    step: Whole = 0
    candidates: tuple[Candidate, ...] = ()
    chosen: str | None = None
    tie_break: str | None = None
    queue_ahead: Count = 0
    next_relaxation_at: Instant | None = None
    dropped: tuple[str, ...] = ()
    """Skills no longer asked for at this step."""
    considered_count: Count | None = None
    """How many were looked at, where `candidates` names only the first."""
    rest: dict[str, int] = Field(default_factory=dict)
    """Of those not named in `candidates`: how many, by what kept them out (`further_down`: nothing did)."""


class Destination(Part):
    """Where work goes next."""

    pool: str
    queue: str | None = None
    department: str | None = None
    """In place of a queue: the router knows where its work waits."""
    agent: str | None = None
    requirements: tuple[Requirement, ...] | None = None
    priority: Priority | None = None
