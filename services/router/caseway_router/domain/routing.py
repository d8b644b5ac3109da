"""Where a case belongs, and what it needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from caseway.kernel.rules import ALWAYS, Condition, first_match
from caseway.kernel.vocabulary import Channel, Priority
from caseway_router.domain.flows import NamedCalls, Step
from caseway_router.domain.hours import OpeningHours
from caseway_router.domain.items import WHOLE, Requirement
from caseway_router.domain.naming import folded
from caseway_router.domain.staffing import Staffing

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
    "product": None,
    "state": None,
    "missing_fields": None,
    "asked_for": None,
    "talk": frozenset({"waiting", "answered", "left"}),
    "callback": frozenset({"abandoned", "no_answer", "voicemail", "callback_requested", "wished", "missed", "failed"}),
    "escalated": frozenset({True}),
    "ladders": None,
    "answered_by": None,
    "account_manager": None,
}
"""What a routing rule may look at, and the values it may take; nothing of what the customer wrote.

`asked_for` is an agent's id; `talk` is how a call or chat stands; `callback` is why the customer is to be called;
`ladders` are the escalation ladders of which a rung was reached; `answered_by` is the agent who wrote to the customer last;
`account_manager` is the agent whom a form's or gateway's field of that name names.
"""

HELD_BY = "held_by"
"""Among what a rule prefers: the agent who worked on the case last, and did not give it away."""

BY_HAND = "by hand"
"""In place of a rule's name, where a case shall not be routed by rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """The first whose condition holds decides."""

    name: str
    queue: str | None
    """None: such a case is nobody's here, and is not queued; with `department`, it is handed to them."""
    when: Condition = ALWAYS
    requirements: tuple[Requirement, ...] = ()
    asks_language: bool = True
    """Whether the case's language is a skill that is asked for."""
    case_class: str | None = None
    """In place of the case's own."""
    priority: Priority | None = None
    """In place of the case's own."""
    boost: float = 0.0
    """A place further forward, in ranks of priority."""
    weight: int | None = None
    """In place of the channel's, in hundredths of a contact."""
    preferred: tuple[str, ...] = ()
    """Agents who get it before others, where they may take it."""
    prefers: tuple[str, ...] = ()
    """Before those: whom these facts name, such as who answered the customer last; `HELD_BY`, whom only the pool knows."""
    excluded: frozenset[str] = frozenset()
    """Agents who do not get it."""
    department: str | None = None
    person: str | None = None
    """Of the department."""
    mentions: str | None = None
    """The mention list that is told of it."""
    flow: tuple[Step, ...] = ()


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
class MentionList:
    """A channel of the company's, and whom a post there mentions. Source: S2-18."""

    post_to: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a case's work goes."""

    pool: str
    queue: str
    """Empty: it is not queued, but handed to the department."""
    rule: str
    requirements: tuple[Requirement, ...] = ()
    case_class: str | None = None
    priority: Priority = Priority.NORMAL
    weight: int = WHOLE
    boost: float = 0.0
    preferred: tuple[str, ...] = ()
    holder_place: int | None = None
    """Where among those the pool puts who worked on the case last; None: nowhere."""
    excluded: tuple[str, ...] = ()
    named: str | None = None
    """Who alone may have it, until a step frees it."""
    department: str | None = None
    person: str | None = None
    posts: tuple[MentionList, ...] = ()
    steps: tuple[Step, ...] = ()
    """With the language's skills in their requirements, the earliest first."""


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
    """Ranks that a milestone adds: by `warned`, `violated`; and what a rung that raises adds, by `rung`."""
    by_hand_queue: str | None = None
    """For a case that shall not be routed by rules; None: it waits for a person to route it."""
    switch: tuple[str, bool] = ("", True)
    """The field by which a contact says whether its case is routed by rules, and what counts when it says nothing."""
    named_calls: NamedCalls = field(default_factory=lambda: NamedCalls(names={}))
    mention_lists: Mapping[str, MentionList] = field(default_factory=dict)
    hours: OpeningHours = field(default_factory=OpeningHours)
    promise_near: dt.timedelta = dt.timedelta(minutes=30)
    """A promise that comes so near while its work waits is told to the pool at once."""
    callbacks: frozenset[str] = frozenset()
    """Ways to leave a call unanswered after which the customer is called back; other calls just leave."""
    staffing: Staffing | None = None
    """None: not known, and nobody is waited for by name."""

    @property
    def has_several_pools(self) -> bool:
        """Whether work may move from one pool to another."""
        return len(set(self.pools.values())) > 1

    def route(self, facts: Facts) -> Route | None:
        """Where a case with these facts goes; None when a rule says that it is not routed."""
        rule = self._rule(facts)
        if rule.queue is None:
            return self._to_department(rule, facts)
        language = self.languages.requirements(facts) if rule.asks_language else ()
        named = self._named(facts, rule)
        steps = sorted((*self.named_calls.steps(named), *rule.flow), key=lambda step: step.after)
        return Route(
            pool=self.pools[rule.queue],
            queue=rule.queue,
            rule=rule.name,
            requirements=(*language, *rule.requirements),
            case_class=rule.case_class or facts.get("class"),
            priority=rule.priority or Priority(facts.get("priority") or Priority.NORMAL),
            weight=rule.weight or self.weights.get(facts.get("channel") or "", WHOLE),
            boost=rule.boost,
            preferred=self._preferred(facts, rule, named),
            holder_place=_holder_place(facts, rule, named),
            excluded=tuple(sorted(rule.excluded)),
            named=named,
            posts=tuple(self._posts(facts, rule)),
            steps=tuple(_in_language(step, language) for step in steps),
        )

    def agent_named(self, name: object) -> str | None:
        """The agent who goes by this name; None where nobody, or nobody in particular, does."""
        return self.named_calls.names.get(folded(name)) if isinstance(name, str) else None

    def _rule(self, facts: Facts) -> RoutingRule:
        if facts.get("by_rules") is False:
            return RoutingRule(name=BY_HAND, queue=self.by_hand_queue)
        return first_match(self.rules, facts) or RoutingRule(name="", queue=self.default_queue)

    def _to_department(self, rule: RoutingRule, facts: Facts) -> Route | None:
        if rule.department is None:
            return None
        posts = tuple(self._posts(facts, rule))
        return Route(pool="", queue="", rule=rule.name, department=rule.department, person=rule.person, posts=posts)

    def _named(self, facts: Facts, rule: RoutingRule) -> str | None:
        """Who was asked for, where they belong to the queue's pool: another pool's agents cannot be waited for there."""
        asked_for: str | None = facts.get("asked_for")
        if asked_for is None or rule.queue is None or asked_for in rule.excluded or self.staffing is None:
            return None
        return asked_for if self.staffing.pool_of(asked_for) == self.pools[rule.queue] else None

    def _preferred(self, facts: Facts, rule: RoutingRule, named: str | None) -> tuple[str, ...]:
        """Who goes first: whom the customer asked for, whom the case's own facts name, whom the rule names."""
        known = [facts.get(fact) for fact in rule.prefers]
        first = [agent for agent in (named, *known) if agent is not None and agent not in rule.excluded]
        return tuple(dict.fromkeys((*first, *rule.preferred)))

    def _posts(self, facts: Facts, rule: RoutingRule) -> list[MentionList]:
        """Who is told: the one who was asked for and nobody else, or the rule's list."""
        asked_for = facts.get("asked_for")
        if asked_for is not None and self.named_calls.post_to is not None:
            return [MentionList(post_to=self.named_calls.post_to, mentions=(asked_for,))]
        return [self.mention_lists[rule.mentions]] if rule.mentions is not None else []


def _holder_place(facts: Facts, rule: RoutingRule, named: str | None) -> int | None:
    """After whom the rule prefers before them, and whom the customer asked for."""
    if HELD_BY not in rule.prefers:
        return None
    before = (named, *(facts.get(fact) for fact in rule.prefers[: rule.prefers.index(HELD_BY)]))
    return len({agent for agent in before if agent is not None and agent not in rule.excluded})


def _in_language(step: Step, language: tuple[Requirement, ...]) -> Step:
    """The step with the language's skills beside its own, where it asks for skills at all."""
    if step.requirements is None or not step.keeps_language:
        return step
    return replace(step, requirements=(*language, *step.requirements))
