"""Which Message-IDs and reply addresses are ours.

Intake believes a Message-ID or an address that names a case only when it carries our signature: anybody can write a
header. The notifier makes them, intake reads them; both have `CASEWAY_SIGNING_KEY`. Everything is lower case base32,
because some mail systems fold the letters of a local part.

    Message-ID      <cw.{case}.{occurrence}.{signature}@{domain}>
    reply address   support+cw.{case}.{signature}@example.com
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

LOOP_HEADER = "X-Caseway-Loop"
"""Stands in every mail that we send, with `loop_mark`: a mail that has it has come back."""

_PREFIX = "cw"
_SIGNATURE_BYTES = 10
"""80 bits: beyond guessing by mail, and short enough for a local part of 64 characters."""
_LONGEST_OCCURRENCE = 60
"""Bytes of an occurrence that stand as they are; a longer one is replaced by its digest, so that lines stay short."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
"""Base32's, in lower case. Source: RFC 4648 §6."""
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]

_SIGNED_ID = re.compile(
    rf"<?{_PREFIX}\.(?P<case>[a-z2-7]{{26}})\.(?P<occurrence>[a-z2-7]*)\.(?P<signature>[a-z2-7]{{16}})@[^@\s<>]+>?",
    re.ASCII | re.IGNORECASE,
)
_SIGNED_ADDRESS = re.compile(
    rf"(?P<local>[^@\s]+)\+{_PREFIX}\.(?P<case>[a-z2-7]{{26}})\.(?P<signature>[a-z2-7]{{16}})@(?P<domain>[^@\s]+)",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedId:
    """What one of our own Message-IDs says."""

    case_id: str
    occurrence: str
    """What the mail was sent for, as given to `sign_message_id` (or its digest, when that was long)."""


def purpose_key(key: bytes, purpose: str) -> bytes:
    """A key for one purpose, from which neither the desk's own key nor that of another purpose can be found.

    So that a gateway may be given what signs its webhooks without being able to write tokens. Source: RFC 5869 (HKDF),
    its expansion for one block; the desk's key is drawn at random, and so needs no extraction.

    >>> purpose_key(b"a key", "webhook") != purpose_key(b"a key", "token")
    True
    """
    return hmac.new(key, f"caseway/{purpose}".encode() + b"\x01", hashlib.sha256).digest()


def sign_message_id(key: bytes, case_id: str, occurrence: str, domain: str) -> str:
    """A Message-ID, with brackets, from which the case can be read; the same arguments give the same id.

    Args:
        key: the signing key; one that is empty gives ids that nobody believes.
        case_id: `case_` and a UUID.
        occurrence: what the mail is sent for, unique within the case and recipient.
        domain: the sender's.
    """
    raw_case = _raw(case_id)
    raw_occurrence = occurrence.encode()
    if len(raw_occurrence) > _LONGEST_OCCURRENCE:
        raw_occurrence = hashlib.sha256(raw_occurrence).hexdigest()[:32].encode()
    signature = _signature(key, b"message-id", raw_case, raw_occurrence)
    return f"<{_PREFIX}.{_text(raw_case)}.{_text(raw_occurrence)}.{_text(signature)}@{domain}>"


def read_message_id(key: bytes, message_id: str) -> SignedId | None:
    """The case that one of our own Message-IDs names, with or without brackets; None for any other id."""
    found = _SIGNED_ID.fullmatch(message_id.strip())
    if found is None or not key:
        return None
    raw_case, raw_occurrence = _bytes(found["case"]), _bytes(found["occurrence"])
    if not _is_signed(key, found["signature"], b"message-id", raw_case, raw_occurrence):
        return None
    return SignedId(case_id=_case_id(raw_case), occurrence=raw_occurrence.decode("utf-8", "replace"))


def reply_address(key: bytes, mailbox: str, case_id: str) -> str:
    """The mailbox's address with the case in it: `support@example.com` → `support+cw.….…@example.com`.

    Raises:
        ValueError: the mailbox is no address, or its local part is longer than 17 characters (64 in all).
    """
    local, at, domain = mailbox.rpartition("@")
    raw_case = _raw(case_id)
    signature = _signature(key, b"reply-to", raw_case)
    signed = f"{local}+{_PREFIX}.{_text(raw_case)}.{_text(signature)}"
    if not at or len(signed) > 64:
        raise ValueError("a mailbox's local part may have 17 characters, so that the case fits beside it")
    return f"{signed}@{domain}"


def read_reply_address(key: bytes, address: str) -> str | None:
    """The case id that a signed reply address names; None for any other address."""
    found = _SIGNED_ADDRESS.fullmatch(address.strip())
    if found is None or not key:
        return None
    raw_case = _bytes(found["case"])
    return _case_id(raw_case) if _is_signed(key, found["signature"], b"reply-to", raw_case) else None


def loop_mark(key: bytes) -> str:
    """The value of `LOOP_HEADER` in this desk's mails: another desk's, with another key, differs."""
    return _text(_signature(key, b"loop"))


def is_loop_mark(key: bytes, value: str) -> bool:
    """Whether a mail with this `LOOP_HEADER` was sent by this desk."""
    return bool(key) and hmac.compare_digest(loop_mark(key).encode(), value.strip().lower().encode())


def file_path(key: bytes, digest: str, name: str, until: int) -> str:
    """The path at which intake gives whoever has it one file, until that second: `/v1/files/…`."""
    shown = quote(name.replace("/", "_") or "file", safe="")
    return f"/v1/files/{digest}/{shown}?until={until}&signature={_text(_file_signature(key, digest, shown, until))}"


def is_file_path(key: bytes, digest: str, name: str, until: int, signature: str) -> bool:
    """Whether we signed the path of this file with this name and end."""
    shown = quote(name, safe="")
    return bool(key) and hmac.compare_digest(_file_signature(key, digest, shown, until), _bytes(signature))


def _file_signature(key: bytes, digest: str, shown: str, until: int) -> bytes:
    return _signature(key, b"file", digest.encode(), shown.encode(), str(until).encode())


def _signature(key: bytes, *parts: bytes) -> bytes:
    """Over the parts with their lengths, so that no two lists of parts look alike."""
    content = b"".join([len(part).to_bytes(4, "big") + part for part in parts])
    return hmac.digest(key, content, "sha256")[:_SIGNATURE_BYTES]


def _is_signed(key: bytes, signature: str, *parts: bytes) -> bool:
    return hmac.compare_digest(_signature(key, *parts), _bytes(signature))


def _raw(case_id: str) -> bytes:
    raw = bytes.fromhex(case_id.removeprefix("case_").replace("-", ""))
    if len(raw) != 16:
        raise ValueError("a case id is `case_` and a UUID")
    return raw


def _text(raw: bytes) -> str:
    """Base32 in lower case without padding, two letters at a time: `base64` takes twice as long, and a mail has six."""
    bits = len(raw) * 8
    whole = bits + -bits % 10
    number = int.from_bytes(raw, "big") << (whole - bits)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(whole - 10, -1, -10)])[: -(-bits // 5)]


def _bytes(text: str) -> bytes:
    """Back from base32; nothing for what no base32 ever gives."""
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error:
        return b""


def _case_id(raw: bytes) -> str:
    return f"case_{UUID(bytes=raw)}"
