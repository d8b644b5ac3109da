"""What a command may carry, however much a contact holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from caseway.contracts.contacts import LinkedFile
from caseway.contracts.parts import FileReference
from caseway.contracts.wire import Part
from caseway.kernel.errors import Rejected
from caseway.kernel.ids import digest
from caseway_intake.domain.names import file_name, has_turns, unturned

LONGEST_TEXT_BYTES = 256 * 1024
"""Of a text in a fact. Source: delivery.md, "Sizes"."""
LARGEST_FIELDS_BYTES = 128 * 1024
"""Of fields and attributes, each: with the text and its quotation they stay well below a record's 1 MiB."""
LONGEST_NAME = 400
"""Characters of a name, an address, a number; what is longer is none."""
LONGEST_ID = 500
"""Characters of what a contact is known by: it becomes the key of an index."""
_LONGEST_URL = 2_000
_MOST_FILES = 100

AnyPart = TypeVar("AnyPart", bound=Part)


def check_ids(*ids: str) -> None:
    """Refuse a contact whose ids are no ids.

    Raises:
        Rejected: malformed.
    """
    if any(len(each) > LONGEST_ID for each in ids):
        raise Rejected("malformed", f"an id of more than {LONGEST_ID} characters")


def short(part: AnyPart) -> AnyPart:
    """The part with each of its texts cut to what a name may be, and reading as it is."""
    for value in part.__dict__.values():  # almost none is too long, and every contact has two parts
        if isinstance(value, str) and (len(value) > LONGEST_NAME or has_turns(value)):
            break
    else:
        return part
    texts = ((name, value) for name, value in part if isinstance(value, str))
    return part.model_copy(update={name: unturned(value)[:LONGEST_NAME] for name, value in texts})


def linked_files(files: Iterable[LinkedFile]) -> tuple[FileReference, ...]:
    """Files at a gateway's address; one whose address is none keeps its name."""
    references = (
        FileReference(
            name=file_name(each.name),
            media_type=each.media_type[:LONGEST_NAME],
            size=each.size,
            url=each.url if len(each.url) <= _LONGEST_URL else None,
        )
        for each in files
    )
    return tuple(references)[:_MOST_FILES]


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
