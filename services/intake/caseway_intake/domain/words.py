"""Texts folded, so that words are found in any writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NO_WORD = re.compile(r"[\W_]+")
_NOT_DECOMPOSED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "\u0131": "i"})
_MARKS = re.compile(r"[\u0300-\u036f]+")


def fold(text: str) -> str:
    """Words in small letters without accents, one space around each; kana and kanji stay as they are, but NFKC.

    >>> fold("Zażółć, GRÖSSE!")
    ' zazolc grosse '
    """
    plain = text.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain.translate(_NOT_DECOMPOSED))
        plain = unicodedata.normalize("NFKC", _MARKS.sub("", decomposed))
    return f" {_NO_WORD.sub(' ', plain).strip()} "


def has_any(folded: str, words: Iterable[str]) -> bool:
    """Whether a folded text has one of these beginnings of words; in scripts without spaces, anywhere.

    >>> has_any(fold("Moje zamówienie"), ["zamowien"])
    True
    """
    return any((f" {word}" if word[0] < "\u3000" else word) in folded for word in words)
