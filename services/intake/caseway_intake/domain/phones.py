"""Telephone numbers, however they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

ToE164 = Callable[[str, str], str]
"""Gives a number, plain as `plain` makes it, in E.164 by its region; empty where it is no number."""

TAIL_DIGITS = 7
"""Of a number, enough to find few others by, and the same in every writing of it: with or without country and area."""
_LONGEST = 60

_EXTENSION = re.compile(
    r"(?:[,;]?\s*(?:;ext=|ext\.?|extension|wewn?\.?|int\.?|dw\.?|durchwahl|app(?:arat)?\.?|内線(?:番号)?|x|#)\s*[:.]?\s*\d{1,8})\s*$",
    re.IGNORECASE,
)
_BRAZIL_WITHOUT_9 = re.compile(r"\+55[1-9]\d[6-9]\d{7}")
"""Mobile numbers have had a ninth digit since 2016; many address books have not."""
_MEXICO_WITH_1 = re.compile(r"\+521\d{10}")
_ARGENTINA_WITH_9 = re.compile(r"\+549\d{10}")
_DIGIT = re.compile(r"[0-9]")
_NO_DIGIT = re.compile(r"[^0-9]+")
_SCHEME = re.compile(r"^\s*(?:tel|callto|sip|whatsapp):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A number as it was written, made plain."""

    digits: str
    """Digits only; with a `+` before them where the country was given."""

    @property
    def tail(self) -> str:
        """The last digits: the same for every writing of a number."""
        return self.digits.lstrip("+")[-TAIL_DIGITS:]


def plain(written: str) -> Written | None:
    """The digits of a number, its extension cut off; None where there are too few.

    >>> plain("+81 3-1234-5678 内線 12")
    Written(digits='+81312345678')
    """
    text = written[:_LONGEST]
    if text.isascii():
        if not _DIGIT.search(text):
            return None
    else:
        text = unicodedata.normalize("NFKC", text)
    text = _EXTENSION.sub("", _SCHEME.sub("", text))
    digits = _NO_DIGIT.sub("", text)
    has_country = text.lstrip(" (").startswith("+")
    if digits.startswith("00") and not has_country:
        digits, has_country = digits[2:], True
    if not 3 <= len(digits) <= 17:
        return None
    return Written(digits=f"+{digits}" if has_country else digits)


def same_number(written: str, region: str, to_e164: ToE164) -> str:
    """What two writings of one number share: E.164, else the bare digits; empty for what is no number."""
    number = plain(written)
    return one_variant(to_e164(number.digits, region) or number.digits) if number else ""


def one_variant(number: str) -> str:
    """One of the writings that a country has for one mobile number. Source: semantics 5.10, "Key variants per country".

    >>> one_variant("+551187654321"), one_variant("+5215512345678"), one_variant("+5491123456789")
    ('+5511987654321', '+525512345678', '+541123456789')
    """
    if _BRAZIL_WITHOUT_9.fullmatch(number):
        return f"{number[:5]}9{number[5:]}"
    if _MEXICO_WITH_1.fullmatch(number):
        return f"+52{number[4:]}"
    if _ARGENTINA_WITH_9.fullmatch(number):
        return f"+54{number[4:]}"
    return number
