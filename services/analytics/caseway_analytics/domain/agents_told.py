"""What the facts about agents and notifications mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from caseway.contracts.notifications import (
    NotificationAcknowledged,
    NotificationDelivered,
    NotificationFact,
    NotificationFailed,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.contracts.work import AgentPresenceChanged
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.history import by_slot, slot_of, whole
from caseway_analytics.domain.known import NOTHING, Known, bounded
from caseway_analytics.domain.samples import Sample, Where

_NOTICES: dict[type[NotificationFact], str] = {
    NotificationRequested: "requested",
    NotificationDelivered: "delivered",
    NotificationFailed: "failed",
    NotificationGivenUp: "given_up",
    NotificationSuppressed: "suppressed",
    NotificationAcknowledged: "acknowledged",
}
_LONGEST = dt.timedelta(hours=24)
"""A presence that lasts longer was forgotten: only so much of it counts."""


def follow_agent(before: Agent | None, fact: AgentPresenceChanged) -> Agent:
    """The agent as the router now sees them."""
    at = whole(fact.at)
    is_same = before is not None and before.presence == fact.presence
    return Agent(
        id=fact.agent,
        name=fact.name or (before.name if before else ""),
        pool=fact.pool,
        presence=fact.presence.value,
        since=before.since if before and is_same else at,
        capacity=fact.capacity if fact.capacity is not None else (before.capacity if before else None),
    )


def presence_of(before: Agent | None, after: Agent, known: Known = NOTHING) -> Iterator[tuple[str, Sample]]:
    """The time of a presence that has ended, slot by slot; being offline is none."""
    if before is None or after.since == before.since or before.presence == "offline":
        return
    ends_at = min(after.since, before.since + _LONGEST)
    measure = "signed_in" if before.presence != "away" else "away"
    team = known.teams.get(before.id, "")
    for slot, lasted in by_slot(before.since, ends_at):
        yield measure, Sample(slot, Where(agent=before.id, team=team), milliseconds=lasted)


def notice_of(fact: NotificationFact) -> tuple[str, Sample]:
    """What the fact says became of the notification, as a measure and a sample of it."""
    sample = Sample(slot_of(whole(fact.at)), Where(channel=bounded(fact.channel), template=bounded(fact.template)))
    return f"notifications_{_NOTICES[type(fact)]}", sample
