"""What a notification says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol

from caseway.kernel.values import dataclass

LONGEST_VALUE = 20_000
"""Characters of one text that a template is given: with templates' loops one deep, it bounds what rendering costs."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Line ends beyond `\\n`, what no header may hold, and halves of characters that no charset can write."""
ACKNOWLEDGE = "\ue000acknowledge\ue001"
"""Stands in rendered words where each recipient's own link goes; no customer can write it (`plain`)."""
_MARKS = re.compile(r"[\ue000\ue001]")
_STRANGE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\ue000\ue001]"
)
"""Any of what is taken out: most texts hold none, and are read but once."""
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of the text after them: a name could disguise what follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedFile:
    """A file that the recipient fetches."""

    name: str
    url: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One text in one language, the same for all who get it."""

    language: str
    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    files: tuple[LinkedFile, ...] = ()
    """Named in the words by their links; for gateways, which show files in their own way, once more."""


class UnrenderableError(Exception):
    """A template that cannot be rendered with this data; the message never holds the data."""


def plain(value: str) -> str:
    """A customer's text as it may stand in a mail's body: without control characters, bounded."""
    if value.isprintable() and value.isascii():
        return value[:LONGEST_VALUE]
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if _STRANGE.search(text) is None:
        return text[:LONGEST_VALUE]
    return _MARKS.sub("", _BIDI.sub("", _CONTROLS.sub("", text)))[:LONGEST_VALUE]


def one_line(value: str, longest: int = 250) -> str:
    r"""A text as it may stand in a header: no line end can begin another header, written or encoded (RFC 2047).

    >>> one_line("Hello\r\nBcc: all@example.com")
    'Hello Bcc: all@example.com'
    >>> one_line("=?utf-8?q?a=0D=0ABcc:_all@example.com?=")
    '= ?utf-8?q?a=0D=0ABcc:_all@example.com?='
    """
    # the library decodes such words when a header is set, line ends with them, and writes them out as they are
    return " ".join(plain(value).split())[:longest].replace("=?", "= ?")


class Words(Protocol):
    """The templates: how a notification finds its words."""

    def language(self, name: str, wanted: str) -> str | None:
        """The language to write in, or None when the template is in none that would do."""
        ...

    def render(self, name: str, language: str, data: Mapping[str, Any]) -> Content:
        """The template's words for this data; raises UnrenderableError."""
        ...
