"""Waves of interviews: who is asked, and what they said.

Waves of interviews: who is in the sample, what they said, and how that compares with the wave before.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from caseway_analytics.domain.satisfaction import Method, Record, Scored, changes, scored, target_gap, worst_movers

_NEW = dt.timedelta(days=365)
"""A customer of less than a year is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A customer who may be asked."""

    customer: str
    is_vip: bool = False
    contract_value: float = 0.0
    since_on: dt.date | None = None
    equipment: AbstractSet[str] = frozenset()
    services: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Whom to ask. Source: S3-08."""

    vip: bool = False
    contract_above: float | None = None
    new: bool = False
    equipment: str | None = None
    service: str | None = None


def chosen(
    candidates: Iterable[Candidate], criteria: Criteria, panel: AbstractSet[str], on: dt.date
) -> dict[str, tuple[str, ...]]:
    """Who is asked, by id, each with the reasons; whoever took part before stays in."""
    found = {each.customer: tuple(_reasons(each, criteria, panel, on)) for each in candidates}
    return {customer: reasons for customer, reasons in sorted(found.items()) if reasons}


def _reasons(each: Candidate, criteria: Criteria, panel: AbstractSet[str], on: dt.date) -> Iterable[str]:
    if each.customer in panel:
        yield "panel"
    if criteria.vip and each.is_vip:
        yield "vip"
    if criteria.contract_above is not None and each.contract_value > criteria.contract_above:
        yield "contract_above"
    if criteria.new and each.since_on is not None and dt.timedelta(0) <= on - each.since_on < _NEW:
        yield "new"
    if criteria.equipment is not None and criteria.equipment in each.equipment:
        yield "equipment"
    if criteria.service is not None and criteria.service in each.services:
        yield "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """Everything that was recorded, ready to be compared."""

    waves: Sequence[Record]
    """In their order."""
    interviews: Sequence[Record]
    answers: Sequence[Record]
    serving: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    """Agents by the customer whom they have served: they must not interview them. Source: S3-09."""

    def wave_names(self) -> list[str]:
        """From the first to the last; a wave that was never announced comes by its name."""
        told = sorted(self.waves, key=lambda wave: (wave.get("starts_on") or "9999", wave["wave"]))
        named = [wave["wave"] for wave in told]
        others = {answer["wave"] for answer in self.answers if answer.get("wave")} - set(named)
        return [*named, *sorted(others)]

    def partial(self) -> list[Record]:
        """Interviews by somebody who serves that customer: they are kept, named, and do not count."""
        return [each for each in self.interviews if each["interviewer"] in self.serving.get(each["customer"], ())]

    def scored(self, wave: str, method: Method) -> dict[str, Scored]:
        """Every customer of a wave."""
        barred = {each["interview"] for each in self.partial()}
        earlier = set(self.wave_names()[: self.wave_names().index(wave)]) if wave in self.wave_names() else set()
        panel = {answer["customer"] for answer in self.answers if answer.get("wave") in earlier}
        answers: dict[str, list[Record]] = {}
        for answer in self.answers:
            if answer.get("wave") == wave and answer.get("interview") not in barred:
                answers.setdefault(answer["customer"], []).append(answer)
        interviews: dict[str, list[Record]] = {}
        for each in self.interviews:
            if each["wave"] == wave and each["interview"] not in barred:
                interviews.setdefault(each["customer"], []).append(each)
        return {
            customer: scored(customer, wave, told, interviews.get(customer, []), method, is_panel=customer in panel)
            for customer, told in sorted(answers.items())
        }


def wave_report(surveyed: Surveyed, wave: str, method: Method) -> dict[str, Any]:
    """One wave beside the one before: everybody's index, levels, changes, gap, and who lost most; ready for JSON."""
    names = surveyed.wave_names()
    place = names.index(wave) if wave in names else 0
    now = surveyed.scored(wave, method)
    before = surveyed.scored(names[place - 1], method) if place else {}
    announced = next((each for each in surveyed.waves if each["wave"] == wave), {})
    target = announced.get("target") if announced.get("target") is not None else method.target
    movers = worst_movers((each, before.get(customer)) for customer, each in now.items())
    return {
        "wave": wave,
        "before": names[place - 1] if place else None,
        "target": target,
        "customers": [_customer(each, before.get(customer), target) for customer, each in now.items()],
        "all": statistics_of(now.values(), target),
        "all_before": statistics_of(before.values(), target) if before else None,
        "worst_movers": [
            {"customer": customer, "level": level, "delta": round(delta, 2)} for customer, level, delta in movers
        ],
        "not_counted": [
            {"interview": each["interview"], "customer": each["customer"], "interviewer": each["interviewer"]}
            for each in surveyed.partial()
            if each["wave"] == wave
        ],
        "missing": sorted(set(announced.get("customers") or ()) - set(now)),
    }


def _customer(now: Scored, before: Scored | None, target: float | None) -> dict[str, Any]:
    moved = changes(now, before)
    overall_before = before.overall if before else None
    delta = None if now.overall is None or overall_before is None else now.overall - overall_before
    return {
        "customer": now.customer,
        "index": _rounded(now.overall),
        "delta": _rounded(delta),
        "target_gap": _rounded(target_gap(now.overall, target)),
        "levels": {
            level: {"index": _rounded(change.now), "delta": _rounded(change.delta)} for level, change in moved.items()
        },
        "answered": now.answered,
        "asked": now.asked,
        "missing_weight_ratio": now.missing_weight_ratio,
        "representatives": now.representatives,
        "spread": _rounded(now.spread),
        "panel": now.is_panel,
    }


def statistics_of(customers: Iterable[Scored], target: float | None) -> dict[str, Any]:
    """Across customers: each counts once, whatever the size of its contract. Source: S3-17."""
    several = list(customers)
    known = [each.overall for each in several if each.overall is not None]
    levels = dict.fromkeys(level for each in several for level in each.levels)
    mean = statistics.fmean(known) if known else None
    return {
        "customers": len(several),
        "with_index": len(known),
        "mean": _rounded(mean),
        "least": _rounded(min(known, default=None)),
        "most": _rounded(max(known, default=None)),
        "spread": _rounded(statistics.stdev(known)) if len(known) > 1 else None,
        "target_gap": _rounded(target_gap(mean, target)),
        "reached_target": None if target is None else sum(value >= target for value in known),
        "levels": {level: _rounded(_mean(each.levels.get(level) for each in several)) for level in levels},
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
