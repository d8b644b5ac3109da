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
    warns_by_wall: bool = False
    months: Count = 0
    extension_months: Count = 0
    until: str = ""
    started_at: Instant
    running_since: Instant | None = None
    """None while it stood."""
    stretches: tuple[RunStretch, ...] = ()
    merged_at: Instant
    hops: Ordinal = 1
    """How many merges it has come through."""
