"""How a clock begins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from caseway.kernel.ids import derived_id
from caseway.kernel.rules import Facts
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.process.facts import EARLIEST, instant_in, text_in
from caseway_escalation.domain.process.forgetting import MOST_OPEN
from caseway_escalation.domain.process.settling import Settling
from caseway_escalation.domain.promises import Kind, Recurrence, Trigger


class Starting:
    """Begins clocks."""

    def __init__(self, settling: Settling, case: Case, standing: Facts) -> None:
        self._promises = settling.promises
        self._telling = settling.telling
        self._case = case
        self._standing = standing

    def started(self, kind: Kind, trigger: Trigger, existing: Sequence[Milestone], at: dt.datetime) -> Milestone | None:
        """A new instance; None where one may not begin, or nothing is promised."""
        fact = self._telling.message.data
        subject = text_in(fact, kind.per) if kind.per else ""
        terms = kind.terms_for(self._standing, self._promises.calendars)
        hours = self._promises.hours(terms) if terms is not None else None
        if terms is None or hours is None or not may_start(kind, subject, existing):
            return None
        instance = next_instance(kind.name, existing, self._case)
        milestone = clock.started(
            id=milestone_id(self._case.id, kind.name, instance),
            kind=kind.name,
            instance=instance,
            terms=terms,
            at=max(min(instant_in(fact, trigger.since) or at, at), EARLIEST),
            hours=hours,
            subject=subject,
            until=instant_in(fact, terms.until),
            given_by=self._telling.version,
            timed_by=self._telling.message.id,
        )
        self._telling.say_started(milestone, at, hours)
        return milestone


def milestone_id(case: str, kind: str, instance: int) -> str:
    """The same for the same log."""
    return f"milestone_{derived_id(case, kind, str(instance))}"


def next_instance(kind: str, existing: Sequence[Milestone], case: Case) -> int:
    """Counted over the whole life of the case, with those that are no longer kept."""
    return 1 + case.forgotten.get(kind, 0) + sum(each.kind == kind for each in existing)


def may_start(kind: Kind, subject: str, existing: Sequence[Milestone]) -> bool:
    """Whether another instance may begin beside those there are."""
    same = [milestone for milestone in existing if milestone.kind == kind.name]
    if len(same) >= MOST_OPEN and sum(each.is_open for each in same) >= MOST_OPEN:
        return False
    match kind.recurrence:
        case Recurrence.NONE:
            return not same
        case Recurrence.SEQUENTIAL:
            return not any(milestone.is_open for milestone in same)
        case Recurrence.INDEPENDENT:
            return not (kind.per and any(each.is_open and each.subject == subject for each in same))
