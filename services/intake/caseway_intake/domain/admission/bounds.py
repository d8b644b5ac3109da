"""What a command may carry, however much a contact holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from caseway.contracts.parts import FileReference
from caseway.kernel.ids import digest

LONGEST_TEXT_BYTES = 256 * 1024
"""Of a text in a fact. Source: delivery.md, "Sizes"."""
LARGEST_FIELDS_BYTES = 128 * 1024
"""Of fields and attributes, each: with the text and its quotation they stay well below a record's 1 MiB."""


def cut_text(text: str) -> tuple[str, FileReference | None, tuple[bytes, ...]]:
    """The text; where it is too long its beginning, and the whole as content to be stored."""
    if len(text) * 4 <= LONGEST_TEXT_BYTES:
        return text, None, ()
    whole = text.encode()
    if len(whole) <= LONGEST_TEXT_BYTES:
        return text, None, ()
    file = FileReference(name="text.txt", media_type="text/plain", size=len(whole), digest=digest(whole))
    return whole[:LONGEST_TEXT_BYTES].decode("utf-8", "ignore"), file, (whole,)


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as far as they fit, the first ones first; a contact's raw record keeps all."""
    left = LARGEST_FIELDS_BYTES
    kept: dict[str, Any] = {}
    for name, value in values.items():
        left -= len(name) + _size(value)
        if left < 0:
            return kept | {"cut": True}
        kept[name] = value
    return kept


def _size(value: Any) -> int:
    return len(value) * 4 if isinstance(value, str) else len(json.dumps(value, default=str))
