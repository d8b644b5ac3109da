"""Which texts help the agent now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from caseway.kernel.rules import Condition


class Guidance(Protocol):
    """One text, as configured."""

    @property
    def name(self) -> str:
        """Of the text."""
        ...

    @property
    def kind(self) -> str:
        """What it is for: `help`, `sales` …"""
        ...

    @property
    def when(self) -> Condition:
        """When it fits."""
        ...

    @property
    def hides(self) -> tuple[str, ...]:
        """Kinds of text that have no place beside it: a complaint's hides sales (S4-18)."""
        ...


def fitting(texts: Iterable[Guidance], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of those that fit and that no other one hides, in order."""
    fit = [each for each in texts if each.when.test(facts)]
    hidden = {kind for each in fit for kind in each.hides}
    return tuple(each.name for each in fit if each.kind not in hidden)
