"""What every step in a case's life has in common."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any, Protocol

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.parts import Actor
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.vocabulary import Turn
from caseway_intake.domain.case import Case

LONGEST_TEXT_BYTES = 256 * 1024
"""Of a text in a fact. Source: delivery.md, "Sizes"."""


class Rules(Protocol):
    """What the configuration says about a case's life (life.yaml)."""

    @property
    def reopen_days(self) -> int:
        """How long after closing a case may be reopened by hand."""
        ...

    @property
    def may_declare_incident(self) -> tuple[str, ...]:
        """Kinds of actors."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The circumstances of one command."""

    cause: str
    at: dt.datetime
    """As the sender says."""
    now: dt.datetime
    configuration: str
    """The configuration's version."""
    rules: Rules
    actor: Actor | None = None

    def at_after(self, last: dt.datetime | None) -> dt.datetime:
        """When the fact happened: never in the future, never before the case's last."""
        at = min(self.at, self.now)
        return at if last is None else max(at, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The case after a step, and what is told."""

    case: Case
    facts: tuple[CaseFact, ...]
    timers: tuple[Arm | Disarm, ...] = ()


class Refused(Exception):
    """A command that cannot be in the case's present state; becomes the fact `refused`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def advance(case: Case, step: Step, **changes: Any) -> Case:
    """The case one version later."""
    return replace(case, version=case.version + 1, at=step.at_after(case.at), **changes)


def head(case: Case, step: Step) -> dict[str, Any]:
    """What each fact about `case`, as it stands after the fact, begins with."""
    return {
        "case_id": case.id,
        "version": case.version,
        "at": case.at,
        "cause": step.cause,
        "configuration": step.configuration,
        "actor": step.actor,
    }


def changed_turn(before: Case, after: Case) -> Turn | None:
    """The turn, where it changed: facts say it then, and only then."""
    return after.turn if after.turn is not before.turn else None


def check_length(text: str) -> None:
    """Refuse a text that no fact can carry."""
    if len(text) * 4 > LONGEST_TEXT_BYTES and len(text.encode()) > LONGEST_TEXT_BYTES:
        raise Refused("too-long", f"more than {LONGEST_TEXT_BYTES} bytes of text")
