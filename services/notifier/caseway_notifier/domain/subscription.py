"""Who wants to hear of what, and how."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from caseway.kernel.rules import Condition, Facts
from caseway_notifier.domain.budget import Allowance
from caseway_notifier.domain.delivery import Automatic, Patience, Urgency
from caseway_notifier.domain.occasion import name_of


class Audience(StrEnum):
    """Kinds of recipients."""

    CUSTOMER = "customer"
    LIST = "list"
    ROLE = "role"
    ADDRESS = "address"


class Way(StrEnum):
    """How it is told."""

    REPLY = "reply"
    """As the customer came: into the open conversation, else by mail."""
    EMAIL = "email"


class Once(StrEnum):
    """For what it is told but once."""

    FACT = "fact"
    CASE = "case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """One kind of recipient, by name."""

    audience: Audience
    name: str = ""
    """Of the list or role; or the address itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person on a list."""

    address: str
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """In whose name it is told."""

    name: str
    display: str
    address: str
    signature: str = ""
    has_signed_reply: bool = False
    """Whether replies go to an address that names the case (`support+cw.…@`): the mailbox must take such."""

    def shown(self) -> dict[str, str]:
        """What templates may look at, as `sender.…`."""
        return {"name": self.display, "address": self.address, "signature": self.signature}


SENDER_FIELDS = frozenset(Sender(name="", display="", address="").shown())


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One rule: on this fact, under this condition, these people hear of it by this template."""

    name: str
    on: str
    """The fact, such as `case.opened`."""
    when: Condition
    to: tuple[Whom, ...]
    way: Way
    template: str
    sender: str
    urgency: Urgency
    automatic: Automatic
    language: str
    """In which language, whatever the recipient's; empty for the recipient's."""
    once: Once


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
    lists: Mapping[str, tuple[Member, ...]]
    roles: Mapping[str, tuple[Member, ...]]
    domain: str
    default_language: str
    zone: zoneinfo.ZoneInfo
    patience: Patience
    allowance: Allowance
    pace: Pace

    def has(self, event_type: str) -> bool:
        """Whether any subscription is on this type of fact: of most there is none."""
        return bool(self.subscriptions.get(name_of(event_type)))

    def wanted(self, occasion: str, facts: Facts) -> Iterator[Subscription]:
        """The subscriptions whose condition holds, in the order written."""
        return (each for each in self.subscriptions.get(occasion, ()) if each.when(facts))

    def sender_for(self, subscription: Subscription, mailbox: str) -> Sender:
        """The mailbox that the customer wrote to, if it is one of ours; else the subscription's sender."""
        return next(
            (each for each in self.senders.values() if each.address == mailbox), self.senders[subscription.sender]
        )

    def is_ours(self, address: str) -> bool:
        """Whether mail to this address comes back to us."""
        return any(each.address == address for each in self.senders.values())
