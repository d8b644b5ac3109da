"""What became of promises, told by escalation."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from caseway.contracts.wire import Count, Fact, Fields, Instant, Name, Ordinal, Seconds
from caseway.kernel.vocabulary import Priority, Turn


class MilestoneFact(Fact):
    """A fact about one promise."""

    TOPIC: ClassVar[str] = "milestones"
    KEY: ClassVar[str] = "case_id"

    milestone: str
    case_id: str
    kind: str
    """`first_response`, `next_response`, `resolution` …"""
    due_at: Instant
    """While paused: as it stood when the pause began."""
    instance: Ordinal = 1
    """Which round: a reopened case has another resolution."""
    subject: str = ""
    """What tells apart several of a kind that run side by side, such as a request's id."""
    target_seconds: Seconds | None = None
    elapsed_seconds: Seconds | None = None
    """Of business time, when it happened."""
    priority: Priority | None = None
    plan: str | None = None
    reason: str = ""
    corrects: str | None = None
    """The `ce_id` of an earlier fact that this one sets right."""


class MilestoneStarted(MilestoneFact):
    """The clock runs; also said when a running one gets another deadline (`replaces`)."""

    TYPE = "caseway.milestone.started.v1"

    target_seconds: Seconds
    started_at: Instant | None = None
    """When the clock began to run."""
    calendar: str
    calendar_version: str
    warn_at: Instant | None = None
    policy: str | None = None
    """The rule that gave this promise."""
    replaces_due_at: Instant | None = None
    taken_over_from: str | None = None
    """The merged case whose promise this was."""


class MilestonePaused(MilestoneFact):
    """The clock stands."""

    TYPE = "caseway.milestone.paused.v1"

    turn: Turn | None = None


class MilestoneResumed(MilestoneFact):
    """The clock runs again, to a later deadline."""

    TYPE = "caseway.milestone.resumed.v1"

    warn_at: Instant | None = None
    previous_due_at: Instant | None = None


class MilestoneWarned(MilestoneFact):
    """The deadline is near."""

    TYPE = "caseway.milestone.warned.v1"

    warn_at: Instant | None = None
    noticed_at: Instant | None = None
    before_seconds: Seconds | None = None
    """Which of several warnings: how long before the deadline, in business or wall time."""
    is_overtaken: bool = False
    """The deadline itself had passed when this was noticed: people need hear of the violation only."""


class MilestoneMet(MilestoneFact):
    """Kept."""

    TYPE = "caseway.milestone.met.v1"


class MilestoneViolated(MilestoneFact):
    """Not kept: `at` is the deadline."""

    TYPE = "caseway.milestone.violated.v1"

    noticed_at: Instant
    """Later than `at` after an outage."""


class MilestoneCancelled(MilestoneFact):
    """No longer promised."""

    TYPE = "caseway.milestone.cancelled.v1"


class LadderRungReached(Fact):
    """What follows a warning or violation: whoever must act now."""

    TYPE = "caseway.ladder.rung-reached.v1"
    TOPIC = "milestones"
    KEY = "case_id"

    case_id: str
    ladder: str
    rung: Ordinal
    occurrence: str
    """One run of the ladder."""
    milestone: str | None = None
    kind: str | None = None
    due_at: Instant | None = None
    action: str = "notify"
    recipients: tuple[str, ...] = ()
    repeat: Count = 0
    """Which round, from 0."""
    reason: str = ""
    attributes: Fields = Field(default_factory=dict)
    outcome: Literal["done", "empty", "skipped", "overtaken", "refused"] = "done"
    """`empty`: it had no recipient; `overtaken`: its next round was due too when it was noticed; `refused`: by whom it asked."""
    planned_at: Instant | None = None
    """The start and the sum of the delays; `at` is earlier where an empty rung fell to this one."""
    noticed_at: Instant | None = None
    """Later than `at` after an outage."""


class LadderFact(Fact):
    """A fact about one run of a ladder."""

    TOPIC: ClassVar[str] = "milestones"
    KEY: ClassVar[str] = "case_id"

    case_id: str
    ladder: str
    occurrence: str
    milestone: str | None = None
    kind: str | None = None
    """Of the promise whose warning or violation started it."""
    reason: str = ""


class LadderStarted(LadderFact):
    """Somebody must act, and will be told, rung by rung."""

    TYPE = "caseway.ladder.started.v1"

    entry: str
    """The rule's entry that fits the case."""
    rungs: Ordinal
    within: str | None = None
    """The calendar in whose hours it climbs."""
    taken_over_from: str | None = None
    """The merged case on which it began."""


class LadderAcknowledged(LadderFact):
    """Somebody has seen it: it stands."""

    TYPE = "caseway.ladder.acknowledged.v1"

    by: str | None = None


class LadderResumed(LadderFact):
    """The acknowledgement was taken back, or undone by silence: it climbs on."""

    TYPE = "caseway.ladder.resumed.v1"

    by: str | None = None
    """Whose acknowledgement it was."""


class LadderEnded(LadderFact):
    """It is over, for the reason given."""

    TYPE = "caseway.ladder.ended.v1"


class HandlingMeasured(Fact):
    """How much focused work a case has taken so far: said whenever an agent's part is done."""

    TYPE = "caseway.handling.measured.v1"
    TOPIC = "milestones"
    KEY = "case_id"

    case_id: str
    seconds: Seconds
    by_activity: dict[Name, Seconds] = Field(default_factory=dict)
    by_agent: dict[Name, Seconds] = Field(default_factory=dict)
