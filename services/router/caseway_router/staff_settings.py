"""What agents.yaml says."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field, model_validator

from caseway.kernel.vocabulary import Channel
from caseway_router.domain import staff
from caseway_router.pool_settings import Name, Part, SkillLevel, hundredths

Amount = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
"""Contacts at once."""


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class ChannelLimit(Part):
    """How much of one channel."""

    at_most: Amount
    beside: Amount | None = None
    """The most other work beside it; 0: this channel is exclusive; absent: any."""
    active: Share = 1
    """Of its weight, how much work counts while it waits for its agent."""
    quiet: Share = 1
    """Of its weight, how much it counts while it waits for the customer."""
    wrap_up: Share = 1
    """Of its weight, how much it counts while it is written up."""
    rings: int | None = Field(default=None, ge=1, le=100)
    """The most offers of it at once. A telephone rings for one call at a time, whatever is said here."""

    def to_domain(self, channel: Channel) -> staff.ChannelLimit:
        """As matching counts it."""
        return staff.ChannelLimit(
            at_most=hundredths(self.at_most),
            beside=None if self.beside is None else hundredths(self.beside),
            active=round(self.active * 100),
            quiet=round(self.quiet * 100),
            wrap_up=round(self.wrap_up * 100),
            rings=1 if channel is Channel.PHONE else self.rings,
        )


class Profile(Part):
    """A capacity profile."""

    total: Amount
    channels: dict[Channel, ChannelLimit] = Field(min_length=1)
    auto_accept: tuple[Channel, ...] = ()
    """Channels on which an offer counts as accepted at once."""

    def to_domain(self, name: str) -> staff.Profile:
        """As matching counts it."""
        return staff.Profile(
            name=name,
            total=hundredths(self.total),
            channels={channel.value: limit.to_domain(channel) for channel, limit in self.channels.items()},
            auto_accepts=frozenset(channel.value for channel in self.auto_accept),
        )


class Agent(Part):
    """Somebody who works cases."""

    name: str
    pool: Name
    profile: Name
    skills: dict[Name, SkillLevel] = Field(default_factory=dict)
    queues: tuple[Name, ...] | None = None
    """Only these; absent: every queue of the pool."""
    total: Amount | None = None
    """Another total than the profile's."""
    channels: dict[Channel, ChannelLimit] = Field(default_factory=dict)
    """Other limits than the profile's, by channel."""
    interests: tuple[Name, ...] = ()
    """Categories and tags of the cases that they like best."""
    role: str = "agent"
    """`coordinator` for those who supervise."""

    def own_limits(self, profile: staff.Profile) -> staff.Profile:
        """The profile, with what is said of this agent in place of it."""
        own = {channel.value: limit.to_domain(channel) for channel, limit in self.channels.items()}
        total = profile.total if self.total is None else hundredths(self.total)
        return replace(profile, total=total, channels={**profile.channels, **own})


class Agents(Part):
    """agents.yaml."""

    profiles: dict[Name, Profile] = Field(min_length=1)
    agents: dict[Name, Agent] = Field(min_length=1)

    @model_validator(mode="after")
    def _have_profiles(self) -> Agents:
        strays = sorted(name for name, agent in self.agents.items() if agent.profile not in self.profiles)
        if strays:
            raise ValueError(f"a profile that is declared above, for the agents {', '.join(strays)}")
        return self

    def of_pool(self, pool: str) -> dict[str, staff.Agent]:
        """The pool's agents, as matching sees them."""
        profiles = {name: profile.to_domain(name) for name, profile in self.profiles.items()}
        return {
            name: staff.Agent(
                agent=name,
                name=agent.name,
                pool=pool,
                profile=agent.own_limits(profiles[agent.profile]),
                skills={skill: int(level) for skill, level in agent.skills.items()},
                queues=None if agent.queues is None else frozenset(agent.queues),
                interests=frozenset(agent.interests),
            )
            for name, agent in self.agents.items()
            if agent.pool == pool
        }
