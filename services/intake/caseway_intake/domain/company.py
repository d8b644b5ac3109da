"""Who stands around a case, and who was asked to help."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

MOST = 200
"""Stamps, followers, members, questions on one case; more is a sender gone wild."""
_MOST_MAILBOXES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person's part in a case (S1-23)."""

    agent: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A stamp such as 済 (S2-11)."""

    stamp: str
    occurrence: str
    by: str
    """Name, or id, of who put it."""
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Who works on a case, follows it, was asked for, has stamped it, and has its mails in their mailbox, too."""

    asked_for: str | None = None
    """Whom the customer asked for by name: a mention goes to them alone (S2-19)."""
    members: tuple[Member, ...] = ()
    team: str | None = None
    """The predefined team that the members are."""
    followers: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    also_received_at: tuple[str, ...] = ()
    """Mailboxes of ours that a mail came to beside the one that answers."""

    def with_mailboxes(self, addresses: Iterable[str]) -> Circle:
        """One mail came to several of ours."""
        found = tuple(dict.fromkeys((*self.also_received_at, *addresses)))[:_MOST_MAILBOXES]
        return self if found == self.also_received_at else replace(self, also_received_at=found)

    def stamped(self, stamp: str, occurrence: str) -> bool:
        """Whether the stamp is on the occurrence."""
        return any((each.stamp, each.occurrence) == (stamp, occurrence) for each in self.stamps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A superior was asked to look (S0-04, S2-16)."""

    at: dt.datetime
    by: str
    reason: str = ""
    urgent: bool = False
    to: str | None = None
    checked_by: str | None = None
    """The supervisor who looked, and will call back or have the customer called back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A department must act (S4-11)."""

    department: str
    at: dt.datetime
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A question to those who know, and what they want the customer asked (S2-14)."""

    id: str
    area: str
    at: dt.datetime
    by: str
    text: str = ""
    of: str | None = None
    advised_by: str | None = None
    questions: tuple[str, ...] = ()
    advised: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """Whose help is still outstanding; what is settled stands in the facts."""

    escalation: Escalation | None = None
    transfer: Transfer | None = None
    advices: tuple[Advice, ...] = ()
    """Those whose call-back has not reached the customer yet: together, the 対応シート."""

    def advice(self, id: str) -> Advice | None:  # noqa: A002 - the word of the wire
        """The question with this id, while it is open."""
        return next((each for each in self.advices if each.id == id), None)

    @property
    def awaits_callback(self) -> bool:
        """Whether somebody has still to call the customer back."""
        return self.escalation is not None or bool(self.advices)
