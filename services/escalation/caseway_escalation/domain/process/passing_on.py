"""How a merged case's promises reach its parent.

The earlier deadline of the two is kept. The parent may live on another lane, so the child's lane asks it by a command; a parent that was merged itself by then
asks on. Source: semantics.md 5.12.
"""

from __future__ import annotations

import datetime as dt

from caseway.contracts.milestone_commands import EarlierStretches, RunStretch, TakeOverMilestone
from caseway.kernel.business_hours import BusinessHours, Interval
from caseway.kernel.errors import Superseded
from caseway.kernel.values import replace
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.earlier import Earlier
from caseway_escalation.domain.process.ending import Ending
from caseway_escalation.domain.process.retiming import Retiming
from caseway_escalation.domain.process.settling import Settling
from caseway_escalation.domain.process.starting import milestone_id, next_instance
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.process.turning import Turning
from caseway_escalation.domain.promises import Kind, Promises, Terms

_MOST_HOPS = 20
"""Merges of merges that a promise goes through; more is a circle, which intake does not allow."""


def passed_on(milestone: Milestone, into: str, case: str, at: dt.datetime) -> TakeOverMilestone:
    """The command to the parent."""
    terms = milestone.terms
    return TakeOverMilestone(
        case_id=into,
        from_case=case,
        kind=milestone.kind,
        subject=milestone.subject,
        policy=terms.policy,
        calendar=terms.calendar,
        target_seconds=milestone.target.total_seconds(),
        warn_before_seconds=tuple(each.total_seconds() for each in terms.warnings),
        warned_before_seconds=tuple(each.total_seconds() for each in milestone.warned),
        warns_by_wall=terms.is_wall_time,
        months=terms.months,
        extension_months=milestone.extension_months,
        until=terms.until,
        started_at=milestone.started_at,
        running_since=milestone.running_since,
        earlier=_earlier_asked(milestone.earlier) if milestone.earlier else None,
        stretches=tuple(RunStretch(start=run.start, end=run.end) for run in milestone.stretches),
        merged_at=at,
    )


class TakingOver:
    """One promise of a merged case, taken over by its parent."""

    def __init__(self, case: Case, promises: Promises, telling: Telling) -> None:
        self._case = case
        self._promises = promises
        self._telling = telling
        self._settling = Settling(promises, telling)
        self._retiming = Retiming(self._settling, Ending(self._settling))
        self._turning = Turning(self._settling, case.standing.as_facts(), case.standing.turn)

    def result(self, command: TakeOverMilestone) -> Case:
        """The parent with the earlier deadline of the two.

        Raises:
            Superseded: it is no longer promised, or the parent has kept (or broken) its own since the child began.
        """
        kind, hours = self._promises.kinds.get(command.kind), self._promises.hours(_terms(command))
        if kind is None or hours is None:
            raise Superseded("a promise that is no longer declared")
        if self._case.merged_into is not None:
            return self._asked_on(command)
        same = [each for each in self._case.milestones if (each.kind, each.subject) == (kind.name, command.subject)]
        if any(not each.is_open and (each.ended_at or each.due_at) >= command.started_at for each in same):
            raise Superseded("the parent's own ended after the child's began")
        own = next((each for each in same if each.is_open), None)
        given = _milestone(command, self._case.id, self._instance(kind), hours, self._telling.version)
        if own is None:
            return self._with(self._begun(given, kind, hours, command))
        return self._exchanged(own, given, kind, hours, command)

    def _exchanged(
        self, own: Milestone, given: Milestone, kind: Kind, hours: BusinessHours, command: TakeOverMilestone
    ) -> Case:
        if own.outcome is Outcome.VIOLATED or own.due_at <= given.due_at:
            raise Superseded("the parent's own deadline is the earlier")
        at = self._at(command)
        taken = self._retiming.taken_over(own, given, at, hours, command.from_case)
        return self._with(self._turning.turned(taken, kind, at, hours), instead_of=own)

    def _begun(self, given: Milestone, kind: Kind, hours: BusinessHours, command: TakeOverMilestone) -> Milestone:
        at = self._at(command)
        self._telling.say_started(given, at, hours, reason="merged", taken_over_from=command.from_case)
        settled = self._settling.settled(given, at, hours).milestone
        return self._turning.turned(settled, kind, at, hours)

    def _asked_on(self, command: TakeOverMilestone) -> Case:
        if command.hops >= _MOST_HOPS or self._case.merged_into is None:
            raise Superseded("merged in a circle")
        further = {"case_id": self._case.merged_into, "hops": command.hops + 1}
        self._telling.commands.append(command.model_copy(update=further))
        return self._case

    def _at(self, command: TakeOverMilestone) -> dt.datetime:
        return min(max(command.merged_at, command.started_at), self._telling.now)

    def _instance(self, kind: Kind) -> int:
        return next_instance(kind.name, self._case.milestones, self._case)

    def _with(self, milestone: Milestone, instead_of: Milestone | None = None) -> Case:
        if instead_of is None:
            return replace(self._case, milestones=(*self._case.milestones, milestone))
        milestones = (milestone if each is instead_of else each for each in self._case.milestones)
        return replace(self._case, milestones=tuple(milestones))


def _terms(command: TakeOverMilestone) -> Terms:
    return Terms(
        policy=command.policy,
        target=dt.timedelta(0) if command.months else dt.timedelta(seconds=command.target_seconds),
        calendar=command.calendar,
        warnings=tuple(dt.timedelta(seconds=each) for each in command.warn_before_seconds),
        is_wall_time=command.warns_by_wall,
        months=command.months,
        until=command.until,
    )


def _milestone(command: TakeOverMilestone, case: str, instance: int, hours: BusinessHours, version: str) -> Milestone:
    given = Milestone(
        id=milestone_id(case, command.kind, instance),
        kind=command.kind,
        instance=instance,
        subject=command.subject,
        terms=_terms(command),
        target=dt.timedelta(seconds=command.target_seconds),
        extension_months=command.extension_months,
        started_at=command.started_at,
        earlier=_earlier(command.earlier) if command.earlier else None,
        stretches=tuple(Interval(run.start, run.end) for run in command.stretches),
        running_since=command.running_since,
        due_at=command.started_at,
        warned=tuple(dt.timedelta(seconds=each) for each in command.warned_before_seconds),
        given_by=version,
        taken_over_from=command.from_case,
    )
    return clock.timed(given, hours)


def _earlier_asked(earlier: Earlier) -> EarlierStretches:
    return EarlierStretches(
        count=earlier.count,
        since=earlier.since,
        until=earlier.until,
        ran_seconds=earlier.ran.total_seconds(),
        used_seconds=earlier.used.total_seconds(),
        calendar=earlier.calendar,
    )


def _earlier(asked: EarlierStretches) -> Earlier:
    return Earlier(
        count=asked.count,
        since=asked.since,
        until=asked.until,
        ran=dt.timedelta(seconds=asked.ran_seconds),
        used=dt.timedelta(seconds=asked.used_seconds),
        calendar=asked.calendar,
    )
