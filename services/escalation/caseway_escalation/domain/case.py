"""What escalation knows of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import field, fields
from typing import Any

from caseway.kernel.values import dataclass
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway_escalation.domain.clock import Milestone
from caseway_escalation.domain.guidance import Focus
from caseway_escalation.domain.run import Run
from caseway_escalation.domain.turns import Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the case is now, as far as promises depend on it: the fields that conditions may use. Nothing personal."""

    channel: Channel | None = None
    priority: Priority = Priority.NORMAL
    category: str | None = None
    class_: str | None = None
    language: str | None = None
    complexity: str | None = None
    department: str | None = None
    record_type: str | None = None
    tags: tuple[str, ...] = ()
    customer: str | None = None
    account: str | None = None
    vip: bool = False
    plan: str | None = None
    """Of the entitlement."""
    entitled: str | None = None
    """The entitlement's state."""
    calendar: str | None = None
    """The entitlement's own, where it names one."""
    stamps: tuple[str, ...] = ()
    """Put on the case and not taken off."""
    turn: Turn = Turn.DESK
    status: CaseStatus = CaseStatus.OPEN

    def as_facts(self) -> Mapping[str, Any]:
        """For conditions, by the names that YAML uses; nothing is copied."""
        return StandingFacts(self)


class StandingFacts(Mapping[str, Any]):
    """A standing, as conditions look at it."""

    __slots__ = ("_standing",)

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def __getitem__(self, name: str) -> Any:
        return getattr(self._standing, _NAMES[name])

    def get(self, name: str, default: Any = None) -> Any:
        """What conditions ask, thousands of times a second."""
        return getattr(self._standing, _NAMES[name]) if name in _NAMES else default

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


_NAMES = {each.name.rstrip("_"): each.name for each in fields(Standing)}
STANDING_FIELDS = tuple(_NAMES)
"""What `pauses` may look at."""
PROMISE_FIELDS = tuple(name for name in STANDING_FIELDS if name not in {"turn", "status", "stamps"})
"""What a promise may depend on: a case does not get other terms each time the turn changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Where a case's work is."""

    pool: str
    queue: str
    work_item: str
    agent: str = ""
    """Who holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case's promises."""

    id: str
    standing: Standing = Standing()
    milestones: tuple[Milestone, ...] = ()
    turns: Turns = field(default_factory=Turns)
    ahead: Mapping[str, dt.datetime] = field(default_factory=dict)
    """Kinds that another topic completed before their start was read here, and when."""
    merged_into: str | None = None
    """The case that this one became part of."""
    configured: str = ""
    """The version of the configuration by which its running clocks were last looked at."""
    work: Work | None = None
    """None until there is any."""
    runs: tuple[Run, ...] = ()
    """Of ladders, the oldest first."""
    forgotten: Mapping[str, int] = field(default_factory=dict)
    """Promises that are over and no longer kept, by kind: how many."""
    focus: Focus = field(default_factory=Focus)
