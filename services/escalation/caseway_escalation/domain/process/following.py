"""One fact, followed through all milestones of its case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from caseway.contracts.milestones import (
    MilestoneCancelled,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
)
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.decision import Message
from caseway.kernel.ids import derived_id
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process.settling import Settling, unwarned
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Kind, Promises, Step, Terms

CASE = "case"
"""Below it, triggers see the case's standing."""
CASES = "cases"
"""The topic, and the collection of what is known of its cases."""


class Following:
    """One fact, followed through all milestones of its case."""

    def __init__(self, before: Case, case: Case, message: Message[Any], promises: Promises, telling: Telling) -> None:
        self._before = before
        self._case = case
        self._message = message
        self._promises = promises
        self._telling = telling
        self._settling = Settling(promises, telling)
        self._at = min(message.data.at, telling.now)
        self._standing = case.standing.as_facts()
        self._steps = self._steps_of(message)

    def result(self) -> Case:
        """The case with all that the fact led to."""
        followed = [self._followed(milestone) for milestone in self._case.milestones]
        for name, kind in self._promises.kinds.items():
            if (name, Step.START) in self._steps and _may_start(kind, followed):
                followed += self._started(kind, followed)
        return replace(self._case, milestones=tuple(followed), ahead=self._ahead())

    def _steps_of(self, message: Message[Any]) -> Collection[tuple[str, Step]]:
        name = _name(message.type)
        return (
            self._promises.steps(name, _Facts(message.data, self._standing)) if name in self._promises.triggers else ()
        )

    def _followed(self, milestone: Milestone) -> Milestone:
        if not milestone.is_open:
            return milestone
        at = max(self._at, milestone.started_at)
        kind = self._promises.kinds.get(milestone.kind)
        hours = self._settling.hours(milestone.terms)
        if kind is None or hours is None:
            return self._cancelled(milestone, at, hours, "no longer declared")
        if (kind.name, Step.COMPLETE) in self._steps:
            return self._completed(milestone, at, hours)
        if (kind.name, Step.CANCEL) in self._steps:
            return self._cancelled(milestone, at, hours, _name(self._message.type))
        retimed = self._retimed(milestone, kind, at, hours)
        return self._turned(retimed, kind, at) if retimed.is_open else retimed

    def _completed(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        settled, corrects = self._settling.settled(milestone, at, hours, completing=True)
        if settled.outcome is Outcome.VIOLATED:
            return clock.ended(settled, at, Outcome.VIOLATED, "completed late")
        self._telling.say(MilestoneMet, settled, at, elapsed_seconds=_seconds(settled, at, hours), corrects=corrects)
        return clock.ended(settled, at, Outcome.MET)

    def _cancelled(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours | None, reason: str) -> Milestone:
        corrects, used = None, None
        if hours is not None:
            milestone, corrects = self._settling.settled(milestone, at, hours)
            used = _seconds(milestone, at, hours)
        if milestone.outcome is Outcome.VIOLATED:
            return clock.ended(milestone, at, Outcome.VIOLATED, reason)
        self._telling.say(MilestoneCancelled, milestone, at, elapsed_seconds=used, corrects=corrects, reason=reason)
        return clock.ended(milestone, at, Outcome.CANCELLED, reason)

    def _retimed(self, milestone: Milestone, kind: Kind, at: dt.datetime, hours: BusinessHours) -> Milestone:
        """Other terms, where the case changed so that others fit it; a promise already broken stays broken."""
        terms = self._other_terms(milestone, kind)
        if terms is milestone.terms:
            return milestone
        other_hours = self._settling.hours(terms) if terms is not None else None
        if terms is None or other_hours is None:
            return self._cancelled(milestone, at, hours, "no longer promised")
        settled, corrects = self._settling.settled(milestone, at, hours)
        if settled.outcome is Outcome.VIOLATED:
            return settled
        retimed = unwarned(clock.retimed(settled, terms, other_hours), at)
        self._say_started(
            retimed, at, other_hours, replaces_due_at=milestone.due_at, corrects=corrects, reason="case changed"
        )
        return self._settling.settled(retimed, at, other_hours).milestone

    def _other_terms(self, milestone: Milestone, kind: Kind) -> Terms | None:
        """What is promised now; the same object where nothing that matters changed."""
        if not kind.is_recomputed or self._before.standing == self._case.standing:
            return milestone.terms
        earlier, now = kind.terms_for(self._before.standing.as_facts()), kind.terms_for(self._standing)
        return milestone.terms if now in {earlier, milestone.terms} else now

    def _turned(self, milestone: Milestone, kind: Kind, at: dt.datetime) -> Milestone:
        """Paused or resumed, as the case stands now."""
        hours = self._promises.calendars[milestone.terms.calendar]
        must_stand = kind.pauses is not None and kind.pauses.test(self._standing)
        if must_stand and milestone.running_since is not None:
            return self._paused(milestone, at, hours)
        if not must_stand and milestone.running_since is None:
            return self._resumed(milestone, at, hours)
        return milestone

    def _paused(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        settled, corrects = self._settling.settled(milestone, at, hours)
        standing_still = clock.paused(settled, at, hours)
        if standing_still.outcome is None:
            self._telling.say(
                MilestonePaused,
                standing_still,
                at,
                turn=self._case.standing.turn,
                elapsed_seconds=_seconds(standing_still, at, hours),
                corrects=corrects,
            )
        return standing_still

    def _resumed(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> Milestone:
        running = clock.resumed(milestone, at, hours)
        if running.outcome is not None:
            return running
        running = unwarned(running, at)
        self._telling.say(
            MilestoneResumed,
            running,
            at,
            elapsed_seconds=_seconds(running, at, hours),
            warn_at=running.warn_at,
            previous_due_at=milestone.due_at,
        )
        return self._settling.settled(running, at, hours).milestone

    def _started(self, kind: Kind, existing: list[Milestone]) -> Iterator[Milestone]:
        terms = kind.terms_for(self._standing)
        hours = self._settling.hours(terms) if terms is not None else None
        if terms is None or hours is None:
            return
        instance = 1 + sum(milestone.kind == kind.name for milestone in existing)
        id_ = f"milestone_{derived_id(self._case.id, kind.name, str(instance))}"
        milestone = clock.started(id=id_, kind=kind.name, instance=instance, terms=terms, at=self._at, hours=hours)
        self._say_started(milestone, self._at, hours)
        completed_at = self._case.ahead.get(kind.name)
        if completed_at is not None and completed_at >= self._at:
            yield self._completed(milestone, completed_at, hours)
        else:
            settled = self._settling.settled(milestone, self._at, hours).milestone
            yield self._turned(settled, kind, self._at)

    def _say_started(self, milestone: Milestone, at: dt.datetime, hours: BusinessHours, **more: Any) -> None:
        self._telling.say(
            MilestoneStarted,
            milestone,
            at,
            started_at=milestone.started_at,
            calendar=hours.name,
            calendar_version=hours.version,
            warn_at=milestone.warn_at,
            policy=milestone.terms.policy,
            elapsed_seconds=_seconds(milestone, at, hours),
            **more,
        )

    def _ahead(self) -> Mapping[str, dt.datetime]:
        """Completions by another topic that was read before the case's own facts: kept until the start is read."""
        if self._message.topic == CASES:
            return self._case.ahead
        known = {milestone.kind for milestone in self._case.milestones}
        completed = {name for name, step in self._steps if step is Step.COMPLETE and name not in known}
        return {**self._case.ahead, **dict.fromkeys(completed, self._at)} if completed else self._case.ahead


def _may_start(kind: Kind, existing: list[Milestone]) -> bool:
    same = [milestone for milestone in existing if milestone.kind == kind.name]
    return not same or (kind.may_repeat and not any(milestone.is_open for milestone in same))


def _seconds(milestone: Milestone, at: dt.datetime, hours: BusinessHours) -> float:
    return clock.elapsed(milestone, at, hours).total_seconds()


def _name(type_: str) -> str:
    """`case.replied` of `caseway.case.replied.v1`."""
    return ".".join(type_.split(".")[1:3])


class _Facts(Mapping[str, Any]):
    """For triggers: the fact's own fields, and the case's standing below `case`; nothing is copied."""

    def __init__(self, fact: Any, standing: Mapping[str, Any]) -> None:
        self._fields = vars(fact)
        self._standing = standing

    def __getitem__(self, name: str) -> Any:
        if name == CASE:
            return self._standing
        return self._fields[name if name in self._fields else f"{name}_"]

    def __iter__(self) -> Iterator[str]:
        yield from (name.rstrip("_") for name in self._fields)
        yield CASE

    def __len__(self) -> int:
        return len(self._fields) + 1
