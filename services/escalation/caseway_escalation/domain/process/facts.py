"""A fact, as triggers look at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from caseway.kernel.rules import value_of

EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""A fact from before it is a slip of somebody's clock, and counts as of then."""
CASE = "case"
"""Below it, triggers see the case's standing."""


@lru_cache(maxsize=512)  # more than there are types
def name_of(type_: str) -> str:
    """`case.replied` of `caseway.case.replied.v1`."""
    return ".".join(type_.split(".")[1:3])


class Seen(Mapping[str, Any]):
    """The fact's own fields, and the case's standing below `case`; nothing is copied."""

    def __init__(self, fact: Any, standing: Mapping[str, Any]) -> None:
        self._fields = vars(fact)
        self._standing = standing

    def __getitem__(self, name: str) -> Any:
        if name == CASE:
            return self._standing
        return self._fields[name if name in self._fields else f"{name}_"]

    def __contains__(self, name: object) -> bool:
        return name in self._fields or name == CASE or f"{name}_" in self._fields

    def get(self, name: str, default: Any = None) -> Any:
        """What conditions ask, thousands of times a second."""
        if name == CASE:
            return self._standing
        return self._fields[name] if name in self._fields else self._fields.get(f"{name}_", default)

    def __iter__(self) -> Iterator[str]:
        yield from (name.rstrip("_") for name in self._fields)
        yield CASE

    def __len__(self) -> int:
        return len(self._fields) + 1


def text_in(fact: Any, field: str) -> str:
    """What a field of the fact says, as text; empty where there is no such field, or nothing in it."""
    value = value_of(Seen(fact, {}), field)
    return "" if value is None else str(value)


def instant_in(fact: Any, field: str) -> dt.datetime | None:
    """The instant in a field of the fact, if there is one."""
    value = value_of(Seen(fact, {}), field) if field else None
    return value if isinstance(value, dt.datetime) and value.tzinfo is not None else None
