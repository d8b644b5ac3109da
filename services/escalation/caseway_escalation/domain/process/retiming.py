"""How a running clock gets another deadline.

Always as a fact with the old and the new: because the case changed, because the configuration did, or because a statutory answer was put off with notice. A
promise already broken stays broken.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.rules import Facts
from caseway.kernel.values import replace
from caseway_escalation.domain import clock
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process.ending import Ending
from caseway_escalation.domain.process.settling import Settling, unwarned
from caseway_escalation.domain.promises import Kind, Terms

CASE_CHANGED, CALENDAR_CHANGED, PROMISES_CHANGED = "case changed", "calendar changed", "promises changed"
EXTENDED = "extended"


class Retiming:
    """Exchanges terms and hours."""

    def __init__(self, settling: Settling, ending: Ending) -> None:
        self._settling = settling
        self._telling = settling.telling
        self._promises = settling.promises
        self._ending = ending

    def reconfigured(self, milestone: Milestone, kind: Kind, standing: Facts, at: dt.datetime) -> Milestone:
        """By the calendar in force, and by the promises in force where the kind follows them."""
        hours = self._promises.hours(milestone.terms)
        if milestone.outcome is not None or hours is None:
            return milestone
        if kind.follows_versions and milestone.given_by != self._telling.version:
            terms = kind.terms_for(standing, self._promises.calendars)
            if terms != milestone.terms:
                return self._exchanged(milestone, terms, at, hours, PROMISES_CHANGED)
            milestone = replace(milestone, given_by=self._telling.version)
        if hours.version == milestone.calendar_version:
            return milestone
        return self._moved(milestone, clock.timed(milestone, hours), at, hours, CALENDAR_CHANGED)

    def followed(
        self, milestone: Milestone, kind: Kind, before: Facts, now: Facts, at: dt.datetime, hours: BusinessHours
    ) -> Milestone:
        """Other terms, where the case changed so that others fit it."""
        calendars = self._promises.calendars
        earlier, terms = kind.terms_for(before, calendars), kind.terms_for(now, calendars)
        if terms in {earlier, milestone.terms}:
            return milestone
        return self._exchanged(milestone, terms, at, hours, CASE_CHANGED)

    def extended(self, milestone: Milestone, kind: Kind, at: dt.datetime, hours: BusinessHours) -> Milestone:
        """Put off, once, if the notice came before the deadline."""
        if not milestone.terms.months or not kind.extension_months or milestone.extension_months:
            return milestone
        settled, corrects = self._settling.settled(milestone, at, hours)
        if settled.outcome is Outcome.VIOLATED:
            return settled
        longer = clock.timed(replace(settled, extension_months=kind.extension_months), hours)
        return self._moved(settled, longer, at, hours, EXTENDED, corrects=corrects)

    def _exchanged(
        self, milestone: Milestone, terms: Terms | None, at: dt.datetime, hours: BusinessHours, reason: str
    ) -> Milestone:
        other_hours = self._promises.hours(terms) if terms is not None else None
        if terms is None or other_hours is None:
            return self._ending.cancelled(milestone, at, hours, "no longer promised")
        settled, corrects = self._settling.settled(milestone, at, hours)
        if settled.outcome is Outcome.VIOLATED:
            return settled
        given = replace(settled, given_by=self._telling.version)
        return self._moved(settled, clock.retimed(given, terms, other_hours), at, other_hours, reason, corrects)

    def _moved(
        self,
        before: Milestone,
        after: Milestone,
        at: dt.datetime,
        hours: BusinessHours,
        reason: str,
        corrects: str | None = None,
        **more: Any,
    ) -> Milestone:
        after = unwarned(after, at)
        is_same = (before.due_at, before.warnings, before.terms) == (after.due_at, after.warnings, after.terms)
        if is_same and corrects is None:
            return after
        self._telling.say_started(
            after, at, hours, replaces_due_at=before.due_at, corrects=corrects, reason=reason, **more
        )
        return self._settling.settled(after, at, hours).milestone

    def taken_over(
        self, own: Milestone, other: Milestone, at: dt.datetime, hours: BusinessHours, from_case: str
    ) -> Milestone:
        """The clock of a merged case in place of the parent's own: the earlier deadline."""
        kept = replace(
            other,
            id=own.id,
            instance=own.instance,
            is_awaiting_stamps=own.is_awaiting_stamps,
            taken_over_from=from_case,
        )
        return self._moved(own, kept, at, hours, "merged", taken_over_from=from_case)
