"""What agents.yaml says."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from caseway.kernel.vocabulary import Channel, Level
from caseway_router.domain import staff
from caseway_router.pool_settings import Name, Part, hundredths

Amount = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]
"""Contacts at once."""


def level_named(given: object) -> object:
    """A level by its word, such as `fluent`; whatever is none is left to pydantic to refuse."""
    if isinstance(given, str) and given.upper() in Level.__members__:
        return Level[given.upper()]
    if isinstance(given, str):
        raise ValueError(f"one of {', '.join(each.name.lower() for each in Level)}")  # noqa: TRY004 - a fault of the file
    return given


SkillLevel = Annotated[Level, BeforeValidator(level_named)]


class ChannelLimit(Part):
    """How much of one channel."""

    at_most: Amount
    beside: Amount | None = None
    """The most other work beside it; 0: this channel is exclusive; absent: any."""


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
            channels={
                channel.value: staff.ChannelLimit(
                    at_most=hundredths(limit.at_most), beside=None if limit.beside is None else hundredths(limit.beside)
                )
                for channel, limit in self.channels.items()
            },
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
    role: str = "agent"
    """`coordinator` for those who supervise."""


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
                profile=profiles[agent.profile],
                skills={skill: int(level) for skill, level in agent.skills.items()},
                queues=None if agent.queues is None else frozenset(agent.queues),
            )
            for name, agent in self.agents.items()
            if agent.pool == pool
        }
