"""What configuration tells about agents, time and values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from caseway.kernel.business_hours import BusinessHours
from caseway_analytics.domain.history import MILLISECOND, Mark, milliseconds_between

_LONGEST_VALUE = 60
"""Characters of a dimension's value: what is longer was typed by somebody, and is no dimension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is looked up while facts are followed."""

    teams: Mapping[str, str] = field(default_factory=dict)
    """By agent."""
    hours: BusinessHours | None = None
    """The desk's calendar."""
    products: frozenset[str] | None = None
    """Those that are told apart; None for all. Others count as `other`."""
    segments: frozenset[str] | None = None
    """Those of customers that are told apart; None for all that records name. Others count as `other`."""
    keeps_texts: bool = True
    """Whether texts are kept for searching."""

    def business_ms(self, start: dt.datetime, end: dt.datetime) -> int | None:
        """The business time between; None without a calendar."""
        if self.hours is None:
            return None
        return self.hours.elapsed(start, end) // MILLISECOND if start < end else 0

    def mark(self, start: dt.datetime, end: dt.datetime, *, queue: str | None = None, agent: str = "") -> Mark:
        """Something that lasted from `start` to `end`, where it counts."""
        return Mark(
            at=end,
            milliseconds=milliseconds_between(start, end),
            business_ms=self.business_ms(start, end),
            queue=queue,
            agent=agent,
            team=self.teams.get(agent, ""),
        )

    def product(self, name: str) -> str:
        """The product's name, if it is one that is told apart."""
        return _told_apart(name, self.products)

    def segment(self, name: str | None, *, is_vip: bool, is_linked: bool) -> str:
        """The customer's segment as the record has it; without one, what else is known of the customer.

        >>> told = Known(segments=frozenset({"store"}))
        >>> told.segment("store", is_vip=True, is_linked=True), told.segment("school", is_vip=False, is_linked=True)
        ('store', 'other')
        >>> told.segment(None, is_vip=True, is_linked=True), told.segment(None, is_vip=False, is_linked=False)
        ('vip', 'unknown')
        """
        if name:
            return _told_apart(name, self.segments)
        if is_vip:
            return "vip"
        return "known" if is_linked else "unknown"


def _told_apart(name: str, known: frozenset[str] | None) -> str:
    return bounded(name) if known is None or not name or name in known else "other"


def bounded(value: str) -> str:
    """A dimension's value of bounded length.

    >>> bounded("phones"), bounded("x" * 61)
    ('phones', 'other')
    """
    return value if len(value) <= _LONGEST_VALUE else "other"


NOTHING = Known()
