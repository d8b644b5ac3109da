"""Where a case belongs, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caseway.kernel.rules import ALWAYS, Condition, first_match
from caseway.kernel.vocabulary import Channel, Priority
from caseway_router.domain.items import WHOLE, Requirement

Facts = Mapping[str, Any]

FIELDS: Mapping[str, frozenset[Any] | None] = {
    "channel": frozenset(each.value for each in Channel),
    "language": None,
    "category": None,
    "priority": frozenset(each.value for each in Priority),
    "class": None,
    "tags": None,
    "complexity": frozenset({"basic", "advanced"}),
    "department": None,
    "record_type": frozenset({"case", "voice"}),
    "customer_state": frozenset({"linked", "candidates", "unlinked"}),
    "entitlement_state": frozenset({"entitled", "not_entitled", "expired", "unknown"}),
    "vip": frozenset({True, False}),
    "preferred_channel": frozenset(each.value for each in Channel),
    "mailbox": None,
    "form": None,
    "platform": None,
}
"""What a routing rule may look at, and the values it may take; nothing of what the customer wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """The first whose condition holds decides."""

    name: str
    queue: str | None
    """None: such a case is nobody's here, and is not queued."""
    when: Condition = ALWAYS
    requirements: tuple[Requirement, ...] = ()
    case_class: str | None = None
    """In place of the case's own."""
    priority: Priority | None = None
    """In place of the case's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """How a case's language becomes a skill."""

    skills: Mapping[str, str]
    """By language, the skill; a language that is not named asks for `otherwise`."""
    otherwise: str | None
    least: int = 1
    """The level that every case needs."""
    advanced: Requirement | None = None
    """What an advanced case asks for besides; its skill is replaced by the language's."""

    def requirements(self, facts: Facts) -> tuple[Requirement, ...]:
        """What the case's language asks of an agent."""
        skill = self.skills.get(facts.get("language") or "", self.otherwise)
        if skill is None:
            return ()
        least = Requirement(skill=skill, level=self.least)
        if self.advanced is None or facts.get("complexity") != "advanced":
            return (least,)
        better = Requirement(skill=skill, level=self.advanced.level, drop_after=self.advanced.drop_after)
        return (least, better)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a case's work goes."""

    pool: str
    queue: str
    rule: str
    requirements: tuple[Requirement, ...] = ()
    case_class: str | None = None
    priority: Priority = Priority.NORMAL
    weight: int = WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Every rule by which cases find their queue."""

    rules: tuple[RoutingRule, ...]
    pools: Mapping[str, str]
    """By queue, its pool."""
    default_queue: str
    """For a case that no rule fits."""
    languages: Languages
    weights: Mapping[str, int] = field(default_factory=dict)
    """By channel, in hundredths of a contact; 100 where none is named."""
    boosts: Mapping[str, float] = field(default_factory=dict)
    """Ranks that a milestone adds: by `warned`, `violated`."""

    def route(self, facts: Facts) -> Route | None:
        """Where a case with these facts goes; None when a rule says that it is not routed."""
        rule = first_match(self.rules, facts) or RoutingRule(name="", queue=self.default_queue)
        if rule.queue is None:
            return None
        return Route(
            pool=self.pools[rule.queue],
            queue=rule.queue,
            rule=rule.name,
            requirements=(*self.languages.requirements(facts), *rule.requirements),
            case_class=rule.case_class or facts.get("class"),
            priority=rule.priority or Priority(facts.get("priority") or Priority.NORMAL),
            weight=self.weights.get(facts.get("channel") or "", WHOLE),
        )
