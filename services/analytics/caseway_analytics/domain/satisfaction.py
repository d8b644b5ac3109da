"""The index of satisfaction.

For a customer and a wave, S = 100 · Σ w·s / (5 · Σ w), over the indicators that were answered: s is the mean score (1 to
5) over questions and representatives, w the weight by which *this* customer rates the indicator. With a true zero
(s - 1)/4 stands for s/5. Source: semantics 5.9; S3-02 … S3-07.

>>> round(index({"speed": 4.0, "tone": 5.0}, {"speed": 3.0, "tone": 1.0}), 1)
85.0
>>> index({"speed": 5.0}, {"speed": 0.2}), index({}, {"speed": 1.0})
(100.0, None)
>>> index({"speed": 1.0}, {}), index({"speed": 1.0}, {}, true_zero=True)
(20.0, 0.0)
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How it is measured."""

    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Indicators by level."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What a level is called, where it is called anything."""
    level_weights: Mapping[str, float] = field(default_factory=dict)
    true_zero: bool = False
    by_level: bool = False
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One customer in one wave."""

    customer: str
    wave: str
    overall: float | None
    """Percent; None where nothing was answered: no figure is invented."""
    levels: Mapping[str, float | None]
    scores: Mapping[str, float]
    """Mean score by indicator."""
    weights: Mapping[str, float]
    answered: int
    """Answers with a score."""
    asked: int
    missing_weight_ratio: float | None
    """The share of the weights whose indicator nobody answered."""
    representatives: int
    spread: float | None
    """Standard deviation of the representatives' own means; None of fewer than two."""
    is_panel: bool = False
    """Took part in an earlier wave, too."""


def index(scores: Mapping[str, float], weights: Mapping[str, float], *, true_zero: bool = False) -> float | None:
    """Percent of the best; None without a score, or where everything answered weighs nothing."""
    weighed = [(weights.get(name, 1.0), score) for name, score in scores.items()]
    total = sum(weight for weight, _ in weighed)
    if total <= 0:
        return None
    if true_zero:
        return 100 * sum(weight * (score - 1) / 4 for weight, score in weighed) / total
    return 100 * sum(weight * score for weight, score in weighed) / (5 * total)


def scored(
    customer: str, wave: str, answers: Sequence[Record], interviews: Sequence[Record], method: Method,
    *, is_panel: bool = False,
) -> Scored:  # fmt: skip
    """One customer's index in one wave, from that customer's records of that wave alone."""
    told = [answer for answer in answers if answer["score"] is not None]
    level_of = {answer["indicator"]: answer["level"] for answer in answers}
    level_of |= {indicator: level for level, names in method.levels.items() for indicator in names}
    scores = _means((answer["indicator"], answer["score"]) for answer in told)
    weights = _weights(told, interviews)
    names = dict.fromkeys((*method.levels, *(level_of[name] for name in scores)))
    levels = {
        level: index(
            {name: score for name, score in scores.items() if level_of[name] == level},
            weights,
            true_zero=method.true_zero,
        )
        for level in names
    }
    own = _means((answer.get("representative") or "", answer["score"]) for answer in told)
    return Scored(
        customer=customer,
        wave=wave,
        overall=_overall(levels, scores, weights, method),
        levels=levels,
        scores=scores,
        weights=weights,
        answered=len(told),
        asked=len(answers),
        missing_weight_ratio=_missing({answer["indicator"] for answer in answers} | set(weights), scores, weights),
        representatives=len(own),
        spread=statistics.stdev(own.values()) if len(own) > 1 else None,
        is_panel=is_panel,
    )


def _overall(
    levels: Mapping[str, float | None], scores: Mapping[str, float], weights: Mapping[str, float], method: Method
) -> float | None:
    if not method.by_level:
        return index(scores, weights, true_zero=method.true_zero)
    known = {level: value for level, value in levels.items() if value is not None}
    total = sum(method.level_weights.get(level, 1.0) for level in known)
    if not total:
        return None
    return sum(method.level_weights.get(level, 1.0) * value for level, value in known.items()) / total


def _means(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    grouped: dict[str, list[float]] = {}
    for name, score in pairs:
        grouped.setdefault(name, []).append(score)
    return {name: statistics.fmean(each) for name, each in grouped.items()}


def _weights(answers: Sequence[Record], interviews: Sequence[Record]) -> dict[str, float]:
    """As rated in interviews, the mean over representatives; else as an answer says; else one."""
    answered = _means((answer["indicator"], answer["weight"]) for answer in answers if answer.get("weight") is not None)
    return answered | _means(pair for each in interviews for pair in (each.get("weights") or {}).items())


def _missing(names: set[str], scores: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    total = sum(weights.get(name, 1.0) for name in names)
    missing = sum(weights.get(name, 1.0) for name in names if name not in scores)
    return round(missing / total, 4) if total > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one figure since the wave before."""

    now: float | None
    before: float | None

    @property
    def delta(self) -> float | None:
        """In points; None where one of the two is not known."""
        return None if self.now is None or self.before is None else self.now - self.before


def changes(now: Scored, before: Scored | None) -> dict[str, Change]:
    """Level by level."""
    return {
        level: Change(now=value, before=before.levels.get(level) if before else None)
        for level, value in now.levels.items()
    }


def worst_movers(pairs: Iterable[tuple[Scored, Scored | None]]) -> list[tuple[str, str, float]]:
    """Customer, level and loss, the greatest loss first; who improved or has no earlier wave is not named."""
    lost = [
        (now.customer, level, change.delta)
        for now, before in pairs
        for level, change in changes(now, before).items()
        if change.delta is not None and change.delta < 0
    ]
    return sorted(lost, key=lambda each: (each[2], each[0], each[1]))


def target_gap(overall: float | None, target: float | None) -> float | None:
    """How far above (or, negative, below) the target."""
    return None if overall is None or target is None else overall - target
