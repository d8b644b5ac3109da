"""Who is meant when a customer asks for somebody by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

_LONGEST = 100
"""Characters of a name that are looked at."""
_TITLES = ("さん", "さま", "様", "氏", "くん", "君")
"""What Japanese callers add to a name."""


def folded(name: str) -> str:
    """A name as it is compared: width, case, accents, spaces and titles do not count.

    >>> folded("  SATO  Kenta "), folded("佐藤 健太さん"), folded("Żuraw")
    ('satokenta', '佐藤健太', 'zuraw')
    """
    wide = unicodedata.normalize("NFKD", name[:_LONGEST]).casefold()
    plain = unicodedata.normalize("NFC", "".join(each for each in wide if not _is_mark(each)))
    squeezed = "".join(each for each in plain if not each.isspace() and each not in "・.,-_")
    for title in _TITLES:
        if squeezed.endswith(title) and len(squeezed) > len(title):
            return squeezed.removesuffix(title)
    return squeezed


def _is_mark(character: str) -> bool:
    """An accent; the voicing marks of kana are letters of their own, not accents."""
    return unicodedata.combining(character) not in {0, 8}


def directory(people: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, str]:
    """By every name that means one person only, that person; whoever shares a name must be asked for by another."""
    found: dict[str, set[str]] = {}
    for person, names in people:
        for name in names:
            found.setdefault(folded(name), set()).add(person)
    return {name: next(iter(meant)) for name, meant in found.items() if name and len(meant) == 1}
