"""Ratios that are counted queue by queue, or by campaign."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway_analytics.domain.figures import Figure

Part = tuple[int, int | None]
"""How many, of how many; None where nobody told."""


def within(picked_up: Figure, seconds: int) -> Part:
    """How many were picked up within so many seconds, of those picked up; exact.

    >>> within(Figure(), 20)
    (0, 0)
    """
    return picked_up.count_within(seconds), picked_up.timed


def answering(responses: Figure, recipients: int | None) -> Part:
    """How many answered, of those a campaign was sent to.

    >>> answering(Figure(count=30), 1000), answering(Figure(count=3), None)
    ((30, 1000), (3, None))
    """
    return responses.count, recipients


def together(told: Iterable[tuple[str, Part]]) -> dict[str, Any]:
    """All of them as one ratio; those of which nobody knows of how many are left out, and named.

    >>> together([("a", (30, 1000)), ("b", (20, 1000)), ("post", (3, None))])
    {'part': 50, 'of': 2000, 'ratio': 0.025, 'unknown': ['post']}
    >>> together([("post", (3, None))])
    {'part': 0, 'of': 0, 'ratio': None, 'unknown': ['post']}
    >>> together([])
    {'part': 0, 'of': 0, 'ratio': None}
    """
    part, whole, unknown = 0, 0, []
    for name, (count, of) in told:
        if of is None:
            unknown.append(name)
        else:
            part, whole = part + count, whole + of
    ratio = {"part": part, "of": whole, "ratio": round(part / whole, 4) if whole else None}
    return {**ratio, "unknown": sorted(unknown)} if unknown else ratio
