"""The answer to a question about a measure, from cells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from caseway_analytics.domain.figures import Cell, Figure, ratio, total
from caseway_analytics.domain.histogram import ERROR
from caseway_analytics.domain.measures import MEASURES, RATIOS, Ratio
from caseway_analytics.domain.questions import Question

PERCENTILES = {"p50_seconds": 0.5, "p90_seconds": 0.9, "p95_seconds": 0.95}


def measures_needed(measure: str) -> tuple[str, ...]:
    """The measures whose cells answer: a ratio needs two."""
    if measure in RATIOS:
        return (RATIOS[measure].part, RATIOS[measure].others)
    return (measure,)


def answer(question: Question, cells: Iterable[Cell], *, as_of: dt.datetime) -> dict[str, Any]:
    """The figures, slot by slot and in all, ready for JSON; slots of which nothing is known do not appear."""
    groups: dict[tuple[str, ...], list[Cell]] = {}
    everything: list[Cell] = []
    for cell in cells:
        if any(name in cell.figures for name in measures_needed(question.measure)):
            groups.setdefault(_group(question, cell), []).append(cell)
            everything.append(cell)
    return {
        **_heading(question),
        "as_of": as_of.isoformat(),
        "rows": [
            {**dict(zip(("starts", *question.by), key, strict=True)), **_figures(question.measure, groups[key])}
            for key in sorted(groups)
        ],
        "total": _figures(question.measure, everything),
    }


def _group(question: Question, cell: Cell) -> tuple[str, ...]:
    values = {"channel": cell.channel, "queue": cell.queue}
    return (question.slot_of(cell.hour), *(values[name] for name in question.by))


def _heading(question: Question) -> dict[str, Any]:
    defined = RATIOS.get(question.measure) or MEASURES[question.measure]
    is_timed = question.measure in MEASURES and MEASURES[question.measure].is_timed
    return {
        "measure": question.measure,
        "title": defined.title,
        "unit": "ratio" if isinstance(defined, Ratio) else defined.unit,
        "from": question.starts_at.astimezone(question.zone).isoformat(),
        "to": question.ends_at.astimezone(question.zone).isoformat(),
        "grain": question.grain,
        "by": list(question.by),
        "zone": question.zone.key,
        **({"percentile_error": ERROR} if is_timed else {}),
    }


def _figures(measure: str, cells: list[Cell]) -> Mapping[str, Any]:
    if measure in RATIOS:
        part = total(cells, RATIOS[measure].part).count
        others = total(cells, RATIOS[measure].others).count
        return {"part": part, "of": part + others, "ratio": ratio(part, others)}
    figure = total(cells, measure)
    return {"count": figure.count, **(_times(figure) if MEASURES[measure].is_timed else {})}


def _times(figure: Figure) -> Mapping[str, float | None]:
    return {
        "mean_seconds": figure.mean_seconds,
        **{name: figure.percentile_seconds(share) for name, share in PERCENTILES.items()},
        "least_seconds": figure.percentile_seconds(0.0),
        "most_seconds": figure.percentile_seconds(1.0),
    }
