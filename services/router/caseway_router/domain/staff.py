"""Who may work on what, and how much at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field

from caseway.kernel.values import dataclass, replace
from caseway.kernel.vocabulary import Presence
from caseway_router.domain.items import Held, Offered, WorkItem, WrappingUp

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLimit:
    """How much of one channel an agent may hold. Weights are hundredths of a contact."""

    at_most: int
    beside: int | None = None
    """The most other work that may be held beside work of this channel; 0: it is exclusive. None: any."""
    active: int = _PERCENT
    """Percent of its weight that work counts while it waits for its agent."""
    quiet: int = _PERCENT
    """Percent of its weight that it counts while it waits for the customer."""
    wrap_up: int = _PERCENT
    """Percent of its weight that it counts while it is written up."""
    rings: int | None = None
    """The most open offers at once: 1 for what rings. None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A capacity profile. Source: S1-45, S4-14."""

    name: str
    total: int
    channels: Mapping[str, ChannelLimit]
    """A channel that is not named is not worked."""
    auto_accepts: frozenset[str] = frozenset()
    """Channels on which an offer counts as accepted at once."""

    def fits(self, channel: str, weight: int) -> bool:
        """Whether one such piece of work may be held at all, with nothing beside it."""
        limit = self.channels.get(channel)
        if limit is None:
            return False
        return 0 < min(self.total, limit.at_most) >= weight * limit.active // _PERCENT


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
    interests: frozenset[str] = frozenset()
    """Categories and tags that they like best. Source: S4-06."""


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
    offered_at: dt.datetime | None = None
    """When something was last offered to them, where work goes round: who waited longest is next."""

    def released(self, at: dt.datetime) -> Attendance:
        """The same, idle since `at`."""
        return replace(self, released_at=at)

    def heard(self, at: dt.datetime) -> Attendance:
        """The same, with a desk that was heard at `at`."""
        return replace(self, heard_at=at)


class Seat:
    """An agent at work: configuration, attendance, and what is held now."""

    __slots__ = (
        "_costs", "_rooms", "agent", "attendance", "by_channel", "capacity", "held", "is_online", "load", "ringing",
    )  # fmt: skip

    def __init__(self, agent: Agent, attendance: Attendance) -> None:
        self.agent = agent
        self.held: dict[str, WorkItem] = {}
        self.load = 0
        self.by_channel: dict[str, int] = {}
        self.ringing: dict[str, int] = {}
        """Open offers, by channel."""
        self._costs: dict[str, int] = {}
        self._rooms: dict[str, int] = {}
        """By channel, what was counted since anything last changed."""
        self.attend(attendance)

    def attend(self, attendance: Attendance) -> None:
        """They are as present as given from now on."""
        self.attendance = attendance
        self.is_online = attendance.presence is Presence.ONLINE
        """Whether they may be asked at all."""
        own, total = attendance.capacity, self.agent.profile.total
        self.capacity = total if own is None else min(own, total)
        """The most they may hold in all."""
        self._rooms.clear()

    def take(self, item: WorkItem) -> None:
        """Count the item as load."""
        self.held[item.case_id] = item
        cost = self._costs[item.case_id] = self.cost_of(item)
        self._count(item, cost, 1)

    def give(self, case_id: str) -> None:
        """Count the item no longer."""
        item = self.held.pop(case_id)
        self._count(item, -self._costs.pop(case_id), -1)

    @property
    def is_overloaded(self) -> bool:
        """Whether they hold more than they should: then nothing new comes to them."""
        if self.load > self.capacity:
            return True
        channels = self.agent.profile.channels
        for name, load in self.by_channel.items():
            limit = channels.get(name)
            if limit is not None and _exceeds(limit, load, self.load - load):
                return True
        return False

    def cost(self, channel: str, weight: int) -> int:
        """What work of this channel and weight would count, were it theirs."""
        limit = self.agent.profile.channels.get(channel)
        return weight if limit is None else weight * limit.active // _PERCENT

    def cost_of(self, item: WorkItem) -> int:
        """What the item counts as it stands."""
        limit = self.agent.profile.channels.get(item.channel)
        if limit is None:
            return item.weight
        match item.standing:
            case Held(is_quiet=True):
                percent = limit.quiet
            case WrappingUp():
                percent = limit.wrap_up
            case _:
                percent = limit.active
        return item.weight * percent // _PERCENT

    def works(self, channel: str) -> bool:
        """Whether they take the channel at all: their profile has it, and they did not close it."""
        return channel in self.agent.profile.channels and self.attendance.channels.get(channel) != 0

    def room(self, channel: str) -> int:
        """How much more work of the channel they may hold; 0 or less: none."""
        room = self._rooms.get(channel)
        if room is None:
            room = self._rooms[channel] = self._count_room(channel)
        return room

    @property
    def has_room(self) -> bool:
        """Whether there is any room on any channel."""
        return any(self.room(channel) > 0 for channel in self.agent.profile.channels)

    def _count_room(self, channel: str) -> int:
        limit, left = self.agent.profile.channels.get(channel), self.capacity - self.load
        if limit is None or left <= 0 or not self.is_online or self.is_overloaded:
            return 0
        return self._room(channel, limit, left)

    def _room(self, channel: str, limit: ChannelLimit, left: int) -> int:
        there = self.by_channel.get(channel, 0)
        if limit.beside is not None and self.load - there > limit.beside:
            return 0
        if limit.rings is not None and self.ringing.get(channel, 0) >= limit.rings:
            return 0
        at_most = min(limit.at_most, self.attendance.channels.get(channel, limit.at_most))
        left = min(left, at_most - there)
        return left if not self.by_channel else min(left, self._left_beside(channel))

    def _left_beside(self, channel: str) -> int:
        """What the other channels' work leaves for this one."""
        left, channels = self.capacity, self.agent.profile.channels
        for other, weight in self.by_channel.items():
            limit = channels.get(other)
            if limit is not None and limit.beside is not None and other != channel:
                left = min(left, limit.beside - (self.load - weight))
        return left

    def _count(self, item: WorkItem, cost: int, one: int) -> None:
        channel = item.channel
        self._rooms.clear()
        self.load += cost
        _add(self.by_channel, channel, cost)
        if isinstance(item.standing, Offered):
            _add(self.ringing, channel, one)


def _exceeds(limit: ChannelLimit, there: int, beside: int) -> bool:
    """Whether so much of a channel, with so much else beside it, is more than it should be."""
    return there > limit.at_most or (limit.beside is not None and beside > limit.beside)


def _add(counts: dict[str, int], name: str, amount: int) -> None:
    total = counts.get(name, 0) + amount
    if total:
        counts[name] = total
    else:
        counts.pop(name, None)
