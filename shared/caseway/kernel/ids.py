"""How ids are derived: the same log gives the same ids."""

from __future__ import annotations

import hashlib
from uuid import NAMESPACE_URL, uuid5


def case_id(source_key: str) -> str:
    """The id of the case that a first contact opens. Source: wire.md, "Ids".

    >>> case_id("chat:abc")
    'case_fb6cde07-d053-5979-9587-917f5843e77e'
    """
    return f"case_{uuid5(NAMESPACE_URL, f'caseway:{source_key}')}"


def derived_id(*parts: str) -> str:
    """A stable id for what follows from `parts`; the parts are kept apart, so ("ab", "c") is not ("a", "bc")."""
    return str(uuid5(NAMESPACE_URL, "caseway:" + "\x1f".join(parts)))


def emitted_id(stage: str, source: str, id: str, type: str, index: int) -> str:  # noqa: A002 - CloudEvents' words
    """The `ce_id` of the `index`th thing that a stage emits because of the event (`source`, `id`)."""
    return derived_id(stage, source, id, type, str(index))


def digest(content: bytes) -> str:
    """The SHA-256 of `content`, in hex: the name under which bytes are stored."""
    return hashlib.sha256(content).hexdigest()
