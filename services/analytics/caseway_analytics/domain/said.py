"""What a fact says, if it says it at all."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any


def said(fact: Any, name: str) -> Any:
    """A field of the fact; None where its kind has no such field.

    `getattr` with a default says the same, but a pydantic model raises and catches for each name that it does not know.
    """
    return getattr(fact, name) if name in _fields(fact.__class__) else None


@lru_cache(maxsize=500)
def _fields(model: Hashable) -> frozenset[str]:
    return frozenset(getattr(model, "model_fields", ()))
