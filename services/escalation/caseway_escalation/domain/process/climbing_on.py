"""How a merged case's ladders climb on at its parent.

A ladder goes where its promise goes. Where the parent keeps the child's deadline, the run climbs on there from where it stood. A
broken promise stays with the child, but whoever waits still waits: its ladder climbs on at the parent until somebody
answers there. The run keeps its name, so nobody is told twice, and answers to older notices are passed on to it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from caseway.contracts.cases import CaseMerged, CaseStamped
from caseway.contracts.milestone_commands import AcknowledgeLadder, PlannedRung, ReportUnreached, TakeOverLadder
from caseway.contracts.milestones import LadderEnded, LadderStarted
from caseway.contracts.notifications import NotificationAcknowledged, NotificationGivenUp
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.errors import Superseded
from caseway.kernel.rules import Facts
from caseway.kernel.vocabulary import CaseStatus
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.ladders import Action, Plan, Rung
from caseway_escalation.domain.process.facts import Seen, name_of, text_in
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Promises, Step
from caseway_escalation.domain.run import Run

MERGED = "merged"
"""The reason of a run that climbs on elsewhere."""
WAITING = "until the parent is open again"
"""Of one that came to a parent that was over: the merge itself opens it again, and that may be read later."""
_MOST_HOPS = 20
PassedOn = AcknowledgeLadder | ReportUnreached
"""What is heard of a run on the case where it began, and told to where it climbs on."""


def handed_on(run: Run, milestone: Milestone | None, into: str, case: str, at: dt.datetime) -> TakeOverLadder:
    """The command to the parent."""
    plan = run.plan
    return TakeOverLadder(
        case_id=into, from_case=case, occurrence=run.id, ladder=run.ladder, entry=run.entry, fixed_by=run.fixed_by,
        kind=milestone.kind if milestone else run.broken_kind,
        subject=milestone.subject if milestone else run.subject,
        promised_at=milestone.started_at if milestone else None,
        is_broken=bool(run.broken_kind) or (milestone is not None and milestone.outcome is Outcome.VIOLATED),
        since_warning=run.since_warning,
        started_at=run.started_at,
        rungs=tuple(
            PlannedRung(after_seconds=each.after.total_seconds(), action=each.action.value, to=each.to)
            for each in plan.rungs
        ),
        within=plan.within, again_after_seconds=_seconds(plan.again_after), times=plan.times,
        until_seconds=_seconds(plan.until), stamps=plan.stamps, remind_after_seconds=_seconds(plan.remind_after),
        reminders=plan.reminders, step=run.step, next_at=run.next_at, stood_seconds=run.stood.total_seconds(),
        acknowledged_at=run.acknowledged_at, acknowledged_by=run.acknowledged_by, heard_at=run.heard_at,
        reminded=run.reminded, merged_at=at,
    )  # fmt: skip


def answer_for(run: Run, fact: Any, into: str, at: dt.datetime) -> PassedOn | None:
    """The command that passes an answer on, or that there will be none, to a run that climbs on at the parent."""
    match fact:
        case NotificationAcknowledged() if fact.occurrence.startswith(f"{run.id}/"):
            return _answer(run, into, fact.by or fact.recipient, at)
        case NotificationGivenUp() if fact.occurrence.startswith(f"{run.id}/"):
            return ReportUnreached(case_id=into, occurrence=fact.occurrence, reason=fact.reason, given_up_at=at)
        case CaseStamped() if fact.stamp in run.plan.stamps and fact.occurrence.partition("/")[0] == run.id:
            by = fact.by or (fact.actor.id if fact.actor else "")
            return _answer(run, into, by, at, removed=fact.removed)
        case _:
            return None


def _answer(run: Run, into: str, by: str, at: dt.datetime, *, removed: bool = False) -> AcknowledgeLadder:
    return AcknowledgeLadder(case_id=into, occurrence=run.id, by=by, acknowledged_at=at, removed=removed)


def is_answered(run: Run, fact: Any, promises: Promises, standing: Facts) -> bool:
    """Whether a fact completes, or cancels, what the run's broken promise was about."""
    kind, name = promises.kinds.get(run.broken_kind), name_of(type(fact).TYPE)
    if kind is None or name not in promises.triggers:
        return False
    steps = promises.steps(name, Seen(fact, standing))
    ends = (kind.name, Step.COMPLETE) in steps or (
        (kind.name, Step.CANCEL) in steps and not isinstance(fact, CaseMerged)
    )
    return ends and (not kind.per or text_in(fact, kind.per) in {"", run.subject})


def brought_back(run: Run, milestone: Milestone | None, at: dt.datetime, hours: BusinessHours | None) -> Run:
    """A run as it climbs on after the merge was undone: what came due meanwhile came at the parent."""
    back = replace(run, ended_at=None, reason="")
    if milestone is not None and not milestone.is_open:
        if milestone.outcome is not Outcome.VIOLATED:
            return run
        back = replace(back, milestone="", broken_kind=milestone.kind, subject=milestone.subject)
    if back.acknowledged_at is not None:
        return back
    step = back.step
    while (planned := back.planned(step, hours)) is not None and planned <= at:
        step += 1
    return back.at_step(step, hours) if planned is not None else run


class ClimbingOn:
    """One run of a merged case, taken over by its parent."""

    def __init__(self, case: Case, promises: Promises, telling: Telling) -> None:
        self._case = case
        self._promises = promises
        self._telling = telling

    def result(self, command: TakeOverLadder) -> Case:
        """The parent with the run, which goes on from where it stood.

        Raises:
            Superseded: the parent has its own, or nobody waits any more.
        """
        case = self._case
        if case.merged_into is not None:
            return self._asked_on(command)
        if any(run.id == command.occurrence and run.is_open for run in case.runs):
            raise Superseded("the run is here already")
        run = _run(command, self._bound_to(command))
        others = tuple(each for each in case.runs if each.id != run.id)
        if case.standing.status is not CaseStatus.OPEN:
            return replace(case, runs=(*others, run.ended(self._at(command), WAITING)))
        others = tuple(self._gives_way(each, run, command) for each in others)
        say_begun(self._telling, run, self._at(command), MERGED)
        return replace(case, runs=(*others, run))

    def _bound_to(self, command: TakeOverLadder) -> str:
        """The parent's promise that the run is for; none where a broken one stays with the child, or there was none."""
        if not command.kind:
            return ""
        same = [each for each in self._case.milestones if (each.kind, each.subject) == (command.kind, command.subject)]
        if command.is_broken:
            since = command.promised_at or command.started_at
            if any(not each.is_open and (each.ended_at or each.due_at) >= since for each in same):
                raise Superseded("the parent's own ended after the child's began")
            return ""
        kept = next((each for each in same if each.is_open and each.taken_over_from == command.from_case), None)
        if kept is None:
            raise Superseded("the parent keeps its own promise, and its own ladder")
        return kept.id

    def _gives_way(self, own: Run, taken: Run, command: TakeOverLadder) -> Run:
        """Of two runs of one ladder for the same kind of promise the earlier one climbs on: it is further up."""
        if not own.is_open or own.ladder != taken.ladder or self._kind(own) != command.kind:
            return own
        if own.started_at <= taken.started_at:
            raise Superseded("the parent's own ladder began earlier")
        at, reason = max(self._at(command), own.started_at), "an earlier one was taken over"
        self._telling.say_ladder(LadderEnded, own, at, command.kind or None, reason=reason)
        return own.ended(at, reason)

    def _kind(self, run: Run) -> str:
        found = (each.kind for each in self._case.milestones if each.id == run.milestone)
        return run.broken_kind or next(found, "")

    def _asked_on(self, command: TakeOverLadder) -> Case:
        self._telling.commands.append(one_further(command, self._case))
        return self._case

    def _at(self, command: TakeOverLadder) -> dt.datetime:
        return min(max(command.merged_at, command.started_at), self._telling.now)


def one_further(command: TakeOverLadder | PassedOn, case: Case) -> TakeOverLadder | PassedOn:
    """The same, to the case that this one became part of.

    Raises:
        Superseded: it has come through too many.
    """
    if command.hops >= _MOST_HOPS or case.merged_into is None:
        raise Superseded("merged in a circle")
    return command.model_copy(update={"case_id": case.merged_into, "hops": command.hops + 1})


def say_begun(telling: Telling, run: Run, at: dt.datetime, reason: str) -> None:
    """Tell that a run climbs on here."""
    telling.say_ladder(
        LadderStarted, run, at, run.broken_kind or None, entry=run.entry, rungs=len(run.plan.rungs),
        within=run.plan.within or None, reason=reason, taken_over_from=run.taken_over_from or None,
    )  # fmt: skip


def _run(command: TakeOverLadder, milestone: str) -> Run:
    plan = Plan(
        rungs=tuple(
            Rung(after=dt.timedelta(seconds=each.after_seconds), action=Action(each.action), to=each.to)
            for each in command.rungs
        ),
        within=command.within, again_after=_length(command.again_after_seconds), times=command.times,
        until=_length(command.until_seconds), stamps=command.stamps,
        remind_after=_length(command.remind_after_seconds), reminders=command.reminders,
    )  # fmt: skip
    return Run(
        id=command.occurrence, ladder=command.ladder, entry=command.entry, plan=plan, fixed_by=command.fixed_by,
        started_at=command.started_at, milestone=milestone, since_warning=command.since_warning, step=command.step,
        next_at=command.next_at, stood=dt.timedelta(seconds=command.stood_seconds),
        acknowledged_at=command.acknowledged_at, acknowledged_by=command.acknowledged_by, heard_at=command.heard_at,
        reminded=command.reminded, taken_over_from=command.from_case,
        broken_kind=command.kind if command.is_broken else "", subject=command.subject,
    )  # fmt: skip


def _seconds(length: dt.timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()


def _length(seconds: float | None) -> dt.timedelta | None:
    return None if seconds is None else dt.timedelta(seconds=seconds)
