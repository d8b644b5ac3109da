"""What routing.yaml says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from caseway.kernel.rules import ALWAYS, Condition
from caseway.kernel.vocabulary import Channel, Priority
from caseway.runtime.configuration import condition_over
from caseway_router.domain.items import Requirement
from caseway_router.domain.routing import FIELDS, Languages, Router, RoutingRule
from caseway_router.pool_settings import Name, Part, Seconds, duplicates, hundredths, length
from caseway_router.staff_settings import SkillLevel

Boost = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class Skill(Part):
    """A skill that a case asks for."""

    skill: Name
    level: SkillLevel
    drop_after_seconds: Seconds | None = None
    """Absent: hard. Else it is no longer asked for after so long a wait."""
    order: int = 0

    def to_domain(self) -> Requirement:
        """As matching wants it."""
        return Requirement(
            skill=self.skill, level=int(self.level), drop_after=drop_after(self.drop_after_seconds), order=self.order
        )


def drop_after(seconds: float | None) -> dt.timedelta | None:
    """When a requirement is dropped; never, for a hard one."""
    return None if seconds is None else length(seconds)


class Rule(Part):
    """One routing rule; the first whose condition holds decides."""

    name: Name
    when: Annotated[Condition, condition_over(FIELDS)] = ALWAYS
    queue: Name | None
    """null: such a case is not routed."""
    skills: tuple[Skill, ...] = ()
    case_class: Name | None = Field(default=None, alias="class")
    priority: Priority | None = None


class Better(Part):
    """What an advanced case asks for besides."""

    level: SkillLevel
    drop_after_seconds: Seconds | None = None


class CaseLanguages(Part):
    """How a case's language becomes a skill."""

    skills: dict[str, Name]
    """By language; a language that is not named asks for `otherwise`."""
    otherwise: Name | None = None
    level: SkillLevel
    advanced: Better | None = None


class Routing(Part):
    """routing.yaml."""

    rules: tuple[Rule, ...] = Field(min_length=1)
    languages: CaseLanguages
    weights: dict[Channel, Annotated[float, Field(gt=0, le=10_000)]] = Field(default_factory=dict)
    """By channel, how much of an agent's capacity one case takes; 1 where none is named."""
    warned_boost: Boost = 1
    """Ranks of priority that a warned milestone adds."""
    violated_boost: Boost = 2

    @model_validator(mode="after")
    def _has_one_of_each(self) -> Routing:
        twice = duplicates([rule.name for rule in self.rules])
        if twice:
            raise ValueError(f"rules with names of their own; {', '.join(twice)} stands twice")
        return self

    def router(self, pools: Mapping[str, str], default_queue: str) -> Router:
        """The rules as they are asked; `pools` has the pool of each queue."""
        return Router(
            rules=tuple(_rule(rule) for rule in self.rules),
            pools=pools,
            default_queue=default_queue,
            languages=self._languages(),
            weights={channel.value: hundredths(weight) for channel, weight in self.weights.items()},
            boosts={"warned": self.warned_boost, "violated": self.violated_boost},
        )

    def _languages(self) -> Languages:
        better = self.languages.advanced
        advanced = None
        if better is not None:
            drops = drop_after(better.drop_after_seconds)
            advanced = Requirement(skill="", level=int(better.level), drop_after=drops)
        return Languages(
            skills=self.languages.skills,
            otherwise=self.languages.otherwise,
            least=int(self.languages.level),
            advanced=advanced,
        )


def _rule(rule: Rule) -> RoutingRule:
    return RoutingRule(
        name=rule.name,
        queue=rule.queue,
        when=rule.when,
        requirements=tuple(skill.to_domain() for skill in rule.skills),
        case_class=rule.case_class,
        priority=rule.priority,
    )
