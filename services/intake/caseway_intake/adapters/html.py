"""What a page says and shows, without what harms or spies."""

from __future__ import annotations

import html_text
import nh3
from lxml.etree import LxmlError  # type: ignore[import-untyped] # lxml ships no types

_LONGEST = 500_000
"""Characters of markup: bounds what parsing costs; the text of a letter is far shorter."""
_MOST_TAGS = 8_000
"""Signs that begin a tag. A sanitiser takes time by the square of the depth: 100,000 elements within each other would
take 20 s, this many take 0.15 s; long newsletters have a quarter of it."""

_TAGS = frozenset(nh3.ALLOWED_TAGS | {"font", "big"}) - {"map", "area"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "ol": {"start"},
    "font": {"color"},
}
"""No styles, classes or ids: they hide text, cover the desk's own page, and load from outside."""


def text_of(page: str) -> str:
    """The text, with line ends where a browser shows them; no scripts, styles or hidden parts.

    Raises:
        ValueError: there is no page to be read.
    """
    try:
        return html_text.extract_text(page[:_LONGEST])
    except LxmlError as error:
        raise ValueError("no page") from error


def sanitised(page: str) -> str:
    """The page as an agent may see it: nothing runs, nothing is fetched, and only the mail's own pictures are shown."""
    return _CLEANER.clean(_bounded(page[:_LONGEST]))


def _bounded(page: str) -> str:
    """As far as its tags may reach; the raw mail has the rest."""
    if page.count("<") <= _MOST_TAGS:
        return page
    return "<".join(page.split("<", _MOST_TAGS)[:_MOST_TAGS])


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Pictures come from the mail itself: one from outside tells its sender who reads, when and where."""
    if tag == "img" and name == "src" and not value.lower().startswith("cid:"):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)
