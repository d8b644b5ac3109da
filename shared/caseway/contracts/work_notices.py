"""What the router asks of those outside, about a case."""

from __future__ import annotations

from typing import Literal

from caseway.contracts.parts import Requirement
from caseway.contracts.wire import Instant, Whole
from caseway.contracts.work import WorkFact
from caseway.kernel.vocabulary import Channel, Priority


class WorkPostponed(WorkFact):
    """Nobody can take it now: the gateway tells the customer until when, and offers them a choice."""

    TYPE = "caseway.work.postponed.v1"

    reason: Literal["closed", "unstaffed", "wished"]
    """Outside the queue's or the language's hours; nobody present could take it; the customer named a time."""
    until: Instant | None = None
    """The next opening, when it is queued by itself; absent: it waits on, and nobody can say how long."""
    choices: tuple[Literal["callback", "case"], ...] = ()
    """What the customer may choose instead of waiting."""
    channel: Channel = Channel.EMAIL
    conversation: str | None = None
    """The call's or chat's source key, where somebody is on the line."""
    language: str | None = None
    skills: tuple[str, ...] = ()
    """What nobody has now."""
    number: Whole | None = None


class WorkMentioned(WorkFact):
    """A post in a channel of the company's, which mentions these people and nobody else."""

    TYPE = "caseway.work.mentioned.v1"

    post_to: str
    """The channel, by its name in the company's messenger."""
    mentions: tuple[str, ...]
    """Whom the post mentions: agents by id, others as the mention list names them."""
    reason: Literal["asked_for", "handed_on"]
    """A caller asked for this person by name; a rule hands the case on to a list."""
    channel: Channel = Channel.EMAIL
    category: str | None = None
    priority: Priority = Priority.NORMAL
    language: str | None = None
    missing_fields: tuple[str, ...] = ()
    """What the first line has still to ask for."""
    number: Whole | None = None


class WorkUnroutable(WorkFact):
    """By the configuration in force nobody may ever take it: it waits until that changes."""

    TYPE = "caseway.work.unroutable.v1"

    requirements: tuple[Requirement, ...] = ()
    channel: Channel = Channel.EMAIL
    matched_rule: str | None = None
    detail: str = ""
