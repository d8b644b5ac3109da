"""What is known and configured when a contact is admitted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol

from caseway.contracts.parts import Actor, Author, CustomerLink, Direction, Party
from caseway.kernel.decision import States
from caseway.kernel.values import dataclass
from caseway.kernel.vocabulary import Channel, Priority
from caseway_intake.domain.campaigns import Campaign
from caseway_intake.domain.entitlement import Rules as OwedRules
from caseway_intake.domain.gates import Gates
from caseway_intake.domain.guidance import Guidance
from caseway_intake.domain.phones import ToE164
from caseway_intake.domain.triage import ClassRule, Detect, Languages, RecordTypeRule, Rule

CLAIMS = "claims"
RECEIVED = "received"
CONVERSATIONS = "conversations"
CUSTOMERS = "customers"
POINTS = "contact_points"
BACKGROUNDS = "backgrounds"
"""Orders, entitlements and earlier cases, by customer, account or order."""
CASES = "cases"
"""The core's: the edge only looks at how earlier cases stand."""
ENDED_CHATS = "ended_chats"
FORM_POOLS = "form_pools"
FORM_BLOCKS = "form_blocks"
POOL = "pool"
"""The one id in `FORM_POOLS`."""


class MailboxRule(Protocol):
    """One of our addresses, as configured."""

    @property
    def address(self) -> str:
        """In small letters."""
        ...

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further addresses of it."""
        ...

    @property
    def language(self) -> str | None:
        """Of those who write there."""
        ...

    @property
    def department(self) -> str | None:
        """Whose it is."""
        ...


class NumberRule(Protocol):
    """One of our numbers, as configured."""

    @property
    def number(self) -> str:
        """E.164."""
        ...

    @property
    def language(self) -> str | None:
        """Of those who call it."""
        ...

    @property
    def department(self) -> str | None:
        """Whose it is."""
        ...


class MailboxRules(Protocol):
    """mailboxes.yaml."""

    @property
    def region(self) -> str:
        """Where a number without a country is."""
        ...

    @property
    def mailboxes(self) -> Sequence[MailboxRule]:
        """Our addresses."""
        ...

    @property
    def by_address(self) -> Mapping[str, MailboxRule]:
        """The same by each of their addresses."""
        ...

    @property
    def numbers(self) -> Sequence[NumberRule]:
        """Our numbers."""
        ...

    @property
    def message_silence_hours(self) -> float:
        """After so long without a word, a message begins a new case."""
        ...

    @property
    def chat_continues_hours(self) -> float:
        """How long after a chat a mail about the same matter goes on with it."""
        ...


class TriageRules(Protocol):
    """triage.yaml."""

    @property
    def languages(self) -> Languages:
        """The desk's languages."""
        ...

    @property
    def rules(self) -> Sequence[Rule]:
        """In order."""
        ...

    @property
    def priorities(self) -> Mapping[str, Mapping[str, Priority]]:
        """By impact, then urgency."""
        ...

    @property
    def classes(self) -> Mapping[str, ClassRule]:
        """Classes that go before every priority."""
        ...

    @property
    def guidance(self) -> Sequence[Guidance]:
        """Texts that help, each with when it fits."""
        ...

    @property
    def campaigns(self) -> Sequence[Campaign]:
        """Campaigns with their tags."""
        ...

    @property
    def record_types(self) -> Mapping[str, RecordTypeRule]:
        """The states of each type of record."""
        ...


class Rules(Protocol):
    """What the edge needs of the configuration."""

    @property
    def mailboxes(self) -> MailboxRules:
        """mailboxes.yaml."""
        ...

    @property
    def triage(self) -> TriageRules:
        """triage.yaml."""
        ...

    @property
    def forms(self) -> Any:
        """forms.yaml: `forms`, by name, with `fields` that have a `meaning`; and the `quota`."""
        ...

    @property
    def mails(self) -> Any:
        """mails.yaml."""
        ...

    @property
    def gates(self) -> Gates:
        """gates.yaml."""
        ...

    @property
    def entitlements(self) -> EntitlementRules:
        """entitlements.yaml."""
        ...

    @property
    def platforms(self) -> Mapping[str, PlatformRule]:
        """platforms.yaml."""
        ...


class EntitlementRules(OwedRules, Protocol):
    """entitlements.yaml."""

    @property
    def enabled(self) -> bool:
        """Whether this desk knows entitlements."""
        ...


class PlatformRule(Protocol):
    """What a platform of messages allows."""

    @property
    def answer_hours(self) -> float | None:
        """How long after the customer's last word a free answer is taken; none: always."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Pure work that libraries do."""

    to_e164: ToE164
    detect: Detect


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known when a contact is admitted."""

    id: str
    """The contact's `ce_id`."""
    source: str
    time: dt.datetime
    """When it was received."""
    now: dt.datetime
    states: States
    rules: Rules
    tools: Tools
    lane: int = 0
    """The number of the lane that decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a contact says, before anything is looked up."""

    case_id: str
    source_key: str
    channel: Channel
    author: Author
    party: Party = field(default_factory=Party)
    actor: Actor | None = None
    """The author, unless said."""
    direction: Direction = "inbound"
    subject: str = ""
    text: str = ""
    opens: bool = True
    content: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the contact, by their names on the wire."""
    hints: tuple[str | None, ...] = ()
    """Languages that are named, the nearest first."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Further facts that triage rules may ask for."""
    judged: Mapping[str, Any] = field(default_factory=dict)
    """What the contact itself says of its case, by the names on the wire; rules say the rest."""
    tags: tuple[str, ...] = ()
    link: CustomerLink | None = None
    """The customer as an earlier contact of the conversation told, where this one does not."""
