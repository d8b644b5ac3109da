"""What routing remembers of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_router.domain.routing import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedCase:
    """A case, as far as it decides where its work goes."""

    case_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What rules look at, by field."""
    status: CaseStatus | None = None
    """None: a milestone was heard of before the case itself."""
    turn: Turn = Turn.DESK
    is_merged: bool = False
    """It is part of another case, where the work is."""
    is_held: bool = False
    """Somebody holds it back, such as a hand-over that lacks a field: it waits outside every queue."""
    boost: float = 0.0
    """Ranks that its milestones added since it was last wanted."""
    promises: Mapping[str, dt.datetime] = field(default_factory=dict)
    """By milestone whose clock runs, when it is due."""
    told_due_at: dt.datetime | None = None
    """The promise that the pool was last told of."""
    since: dt.datetime | None = None
    """When the present need arose; None while there is none."""
    conversation: str | None = None
    """The source key of the call or chat, while somebody is on the line."""
    postponed_until: dt.datetime | None = None
    """It is queued then, and not before."""
    is_wished: bool = False
    """The customer wished that time, or the next attempt was set for it: no opening is earlier."""
    told: str = ""
    """Whom the last post about it mentioned, so that nobody is told twice."""
    route: Route | None = None
    """What the pool was last told; the case keeps addressing that pool."""

    @property
    def is_wanted(self) -> bool:
        """Whether the desk has to do something about it now."""
        is_ours = self.turn is Turn.DESK and not self.is_held and not self.is_merged
        return self.status is CaseStatus.OPEN and is_ours

    @property
    def nearest_promise(self) -> dt.datetime | None:
        """When the nearest of its promises is due; None where none is running."""
        return min(self.promises.values(), default=None)

    @property
    def is_on_the_line(self) -> bool:
        """Whether somebody waits on the telephone or in a chat."""
        return self.facts.get("talk") == "waiting"
