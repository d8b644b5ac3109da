"""What is promised, and when it counts.

A kind of milestone is declared: which facts start, complete and cancel it, while what it pauses, and what is promised
to which case. The domain asks these declarations; `caseway_escalation.settings` reads them from YAML.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.rules import ALWAYS, Condition, Facts, first_match


class Step(StrEnum):
    """What a fact may do to a milestone."""

    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is promised to one case: fixed when the clock starts, exchanged only as a fact."""

    policy: str
    """The name of the promise."""
    target: dt.timedelta
    """Business time, over zero."""
    calendar: str
    warn_before: dt.timedelta | None = None
    """How long before the deadline it is warned; None for never."""
    is_wall_time: bool = False
    """Whether `warn_before` is absolute time; else business time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The terms for the cases that fit a condition."""

    when: Condition = ALWAYS
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What a fact of one type does to a kind, if the condition holds."""

    kind: str
    step: Step
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One declared kind of milestone, such as `first_response`."""

    name: str
    promises: Sequence[Promise]
    pauses: Condition | None = None
    """While it holds for the case's standing, the clock stands."""
    may_repeat: bool = False
    """Whether a start after the end of one instance begins another; else there is one for the case's whole life."""
    is_recomputed: bool = True
    """Whether a change of the case exchanges the terms, reckoned from the start; else the first are kept."""

    def terms_for(self, standing: Facts) -> Terms | None:
        """What is promised to such a case; None when nothing is."""
        promise = first_match(self.promises, standing)
        return promise.terms if promise else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Everything declared, ready to be asked."""

    kinds: Mapping[str, Kind]
    triggers: Mapping[str, Sequence[Trigger]] = field(default_factory=dict)
    """By the fact's name, such as `case.replied`."""
    calendars: Mapping[str, BusinessHours] = field(default_factory=dict)

    def steps(self, fact: str, facts: Facts) -> set[tuple[str, Step]]:
        """What a fact does to which kinds; KeyError for one that no trigger names."""
        return {(each.kind, each.step) for each in self.triggers[fact] if each.when.test(facts)}
