"""How a promise ends: completed, or cancelled."""

from __future__ import annotations

import datetime as dt

from caseway.contracts.milestones import MilestoneCancelled, MilestoneMet
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.values import replace
from caseway_escalation.domain import clock
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process.settling import Settling

MERGED = "case.merged"
"""The reason of what a merge cancelled: an unmerge brings it back."""


class Ending:
    """Takes clocks down."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling
        self._telling = settling.telling

    def completed(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        """Kept, or completed too late."""
        settled, corrects = self._settling.settled(milestone, at, hours, completing=True)
        if settled.outcome is Outcome.VIOLATED:
            return clock.ended(settled, at, Outcome.VIOLATED, "completed late")
        used = clock.elapsed(settled, at, hours).total_seconds()
        self._telling.say(MilestoneMet, settled, at, elapsed_seconds=used, corrects=corrects)
        return clock.ended(settled, at, Outcome.MET)

    def cancelled(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours | None, reason: str) -> Milestone:
        """No longer promised; what was broken stays so."""
        corrects, used = None, None
        if hours is not None:
            milestone, corrects = self._settling.settled(milestone, at, hours)
            used = clock.elapsed(milestone, at, hours).total_seconds()
        if milestone.outcome is Outcome.VIOLATED:
            return clock.ended(milestone, at, Outcome.VIOLATED, reason)
        self._telling.say(MilestoneCancelled, milestone, at, elapsed_seconds=used, corrects=corrects, reason=reason)
        return clock.ended(milestone, at, Outcome.CANCELLED, reason)

    def completed_by_steps(
        self, milestone: Milestone, at: dt.datetime, hours: BusinessHours, *, is_completed: bool, has_steps: bool
    ) -> Milestone:
        """Completed once both are there: the fact that completes it, and every stamp it requires."""
        if has_steps and (is_completed or milestone.is_awaiting_stamps):
            return self.completed(replace(milestone, is_awaiting_stamps=False), at, hours)
        return replace(milestone, is_awaiting_stamps=True) if is_completed else milestone
