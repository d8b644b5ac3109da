"""How a clock stands, and runs again, as the case stands."""

from __future__ import annotations

import datetime as dt

from caseway.contracts.milestones import MilestonePaused, MilestoneResumed
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.rules import Facts
from caseway.kernel.vocabulary import Turn
from caseway_escalation.domain import clock
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.process.settling import Settling, unwarned
from caseway_escalation.domain.promises import Kind


class Turning:
    """Pauses and resumes."""

    def __init__(self, settling: Settling, standing: Facts, turn: Turn) -> None:
        self._settling = settling
        self._telling = settling.telling
        self._standing = standing
        self._turn = turn

    def turned(self, milestone: Milestone, kind: Kind, at: dt.datetime, hours: BusinessHours) -> Milestone:
        """Paused or resumed, as the case stands now."""
        must_stand = kind.pauses is not None and kind.pauses.test(self._standing)
        if must_stand and milestone.running_since is not None:
            return self._paused(milestone, at, hours)
        if not must_stand and milestone.running_since is None:
            return self._resumed(milestone, at, hours)
        return milestone

    def gone_on(self, milestone: Milestone, kind: Kind, at: dt.datetime, hours: BusinessHours) -> Milestone:
        """As the case stands now, once it was told that the clock is there again: one that stands is told to."""
        turned = self.turned(milestone, kind, at, hours)
        if turned is milestone and turned.running_since is None and turned.outcome is None:
            self._say_paused(turned, at, hours, None)
        return turned

    def _paused(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        settled, corrects = self._settling.settled(milestone, at, hours)
        standing_still = clock.paused(settled, at, hours)
        if standing_still.outcome is None:
            self._say_paused(standing_still, at, hours, corrects)
        return standing_still

    def _say_paused(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours, corrects: str | None) -> None:
        used = clock.elapsed(milestone, at, hours).total_seconds()
        self._telling.say(MilestonePaused, milestone, at, turn=self._turn, elapsed_seconds=used, corrects=corrects)

    def _resumed(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        running = clock.resumed(milestone, at, hours)
        if running.outcome is not None:
            return running
        running = unwarned(running, at)
        self._telling.say(
            MilestoneResumed,
            running,
            at,
            elapsed_seconds=clock.elapsed(running, at, hours).total_seconds(),
            warn_at=running.warn_at,
            previous_due_at=milestone.due_at,
        )
        return self._settling.settled(running, at, hours).milestone
