"""What had come by an instant, and is told.

A timer settles a milestone when it is due; a fact settles it up to the instant at which it happened. Whichever is
read first, the same is told.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from caseway.contracts.milestones import MilestoneViolated, MilestoneWarned
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.values import replace
from caseway_escalation.domain import clock
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Promises


class Settled(NamedTuple):
    """A milestone, brought up to an instant."""

    milestone: Milestone
    corrects: str | None
    """The violation that was told too early."""


class Settling:
    """Brings a milestone up to an instant: tells what had come by then, takes back what had not."""

    def __init__(self, promises: Promises, telling: Telling) -> None:
        self.promises = promises
        self.telling = telling

    def settled(
        self, milestone: Milestone, at: dt.datetime, hours: BusinessHours, *, completing: bool = False
    ) -> Settled:
        """Up to an instant; a completion exactly at the deadline is not late."""
        if milestone.outcome is Outcome.VIOLATED and milestone.calendar_version != hours.version:
            return Settled(milestone, None)  # by the hours as they were then; others take nothing back
        milestone = self._warned(milestone, at)
        is_late = not clock.is_kept(milestone, at, hours) if completing else clock.is_over(milestone, at, hours)
        if milestone.outcome is None and is_late:
            return Settled(self._violated(milestone), None)
        if milestone.outcome is Outcome.VIOLATED and not is_late:
            return Settled(unwarned(replace(milestone, outcome=None, violation=""), at), milestone.violation)
        return Settled(milestone, None)

    def noticed(self, milestone: Milestone, at: dt.datetime) -> Milestone:
        """When a timer says so."""
        if not milestone.is_ticking:
            return milestone
        milestone = self._warned(milestone, at)
        return self._violated(milestone) if milestone.due_at <= at else milestone

    def _warned(self, milestone: Milestone, at: dt.datetime) -> Milestone:
        while milestone.is_ticking and (warning := milestone.next_warning) is not None and warning.at <= at:
            now = self.telling.now
            self.telling.say(
                MilestoneWarned,
                milestone,
                warning.at,
                warn_at=warning.at,
                noticed_at=max(now, warning.at),
                before_seconds=warning.before.total_seconds(),
                is_overtaken=milestone.due_at <= now and warning.at < milestone.due_at,
            )
            milestone = replace(milestone, warned=(*milestone.warned, warning.before))
        return milestone

    def _violated(self, milestone: Milestone) -> Milestone:
        due_at = milestone.due_at
        self.telling.say(
            MilestoneViolated,
            milestone,
            due_at,
            noticed_at=max(self.telling.now, due_at),
            elapsed_seconds=milestone.target.total_seconds(),
        )
        return replace(milestone, outcome=Outcome.VIOLATED, violation=self.telling.last_id())


def unwarned(milestone: Milestone, at: dt.datetime) -> Milestone:
    """A deadline that moved away is warned of again."""
    if not milestone.warned:
        return milestone
    ahead = {warning.before for warning in milestone.warnings if warning.at > at}
    still = tuple(before for before in milestone.warned if before not in ahead)
    return milestone if still == milestone.warned else replace(milestone, warned=still)
