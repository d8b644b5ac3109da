"""What every message about a case has in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from caseway.contracts.parts import Actor
from caseway.contracts.wire import Fact, Ordinal, WireModel
from caseway.kernel.vocabulary import CaseStatus, Turn


class CaseCommand(WireModel):
    """A command about one case."""

    TOPIC: ClassVar[str] = "case.commands"
    KEY: ClassVar[str] = "case_id"

    case_id: str = Field(min_length=1)
    actor: Actor


class CaseFact(Fact):
    """A fact about one case."""

    TOPIC: ClassVar[str] = "cases"
    KEY: ClassVar[str] = "case_id"

    case_id: str
    version: Ordinal
    """1, 2, 3 … without holes."""
    actor: Actor | None = None
    turn: Turn | None = None
    """Whose turn it is from now on; always present where it changes."""
    status: CaseStatus | None = None
    """Where the case stands from now on; always present where it changes."""
