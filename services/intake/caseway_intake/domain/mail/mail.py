"""A mail, read and decoded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Who wrote a mail, as far as it matters for what becomes of it. Source: semantics of RFC 3834."""

    PERSON = "person"
    QUIET = "quiet"
    """May be a case, but is never answered automatically: lists, newsletters' senders, no-reply addresses."""
    MACHINE = "machine"
    """Joins its case, never opens one: auto-replies, bulk."""
    REPORT = "report"
    """A mail system's report that a mail of ours did not arrive."""
    OWN = "own"
    """Sent by ourselves: a loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A mail address with the name that stands before it."""

    address: str
    """In lower case."""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file in a mail."""

    name: str
    media_type: str
    digest: str
    """SHA-256 in hex."""
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """What a mail system says about a mail of ours."""

    message_id: str = ""
    """Of what we sent."""
    address: str = ""
    """Who did not get it."""
    reason: str = ""
    is_permanent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What a mail says."""

    raw: bytes
    digest: str
    """SHA-256 of the raw bytes, in hex."""
    body_digest: str
    """SHA-256 of the decoded body, text and attachments, in hex: two mails with one Message-ID are told apart by it."""
    message_id: str = ""
    """Without brackets; empty where there is none that can be used."""
    replied_to: tuple[str, ...] = ()
    """Message-IDs of In-Reply-To and References, the newest first, each once."""
    references: tuple[str, ...] = ()
    """Message-IDs as References lists them, the oldest first."""
    sender: Address
    reply_to: str = ""
    """Where the sender wants answers; empty where that is the sender."""
    recipients: tuple[str, ...] = ()
    """Addresses it was delivered to: the envelope's, else those of the fields."""
    copies: tuple[str, ...] = ()
    """Others it was sent to, as the fields say."""
    subject: str = ""
    topic: bytes = b""
    """Hashes of the words of the subject's topic."""
    text: str = ""
    """What is new in it."""
    sketch: bytes = b""
    """Hashes of some of the words of what is new."""
    fingerprint: str = ""
    """Equal for mails of one author that say the same."""
    quoted: str = ""
    signature: str = ""
    html: bytes = b""
    """The page that it shows, sanitised; empty for a mail without any."""
    attachments: tuple[Attachment, ...] = ()
    origin: Origin = Origin.PERSON
    undelivered: Undelivered | None = None
    """Of a report."""
    own_cases: tuple[tuple[str, str], ...] = ()
    """Cases that our own signatures in it name, each with where it stood; the likeliest first."""
    faults: tuple[str, ...] = ()
    """What is wrong with the mail, in words that serve as tags."""

    @property
    def source_key(self) -> str:
        """What the mail is known by. Source: wire.md, "Source keys"."""
        return self.message_id or f"sha256:{self.digest}"
