"""What escalation reads from the configuration directory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from caseway.kernel.business_hours import WHOLE_DAY, BusinessHours, Hours
from caseway.kernel.rules import ALWAYS, Condition, Fault, Path
from caseway.runtime.calendars import WrittenCalendar
from caseway.runtime.configuration import Inconsistent, condition_over
from caseway_escalation.domain.promises import Kind, Promise, Promises, Recurrence, Step, Terms, Trigger
from caseway_escalation.ladder_settings import WrittenGuidance, WrittenLadders
from caseway_escalation.trigger_settings import (
    FACTS,
    PROMISING,
    STANDING,
    Durations,
    Name,
    Target,
    Written,
    WrittenTrigger,
)

_YEAR = dt.timedelta(days=366)
_TODAYS = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""From when on calendars are tried: any instant of the years in which this runs."""


class WrittenStart(WrittenTrigger):
    """Which fact begins a clock, and since when it runs."""

    since: str = ""
    """A field with an instant, such as `received_at`; the fact's own instant where it is left out or empty."""

    @model_validator(mode="after")
    def _since_is_known(self) -> WrittenStart:
        if self.since and self.since not in FACTS[self.fact]:
            raise ValueError(f"`since` a field of {self.fact}; {self.since!r} is none")
        return self


class WrittenPromise(Written):
    """What is promised to the cases that fit."""

    name: str = Field(min_length=1, max_length=100)
    when: Annotated[Condition, condition_over(PROMISING)] = ALWAYS
    target: Target | None = None
    calendar: str
    own_calendar: bool = False
    """Whether the calendar that the case's entitlement names goes before `calendar`."""
    months: int = Field(default=0, ge=0, le=120)
    """Calendar months, at all hours, instead of a target in business hours."""
    until: str = ""
    """A field of the starting fact that names the deadline itself; without one, `target` at all hours."""
    warn_before: Durations | None = None
    """Default: the file's."""
    warn_in: Literal["business", "wall"] | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> WrittenPromise:
        if (self.target is None) is (self.months == 0):
            raise ValueError("either a target or months")
        if self.months and self.until:
            raise ValueError("either months or until")
        return self


class WrittenKind(Written):
    """One kind of milestone."""

    starts: tuple[WrittenStart, ...] = Field(min_length=1)
    completes: tuple[WrittenTrigger, ...] = Field(min_length=1)
    cancels: tuple[WrittenTrigger, ...] = ()
    extends: tuple[WrittenTrigger, ...] = ()
    """Puts a promise of months off, once, by `extension_months`."""
    extension_months: int = Field(default=0, ge=0, le=120)
    pauses: Annotated[Condition, condition_over(STANDING)] | None = None
    recurrence: Recurrence = Recurrence.NONE
    per: str = ""
    """Of independent ones: the field that tells them apart; every starting fact has it."""
    requires: tuple[str, ...] = ()
    """Stamps without which a completion does not count."""
    on_change: Literal["recompute", "keep"] = "recompute"
    """What a change of priority, category … does to a running clock."""
    on_new_version: Literal["recompute", "keep"] = "keep"
    """What other promises in the configuration do to a running clock."""
    promises: tuple[WrittenPromise, ...] = Field(min_length=1)
    """The first that fits a case counts; none may."""

    @model_validator(mode="after")
    def _fits_together(self) -> WrittenKind:
        faults = list(self._contradictions())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.per and self.recurrence is not Recurrence.INDEPENDENT:
            yield "`per` with recurrence: independent"
        if self.per and not all(self.per in FACTS[each.fact] for each in self.starts):
            yield f"`per` a field of every starting fact; {self.per!r} is none"
        if bool(self.extends) is (self.extension_months == 0):
            yield "`extends` and `extension_months` together"
        if self.pauses is not None and any(each.months for each in self.promises):
            yield "no `pauses` beside months: the law's clock does not stand"
        starts = {(each.fact, repr(each.when)) for each in self.starts}
        if any((each.fact, repr(each.when)) in starts for each in self.cancels):
            yield "no fact that both starts and cancels"


class WrittenMilestones(Written):
    """milestones.yaml."""

    warn_before: Durations = (dt.timedelta(minutes=15),)
    """One or several. Source: S1-20."""
    warn_in: Literal["business", "wall"] = "business"
    recomputed_per_second: int = Field(default=500, ge=1, le=100_000)
    """Cases a second whose running clocks are reckoned anew when the configuration changed."""
    kinds: dict[Name, WrittenKind] = Field(min_length=1)


class Configuration(Written):
    """Everything escalation reads; each field is a file, `<field>.yaml`."""

    calendars: dict[str, WrittenCalendar] = Field(min_length=1)
    milestones: WrittenMilestones
    ladders: WrittenLadders = WrittenLadders()
    guidance: WrittenGuidance | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Configuration:
        faults = [
            *self._missing_calendars(),
            *self._never_due(),
            *self._never_reached(),
            *self.ladders.faults(self.calendars),
            *(self.guidance.faults(self.calendars) if self.guidance else ()),
        ]
        if faults:
            raise Inconsistent(faults)
        self.promises  # noqa: B018 - put together now, so that a mistake is found when it is loaded
        return self

    @cached_property
    def promises(self) -> Promises:
        """As the domain asks them."""
        return self._built()

    def _places(self) -> Iterator[tuple[Path, WrittenKind, int]]:
        for name, kind in self.milestones.kinds.items():
            for index in range(len(kind.promises)):
                yield ("milestones", "kinds", name, "promises", index), kind, index

    def _missing_calendars(self) -> Iterator[Fault]:
        known = ", ".join(sorted(self.calendars))
        for path, kind, index in self._places():
            calendar = kind.promises[index].calendar
            if calendar not in self.calendars:
                yield Fault(
                    path=(*path, "calendar"), expected=f"a calendar of calendars.yaml ({known}); found {calendar!r}"
                )

    def _never_due(self) -> Iterator[Fault]:
        """A deadline that no calendar reaches in a century is a slip of the pen."""
        for path, kind, index in self._places():
            promise = kind.promises[index]
            if promise.target is None or promise.until:
                continue
            named = self.calendars if promise.own_calendar else {promise.calendar} & self.calendars.keys()
            for name in named:
                if 100 * self._least_a_year[name] < promise.target:
                    expected = f"a length that its calendar reaches within a century; {name!r} does not"
                    yield Fault(path=(*path, "target"), expected=expected)

    @cached_property
    def _least_a_year(self) -> Mapping[str, dt.timedelta]:
        """Business time that passes in a year by each calendar, in its version with the fewest hours."""
        built = {name: calendar.built(name) for name, calendar in self.calendars.items()}
        return {
            name: min(hours.elapsed(since, since + _YEAR) for since in hours.beginnings(_TODAYS))
            for name, hours in built.items()
        }

    def _never_reached(self) -> Iterator[Fault]:
        """A promise behind one with the same condition, or with none, would never be given."""
        for path, kind, index in self._places():
            earlier = [promise.when for promise in kind.promises[:index]]
            if ALWAYS in earlier or kind.promises[index].when in earlier:
                yield Fault(path=path, expected="a condition that an earlier promise leaves something to")

    def _built(self) -> Promises:
        triggers: dict[str, list[Trigger]] = {}
        for name, kind in self.milestones.kinds.items():
            for fact, trigger in _triggers(name, kind):
                triggers.setdefault(fact, []).append(trigger)
        calendars = {name: calendar.built(name) for name, calendar in self.calendars.items()}
        return Promises(
            kinds={name: self._kind(name, kind) for name, kind in self.milestones.kinds.items()},
            triggers=triggers,
            calendars=calendars,
            round_the_clock={name: _round_the_clock(hours.zone) for name, hours in calendars.items()},
            ladders=self.ladders.built(),
            guidance=self.guidance.built() if self.guidance else None,
        )

    def _kind(self, name: str, kind: WrittenKind) -> Kind:
        return Kind(
            name=name,
            promises=tuple(
                Promise(when=each.when, terms=self._terms(each), takes_own_calendar=each.own_calendar)
                for each in kind.promises
            ),
            pauses=kind.pauses,
            recurrence=kind.recurrence,
            per=kind.per,
            requires=frozenset(kind.requires),
            extension_months=kind.extension_months,
            is_recomputed=kind.on_change == "recompute",
            follows_versions=kind.on_new_version == "recompute",
        )

    def _terms(self, promise: WrittenPromise) -> Terms:
        before = self.milestones.warn_before if promise.warn_before is None else promise.warn_before
        return Terms(
            policy=promise.name,
            target=promise.target or dt.timedelta(0),
            calendar=promise.calendar,
            warnings=tuple(sorted({each for each in before if each}, reverse=True)),
            is_wall_time=(promise.warn_in or self.milestones.warn_in) == "wall",
            months=promise.months,
            until=promise.until,
        )


def _triggers(name: str, kind: WrittenKind) -> Iterator[tuple[str, Trigger]]:
    for start in kind.starts:
        yield start.fact, Trigger(kind=name, step=Step.START, when=start.condition(), since=start.since)
    others = ((Step.COMPLETE, kind.completes), (Step.CANCEL, kind.cancels), (Step.EXTEND, kind.extends))
    for step, written in others:
        for each in written:
            yield each.fact, Trigger(kind=name, step=step, when=each.condition())


def _round_the_clock(zone: str) -> BusinessHours:
    return BusinessHours("round the clock", zone, [Hours(week=dict.fromkeys(range(7), WHOLE_DAY))])


__all__ = ["FACTS", "Configuration"]
