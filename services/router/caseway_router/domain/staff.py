"""Who may work on what, and how much at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.items import WorkItem


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLimit:
    """How much of one channel an agent may hold. Weights are hundredths of a contact."""

    at_most: int
    beside: int | None = None
    """The most other work that may be held beside work of this channel; 0: it is exclusive. None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A capacity profile. Source: S1-45, S4-14."""

    name: str
    total: int
    channels: Mapping[str, ChannelLimit]
    """A channel that is not named is not worked."""
    auto_accepts: frozenset[str] = frozenset()
    """Channels on which an offer counts as accepted at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent, as configured."""

    agent: str
    name: str
    pool: str
    profile: Profile
    skills: Mapping[str, int]
    queues: frozenset[str] | None = None
    """Only these queues; None: every queue of the pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """How present an agent is: what is remembered of them."""

    agent: str
    pool: str
    presence: Presence
    since: dt.datetime
    channels: Mapping[str, int] = field(default_factory=dict)
    """Limits of their own by channel, below the profile's; 0 closes a channel."""
    capacity: int | None = None
    """A total of their own, below the profile's."""
    released_at: dt.datetime | None = None
    """When they last let work go: idle since then. None: never, so idle the longest."""
    heard_at: dt.datetime | None = None
    """The last heartbeat; None when none came since they set their presence."""
    missed_count: int = 0
    """Offers in a row that expired."""


class Seat:
    """An agent at work: configuration, attendance, and what is held now."""

    __slots__ = ("agent", "attendance", "by_channel", "held", "load")

    def __init__(self, agent: Agent, attendance: Attendance) -> None:
        self.agent = agent
        self.attendance = attendance
        self.held: dict[str, WorkItem] = {}
        self.load = 0
        self.by_channel: dict[str, int] = {}

    def take(self, item: WorkItem) -> None:
        """Count the item as load."""
        self.held[item.case_id] = item
        self._count(item, item.weight)

    def give(self, case_id: str) -> None:
        """Count the item no longer."""
        item = self.held.pop(case_id)
        self._count(item, -item.weight)

    @property
    def capacity(self) -> int:
        """The most they may hold in all."""
        own = self.attendance.capacity
        total = self.agent.profile.total
        return total if own is None else min(own, total)

    def room(self, channel: str) -> int:
        """How much more work of the channel they may hold; 0 or less: none."""
        limit = self.agent.profile.channels.get(channel)
        if limit is None or self.attendance.presence is not Presence.ONLINE:
            return 0
        there = self.by_channel.get(channel, 0)
        if limit.beside is not None and self.load - there > limit.beside:
            return 0
        at_most = min(limit.at_most, self.attendance.channels.get(channel, limit.at_most))
        return min(self.capacity - self.load, at_most - there, self._left_beside(channel))

    def open_channels(self) -> frozenset[str]:
        """The channels on which there is any room."""
        return frozenset(channel for channel in self.agent.profile.channels if self.room(channel) > 0)

    def _left_beside(self, channel: str) -> int:
        """What the other channels' work leaves for this one."""
        left = self.capacity
        for other, weight in self.by_channel.items():
            beside = self.agent.profile.channels[other].beside if other in self.agent.profile.channels else None
            if other != channel and beside is not None:
                left = min(left, beside - (self.load - weight))
        return left

    def _count(self, item: WorkItem, weight: int) -> None:
        self.load += weight
        there = self.by_channel.get(item.channel, 0) + weight
        if there:
            self.by_channel[item.channel] = there
        else:
            self.by_channel.pop(item.channel, None)
