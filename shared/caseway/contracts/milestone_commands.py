"""What is wanted of promises."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from caseway.contracts.wire import Count, Instant, Ordinal, Part, Seconds, WireModel


class MilestoneCommand(WireModel):
    """A command about one case's promises."""

    TOPIC: ClassVar[str] = "milestone.commands"
    KEY: ClassVar[str] = "case_id"

    case_id: str = Field(min_length=1)


class RecomputeMilestones(MilestoneCommand):
    """Reckon a case's running clocks anew, by the configuration in force."""

    TYPE = "caseway.milestone.recompute.v1"

    configuration: str = ""
    """The version that asks for it."""


class RunStretch(Part):
    """A stretch in which a clock ran."""

    start: Instant
    end: Instant


class EarlierStretches(Part):
    """What came of stretches that are no longer kept one by one."""

    count: Ordinal
    since: Instant
    until: Instant
    ran_seconds: Seconds
    """By the clock on the wall."""
    used_seconds: Seconds
    """In the hours of `calendar`."""
    calendar: str


class TakeOverMilestone(MilestoneCommand):
    """The case's child was merged into it: the earlier deadline of the two is kept."""

    TYPE = "caseway.milestone.take-over.v1"

    from_case: str
    kind: str
    subject: str = ""
    policy: str
    calendar: str
    target_seconds: Seconds
    warn_before_seconds: tuple[Seconds, ...] = ()
    warned_before_seconds: tuple[Seconds, ...] = ()
    """Those warnings that were told."""
    warns_by_wall: bool = False
    months: Count = 0
    extension_months: Count = 0
    until: str = ""
    started_at: Instant
    running_since: Instant | None = None
    """None while it stood."""
    earlier: EarlierStretches | None = None
    """Before `stretches`, if it was paused very often."""
    stretches: tuple[RunStretch, ...] = ()
    merged_at: Instant
    hops: Ordinal = 1
    """How many merges it has come through."""


class PlannedRung(Part):
    """A rung as it was fixed when the run of its ladder began."""

    after_seconds: Seconds = 0.0
    action: str
    to: tuple[str, ...] = ()


class TakeOverLadder(MilestoneCommand):
    """The case's child was merged into it: a ladder that ran there climbs on here, from where it stood."""

    TYPE = "caseway.ladder.take-over.v1"

    from_case: str
    occurrence: str
    """The run keeps its name: whoever was told by it is not told again."""
    ladder: str
    entry: str
    fixed_by: str
    """The version of the configuration that the rungs are from."""
    kind: str = ""
    """Of the promise whose warning or violation started it."""
    subject: str = ""
    promised_at: Instant | None = None
    """Since when that promise's clock ran."""
    is_broken: bool = False
    """Whether that promise was broken, which stays with the child, and nobody has answered yet."""
    since_warning: bool = False
    started_at: Instant
    rungs: tuple[PlannedRung, ...] = Field(min_length=1)
    within: str = ""
    again_after_seconds: Seconds | None = None
    times: Count | None = None
    until_seconds: Seconds | None = None
    stamps: tuple[str, ...] = ()
    remind_after_seconds: Seconds | None = None
    reminders: Count = 1
    step: Count
    """The next one, counted over all rounds."""
    next_at: Instant | None = None
    stood_seconds: Seconds = 0.0
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""
    heard_at: Instant | None = None
    reminded: Count = 0
    merged_at: Instant
    hops: Ordinal = 1


class AcknowledgeLadder(MilestoneCommand):
    """Somebody answered a notice, or stamped it, on a case that was merged: it is about a run that climbs on here."""

    TYPE = "caseway.ladder.acknowledge.v1"

    occurrence: str
    by: str = ""
    acknowledged_at: Instant
    removed: bool = False
    """The answer was taken back."""
    hops: Ordinal = 1


class ReportUnreached(MilestoneCommand):
    """Nobody could be told by a notice of a case that was merged: it is about a run that climbs on here."""

    TYPE = "caseway.ladder.report-unreached.v1"

    occurrence: str
    """Of the notice: the run's, its rung and round."""
    reason: str = ""
    given_up_at: Instant
    hops: Ordinal = 1
