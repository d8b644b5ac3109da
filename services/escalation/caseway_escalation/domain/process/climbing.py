"""How ladders are climbed.

Each step comes at its own instant, however late it is noticed. A run stands while it is acknowledged, and is over with
the case, with the promise that it began for, or with its last rung.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from caseway.contracts.cases import CaseMerged, CaseRefused, CaseReopened, CaseStamped, CaseUnmerged
from caseway.contracts.milestone_commands import AcknowledgeLadder, ReportUnreached
from caseway.contracts.milestones import LadderEnded, LadderRungReached, LadderStarted, MilestoneFact, MilestoneWarned
from caseway.contracts.notifications import NotificationAcknowledged, NotificationGivenUp
from caseway.contracts.work import WorkRefused
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.ids import derived_id
from caseway.kernel.values import replace
from caseway.kernel.vocabulary import CaseStatus
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process import acting, climbing_on
from caseway_escalation.domain.process.acknowledging import Acknowledging
from caseway_escalation.domain.process.acting import OURSELVES
from caseway_escalation.domain.process.climbing_on import MERGED, WAITING
from caseway_escalation.domain.process.facts import Seen, name_of
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Promises
from caseway_escalation.domain.run import Run

_EMPTY_REASONS = frozenset({"empty-list"})
"""Why the notifier had nobody at all to tell."""
_KEPT = 20
"""Runs that are over, and still shown."""


class Climbing:
    """One message, followed through all ladders of its case."""

    def __init__(self, case: Case, promises: Promises, telling: Telling, until: dt.datetime) -> None:
        self._case = case
        self._promises = promises
        self._ladders = promises.ladders
        self._telling = telling
        self._until = until
        self._acknowledging = Acknowledging(telling)

    def followed(self) -> Case:
        """The case once a fact is known."""
        fact = self._telling.message.data
        stopped = self._occasioned(fact, starts=False)
        runs = [self._heard(run, fact, stopped) for run in self._case.runs]
        return self._on(runs, self._occasioned(fact, starts=True))

    def noticed(self) -> Case:
        """The case once an instant has come."""
        return self._on(list(self._case.runs), ())

    def _on(self, runs: list[Run], started: tuple[str, ...]) -> Case:
        runs = [self._held(run) for run in runs]
        for name in started:
            runs += self._begun(name, runs, self._until)
        for told in tuple(self._telling.of_promises):
            for name in self._occasioned(told, starts=True):
                runs += self._begun(name, runs, told.at, told)
        if not runs:
            return self._case
        runs = [self._climbed(run) for run in runs]
        over = [run.id for run in runs if not run.is_open][:-_KEPT]
        return replace(self._case, runs=tuple(run for run in runs if run.id not in over))

    def _occasioned(self, fact: Any, *, starts: bool) -> tuple[str, ...]:
        name = name_of(type(fact).TYPE)
        if name not in self._ladders.occasions:
            return ()
        return self._ladders.occasioned(name, Seen(fact, self._case.standing.as_facts()), starts=starts)

    # --- begin and end ----------------------------------------------------------------------------

    def _begun(self, name: str, runs: list[Run], at: dt.datetime, told: MilestoneFact | None = None) -> Iterator[Run]:
        """A new run, where none is under way for the same."""
        milestone = told.milestone if told else ""
        entry = self._ladders.ladders[name].entry_for(self._case.standing.as_facts())
        is_under_way = any(run.is_open and (run.ladder, run.milestone) == (name, milestone) for run in runs)
        if entry is None or is_under_way or self._over(milestone):
            return
        run = Run(
            id=f"ladder_{derived_id(self._case.id, name, milestone, self._telling.message.id)}",
            ladder=name,
            entry=entry.name,
            plan=entry.plan,
            fixed_by=self._telling.version,
            started_at=at,
            milestone=milestone,
            since_warning=isinstance(told, MilestoneWarned),
            timed_by=self._telling.cause_of(self._milestone(milestone)),
        )
        within = entry.plan.within or None
        self._telling.say_ladder(
            LadderStarted, run, at, self._kind(run), entry=entry.name, rungs=len(entry.plan.rungs), within=within
        )
        yield self._held(run.at_step(0, self._hours(run)))

    def _held(self, run: Run) -> Run:
        """Over, where what it began for is."""
        if not run.is_open:
            return run
        reason = self._over(run.milestone) or self._promise_over(run)
        if reason == MERGED and self._case.merged_into is not None:
            milestone, into = self._milestone(run.milestone), self._case.merged_into
            self._telling.commands.append(climbing_on.handed_on(run, milestone, into, self._case.id, self._until))
        return self._ended(run, self._until, reason) if reason else run

    def _over(self, milestone: str) -> str:
        """Why nobody is needed here any more; what a merge left with the child is still watched there."""
        if self._case.merged_into is not None:
            own = self._milestone(milestone)
            return MERGED if own is None or not own.is_open else ""
        status = self._case.standing.status
        return "" if status is CaseStatus.OPEN else status.value

    def _promise_over(self, run: Run) -> str:
        """Why the promise that it began for needs nobody any more; empty while it does."""
        milestone = self._milestone(run.milestone)
        if milestone is None:
            return "the promise is gone" if run.milestone else ""
        if not milestone.is_open:
            return f"promise {milestone.reason or milestone.state}"
        if milestone.outcome is Outcome.VIOLATED or (run.since_warning and milestone.is_ticking and milestone.warned):
            return ""
        return "the deadline moved away"

    def _ended(self, run: Run, at: dt.datetime, reason: str) -> Run:
        at = max(at, run.started_at)
        self._telling.say_ladder(LadderEnded, run, at, self._kind(run), reason=reason)
        return run.ended(at, reason)

    # --- what others say --------------------------------------------------------------------------

    def _heard(self, run: Run, fact: Any, stopped: tuple[str, ...]) -> Run:
        if not run.is_open:
            return self._heard_when_over(run, fact)
        if run.ladder in stopped or self._is_answered(run, fact):
            return self._ended(run, self._until, name_of(type(fact).TYPE))
        match fact:
            case CaseMerged() | CaseStamped() | NotificationAcknowledged():
                return self._acknowledging.heard(run, fact, self._until, self._hours(run), self._case.id)
            case NotificationGivenUp() if run.step and fact.occurrence == self._notice(run):
                return self._fallen(run, fact.reason)
            case CaseRefused() | WorkRefused() if run.asked and run.asked == fact.command:
                is_ours = fact.actor is None or fact.actor.id == OURSELVES.id
                return self._refused(run, fact.reason) if is_ours else run
            case _:
                return self._acknowledging.sign_of_life(run, fact, self._until)

    def _is_answered(self, run: Run, fact: Any) -> bool:
        """Whether it is over though no promise of this case says so."""
        if isinstance(fact, CaseUnmerged) and run.taken_over_from and fact.child == run.taken_over_from:
            return True
        if not run.broken_kind:
            return False
        return climbing_on.is_answered(run, fact, self._promises, self._case.standing.as_facts())

    def _heard_when_over(self, run: Run, fact: Any) -> Run:
        """What a run that climbs on elsewhere, or may climb on here, still hears."""
        into = self._case.merged_into
        match fact:
            case CaseUnmerged() if run.reason == MERGED and into is None:
                back = climbing_on.brought_back(run, self._milestone(run.milestone), self._until, self._hours(run))
            case CaseReopened() if run.reason == WAITING and fact.reason == "merge":
                back = replace(run, ended_at=None, reason="")
                back = back if back.acknowledged_at else back.at_step(run.step, self._hours(run))
            case _:
                if run.reason == MERGED and into and (answer := climbing_on.answer_for(run, fact, into, self._until)):
                    self._telling.commands.append(answer)
                return run
        if back.is_open:
            climbing_on.say_begun(self._telling, back, self._until, name_of(type(fact).TYPE))
        return back

    def answered(self, command: climbing_on.PassedOn) -> Case:
        """The case once it is told what was heard on a case merged into it."""
        return self._on([self._told_on(run, command) if run.is_open else run for run in self._case.runs], ())

    def _told_on(self, run: Run, command: climbing_on.PassedOn) -> Run:
        match command:
            case AcknowledgeLadder() if run.id == command.occurrence:
                at = min(command.acknowledged_at, self._until)
                return self._acknowledging.told_so(run, command, at, self._hours(run))
            case ReportUnreached() if run.step and command.occurrence == self._notice(run):
                return self._fallen(run, command.reason)
            case _:
                return run

    def _notice(self, run: Run) -> str:
        """How the notifier calls what the last rung asked of it."""
        turn, _ = run.place(run.step - 1)
        return f"{run.id}/{(run.step - 1) % len(run.plan.rungs) + 1}/{turn}"

    def _fallen(self, run: Run, reason: str) -> Run:
        """The notifier knew nobody there, or could not reach the one person: the next rung at once."""
        _, rung = run.place(run.step - 1)
        is_one_person = len(rung.to) == 1 and rung.to[0].partition(":")[0] in {"agent", "person", "holder"}
        if reason not in _EMPTY_REASONS and not is_one_person:
            return run
        return self._fell(run, "empty", reason or "given up")

    def _refused(self, run: Run, reason: str) -> Run:
        return self._fell(replace(run, asked=""), "refused", reason)

    def _fell(self, run: Run, outcome: str, reason: str) -> Run:
        self._told(run, run.step - 1, self._until, outcome, reason)
        can_climb = run.is_open and run.acknowledged_at is None and run.step % len(run.plan.rungs)
        return replace(run, next_at=min(run.next_at or self._until, self._until)) if can_climb else run

    # --- climb ------------------------------------------------------------------------------------

    def _climbed(self, run: Run) -> Run:
        while (due_at := run.due_at) is not None and due_at <= self._until:
            if run.acknowledged_at is not None:
                run = self._acknowledging.silent(run, due_at, self._hours(run), self._kind(run))
            else:
                run = self._stepped(run, due_at)
        return run

    def _stepped(self, run: Run, at: dt.datetime) -> Run:
        hours = self._hours(run)
        again = run.planned(run.step + len(run.plan.rungs), hours)
        if again is not None and again <= self._telling.now:
            self._told(run, run.step, at, "overtaken", "its next round was due too")
            return run.at_step(run.step + 1, hours)
        _, rung = run.place(run.step)
        deed = acting.deed(rung, run.ladder, self._case)
        self._told(run, run.step, at, deed.outcome, deed.reason, deed.recipients)
        self._telling.commands += deed.commands
        is_last = (run.step + 1) % len(run.plan.rungs) == 0
        falls = deed.outcome == "empty" and not is_last
        after = replace(run, asked=deed.commands[0].TYPE if deed.commands else "")
        after = after.at_step(run.step + 1, hours, at if falls else None)
        return after if after.next_at is not None else self._ended(after, at, "every rung was reached")

    def _told(
        self, run: Run, step: int, at: dt.datetime, outcome: str, reason: str, recipients: tuple[str, ...] = ()
    ) -> None:
        """What became of a rung; where it had nobody, an alarm beside it."""
        turn, rung = run.place(step)
        milestone = self._milestone(run.milestone)
        about: dict[str, Any] = {
            "rung": step % len(run.plan.rungs) + 1,
            "repeat": turn,
            "due_at": milestone.due_at if milestone else None,
            "planned_at": run.planned(step, self._hours(run)),
            "noticed_at": max(self._telling.now, at),
            "attributes": {"entry": run.entry, "to": list(rung.to)},
        }
        kind = self._kind(run)
        self._telling.say_ladder(
            LadderRungReached, run, at, kind, action=rung.action.value, recipients=recipients, outcome=outcome,
            reason=reason, **about,
        )  # fmt: skip
        self._telling.count(f"ladder_{outcome}.{run.ladder}")
        if outcome == "empty" and self._ladders.alarm_to:
            alarm = replace(run, id=f"{run.id}/alarm")
            self._telling.say_ladder(
                LadderRungReached, alarm, at, kind, action="alarm", recipients=self._ladders.alarm_to, reason=reason,
                **about,
            )  # fmt: skip

    def _milestone(self, id_: str) -> Milestone | None:
        return next((each for each in self._case.milestones if each.id == id_), None)

    def _kind(self, run: Run) -> str | None:
        milestone = self._milestone(run.milestone)
        return milestone.kind if milestone else run.broken_kind or None

    def _hours(self, run: Run) -> BusinessHours | None:
        """None for all hours; also where its calendar is configured no more: a ladder is climbed rather early than never."""
        return self._promises.calendars.get(run.plan.within)
