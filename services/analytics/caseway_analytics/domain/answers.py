"""The answer to a question about a measure, from cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from caseway_analytics.domain.apart import Part, answering, together, within
from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.defining import Derived, Parts, Targets
from caseway_analytics.domain.figures import NONE, Figure
from caseway_analytics.domain.gathering import Group, Stored, gathered, merged
from caseway_analytics.domain.histogram import ERROR
from caseway_analytics.domain.measures import DERIVED, MEASURES
from caseway_analytics.domain.questions import BadQuestion, Question, needed

PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "least": 0.0, "most": 1.0}
_NO_TARGETS = Targets()


def answer(
    question: Question, cells: Iterable[Stored], *, as_of: dt.datetime, targets: Targets = _NO_TARGETS
) -> dict[str, Any]:
    """The figures, slot by slot and in all, ready for JSON; slots of which nothing is known do not appear.

    Raises:
        BadQuestion: a service level by dimensions that are not kept together with the queue, which sets the target.
    """
    rows, total = tables(question, cells, as_of=as_of, targets=targets)
    return {**heading(question), "as_of": as_of.isoformat(), "rows": rows, "total": total}


def tables(
    question: Question, cells: Iterable[Stored], *, as_of: dt.datetime, targets: Targets = _NO_TARGETS
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows, and the total of all of them."""
    derived = DERIVED.get(question.measure)
    if derived is not None and derived.is_running:
        return _running(question, derived, cells, as_of)
    if derived is not None and derived.apart:
        return _apart(question, derived, cells, targets)
    names = needed(question.measure)
    groups = {key: parts for key, parts in gathered(question, cells).items() if any(name in parts for name in names)}
    rows = [_row(question, key, _figures(question.measure, groups[key])) for key in sorted(groups)]
    return rows, _figures(question.measure, merged(groups.values(), names))


def heading(question: Question) -> dict[str, Any]:
    """What the figures are, and of when."""
    defined = DERIVED.get(question.measure) or MEASURES[question.measure]
    is_timed = question.measure in MEASURES and MEASURES[question.measure].is_timed
    return {
        "measure": question.measure,
        "title": defined.title,
        "unit": defined.unit,
        "from": question.starts_at.astimezone(question.zone).isoformat(),
        "to": question.ends_at.astimezone(question.zone).isoformat(),
        "grain": question.grain,
        "by": list(question.by),
        "zone": question.zone.key,
        "hours": question.hours,
        "filters": {name: sorted(values) for name, values in question.filters.items()},
        **({"percentile_error": ERROR} if is_timed else {}),
    }


def value_of(measure: str, figures: Mapping[str, Any]) -> float | None:
    """The one number that stands for the measure where there is room for one: a mean, a count or a ratio."""
    if measure in DERIVED:
        found = figures[DERIVED[measure].value]
    elif MEASURES[measure].is_timed:
        found = figures["mean_score" if MEASURES[measure].unit == "score" else "mean_seconds"]
    else:
        found = figures["count"]
    return None if found is None else float(found)


def _row(question: Question, key: Group, figures: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict(zip(("starts", *question.by), key, strict=True)), **figures}


def _figures(measure: str, parts: Parts) -> dict[str, Any]:
    if measure in DERIVED:
        derived = DERIVED[measure]
        return derived.figures({name: parts.get(name, NONE) for name in derived.needs})
    figure = parts.get(measure, NONE)
    unit = MEASURES[measure].unit
    return {"count": figure.count, **(_times(figure, unit) if MEASURES[measure].is_timed else {})}


def _times(figure: Figure, unit: str) -> dict[str, float | None]:
    """Durations in seconds; of scores the same in points."""
    suffix = "score" if unit == "score" else "seconds"
    percentiles = figure.percentiles_seconds(tuple(PERCENTILES.values()))
    return {
        f"sum_{suffix}": figure.milliseconds / 1000,
        f"mean_{suffix}": figure.mean_seconds,
        **{f"{name}_{suffix}": told for name, told in zip(PERCENTILES, percentiles, strict=True)},
    }


def _apart(
    question: Question, derived: Derived, cells: Iterable[Stored], targets: Targets
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Queues have targets of their own, campaigns recipients: counted one by one, then added up."""
    by = derived.apart
    if by not in CUTS[question.cut]:
        raise BadQuestion("by", f"dimensions kept together with the {by}, by which {question.measure} is counted")
    extra = () if by in question.by else (by,)
    told: dict[Group, dict[str, Part]] = {}
    for key, parts in gathered(question, cells, extra=extra).items():
        name = key[-1] if extra else key[1 + question.by.index(by)]
        figure = parts[derived.needs[0]]
        counted = within(figure, targets.of(name)) if by == "queue" else answering(figure, targets.recipients.get(name))
        told.setdefault(key[: 1 + len(question.by)], {})[name] = counted
    rows = [_row(question, key, together(told[key].items())) for key in sorted(told)]
    return rows, together(_of_all(told.values(), is_part_of_whole=by == "queue"))


def _of_all(told: Iterable[Mapping[str, Part]], *, is_part_of_whole: bool) -> list[tuple[str, Part]]:
    """One for each name, of all groups; a campaign's recipients are the same people in each."""
    found: dict[str, Part] = {}
    for group in told:
        for name, (part, of) in group.items():
            was = found.get(name, (0, 0 if is_part_of_whole else of))
            found[name] = (was[0] + part, (was[1] or 0) + (of or 0) if is_part_of_whole else of)
    return list(found.items())


def _running(
    question: Question, derived: Derived, cells: Iterable[Stored], as_of: dt.datetime
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What stood at the end of each slot: everything until then, from the first fact on."""
    earlier: dict[Group, Parts] = {}
    inside: dict[Group, dict[str, Parts]] = {}
    before, within = _split(question, cells)
    for key, parts in gathered(question, before).items():
        earlier[key[1:]] = merged([earlier.get(key[1:], {}), parts], derived.needs)
    for key, parts in gathered(question, within).items():
        inside.setdefault(key[1:], {})[key[0]] = parts
    rows = []
    stand = {group: earlier.get(group, {}) for group in sorted({*earlier, *inside})}
    for slot, ends_at in question.periods(as_of):
        for group, stood in list(stand.items()):
            now = merged([stood, inside.get(group, {}).get(slot, {})], derived.needs)
            stand[group] = now
            rows.append(_row(question, (slot, *group), _standing(derived, now, ends_at)))
    last = min(question.ends_at, as_of)
    return rows, _standing(derived, merged(stand.values(), derived.needs), last)


def _standing(derived: Derived, parts: Parts, at: dt.datetime) -> dict[str, Any]:
    figures = {name: parts.get(name, NONE) for name in derived.needs}
    return derived.aged(figures, at) if derived.aged is not None else derived.figures(figures)


def _split(question: Question, cells: Iterable[Stored]) -> tuple[list[Stored], list[Stored]]:
    before: list[Stored] = []
    within: list[Stored] = []
    for cell in cells:
        (before if cell["slot"] < question.starts_at else within).append(cell)
    return before, within
