"""A few hundred mails as senders really write them, each with what must become of it.

Every mail and every expectation is written by hand, or made from two hand-written tables; nothing here is computed by
what is tested. Names and addresses are invented.
"""

from __future__ import annotations

from dataclasses import dataclass

ANNA = "anna.nowak@example.com"
SUPPORT = "support@example.com"
CRLF = b"\r\n"


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail alone, and what it says."""

    name: str
    raw: bytes
    text: str
    """The whole of what is new."""
    subject: str | None = None
    sender: str | None = None
    sender_name: str | None = None
    signature: str | None = None
    quoted: str | None = None
    """Something that must stand in the quotation."""
    files: tuple[str, ...] | None = None
    """Names of what is attached."""
    faults: tuple[str, ...] | None = None
    shown: str | None = None
    """Something that must stand on the sanitised page."""
    hidden: tuple[str, ...] = ()
    """What must not stand on it."""


def letter(body: bytes | str, *headers: str, subject: str = "Pytanie", sender: str = f"Anna Nowak <{ANNA}>") -> bytes:
    """A mail of these headers and this body; the headers say how the body is encoded."""
    lines = (f"From: {sender}", f"To: {SUPPORT}", f"Subject: {subject}", "Message-ID: <1@example.com>", *headers)
    head = "\r\n".join(lines).encode()
    return head + CRLF + CRLF + (body if isinstance(body, bytes) else body.encode())


def plain(text: str, *headers: str) -> bytes:
    """A mail of plain text in UTF-8."""
    return letter(text.replace("\n", "\r\n"), "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", *headers)
