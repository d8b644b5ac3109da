"""What routing.yaml says."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from caseway.kernel.rules import ALWAYS, Condition
from caseway.kernel.vocabulary import Channel, Priority
from caseway.runtime.configuration import condition_over
from caseway_router.domain.flows import Step
from caseway_router.domain.items import Requirement
from caseway_router.domain.routing import FIELDS, Languages, RoutingRule
from caseway_router.pool_settings import Name, Part, Seconds, SkillLevel, duplicates, hundredths, length

Boost = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]
Weight = Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)]
Leaving = Literal["abandoned", "no_answer", "voicemail", "callback_requested"]
Choice = Literal["callback", "case"]


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


class FlowStep(Part):
    """One step of a flow."""

    name: Name
    after_seconds: Seconds
    """Since it entered its queue."""
    queue: Name | None = None
    skills: tuple[Skill, ...] | None = None
    """In place of those asked for so far; absent: the same."""
    language: bool = True
    """Whether it goes on asking for the case's language, where it names skills."""
    priority: Priority | None = None
    boost: Boost | None = None
    skip_when_nobody: bool = False
    """It begins at once, where nobody present could take the work by the step before."""
    department: Name | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> FlowStep:
        if self.department is not None and (self.queue is not None or self.skills is not None):
            raise ValueError("either a department, or a queue and skills: what leaves the desk needs neither")
        if not any((self.department, self.queue, self.skills is not None, self.priority, self.boost is not None)):
            raise ValueError("something that changes: queue, skills, priority, boost or department")
        return self

    def to_domain(self) -> Step:
        """As the edge states it."""
        return Step(
            name=self.name,
            after=length(self.after_seconds),
            queue=self.queue,
            requirements=None if self.skills is None else tuple(skill.to_domain() for skill in self.skills),
            keeps_language=self.language,
            priority=self.priority,
            boost=self.boost,
            is_early=self.skip_when_nobody,
            frees_named=self.department is not None,
            department=self.department,
        )


class Rule(Part):
    """One routing rule; the first whose condition holds decides."""

    name: Name
    when: Annotated[Condition, condition_over(FIELDS)] = ALWAYS
    queue: Name | None = None
    """null: such a case is not routed, or is handed to `department`. Absent: the default queue of `pool`."""
    pool: Name | None = None
    """Of the queue, where it is worth saying."""
    skills: tuple[Skill, ...] = ()
    language: bool = True
    """Whether the case's language is asked for."""
    case_class: Name | None = Field(default=None, alias="class")
    priority: Priority | None = None
    boost: Boost = 0
    weight: Weight | None = None
    preferred: tuple[Name, ...] = ()
    """Agents who get it before others, where they may take it."""
    prefers: tuple[Literal["held_by", "answered_by", "account_manager"], ...] = ()
    """Before those: who worked on the case last, who answered the customer last, or the agent whom the field
    `account_manager` names."""
    excluded: tuple[Name, ...] = ()
    department: Name | None = None
    person: str | None = None
    mentions: Name | None = None
    """The list of mentions.yaml that is told of it."""
    flow: Name | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Rule:
        if "queue" not in self.model_fields_set and self.pool is None and self.department is None:
            raise ValueError("a queue, a pool, or a department; `queue: null` for what is not routed")
        if self.department is not None and self.queue is not None:
            raise ValueError("either a queue, or a department")
        if self.person is not None and self.department is None:
            raise ValueError("a department beside the person")
        return self

    def to_domain(self, queue: str | None, flow: tuple[Step, ...]) -> RoutingRule:
        """As it is asked; `queue` is where it leads."""
        return RoutingRule(
            name=self.name,
            queue=queue,
            when=self.when,
            requirements=tuple(skill.to_domain() for skill in self.skills),
            asks_language=self.language,
            case_class=self.case_class,
            priority=self.priority,
            boost=self.boost,
            weight=None if self.weight is None else hundredths(self.weight),
            preferred=self.preferred,
            prefers=self.prefers,
            excluded=frozenset(self.excluded),
            department=self.department,
            person=self.person,
            mentions=self.mentions,
            flow=flow,
        )


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

    def to_domain(self) -> Languages:
        """As rules use it."""
        better = self.advanced
        advanced = None
        if better is not None:
            advanced = Requirement(skill="", level=int(better.level), drop_after=drop_after(better.drop_after_seconds))
        return Languages(skills=self.skills, otherwise=self.otherwise, least=int(self.level), advanced=advanced)


class Switch(Part):
    """The per-case switch: whether a case is routed by rules at all. Source: S1-18."""

    field: str = Field(default="assign_by_rules", min_length=1, max_length=80)
    """Of a form or a gateway's attributes; `yes` or `no`."""
    default: bool = True
    queue: Name | None = None
    """Where it waits when it is off; null: in none, until a person assigns facts that switch it on."""


class WrittenHours(Part):
    """When somebody is there for calls and chats; calendars are those of calendars.yaml."""

    queues: dict[Name, str] = Field(default_factory=dict)
    languages: dict[str, str] = Field(default_factory=dict)
    channels: tuple[Channel, ...] = (Channel.PHONE, Channel.CHAT)
    choices: tuple[Choice, ...] = ("callback", "case")
    unstaffed_after_seconds: Seconds | None = None
    """After so long on the line, where nobody present could take it, the customer may choose; absent: never asked."""


class NamedCalls(Part):
    """Customers who ask for somebody by name. Source: S2-19."""

    post_to: str | None = None
    """The channel of the company's in which only that person is mentioned."""
    wait_seconds: Seconds = 30
    """So long it is theirs alone, if they are present."""
    otherwise_queue: Name | None = None
    """Afterwards: a queue of call-backs; absent: its own queue, for anybody."""
    names: dict[str, Name] = Field(default_factory=dict)
    """Further names by which agents are asked for; their own name and id always count."""


class Routing(Part):
    """routing.yaml."""

    rules: tuple[Rule, ...] = Field(min_length=1)
    languages: CaseLanguages
    flows: dict[Name, tuple[FlowStep, ...]] = Field(default_factory=dict)
    switch: Switch = Switch()
    hours: WrittenHours = WrittenHours()
    named_calls: NamedCalls = NamedCalls()
    callbacks: tuple[Leaving, ...] = ()
    """Ways to leave a call unanswered after which the customer is called back; other calls just leave."""
    weights: dict[Channel, Weight] = Field(default_factory=dict)
    """By channel, how much of an agent's capacity one case takes; 1 where none is named."""
    warned_boost: Boost = 1
    """Ranks of priority that a warned milestone adds."""
    violated_boost: Boost = 2
    rung_boost: Boost = 2
    """Ranks that a ladder's rung adds whose action is to raise."""
    promise_near_seconds: Seconds = 1800
    """A promise that comes so near while its work waits is told to the pool at once; others go with the next need."""
    titles: dict[Name, str] = Field(default_factory=dict)
    """By skill, what people call it: `de: German`."""

    @model_validator(mode="after")
    def _has_one_of_each(self) -> Routing:
        twice = duplicates([rule.name for rule in self.rules])
        if twice:
            raise ValueError(f"rules with names of their own; {', '.join(twice)} stands twice")
        return self

    @model_validator(mode="after")
    def _flows_flow(self) -> Routing:
        for name, steps in self.flows.items():
            if any(earlier.after_seconds >= later.after_seconds for earlier, later in pairwise(steps)):
                raise ValueError(f"steps in the order of their times, no two at one time, in the flow {name}")
            if any(step.department is not None for step in steps[:-1]):
                raise ValueError(f"the department last in the flow {name}: nothing follows it")
        return self
