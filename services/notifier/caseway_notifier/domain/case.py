"""What answering a case needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from caseway.kernel.values import dataclass, replace

_MOST_REFERENCES = 20
"""Message-IDs in `References`: the first and the newest; more make a header that some servers refuse."""
_REPEATED_TAG = re.compile(r"(\[?#\d+\]?).*\1")
_PREFIXES = re.compile(r"^(?:\s*(?:(?:re|aw|wg|odp|sv|fwd?)(?:\[\d+\])?:|\[#\d+\]))+|\s*\[#\d+\]\s*$", re.IGNORECASE)
_CHAIN = re.compile(r"(?:(?:re|aw|odp|sv|fwd?)(?:\[\d+\])?:\s*){3,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Where an answer by mail belongs."""

    in_reply_to: str = ""
    references: tuple[str, ...] = ()


_NO_THREAD = Thread()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """A case as the facts have told it so far; what is empty is not known."""

    id: str
    number: int = 0
    subject: str = ""
    channel: str = ""
    language: str = ""
    priority: str = ""
    category: str = ""
    status: str = ""
    customer: str = ""
    """The customer's id, where the case is linked to one."""
    name: str = ""
    email: str = ""
    phone: str = ""
    mailbox: str = ""
    """Our address that the customer wrote to."""
    conversation: str = ""
    platform: str = ""
    is_automatic: bool = False
    """The customer's last contact was written by a machine."""
    is_public: bool = False
    has_bounced: bool = False
    """Mail to the address came back for good."""
    agent: str = ""
    """Who holds its work."""
    queue: str = ""
    department: str = ""
    """Which department is to act, or caused it."""
    severity: str = ""
    """Of the incident that it is."""
    reports: int = 0
    """How often the company was told of the incident: 1 is the first report, more are corrections."""
    incident: str = ""
    """Of which the case is one more report."""
    linked: tuple[str, ...] = ()
    """The cases that are more reports of the incident that this one is: their customers are told how it goes."""
    followers: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    """Role and person, of an incident."""
    thread: Thread = _NO_THREAD
    told: frozenset[str] = frozenset()
    """The subscriptions that tell of a case but once, and did."""
    heard: tuple[str, ...] = ()
    """Occurrences that are no version of the case, and were told of: said again, they are the same. The newest last."""
    causes: frozenset[str] = frozenset()
    """What notices wait on: once gone, they are not sent any more."""
    watches: frozenset[str] = frozenset()
    """What is expected to happen in time."""
    awaiting: tuple[Any, ...] = ()
    """Who has been asked to acknowledge (`domain.acknowledgement.Awaited`)."""

    def shown(self) -> dict[str, Any]:
        """What rules and templates may look at, as `case.…`."""
        return {
            "id": self.id,
            "number": self.number,
            "subject": self.subject,
            "channel": self.channel,
            "language": self.language,
            "priority": self.priority,
            "category": self.category,
            "status": self.status,
            "agent": self.agent,
            "queue": self.queue,
            "department": self.department,
            "severity": self.severity,
            "reports": self.reports,
            "incident": self.incident,
            "mailbox": self.mailbox,
            "has_address": bool(self.email),
            "has_conversation": bool(self.conversation),
            "is_automatic": self.is_automatic,
            "is_public": self.is_public,
        }


def threaded(message_id: str, references: Sequence[str], in_reply_to: Sequence[str]) -> Thread:
    """The thread of an answer to a mail. Source: RFC 5322 §3.6.4.

    >>> threaded("c@example.com", ["a@example.com", "b@example.com"], []).references
    ('<a@example.com>', '<b@example.com>', '<c@example.com>')
    """
    parents = references or in_reply_to[:1]
    chain = tuple(dict.fromkeys(filter(None, map(bracketed, (*parents, message_id)))))
    if len(chain) > _MOST_REFERENCES:
        chain = (chain[0], *chain[1 - _MOST_REFERENCES :])
    return Thread(in_reply_to=bracketed(message_id), references=chain)


def bracketed(message_id: str) -> str:
    r"""A Message-ID as headers write it; empty for what is none.

    >>> bracketed("a@example.com"), bracketed("a@example.com>\r\nBcc: <b@example.com")
    ('<a@example.com>', '')
    """
    inner = message_id.strip().removeprefix("<").removesuffix(">")
    # an encoded word would be read as what it encodes, line ends with it
    is_plain = inner.isascii() and "=?" not in inner and not re.search(r"[\s<>\x00-\x1f\x7f]", inner)
    is_one = 0 < len(inner) <= 250 and is_plain
    return f"<{inner}>" if is_one else ""


def topic(subject: str) -> str:
    """A subject without what answering and forwarding put before it, and without our tag.

    >>> topic("Re: AW: [#120] Order 7")
    'Order 7'
    """
    return _PREFIXES.sub("", subject).strip()


def has_grown(subject: str) -> bool:
    """Whether a subject shows that two automatons answer each other. Source: semantics.md 5.1 ("subject-growth test").

    >>> has_grown("Re: [#120] Re: [#120] order"), has_grown("Re: order 120")
    (True, False)
    """
    return _REPEATED_TAG.search(subject) is not None or _CHAIN.search(subject) is not None


def with_told(known: KnownCase, subscription: str) -> KnownCase:
    """The case, remembering that this subscription has told of it."""
    return replace(known, told=known.told | {subscription})


_MOST_HEARD = 100
"""Occurrences remembered of one case: more deadlines and rungs than a case sees in its life."""


def with_heard(known: KnownCase, subscription: str, occurrence: str) -> KnownCase:
    """The case, remembering that this subscription has told of this occurrence."""
    return replace(known, heard=(*known.heard, f"{subscription}|{occurrence}")[-_MOST_HEARD:])


def has_heard(known: KnownCase, subscription: str, occurrence: str) -> bool:
    """Whether this subscription has told of this occurrence."""
    return f"{subscription}|{occurrence}" in known.heard


def forgotten(known: KnownCase) -> KnownCase:
    """The case without anything personal: what is left tells nobody who it was."""
    return replace(
        known, subject="", name="", email="", phone="", conversation="", platform="", customer="", thread=_NO_THREAD
    )


CASE_FIELDS = frozenset(KnownCase(id="").shown())
CUSTOMER_FIELDS = frozenset({"id", "name"})
