"""What intake remembers of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from caseway.kernel.ids import digest
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway_intake.domain.company import Circle, Help
from caseway_intake.domain.incident import Response
from caseway_intake.domain.privacy import Privacy
from caseway_intake.domain.registrations import Proposal
from caseway_intake.domain.ties import Ties
from caseway_intake.domain.voice import Voice

MOST_KEYS = 1_000
"""Source keys kept to know a repeat by; a case with more contacts forgets its oldest."""
MOST_ENTRIES = 8
"""Contacts, replies and notes kept to be shown; the whole history is in the facts."""
MOST_FILES = 2_000
"""Stored contents known to a case, so that they can be erased with it."""
_FORGOTTEN = "erased:"
LONGEST_EXCERPT = 280
"""Characters of each; with `MOST_ENTRIES` it bounds what a case weighs in memory and in each write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing said or noted, shortened."""

    at: dt.datetime
    kind: Literal["contact", "reply", "note"]
    author: str
    """Kind of the person: customer, agent, machine …"""
    channel: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where the customer is answered: as the last contact of theirs said."""

    channel: Channel
    to: str | None = None
    """On that channel: an address, a number, a platform's id."""
    email: str | None = None
    """A mail address, for when the channel takes no text."""
    copies: tuple[str, ...] = ()
    mailbox: str | None = None
    message_id: str | None = None
    """Of their last mail: what an answer by mail refers to."""
    references: tuple[str, ...] = ()
    conversation: str | None = None
    """Of a chat or message; none once the chat has ended."""
    platform: str | None = None
    until: dt.datetime | None = None
    """Until when the platform takes a free answer; none: always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whose case it is, as far as is known."""

    state: str = "unlinked"
    id: str | None = None
    candidates: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What the case is about: what triage found and people corrected."""

    subject: str = ""
    language: str | None = None
    reply_language: str | None = None
    """In which the customer is answered, where that is not the text's."""
    category: str | None = None
    priority: Priority = Priority.NORMAL
    class_: str | None = None
    complexity: str = "basic"
    tags: tuple[str, ...] = ()
    department: str | None = None
    preferred_channel: Channel | None = None
    missing_fields: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    confirmed: Mapping[str, Any] = field(default_factory=dict)
    """Facts that the customer was asked for, and said; kept apart from what was only declared."""
    to_confirm: tuple[str, ...] = ()
    """Facts that somebody still has to ask for before the customer is guided."""
    product: str | None = None
    state: str | None = None
    """Among the states of its record type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case, as it stands after `version` facts."""

    id: str
    number: int
    version: int
    at: dt.datetime
    """When its last fact happened; the next is never earlier."""
    opened_at: dt.datetime
    status: CaseStatus
    turn: Turn
    channel: Channel
    """Of its first contact."""
    nature: Nature
    customer: Customer
    answer: Answer
    keys: tuple[str, ...]
    """Source keys of its contacts, the newest last."""
    contacts_count: int = 1
    entries: tuple[Entry, ...] = ()
    answered_at: dt.datetime | None = None
    """The first public answer by a person."""
    resolved_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    is_held: bool = False
    held_until: dt.datetime | None = None
    reopened_count: int = 0
    incident: str | None = None
    """The incident that it declared or joined."""
    record_type: str = "case"
    voice: Voice | None = None
    """What it says to the whole company, where it is a voice."""
    response: Response | None = None
    """How its incident is answered, where it declared one."""
    help: Help = field(default_factory=Help)
    circle: Circle = field(default_factory=Circle)
    ties: Ties = field(default_factory=Ties)
    privacy: Privacy = field(default_factory=Privacy)
    proposals: tuple[Proposal, ...] = ()
    """Registrations that look like one person's."""
    files: tuple[str, ...] = ()
    """Digests of what is stored for it: raw mails, attachments, long texts; the newest last."""

    def has(self, source_key: str) -> bool:
        """Whether a contact with this key is on the case, or was, before its data was erased."""
        return source_key in self.keys or (self.privacy.erased_at is not None and forgotten(source_key) in self.keys)

    @property
    def names(self) -> tuple[str, ...]:
        """Whatever here names the customer: what is shared must not say it."""
        answer = (self.answer.to, self.answer.email, *self.answer.copies)
        people = (self.customer.name, self.customer.id, *self.customer.candidates)
        return tuple(each for each in (*people, *answer) if each)


def forgotten(source_key: str) -> str:
    """A source key by which a repeat is known, and nobody: a Message-ID may hold its author's name."""
    return source_key if source_key.startswith(_FORGOTTEN) else f"{_FORGOTTEN}{digest(source_key.encode())[:32]}"


def with_files(files: tuple[str, ...], digests: Iterable[str]) -> tuple[str, ...]:
    """`files` and `digests`, each once, without the oldest beyond the bound."""
    return tuple(dict.fromkeys((*files, *digests)))[-MOST_FILES:]


def with_key(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    """`keys` and `key`, without the oldest beyond the bound."""
    return keys if key in keys else (*keys[-(MOST_KEYS - 1) :], key)


def with_entry(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """`entries` and `entry`, without the oldest beyond the bound; one without text is not worth showing."""
    return (*entries[-(MOST_ENTRIES - 1) :], entry) if entry.text else entries


def excerpt(text: str) -> str:
    """The beginning of `text`, in one line."""
    return " ".join(text[: 2 * LONGEST_EXCERPT].split())[:LONGEST_EXCERPT]


def say(case: Case, entry: Entry) -> Case:
    """The case with one more thing said."""
    return replace(case, entries=with_entry(case.entries, entry))
