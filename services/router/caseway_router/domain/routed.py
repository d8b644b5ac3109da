"""What routing remembers of a case."""

from __future__ import annotations

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
    boost: float = 0.0
    """Ranks that its milestones added since it was last wanted."""
    route: Route | None = None
    """What the pool was last told; the case keeps addressing that pool."""

    @property
    def is_wanted(self) -> bool:
        """Whether the desk has to do something about it now."""
        return self.status is CaseStatus.OPEN and self.turn is Turn.DESK and not self.is_merged
