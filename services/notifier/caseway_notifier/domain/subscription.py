"""Who wants to hear of what, and how."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from caseway.kernel.rules import Condition, Facts
from caseway.kernel.values import dataclass
from caseway_notifier.domain.budget import Allowance
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.choosing import Filed, filed
from caseway_notifier.domain.delivery import Automatic, Patience, Urgency
from caseway_notifier.domain.directory import Directory
from caseway_notifier.domain.occasion import name_of
from caseway_notifier.domain.restraint import Limit


class Audience(StrEnum):
    """Kinds of recipients."""

    CUSTOMER = "customer"
    LIST = "list"
    ROLE = "role"
    ADDRESS = "address"
    PERSON = "person"
    FIELD = "field"
    """Whoever a field of the fact names: a person, a role, a list of references."""
    HOLDER = "holder"
    """The agent who has the case."""
    FOLLOWERS = "followers"
    TEAM = "team"
    QUEUE = "queue"
    SKILL = "skill"
    DEPARTMENT = "department"
    INCIDENT_ROLE = "incident_role"
    EVERYONE = "everyone"
    ENDPOINT = "endpoint"
    ENDPOINT_OF = "endpoint_of"
    """The endpoint that a field of the fact names."""
    LINKED = "linked"
    """The customers of the cases that are more reports of the same incident."""


class Way(StrEnum):
    """How it is told."""

    REPLY = "reply"
    """As the customer came: into the open conversation, else by mail."""
    EMAIL = "email"
    MESSAGE = "message"
    """To the phone, in writing."""
    RING = "ring"
    """To the phone, aloud."""
    DESK = "desk"
    """On the agent's own screen."""


class Once(StrEnum):
    """For what it is told but once."""

    FACT = "fact"
    CASE = "case"


class Moot(StrEnum):
    """What makes a notice pointless before it is sent."""

    NEVER = "never"
    SOLVED = "solved"
    """The case is resolved or closed."""
    OVER = "over"
    """What it tells of is over: the offer was answered, the milestone met or cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """One kind of recipient, by name."""

    audience: Audience
    name: str = ""
    """Of the list, role, person, field …; or the address itself. Empty where the case or the fact says which."""
    mention: tuple[Whom, ...] = ()
    """Of an endpoint: who is called by name in it."""


ACKNOWLEDGED = "acknowledged"
"""The stamp that a notice itself gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """That the recipients are asked to say that they know."""

    remind_after: dt.timedelta | None
    """None: who says nothing is not reminded, and no superior is asked for."""
    reminders: int
    stamp: str = ACKNOWLEDGED
    """What the page's button puts: on the notice; another one (済) on what the notice is about."""
    by: str = "employee"
    """In what capacity the recipients press it: `agent`, `supervisor` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What must happen within a time after a fact; else it is told, and goes up the ladder."""

    name: str
    starts_on: frozenset[str]
    ends_on: frozenset[str]
    when: Condition
    after: dt.timedelta
    repeats: int
    """How often it is told while nothing happens."""
    escalates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """In whose name it is told."""

    name: str
    display: str
    address: str
    signature: str = ""
    has_signed_reply: bool = False
    """Whether replies go to an address that names the case (`support+cw.…@`): the mailbox must take such."""
    brand: str = ""
    """What the department's mails call the house; the sender's name where it has none of its own."""
    layout: str = ""
    """How the brand's HTML parts look."""
    charset: str = "utf-8"
    """Of Japanese mail to old clients: `iso-2022-jp`. What it cannot write goes out in UTF-8."""
    unsubscribe: str = ""
    """Where mail that nobody asked for is stopped: a URL or `mailto:`; empty for none."""

    def shown(self) -> dict[str, str]:
        """What templates may look at, as `sender.…`."""
        return {
            "name": self.display,
            "address": self.address,
            "signature": self.signature,
            "brand": self.brand or self.display,
            "layout": self.layout,
        }


SENDER_FIELDS = frozenset(Sender(name="", display="", address="").shown())


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One rule: on this fact, under this condition, these people hear of it by this template."""

    name: str
    on: str
    """The fact, such as `case.opened`."""
    when: Condition
    to: tuple[Whom, ...]
    ways: tuple[Way, ...]
    """Tried in turn: the next when one fails for good, or does not reach the recipient."""
    template: str
    sender: str
    urgency: Urgency
    automatic: Automatic
    language: str
    """In which language, whatever the recipient's; empty for the recipient's."""
    once: Once
    moot: Moot = Moot.NEVER
    window: dt.timedelta = dt.timedelta(0)
    """For how long others of the same recipient may join it in one mail."""
    by_night: bool = False
    """Whether quiet hours do not hold it back: a mail wakes nobody, and some must lie there in the morning."""
    acknowledgement: Acknowledgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast the senders go."""

    connections: int
    """To the mail server, by process."""
    per_destination: int
    """Attempts at one time to one domain, so that a slow one does not hold every connection."""
    attempt: dt.timedelta
    """The longest that one attempt may take."""
    lease: dt.timedelta
    """After so long without a sign of life, a sender's buckets go to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole configuration, in the words of the domain."""

    subscriptions: Mapping[str, tuple[Subscription, ...]]
    """By the fact they are on."""
    senders: Mapping[str, Sender]
    directory: Directory
    domain: str
    default_language: str
    zone: zoneinfo.ZoneInfo
    patience: Patience
    allowance: Allowance
    pace: Pace
    webhook_patience: Patience
    limits: Mapping[str, Limit]
    """By channel."""
    rates: Mapping[str, float]
    """Attempts a second by destination; `*` for all others. Nothing: as fast as it goes."""
    flood: Allowance | None
    """Automatic answers of the whole desk within a window: beyond it, somebody is flooding us."""
    case_url: str
    """Where a case is looked at, with `{case}` for its id; empty for nowhere."""
    files_url: str
    """Where intake is reached from outside, for the files of a reply; empty: no links to files."""
    public_url: str
    """Where this service is reached from outside; empty: no links to acknowledge."""
    stamps: frozenset[str]
    """Stamps that say: done."""
    watches: tuple[Watch, ...] = ()
    bundle_template: str = ""
    looks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By fact: the fields that its rules and templates look at."""
    _filed: dict[str, Filed[Subscription]] = field(default_factory=dict, compare=False, repr=False)
    _by_address: dict[str, Sender] = field(default_factory=dict, compare=False, repr=False)
    departments: Mapping[str, str] = field(default_factory=dict)
    """By department: the sender that speaks for it, with its name and brand."""

    def patience_for(self, channel: str) -> Patience:
        """How long a channel's attempts go on."""
        return self.webhook_patience if channel == "webhook" else self.patience

    @property
    def by_address(self) -> Mapping[str, Sender]:
        """The senders by their address; found once."""
        if not self._by_address:
            self._by_address.update({each.address: each for each in reversed(tuple(self.senders.values()))})
        return self._by_address

    def has(self, event_type: str) -> bool:
        """Whether any subscription or watch is on this type of fact: of most there is none."""
        return name_of(event_type) in self.looks

    def looked_at(self, event_type: str) -> frozenset[str]:
        """The fields of a fact that any rule or template looks at: the others need not be made readable."""
        return self.looks.get(name_of(event_type), frozenset())

    def wanted(self, occasion: str, facts: Facts) -> Sequence[Subscription]:
        """The subscriptions whose condition holds, in the order written."""
        found = self._filed.get(occasion)
        if found is None:
            found = self._filed[occasion] = filed(self.subscriptions.get(occasion, ()))
        return found.holding(facts)

    def sender_for(self, subscription: Subscription, known: KnownCase) -> Sender:
        """To customers the mailbox that they wrote to, if it is ours, else their department's; else the rule's."""
        if not any(each.audience is Audience.CUSTOMER for each in subscription.to):
            return self.senders[subscription.sender]
        if known.mailbox in self.by_address:
            return self.by_address[known.mailbox]
        return self.senders[self.departments.get(known.department, subscription.sender)]

    def is_ours(self, address: str) -> bool:
        """Whether mail to this address comes back to us."""
        return address in self.by_address
