"""How figures become the tables of a report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseway_analytics.domain.answers import tables, value_of
from caseway_analytics.domain.defining import Targets
from caseway_analytics.domain.gathering import Stored
from caseway_analytics.domain.measures import DERIVED, MEASURES
from caseway_analytics.domain.questions import Question
from caseway_analytics.domain.tables import Column, Kind, Row, Table, Value

_TITLES = {
    "starts": "Period",
    "channel": "Channel",
    "queue": "Queue",
    "priority": "Priority",
    "team": "Team",
    "agent": "Agent",
    "category": "Category",
    "product": "Product",
    "language": "Language",
    "segment": "Customers",
    "skill": "Skill",
    "department": "Department",
    "campaign": "Campaign",
    "template": "Message",
    "level": "Level",
    "indicator": "Indicator",
}


def columns_of(measure: str) -> list[tuple[str, Column]]:
    """What is shown of a measure: the field of its figures, and the column."""
    if measure in DERIVED:
        derived = DERIVED[measure]
        return [(derived.value, Column(name=measure, title=derived.title, kind=derived.unit))]
    defined = MEASURES[measure]
    if defined.unit == "count":
        return [("count", Column(name=measure, title=defined.title, kind="count"))]
    suffix: Kind = "score" if defined.unit == "score" else "seconds"
    return [
        ("count", Column(name=f"{measure}_count", title=f"{defined.title}: how many", kind="count")),
        (f"mean_{suffix}", Column(name=f"{measure}_mean", title=f"{defined.title}: mean", kind=suffix)),
        (f"p90_{suffix}", Column(name=f"{measure}_p90", title=f"{defined.title}: 90 % within", kind=suffix)),
        (f"sum_{suffix}", Column(name=f"{measure}_sum", title=f"{defined.title}: in all", kind=suffix)),
    ]


def figures_table(
    title: str, asked: Sequence[tuple[Question, Sequence[Stored]]], *, as_of: dt.datetime, targets: Targets,
    order: str | None = None, top: int | None = None, chart: str | None = None,
) -> Table:  # fmt: skip
    """Measures beside each other: a row for every slot and value that any of them knows."""
    told = [(question, *tables(question, cells, as_of=as_of, targets=targets)) for question, cells in asked]
    by = _keys(told[0][0])
    known: dict[tuple[Value, ...], dict[str, Mapping[str, Any]]] = {}
    for question, rows, _ in told:
        for row in rows:
            known.setdefault(tuple(row[name] for name in by), {})[question.measure] = row
    picked = [
        (question.measure, field, column) for question, _, _ in told for field, column in columns_of(question.measure)
    ]
    if (
        asked[0][0].grain == "all"
    ):  # what was counted and taken back again is no row; a day on which nothing stands is one
        known = {key: figures for key, figures in known.items() if any(map(_says_anything, figures.values()))}
    sorted_keys = _sorted(known, order)[:top]
    return Table(
        title=title,
        columns=[*(Column(name=name, title=_TITLES[name]) for name in by), *(column for _, _, column in picked)],
        rows=[(*key, *(_told(known[key].get(measure), field) for measure, field, _ in picked)) for key in sorted_keys],
        total=(
            *("" for _ in by),
            *(total.get(field) for question, _, total in told for field, _ in columns_of(question.measure)),
        ),
        notes=_notes(asked[0][0], len(known), top),
        chart=chart,
    )


def _says_anything(figures: Mapping[str, Any]) -> bool:
    return any(isinstance(value, int | float) and value for value in figures.values())


def _told(figures: Mapping[str, Any] | None, field: str) -> Value:
    """What is told where another measure alone knows the row: it happened no times, and took no time that one could tell."""
    if figures is None:
        return 0 if field == "count" else None
    found: Value = figures.get(field)
    return found


def _keys(question: Question) -> tuple[str, ...]:
    return (*(() if question.grain == "all" else ("starts",)), *question.by)


def _sorted(
    known: Mapping[tuple[Value, ...], Mapping[str, Mapping[str, Any]]], order: str | None
) -> list[tuple[Value, ...]]:
    keys = sorted(known, key=lambda key: tuple(map(str, key)))
    if order is None:
        return keys
    return sorted(keys, key=lambda key: -_value(order, known[key].get(order)))


def _value(measure: str, figures: Mapping[str, Any] | None) -> float:
    found = value_of(measure, figures) if figures else None
    return float("-inf") if found is None else found


def _notes(question: Question, count: int, top: int | None) -> list[str]:
    notes = []
    if question.hours == "business":
        notes.append("Times are business time.")
    if question.filters:
        told = "; ".join(f"{name}: {', '.join(sorted(values))}" for name, values in question.filters.items())
        notes.append(f"Only {told}.")
    if top is not None and count > top:
        notes.append(f"The first {top} of {count}; the total is of all.")
    return notes


def before_after_table(
    title: str, pairs: Iterable[tuple[str, int, Mapping[str, Any], Mapping[str, Any], bool]]
) -> Table:
    """Each measure before and after, with the change; what is not over yet says so."""
    rows: list[Row] = []
    for measure, days, before, after, is_over in pairs:
        was, now = value_of(measure, before), value_of(measure, after)
        rows.append((_title(measure), days, was, now, changed_percent(was, now), is_over))
    return Table(
        title=title,
        columns=(
            Column(name="measure", title="Measure"),
            Column(name="days", title="Days", kind="count"),
            Column(name="before", title="Before", kind="score"),
            Column(name="after", title="After", kind="score"),
            Column(name="change", title="Change, %", kind="points"),
            Column(name="is_over", title="Complete"),
        ),
        rows=rows,
        notes=("Times are in seconds.", "Unless complete, the days after are not over yet."),
    )


def _title(measure: str) -> str:
    return (DERIVED.get(measure) or MEASURES[measure]).title


def changed_percent(before: float | None, after: float | None) -> float | None:
    """By how many percent; None where there was nothing before: no increase is invented.

    >>> changed_percent(100, 129), changed_percent(100, 73), changed_percent(0, 5), changed_percent(None, 1)
    (29.0, -27.0, None, None)
    """
    if before is None or after is None or before == 0:
        return None
    return round(100 * (after - before) / abs(before), 2)
