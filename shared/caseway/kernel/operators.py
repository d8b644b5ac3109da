"""What each operator of a condition asks of a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

_LOOKS_AT = (8_000, 8_000, 2_000, 800, 400)
"""Characters that `matches` looks at, by the number of wide repeats (`.*`, `\\w+`) in its pattern: each of them may
multiply the time that a customer's text can cost by the text's length; with these it stays in seconds at worst."""
_LONGEST_PATTERN = 1_000

Asks = Callable[[Any], bool]


def _equals(operand: Any) -> Asks:
    if not isinstance(operand, str | int | float):
        raise ValueError("a text, a number, true or false; for 'there is none' write exists: false")  # noqa: TRY004 - faults of the file are ValueErrors
    if isinstance(operand, bool):
        return lambda value: value is operand
    return lambda value: value == operand and not isinstance(value, bool)


def _in(operand: Any) -> Asks:
    if not isinstance(operand, list | tuple) or not operand:
        raise ValueError("a list of at least one value")
    if all(isinstance(each, str) for each in operand):
        texts = frozenset(operand)
        return lambda value: isinstance(value, str) and value in texts
    asks = tuple(_equals(each) for each in operand)
    return lambda value: any(ask(value) for ask in asks)


def _contains(operand: Any) -> Asks:
    if not isinstance(operand, str | int) or operand == "":
        raise ValueError("a text or a number")
    part = str(operand).casefold()

    def asks(value: Any) -> bool:
        if isinstance(value, str):
            return part in value.casefold()
        return isinstance(value, Collection) and any(str(each).casefold() == part for each in value)

    return asks


def _matches(operand: Any) -> Asks:
    if not isinstance(operand, str) or not 0 < len(operand) <= _LONGEST_PATTERN:
        raise ValueError(f"a regular expression of at most {_LONGEST_PATTERN} characters")
    try:
        search = re.compile(operand, re.IGNORECASE).search
    except re.error as wrong:
        raise ValueError(f"a regular expression; {wrong}") from None
    repeats = _wide_repeats(operand)
    if repeats >= len(_LOOKS_AT):
        raise ValueError(f"a regular expression with at most {len(_LOOKS_AT) - 1} wide repeats, such as .*")
    longest = _LOOKS_AT[repeats]
    return lambda value: isinstance(value, str) and search(value[:longest]) is not None


_LEXEME = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|.", re.DOTALL)
_NARROW = re.compile(r"\\[sd]|\\[^\w]|\[[^^].*\]|[^.)]", re.DOTALL)
"""What a repeat may stand behind without being wide: one letter, a short class."""


def _wide_repeats(pattern: str) -> int:
    """How many unbounded repeats of nearly anything a pattern has.

    Raises:
        ValueError: for a repeat within a repeat, `(a+)+`: a short text could hold the process for years.
    """
    wide = 0
    inside = [0]
    closed, before = 0, ""
    for lexeme in _LEXEME.findall(pattern):
        if lexeme == "(":
            inside.append(0)
        is_repeat = lexeme in {"*", "+"} or (lexeme.startswith("{") and lexeme.endswith(",}"))
        if is_repeat and closed:
            raise ValueError("a regular expression without an unbounded repeat inside another")
        inside[-1] += is_repeat
        wide += is_repeat and not _NARROW.fullmatch(before)
        closed = inside.pop() if lexeme == ")" else 0
        inside[-1] += closed
        before = lexeme
    return wide


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if number != number else number  # noqa: PLR0124 - only NaN differs from itself


def _bound(operand: Any) -> float:
    bound = None if isinstance(operand, str) else _number(operand)
    if bound is None:
        raise ValueError("a number")
    return bound


def _above_bound(operand: Any) -> Asks:
    bound = _bound(operand)
    return lambda value: (number := _number(value)) is not None and number > bound


def _below_bound(operand: Any) -> Asks:
    bound = _bound(operand)
    return lambda value: (number := _number(value)) is not None and number < bound


def _exists(operand: Any) -> Asks:
    if not isinstance(operand, bool):
        raise ValueError("true or false")  # noqa: TRY004 - faults of the file are ValueErrors
    return lambda value: _is_there(value) is operand


def _is_there(value: Any) -> bool:
    return value is not None and not (isinstance(value, Collection) and len(value) == 0)


OPERATORS: Mapping[str, Callable[[Any], Asks]] = {
    "equals": _equals,
    "in": _in,
    "contains": _contains,
    "matches": _matches,
    "above": _above_bound,
    "below": _below_bound,
    "exists": _exists,
}
"""By name: each reads its operand, and gives the question; ValueError says what was expected."""
