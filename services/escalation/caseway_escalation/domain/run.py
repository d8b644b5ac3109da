"""Where one run of a ladder stands."""

from __future__ import annotations

import datetime as dt

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.values import dataclass, replace
from caseway_escalation.domain.ladders import Plan, Rung, passed, reached

_ZERO = dt.timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a ladder on a case."""

    id: str
    """What facts call the occurrence."""
    ladder: str
    entry: str
    plan: Plan
    fixed_by: str
    """The version of the configuration that the plan is from."""
    started_at: dt.datetime
    milestone: str = ""
    """Whose warning or violation started it."""
    since_warning: bool = False
    """Whether that was a warning."""
    step: int = 0
    """The next one, counted over all rounds."""
    next_at: dt.datetime | None = None
    """When it comes; None where none does, or while the run is acknowledged."""
    stood: dt.timedelta = _ZERO
    """How long it has stood acknowledged before: later rungs come later by it."""
    acknowledged_at: dt.datetime | None = None
    acknowledged_by: str = ""
    heard_at: dt.datetime | None = None
    """The last sign of life since it was acknowledged."""
    reminded: int = 0
    ended_at: dt.datetime | None = None
    reason: str = ""
    asked: str = ""
    """The type of the command that the last rung sent, until it is refused or another rung comes."""
    timed_by: str = ""
    """The `ce_id` of what its next instant rests on."""
    taken_over_from: str = ""
    """The merged case on which it began."""
    broken_kind: str = ""
    """The kind of a promise that was broken on that case: the run is over when the same is answered here."""
    subject: str = ""
    """Which of several promises of the kind side by side."""

    @property
    def is_open(self) -> bool:
        """Whether it can still climb."""
        return self.ended_at is None

    @property
    def state(self) -> str:
        """climbing, acknowledged, or ended."""
        if self.ended_at is not None:
            return "ended"
        return "acknowledged" if self.acknowledged_at is not None else "climbing"

    @property
    def due_at(self) -> dt.datetime | None:
        """When anything happens to it by itself."""
        if not self.is_open:
            return None
        if self.heard_at is None or self.acknowledged_at is None:
            return self.next_at
        after = self.plan.remind_after
        return None if after is None else self.heard_at + (self.reminded + 1) * after

    def place(self, step: int) -> tuple[int, Rung]:
        """A step's round, from 0, and its rung."""
        turn, place = divmod(step, len(self.plan.rungs))
        return turn, self.plan.rungs[place]

    def planned(self, step: int, hours: BusinessHours | None) -> dt.datetime | None:
        """When a step comes: the start, and the sum of the delays."""
        offset = self.plan.offset(step)
        return None if offset is None else reached(self.started_at, offset + self.stood, hours)

    def at_step(self, step: int, hours: BusinessHours | None, at: dt.datetime | None = None) -> Run:
        """Waiting for a step: as planned, or at another instant."""
        planned = self.planned(step, hours)
        return replace(self, step=step, next_at=planned if planned is None or at is None else at)

    def acknowledged(self, by: str, at: dt.datetime) -> Run:
        """It stands until silence, or for good."""
        return replace(self, acknowledged_at=at, acknowledged_by=by, heard_at=at, reminded=0, next_at=None)

    def unacknowledged(self, at: dt.datetime, hours: BusinessHours | None) -> Run:
        """It climbs on: the rungs to come keep their distance from each other."""
        stood = self.stood + passed(self.acknowledged_at or at, at, hours)
        free = replace(self, stood=stood, acknowledged_at=None, acknowledged_by="", heard_at=None, reminded=0)
        return free.at_step(free.step, hours)

    def ended(self, at: dt.datetime, reason: str) -> Run:
        """It is over."""
        return replace(self, ended_at=at, reason=reason, next_at=None)
