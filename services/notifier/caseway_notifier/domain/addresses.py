"""Which mail addresses may be written to."""

from __future__ import annotations

import functools
import hashlib
import re

BUCKETS = 64
"""Into so many parts the destinations are split among the senders. Source: delivery.md, per-recipient restraint."""

_LONGEST = 254
"""Characters of an address that SMTP can carry. Source: RFC 5321 §4.5.3.1.3 (256 with its brackets)."""
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@(?P<domain>[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,253})")
_NEVER_READ = re.compile(
    r"(?:mailer-daemon|postmaster|abuse|root|(?:do[-_.]?)?not?[-_.]?reply.*|bounces?(?:[-+_.].*)?)@.*", re.IGNORECASE
)


def normal(address: str) -> str:
    r"""The address as it is kept and compared: without spaces round it, in lower case; empty when it is none.

    >>> normal(" Anna.Nowak@Example.COM ")
    'anna.nowak@example.com'
    >>> normal("anna@example.com\r\nBcc: all@example.com")
    ''
    """
    found = address.strip().lower()
    is_one = len(found) <= _LONGEST and _ADDRESS.fullmatch(found) is not None and ".." not in found
    return found if is_one else ""


def domain_of(address: str) -> str:
    """What stands behind the `@`."""
    return address.rpartition("@")[2]


def destination_of(channel: str, recipient: str) -> str:
    """What is paced and queued as one: the domain of a mail address, else the endpoint or gateway.

    >>> destination_of("email", "anna@example.com"), destination_of("webhook", "audit")
    ('example.com', 'webhook:audit')
    """
    return domain_of(recipient) if channel == "email" else f"{channel}:{recipient}"


def is_never_read(address: str) -> bool:
    """Whether nobody reads mail to it: no automatic answer may go there. Source: semantics.md 5.1 (no-reply pattern).

    >>> is_never_read("no-reply@example.com"), is_never_read("noreen@example.com")
    (True, False)
    """
    return _NEVER_READ.fullmatch(address) is not None


@functools.lru_cache(maxsize=10_000)
def bucket_of(destination: str) -> int:
    """Which of the 64 buckets a destination belongs to; the same for ever."""
    return int.from_bytes(hashlib.sha256(destination.encode()).digest()[:4], "big") % BUCKETS
