"""What the wall is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.live import LiveCase
from caseway_analytics.domain.sums import Sums

CHANNELS = ("email", "chat", "phone", "web", "message", "desk")
PRESENCES = ("online", "busy", "away", "not_answering", "offline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A queue's service level: this share is to be picked up within so many seconds."""

    share: float
    within_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the wall shows beside figures: which names, which targets."""

    title: str
    zone: str
    queues: Mapping[str, str]
    """Title by queue, in the order in which they are shown; others that have work come after."""
    targets: Mapping[str, Target]
    agents: Mapping[str, str]
    """Name by agent."""
    labels: Literal["first_name", "id", "none"] = "none"
    """How agents are called where everybody sees it."""

    def target(self, queue: str) -> Target | None:
        """The queue's own, or that of all."""
        return self.targets.get(queue) or self.targets.get("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that the wall is made of."""

    now: dt.datetime
    live: Collection[LiveCase] = ()
    """Cases that are open, or on which there is work."""
    latest: Sequence[LiveCase] = ()
    agents: Collection[Agent] = ()
    today: Sums = field(default_factory=Sums)


def day_start(now: dt.datetime, zone: str) -> dt.datetime:
    """When the day began that it is now, in the zone."""
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(dt.UTC)


def iso(instant: dt.datetime | None) -> str | None:
    """An instant for the page."""
    return instant.isoformat() if instant else None
