"""What is promised, and when it counts.

A kind of milestone is declared: which facts start, complete, cancel and extend it, while what it pauses, and what is
promised to which case. The domain asks these declarations; `caseway_escalation.settings` reads them from YAML.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.rules import ALWAYS, Condition, Facts, first_match
from caseway.kernel.values import replace
from caseway_escalation.domain.guidance import Guidance
from caseway_escalation.domain.ladders import Ladders


class Step(StrEnum):
    """What a fact may do to a milestone."""

    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"
    EXTEND = "extend"

    __hash__ = str.__hash__  # an enumeration's own is slower, and every fact asks for its steps


class Recurrence(StrEnum):
    """Whether a start after the first begins another instance. Source: S1-17, semantics.md 5.2."""

    NONE = "none"
    """One for the case's whole life."""
    SEQUENTIAL = "sequential"
    """One at a time: a start counts when none is open."""
    INDEPENDENT = "independent"
    """Every start begins one; several may be open side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is promised to one case: fixed when the clock starts, exchanged only as a fact."""

    policy: str
    """The name of the promise."""
    target: dt.timedelta = dt.timedelta(0)
    """Business time, over zero; zero where `months` says how long."""
    calendar: str
    """Where only its zone counts (`months`, `until`), the clock runs round the clock."""
    warnings: tuple[dt.timedelta, ...] = ()
    """How long before the deadline it is warned, the longest first; none for never."""
    is_wall_time: bool = False
    """Whether `warnings` are absolute time; else business time."""
    months: int = 0
    """Calendar months instead of a target: a statutory promise, at all hours."""
    until: str = ""
    """The field of the starting fact that names the deadline itself; where it names none, the target counts."""

    @property
    def is_round_the_clock(self) -> bool:
        """Whether every hour counts, whatever the calendar says."""
        return bool(self.months or self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The terms for the cases that fit a condition."""

    when: Condition = ALWAYS
    terms: Terms
    takes_own_calendar: bool = False
    """Whether the calendar of the case's entitlement goes before the written one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What a fact of one type does to a kind, if the condition holds."""

    kind: str
    step: Step
    when: Condition = ALWAYS
    since: str = ""
    """Of a start: the field that says since when the clock runs, such as `received_at`; else the fact's instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One declared kind of milestone, such as `first_response`."""

    name: str
    promises: Sequence[Promise]
    pauses: Condition | None = None
    """While it holds for the case's standing, the clock stands."""
    recurrence: Recurrence = Recurrence.NONE
    per: str = ""
    """Of independent ones: the field of the facts that tells them apart, such as `request`."""
    requires: frozenset[str] = frozenset()
    """Stamps without which a completion does not count."""
    extension_months: int = 0
    """By how much an extension, once, moves a deadline of calendar months."""
    is_recomputed: bool = True
    """Whether a change of the case exchanges the terms, reckoned from the start; else the first are kept."""
    follows_versions: bool = False
    """Whether other promises in the configuration exchange the terms of running clocks; else those are kept."""

    def terms_for(self, standing: Facts, calendars: Mapping[str, BusinessHours] | None = None) -> Terms | None:
        """What is promised to such a case; None when nothing is."""
        promise = first_match(self.promises, standing)
        if promise is None or not promise.takes_own_calendar:
            return promise.terms if promise else None
        own = standing.get("calendar")
        return replace(promise.terms, calendar=own) if own and own in (calendars or {}) else promise.terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Everything declared, ready to be asked."""

    kinds: Mapping[str, Kind]
    triggers: Mapping[str, Sequence[Trigger]] = field(default_factory=dict)
    """By the fact's name, such as `case.replied`."""
    calendars: Mapping[str, BusinessHours] = field(default_factory=dict)
    round_the_clock: Mapping[str, BusinessHours] = field(default_factory=dict)
    """By calendar: every hour, in its zone."""
    ladders: Ladders = field(default_factory=Ladders)
    guidance: Guidance | None = None

    def hours(self, terms: Terms) -> BusinessHours | None:
        """The hours in which some terms count; None when their calendar is no longer configured."""
        return self.configured_hours(terms) if terms.calendar in self.calendars else None

    def configured_hours(self, terms: Terms) -> BusinessHours:
        """The hours of terms whose calendar is known to be configured; KeyError for others."""
        return (self.round_the_clock if terms.is_round_the_clock else self.calendars)[terms.calendar]

    def steps(self, fact: str, facts: Facts) -> Mapping[tuple[str, Step], Trigger]:
        """What a fact does to which kinds; KeyError for one that no trigger names."""
        found: dict[tuple[str, Step], Trigger] = {}
        for each in self.triggers[fact]:
            if (each.kind, each.step) not in found and each.when.test(facts):
                found[each.kind, each.step] = each
        return found
