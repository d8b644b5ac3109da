"""A text without what names a customer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_MASK = "***"
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:!?：！？「」（）、。]+@[^\s@<>()\[\],;:!?：！？「」（）、。]+")  # noqa: RUF001 - brackets as Japanese writes them
_DIGITS = re.compile(
    r"(?<![0-9０-９])(?!\d{4}-\d\d-\d\d(?!\d))[+＋]?[(（]?[0-9０-９](?:[\s()（）‐‑‒–—―−ー－-]{0,2}[0-9０-９]){7,}"  # noqa: RUF001 - the hyphens of Japanese numbers
)
"""Eight digits or more, however they are grouped (numbers of telephones, accounts, cards), but no date."""
_POSTAL = re.compile(r"〒\s*[0-9０-９]{3}[-‐－ー]?[0-9０-９]{4}")  # noqa: RUF001 - the same
_SHORTEST = 2
"""Characters of a name: one letter alone would blot out half the text."""
_SPACES = re.compile(r"[\s\u3000]+")


def masked(text: str, names: Iterable[str]) -> str:
    """`text` with addresses, long numbers and `names` blotted out; the parts of a name, too.

    >>> masked("山田花子様(090-0555-0101)より", ["山田 花子"])
    '***様(***)より'
    """
    for name in sorted(_writings(names), key=len, reverse=True):
        text = _anywhere(name).sub(_MASK, text)
    return _DIGITS.sub(_MASK, _POSTAL.sub(_MASK, _ADDRESS.sub(_MASK, text)))


def _writings(names: Iterable[str]) -> set[str]:
    """Each name whole, without its spaces, and each of its parts."""
    found: set[str] = set()
    for name in names:
        plain = unicodedata.normalize("NFKC", name).strip()
        found |= {name.strip(), plain, _SPACES.sub("", plain), *_SPACES.split(plain)}
    return {each for each in found if len(each) >= _SHORTEST}


def _anywhere(name: str) -> re.Pattern[str]:
    """A name in any size of letters: a word of its own in scripts that have spaces, anywhere in others."""
    if not name.isascii():
        return re.compile(re.escape(name), re.IGNORECASE)
    return re.compile(f"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", re.IGNORECASE)
