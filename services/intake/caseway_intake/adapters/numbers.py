"""Telephone numbers by the plans of the world's countries."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=8192)
def to_e164(digits: str, region: str) -> str:
    """E.164 of a number; empty where no country has such numbers.

    Args:
        digits: digits, with a `+` before them where the country was given.
        region: ISO 3166, for a number without a country.
    """
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
