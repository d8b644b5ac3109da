"""One fact, followed through all milestones of its case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from caseway.contracts.cases import CaseMerged, CaseUnmerged
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.values import replace
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process.ending import MERGED, Ending
from caseway_escalation.domain.process.facts import Seen, name_of, text_in
from caseway_escalation.domain.process.passing_on import passed_on
from caseway_escalation.domain.process.retiming import Retiming
from caseway_escalation.domain.process.settling import Settling
from caseway_escalation.domain.process.starting import Starting
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.process.turning import Turning
from caseway_escalation.domain.promises import Kind, Promises, Step, Trigger

CASES = "cases"
"""The topic, and the collection of what is known of its cases."""


class Following:
    """One fact, followed through all milestones of its case."""

    def __init__(self, before: Case, case: Case, promises: Promises, telling: Telling, at: dt.datetime) -> None:
        self._before = before
        self._case = case
        self._message = telling.message
        self._promises = promises
        self._telling = telling
        self._at = at
        self._standing = case.standing.as_facts()
        self._settling = Settling(promises, telling)
        self._ending = Ending(self._settling)
        self._retiming = Retiming(self._settling, self._ending)
        self._turning = Turning(self._settling, self._standing, case.standing.turn)
        self._starting = Starting(self._settling, case, self._standing)
        self._steps = self._steps_of(name_of(self._message.type))

    def result(self) -> Case:
        """The case with all that the fact led to."""
        followed = [self._followed(milestone) for milestone in self._case.milestones]
        starts = {trigger.kind: trigger for (_, step), trigger in self._steps.items() if step is Step.START}
        for name in self._promises.kinds if starts else ():
            if (trigger := starts.get(name)) and (milestone := self._started(trigger, followed)):
                followed.append(milestone)
        configured = self._telling.version if followed else self._case.configured  # all its clocks were looked at
        return replace(self._case, milestones=tuple(followed), ahead=self._ahead(), configured=configured)

    def _started(self, trigger: Trigger, existing: Sequence[Milestone]) -> Milestone | None:
        kind = self._promises.kinds[trigger.kind]
        milestone = self._starting.started(kind, trigger, existing, self._at)
        return None if milestone is None else self._begun(milestone, kind)

    def _steps_of(self, name: str) -> Mapping[tuple[str, Step], Trigger]:
        if name not in self._promises.triggers:
            return {}
        return self._promises.steps(name, Seen(self._message.data, self._standing))

    def _followed(self, milestone: Milestone) -> Milestone:
        if not milestone.is_open:
            return self._brought_back(milestone)
        at = max(self._at, milestone.started_at)
        kind = self._promises.kinds.get(milestone.kind)
        hours = self._promises.hours(milestone.terms)
        if kind is None or hours is None:
            return self._ending.cancelled(milestone, at, hours, "no longer declared")
        milestone = self._retiming.reconfigured(milestone, kind, self._before.standing.as_facts(), at)
        return self._stepped(milestone, kind, at) if milestone.is_open else milestone

    def _stepped(self, milestone: Milestone, kind: Kind, at: dt.datetime) -> Milestone:
        """What the fact does to one that is open."""
        steps = self._steps_for(milestone, kind)
        hours = self._hours(milestone)
        if Step.CANCEL in steps and Step.COMPLETE not in steps and not self._is_taking_in:
            return self._cancelled(milestone, at, hours)
        if Step.START in steps and milestone.is_awaiting_stamps:
            milestone = replace(milestone, is_awaiting_stamps=False)
        has_steps = kind.requires.issubset(self._case.standing.stamps)
        milestone = self._ending.completed_by_steps(
            milestone, at, hours, is_completed=Step.COMPLETE in steps, has_steps=has_steps
        )
        if Step.EXTEND in steps and milestone.is_open:
            milestone = self._retiming.extended(milestone, kind, at, hours)
        return self._stood(milestone, kind, at, hours) if milestone.is_open else milestone

    def _steps_for(self, milestone: Milestone, kind: Kind) -> set[Step]:
        """The steps that concern this one: of several side by side, those of its own subject."""
        steps = {step for name, step in self._steps if name == kind.name}
        if steps and kind.per:
            subject = text_in(self._message.data, kind.per)
            return steps if subject in {"", milestone.subject} else set()
        return steps

    def _stood(self, milestone: Milestone, kind: Kind, at: dt.datetime, hours: BusinessHours) -> Milestone:
        """As the case stands now: with its terms, running or not."""
        is_erasure = isinstance(self._message.data, PersonalDataErased)  # what was promised to somebody stays promised
        if kind.is_recomputed and self._before.standing != self._case.standing and not is_erasure:
            before = self._before.standing.as_facts()
            milestone = self._retiming.followed(milestone, kind, before, self._standing, at, hours)
        if not milestone.is_open:
            return milestone
        return self._turning.turned(milestone, kind, at, self._hours(milestone))

    @property
    def _is_taking_in(self) -> bool:
        """Whether the case takes another in, or is said to be merged into itself: what it promised stays promised."""
        fact = self._message.data
        return isinstance(fact, CaseMerged) and fact.into == self._case.id

    def _cancelled(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        ended = self._ending.cancelled(milestone, at, hours, name_of(self._message.type))
        fact = self._message.data
        if isinstance(fact, CaseMerged) and ended.outcome is Outcome.CANCELLED:
            self._telling.commands.append(passed_on(milestone, fact.into, self._case.id, at))
        return ended

    def _brought_back(self, milestone: Milestone) -> Milestone:
        """What a merge cancelled, an unmerge restores, as though the clock had never stopped."""
        hours = self._promises.hours(milestone.terms)
        is_merged = milestone.outcome is Outcome.CANCELLED and milestone.reason == MERGED
        if not (is_merged and isinstance(self._message.data, CaseUnmerged)) or hours is None:
            return milestone
        back = clock.restored(milestone, hours)
        self._telling.say_started(back, self._at, hours, replaces_due_at=milestone.due_at, reason="case.unmerged")
        settled = self._settling.settled(back, self._at, hours).milestone
        kind = self._promises.kinds.get(milestone.kind)
        return self._turning.gone_on(settled, kind, self._at, hours) if kind else settled

    def _begun(self, milestone: Milestone, kind: Kind) -> Milestone:
        """A new one, brought up to the fact."""
        hours = self._hours(milestone)
        completed_at = self._case.ahead.get(kind.name)
        if completed_at is not None and completed_at >= milestone.started_at:
            return self._ending.completed(milestone, completed_at, hours)
        settled = self._settling.settled(milestone, self._at, hours).milestone
        return self._turning.turned(settled, kind, self._at, hours)

    def _hours(self, milestone: Milestone) -> BusinessHours:
        """Of one whose calendar is there: one without was cancelled before."""
        return self._promises.configured_hours(milestone.terms)

    def _ahead(self) -> Mapping[str, dt.datetime]:
        """Completions by another topic that was read before the case's own facts: kept until the start is read."""
        if self._message.topic == CASES:
            return self._case.ahead
        known = {milestone.kind for milestone in self._case.milestones}
        completed = {name for name, step in self._steps if step is Step.COMPLETE and name not in known}
        return {**self._case.ahead, **dict.fromkeys(completed, self._at)} if completed else self._case.ahead
