"""How many automatic answers a lane gave lately.

A budget holds for one address. Ten thousand addresses that write at once (a loop through a list, a forged flood) each
have their own: this breaker counts them together. Source: semantics.md 5.7 ("storm breaker").
"""

from __future__ import annotations

import datetime as dt

from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain.budget import Allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """One lane's count within one window."""

    id: str
    began_at: dt.datetime
    given: int = 0
    held: int = 0


def share_of(allowance: Allowance, lanes: int) -> int:
    """What one lane may give: the whole desk's, divided; at least one."""
    return max(1, -(-allowance.count // lanes))


def counted(flood: Flood | None, name: str, now: dt.datetime, share: int, window: dt.timedelta) -> Flood:
    """With one more answer asked for: given, or held where the share is spent."""
    if flood is None or now - flood.began_at >= window:
        return Flood(id=name, began_at=now, given=1)
    if flood.given < share:
        return replace(flood, given=flood.given + 1)
    return replace(flood, held=flood.held + 1)
