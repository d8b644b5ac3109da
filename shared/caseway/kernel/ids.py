"""How ids are derived: the same log gives the same ids."""

from __future__ import annotations

import hashlib
from uuid import NAMESPACE_URL

_SEED = hashlib.sha1(NAMESPACE_URL.bytes + b"caseway:", usedforsecurity=False)
_VARIANT = {digit: f"{int(digit, 16) & 0x3 | 0x8:x}" for digit in "0123456789abcdef"}


def case_id(source_key: str) -> str:
    """The id of the case that a first contact opens. Source: wire.md, "Ids".

    >>> case_id("chat:abc")
    'case_fb6cde07-d053-5979-9587-917f5843e77e'
    """
    return f"case_{_uuid5(source_key)}"


def derived_id(*parts: str) -> str:
    """A stable id for what follows from `parts`; the parts are kept apart, so ("ab", "c") is not ("a", "bc")."""
    return _uuid5("\x1f".join(parts))


def _uuid5(name: str) -> str:
    """`uuid5(NAMESPACE_URL, "caseway:" + name)`, in a third of the time: several are made for every record.

    Source: RFC 9562 §5.5: SHA-1, of which the version and the variant take six bits.
    """
    hashed = _SEED.copy()
    hashed.update(name.encode())
    text = hashed.hexdigest()
    variant = _VARIANT[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def emitted_id(stage: str, source: str, id: str, type: str, index: int) -> str:  # noqa: A002 - CloudEvents' words
    """The `ce_id` of the `index`th thing that a stage emits because of the event (`source`, `id`)."""
    return derived_id(stage, source, id, type, str(index))


def digest(content: bytes) -> str:
    """The SHA-256 of `content`, in hex: the name under which bytes are stored."""
    return hashlib.sha256(content).hexdigest()
