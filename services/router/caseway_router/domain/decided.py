"""What is kept of each offer, so that it can be explained."""

from __future__ import annotations

import datetime as dt

from caseway.kernel.values import dataclass
from caseway_router.domain.explained import Explanation

KEPT_PER_ITEM = 20
"""The newest offers of one work item that are kept; an older one goes when a newer comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedOffer:
    """One offer and its reasons."""

    work_item: str
    case_id: str
    pool: str
    queue: str
    offer_count: int
    """Which offer of this work item: 1, 2, 3 …"""
    at: dt.datetime
    queued_at: dt.datetime
    expires_at: dt.datetime
    configuration: str
    explanation: Explanation

    @property
    def id(self) -> str:
        """Under which it is kept."""
        return offer_id(self.work_item, self.offer_count)


def offer_id(work_item: str, offer_count: int) -> str:
    """The id of one offer of a work item."""
    return f"{work_item}/{offer_count}"
