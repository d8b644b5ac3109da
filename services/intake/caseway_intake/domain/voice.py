"""What is remembered of a customer's voice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Shape = Literal["incident", "escalation", "general"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A voice that waits for a decision; its text is locked meanwhile. Source: semantics 5.13."""

    process: str
    step: int
    approver: str
    asked: tuple[str, ...]
    """Who may decide: the approver, and whoever was asked beside them since."""
    submitted_by: str
    submitted_at: dt.datetime
    reminded_count: int = 0
    waits_until: dt.datetime | None = None
    """When the next reminder is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What internal control says it was (S0-09)."""

    complaint: bool
    incident: bool
    by: str
    checked_by: str | None = None
    """The manager who confirmed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What all employees see, without the customer's data."""

    at: dt.datetime
    shapes: tuple[Shape, ...]
    edition: int
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One voice. Escalation and incident are independent; neither means general (S0-03)."""

    author: str
    text: str
    title: str = ""
    genre: str | None = None
    edition: int = 1
    """Rises with every change of the text."""
    escalation: bool = False
    incident: bool = False
    approval: Approval | None = None
    judgement: Judgement | None = None
    sharing: Sharing | None = None

    @property
    def is_general(self) -> bool:
        """Neither escalated nor an incident: shared once a supervisor approved it."""
        return not (self.escalation or self.incident)

    def is_shared_as(self, shape: Shape) -> bool:
        """Whether all employees were told in this shape."""
        return self.sharing is not None and shape in self.sharing.shapes
