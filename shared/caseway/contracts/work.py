"""What happened to work and agents, told by the router."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from caseway.contracts.parts import Actor, Complexity, Destination, Requirement, RoutingDecision
from caseway.contracts.wire import Fact, Fields, Instant, Name, Ordinal, Seconds, Whole
from caseway.kernel.vocabulary import Channel, Presence, Priority


class WorkFact(Fact):
    """A fact about one case's work."""

    TOPIC: ClassVar[str] = "work"
    KEY: ClassVar[str] = "case_id"

    work_item: str
    case_id: str
    pool: str
    queue: str
    actor: Actor | None = None


class WorkQueued(WorkFact):
    """Work waits."""

    TYPE = "caseway.work.queued.v1"

    requirements: tuple[Requirement, ...] = ()
    priority: Priority = Priority.NORMAL
    class_: str | None = Field(default=None, alias="class")
    weight: float = Field(default=1.0, gt=0)
    channel: Channel = Channel.EMAIL
    language: str | None = None
    category: str | None = None
    complexity: Complexity = "basic"
    tags: tuple[str, ...] = ()
    number: Whole | None = None
    customer: str | None = None
    queue_entered_at: Instant
    """The original age, however often it came back."""
    slack_due_at: Instant | None = None
    preferred_agents: tuple[str, ...] = ()
    named_agent: str | None = None
    boost: float = 0.0
    reason: str = ""
    matched_rule: str | None = None
    came_from: str | None = None
    context: str = ""
    """What whoever gave it away wants the next to know."""
    attributes: Fields = Field(default_factory=dict)


class WorkOffered(WorkFact):
    """An agent is asked to take it."""

    TYPE = "caseway.work.offered.v1"

    agent: str
    expires_at: Instant
    decision: RoutingDecision
    channel: Channel | None = None
    weight: float | None = None
    waited_seconds: Seconds | None = None
    offer_count: Ordinal = 1
    overload: bool = False
    """A supervisor wants it so: with it the agent holds more than capacity allows, and gets nothing new."""


class WorkAccepted(WorkFact):
    """An agent took it: the case has a holder."""

    TYPE = "caseway.work.accepted.v1"

    agent: str
    offered_at: Instant | None = None
    queue_entered_at: Instant | None = None
    channel: Channel | None = None
    waited_seconds: Seconds | None = None
    automatic: bool = False
    overload: bool = False
    """The agent holds more than capacity allows, and gets nothing new."""


class WorkStarted(WorkFact):
    """An agent turned to it."""

    TYPE = "caseway.work.work-started.v1"

    agent: str
    activity: Literal["research", "guidance", "remote"] = "research"
    announced_seconds: Seconds | None = None


class WorkPaused(WorkFact):
    """An agent turned away."""

    TYPE = "caseway.work.work-paused.v1"

    agent: str
    activity: str | None = None
    seconds: Seconds | None = None
    """How long this stretch was."""
    total_seconds: Seconds | None = None
    because_of: str | None = None
    """The case that was started instead."""


class WorkQuieted(WorkFact):
    """Held work waits for the customer, and weighs less meanwhile."""

    TYPE = "caseway.work.quieted.v1"

    agent: str
    weight: float
    """What it counts now."""
    load: float
    """What its agent holds in all."""
    overload: bool = False
    """The agent holds more than capacity allows, and gets nothing new."""


class WorkRevived(WorkFact):
    """The customer wrote again: it weighs as much as before, whether or not there is room."""

    TYPE = "caseway.work.revived.v1"

    agent: str
    weight: float
    load: float
    overload: bool = False
    """The agent holds more than capacity allows, and gets nothing new."""


class WorkDeclined(WorkFact):
    """The agent said no."""

    TYPE = "caseway.work.declined.v1"

    agent: str
    reason: str = ""


class WorkExpired(WorkFact):
    """The agent did not answer in time."""

    TYPE = "caseway.work.expired.v1"

    agent: str
    offered_at: Instant | None = None
    missed_count: Ordinal = 1


class WorkReturned(WorkFact):
    """It waits again, as old as it was."""

    TYPE = "caseway.work.returned.v1"

    agent: str | None = None
    """Who had it."""
    reason: str = ""
    queue_entered_at: Instant
    cool_down_until: Instant | None = None


class WorkTransferred(WorkFact):
    """It went elsewhere."""

    TYPE = "caseway.work.transferred.v1"

    agent: str | None = None
    to: Destination
    reason: str = ""
    context: str = ""
    """What the next should know."""
    queue_entered_at: Instant | None = None


class WorkWrappingUp(WorkFact):
    """The contact is over, its writing-up is not."""

    TYPE = "caseway.work.wrapping-up.v1"

    agent: str
    until: Instant | None = None
    weight: float | None = None
    """What it counts meanwhile."""
    load: float | None = None
    """What its agent holds in all."""
    overload: bool = False
    """It rested, and weighs more while it is written up: the agent holds more than capacity allows, and gets nothing new."""


class WorkCompleted(WorkFact):
    """The agent's part is done."""

    TYPE = "caseway.work.completed.v1"

    agent: str | None = None
    outcome: str | None = None
    channel: Channel | None = None
    queue_entered_at: Instant | None = None
    accepted_at: Instant | None = None
    handling_seconds: Seconds | None = None
    """All focused stretches."""
    held_seconds: Seconds | None = None
    wrap_up_seconds: Seconds | None = None


class WorkWithdrawn(WorkFact):
    """The case needs no work here."""

    TYPE = "caseway.work.withdrawn.v1"

    agent: str | None = None
    """Who held it, or to whom it was offered."""
    reason: str = ""
    to: Destination | None = None
    queue_entered_at: Instant | None = None


class WorkRaised(WorkFact):
    """It has another place in its queue."""

    TYPE = "caseway.work.raised.v1"

    priority: Priority | None = None
    class_: str | None = Field(default=None, alias="class")
    slack_due_at: Instant | None = None
    boost: float | None = None
    requirements: tuple[Requirement, ...] | None = None
    reason: str = ""


class WorkRefused(WorkFact):
    """A command that cannot be: nothing changed."""

    TYPE = "caseway.work.refused.v1"

    work_item: str = ""
    case_id: str = ""
    queue: str = ""
    command: str
    """Its `ce_type`."""
    reason: str
    agent: str | None = None
    detail: str = ""

    def key(self) -> str:
        """The case; where the command named none, its agent or pool."""
        return self.case_id or self.agent or self.pool


class AgentPresenceChanged(Fact):
    """What an agent is open to changed."""

    TYPE = "caseway.agent.presence-changed.v1"
    TOPIC = "work"
    KEY = "agent"

    agent: str
    pool: str
    presence: Presence
    previous: Presence | None = None
    channels: dict[Name, bool] = Field(default_factory=dict)
    capacity: float | None = None
    load: float | None = None
    overload: bool = False
    """The agent holds more than capacity, as it is now, allows, and gets nothing new."""
    reason: str | None = None
    """`asked`, `missed_offers`, `no_heartbeat`, `not_configured`, `overload` …"""
    name: str | None = None
