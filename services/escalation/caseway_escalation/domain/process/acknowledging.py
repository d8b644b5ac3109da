"""How a run stands while somebody has seen it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import CaseStamped
from caseway.contracts.milestone_commands import AcknowledgeLadder
from caseway.contracts.milestones import LadderAcknowledged, LadderResumed, LadderRungReached
from caseway.contracts.notifications import NotificationAcknowledged
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.values import replace
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.run import Run

_ALIVE = frozenset({"agent", "supervisor"})


class Acknowledging:
    """Acknowledged, reminded, undone."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling

    def heard(self, run: Run, fact: Any, at: dt.datetime, hours: BusinessHours | None, case: str) -> Run:
        """An answer to a notice of the run, or a stamp for it, put or taken off."""
        if not run.is_open:
            return run
        match fact:
            case NotificationAcknowledged() if fact.occurrence.startswith(f"{run.id}/"):
                return self._acknowledged(run, fact.by or fact.recipient, at)
            case CaseStamped() if fact.stamp in run.plan.stamps and _is_about(fact.occurrence, run, case):
                by = fact.by or (fact.actor.id if fact.actor else "")
                if fact.removed:
                    return self._resumed(run, at, hours, "taken back", None)
                return self._acknowledged(run, by, at)
            case _:
                return run

    def told_so(self, run: Run, command: AcknowledgeLadder, at: dt.datetime, hours: BusinessHours | None) -> Run:
        """The same, given on a case that was merged into this one."""
        if command.removed:
            return self._resumed(run, at, hours, "taken back", None)
        return self._acknowledged(run, command.by, at)

    def sign_of_life(self, run: Run, fact: Any, at: dt.datetime) -> Run:
        """Whoever works on the case is not silent."""
        if (
            not isinstance(fact, CaseFact)
            or run.heard_at is None
            or at <= run.heard_at
            or fact.actor is None
            or fact.actor.kind not in _ALIVE
        ):
            return run
        return replace(run, heard_at=at, reminded=0)

    def silent(self, run: Run, at: dt.datetime, hours: BusinessHours | None, kind: str | None) -> Run:
        """Reminded; after the last reminder, undone."""
        if run.reminded >= run.plan.reminders:
            return self._resumed(run, at, hours, "silence", kind)
        number = run.reminded + 1
        notice = replace(run, id=f"{run.id}/acknowledged")
        by = run.acknowledged_by
        recipients = (by if ":" in by else f"agent:{by}",) if by else ()
        self._telling.say_ladder(
            LadderRungReached, notice, at, kind, rung=max(1, run.step % len(run.plan.rungs)), repeat=number,
            action="remind", recipients=recipients, reason="acknowledged, and silent since",
            noticed_at=max(self._telling.now, at),
        )  # fmt: skip
        return replace(run, reminded=number)

    def _acknowledged(self, run: Run, by: str, at: dt.datetime) -> Run:
        if run.acknowledged_at is not None:
            return replace(run, heard_at=max(at, run.heard_at or at), reminded=0)
        self._telling.say_ladder(LadderAcknowledged, run, at, None, by=by or None)
        return run.acknowledged(by, at)

    def _resumed(self, run: Run, at: dt.datetime, hours: BusinessHours | None, reason: str, kind: str | None) -> Run:
        if run.acknowledged_at is None:
            return run
        by = run.acknowledged_by or None
        self._telling.say_ladder(LadderResumed, run, at, kind, by=by, reason=reason)
        return run.unacknowledged(at, hours)


def _is_about(occurrence: str, run: Run, case: str) -> bool:
    return occurrence in {run.id, case} or occurrence.startswith(f"{run.id}/")
