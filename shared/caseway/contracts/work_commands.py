"""What anyone may want done with work, agents and queues."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from caseway.contracts.parts import Actor, Complexity, Destination, FlowStep, Requirement
from caseway.contracts.wire import Count, Fields, Instant, Name, Seconds, Whole, WireModel
from caseway.kernel.vocabulary import Channel, Presence, Priority


class WorkCommand(WireModel):
    """A command to one pool."""

    TOPIC: ClassVar[str] = "work.commands"
    KEY: ClassVar[str] = "pool"

    pool: str = Field(min_length=1)
    actor: Actor | None = None


class QueueWork(WorkCommand):
    """Put a case's work into a queue."""

    TYPE = "caseway.work.queue.v1"

    case_id: str
    work_item: str
    queue: str
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
    queue_entered_at: Instant | None = None
    """The original age, where the work was queued before; else now."""
    slack_due_at: Instant | None = None
    """The nearest promise."""
    preferred_agents: tuple[str, ...] = ()
    holder_place: Count | None = None
    """Whoever worked on the case last goes at this place among the preferred agents, from 0; absent: is not preferred."""
    named_agent: str | None = None
    """Only this one may have it, as long as policy lets it wait."""
    excluded_agents: tuple[str, ...] = ()
    boost: float = 0.0
    """A place further forward: call-backs after long handling."""
    reason: str = ""
    matched_rule: str | None = None
    """The rule that chose queue and pool."""
    steps: tuple[FlowStep, ...] = ()
    """What changes while it waits, the earliest first."""
    came_from: str | None = None
    """The pool that gave it away."""
    offer_count: Count = 0
    """How many offers were made of it there."""
    named_seconds: Seconds | None = None
    """How long `named_agent` alone may have it, while present; absent: as long as the queue says."""
    context: str = ""
    """What whoever gave it away wants the next to know."""
    attributes: Fields = Field(default_factory=dict)


class WithdrawWork(WorkCommand):
    """The case needs no work now; with `to`, it needs it elsewhere."""

    TYPE = "caseway.work.withdraw.v1"

    case_id: str
    work_item: str | None = None
    reason: str = ""
    to: Destination | None = None


class RaiseWork(WorkCommand):
    """Give waiting work another place in its queue."""

    TYPE = "caseway.work.raise.v1"

    case_id: str
    work_item: str | None = None
    priority: Priority | None = None
    class_: str | None = Field(default=None, alias="class")
    slack_due_at: Instant | None = None
    boost: float | None = None
    requirements: tuple[Requirement, ...] | None = None
    queue: str | None = None
    """Where the case is judged anew: the queue it belongs to now."""
    named_agent: str | None = None
    """Who alone may have it from now on; empty: nobody in particular."""
    reason: str = ""


class AgentCommand(WorkCommand):
    """A command by, or about, one agent of the pool."""

    agent: str = Field(min_length=1)


class SetPresence(AgentCommand):
    """What an agent is open to from now on."""

    TYPE = "caseway.work.set-presence.v1"

    presence: Presence
    channels: dict[Name, bool] = Field(default_factory=dict)
    """By channel, whether the agent takes it; a channel absent is taken."""
    capacity: float | None = Field(default=None, ge=0)
    """Another than the profile's."""
    reason: str | None = None


class SendHeartbeat(AgentCommand):
    """The agent's desk is still there."""

    TYPE = "caseway.work.heartbeat.v1"


class AcceptWork(AgentCommand):
    """Take what was offered."""

    TYPE = "caseway.work.accept.v1"

    case_id: str
    work_item: str | None = None


class DeclineWork(AgentCommand):
    """Refuse what was offered."""

    TYPE = "caseway.work.decline.v1"

    case_id: str
    work_item: str | None = None
    reason: str = ""


class StartWork(AgentCommand):
    """Turn to a case; the agent's other work pauses."""

    TYPE = "caseway.work.start-work.v1"

    case_id: str
    work_item: str | None = None
    activity: Literal["research", "guidance", "remote"] = "research"
    announced_seconds: Seconds | None = None
    """How long it will take, once foreseeable."""


class PauseWork(AgentCommand):
    """Turn away from a case."""

    TYPE = "caseway.work.pause-work.v1"

    case_id: str
    work_item: str | None = None


class TransferWork(WorkCommand):
    """Give held or waiting work to another queue, pool or agent, with its age."""

    TYPE = "caseway.work.transfer.v1"

    case_id: str
    work_item: str | None = None
    agent: str | None = None
    """Who gives it away."""
    to: Destination
    reason: str = ""
    context: str = ""
    """What the next should know."""


class TakeWork(AgentCommand):
    """Take waiting work by one's own wish; a supervisor, whatever and from whomever it is."""

    TYPE = "caseway.work.take.v1"

    case_id: str
    work_item: str | None = None
    reason: str = ""


class CompleteWork(AgentCommand):
    """The agent's part is done."""

    TYPE = "caseway.work.complete.v1"

    case_id: str
    work_item: str | None = None
    outcome: str | None = None


class FinishWrapUp(AgentCommand):
    """Wrapping up is done before its time is over."""

    TYPE = "caseway.work.finish-wrap-up.v1"

    case_id: str
    work_item: str | None = None


class ReleaseWork(AgentCommand):
    """Put held work back into its queue, with its original age."""

    TYPE = "caseway.work.release.v1"

    case_id: str
    work_item: str | None = None
    reason: str = ""
