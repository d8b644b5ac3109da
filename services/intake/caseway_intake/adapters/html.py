"""What a page says, without what only browsers need."""

from __future__ import annotations

import html_text
from lxml.etree import LxmlError  # type: ignore[import-untyped] # lxml ships no types

_LONGEST = 500_000
"""Characters of markup: bounds what parsing costs; the text of a letter is far shorter."""


def text_of(page: str) -> str:
    """The text, with line ends where a browser shows them; no scripts, styles or hidden parts.

    Raises:
        ValueError: there is no page to be read.
    """
    try:
        return html_text.extract_text(page[:_LONGEST])
    except LxmlError as error:
        raise ValueError("no page") from error
