"""Texts folded, so that words are found in any writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_NO_WORD = re.compile(r"[\W_]+")
_ASCII_SIGNS = {code: " " for code in range(128) if not chr(code).isalnum()}
_NOT_DECOMPOSED = (("ł", "l"), ("đ", "d"), ("ø", "o"), ("æ", "ae"), ("œ", "oe"), ("\u0131", "i"))
_MARKS = re.compile(r"[\u0300-\u036f]+")


def fold(text: str) -> str:
    """Words in small letters without accents, one space around each; kana and kanji stay as they are, but NFKC.

    >>> fold("Zażółć, GRÖSSE!")
    ' zazolc grosse '
    """
    plain = text.casefold()
    if not plain.isascii():
        for letter, plainer in _NOT_DECOMPOSED:
            plain = plain.replace(letter, plainer)
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    if plain.isascii():
        words = plain.translate(_ASCII_SIGNS).split()
    else:
        words = _NO_WORD.sub(" ", unicodedata.normalize("NFKC", plain)).split()
    return f" {' '.join(words)} "


def beginning(word: str) -> str:
    """A folded word as `has_any` looks for it: at the beginning of a word; in scripts without spaces, anywhere.

    >>> beginning(" zamowien ")
    ' zamowien'
    """
    bare = word.strip()
    return bare if bare[:1] >= "\u3000" else f" {bare}"


def has_any(folded: str, beginnings: Iterable[str]) -> bool:
    """Whether a folded text has one of these.

    >>> has_any(fold("Moje zamówienie"), [beginning(fold("zamówien"))])
    True
    """
    for each in beginnings:  # noqa: SIM110 - asked for every word of every rule: a generator takes twice the time
        if each in folded:
            return True
    return False
