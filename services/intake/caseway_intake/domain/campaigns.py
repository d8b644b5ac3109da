"""By which campaign a contact may have come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from caseway.kernel.rules import Condition
from caseway_intake.domain.words import has_any


class Campaign(Protocol):
    """One campaign, as configured."""

    @property
    def tag(self) -> str:
        """Exactly as it has to stand in the inquiry, such as `【DMをみた】`."""
        ...

    @property
    def when(self) -> Condition:
        """When a contact may have come by it."""
        ...

    @property
    def words(self) -> tuple[str, ...]:
        """Folded beginnings of words, of which one must stand in subject or text; none: any text."""
        ...

    @property
    def from_on(self) -> dt.date | None:
        """Its first day."""
        ...

    @property
    def until_on(self) -> dt.date | None:
        """Its last day."""
        ...


def proposed(campaigns: Iterable[Campaign], facts: Mapping[str, Any], folded: str, on: dt.date) -> tuple[str, ...]:
    """The tags that a person may choose from; nothing is written by itself (S2-23)."""
    return tuple(
        each.tag
        for each in campaigns
        if is_running(each, on) and (not each.words or has_any(folded, each.words)) and each.when.test(facts)
    )


def is_running(campaign: Campaign, on: dt.date) -> bool:
    """Whether the day lies within the campaign, both ends included."""
    return (campaign.from_on is None or campaign.from_on <= on) and (
        campaign.until_on is None or on <= campaign.until_on
    )


def with_tag(text: str, tag: str) -> str:
    """The inquiry's text with the exact tag before it, once.

    >>> with_tag(with_tag("見積もり", "【DMをみた】"), "【DMをみた】")
    '【DMをみた】見積もり'
    """
    return text if tag in text else f"{tag}{text}"
