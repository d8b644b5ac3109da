"""How often one address is answered automatically.

A sliding window, not a calendar day: a loop between two automatons must not begin anew at midnight.
Source: semantics.md 5.1 ("Budget").
"""

from __future__ import annotations

import datetime as dt

from caseway.kernel.values import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """At most `count` automatic answers from one mailbox to one address within `window`."""

    count: int
    window: dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The automatic answers that one mailbox gave to one address lately."""

    id: str
    spent_at: tuple[dt.datetime, ...] = ()


def budget_id(mailbox: str, address: str) -> str:
    """Names the budget of a pair; no address holds a bar."""
    return f"{mailbox}|{address}"


def spend(budget: Budget, now: dt.datetime, allowance: Allowance) -> Budget | None:
    """The budget with one more answer at `now`; None when there is none left."""
    recent = tuple(at for at in budget.spent_at if now - at < allowance.window)
    if len(recent) >= allowance.count:
        return None
    return replace(budget, spent_at=(*recent, now))
