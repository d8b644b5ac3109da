"""A report as one page that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from zoneinfo import ZoneInfo

from jinja2 import Environment, Template

from caseway_analytics.adapters.forms import rows_of
from caseway_analytics.domain.tables import Column, Report, Row, Table, shown

MOST_ROWS = 500
"""On a page; all of them are in the CSV and the workbook."""


@cache
def _template() -> Template:
    text = files("caseway_analytics.web").joinpath("report.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(text)


async def page_of(report: Report) -> str:
    """The page."""
    zone = ZoneInfo(report.zone)
    tables = [await _shown(table, zone) for table in report.tables]
    span = {
        name: getattr(report, name).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        for name in ("starts_at", "ends_at", "as_of")
    }
    return _template().render(report=report, tables=tables, **span)


async def _shown(table: Table, zone: ZoneInfo) -> dict[str, object]:
    rows: list[Row] = []
    is_cut = False
    async for row in rows_of(table):
        if len(rows) >= MOST_ROWS:
            is_cut = True
            break
        rows.append(row)
    notes = [
        *table.notes,
        *([f"The first {MOST_ROWS} rows; all of them are in the CSV and the workbook."] if is_cut else []),
    ]
    return {
        "title": table.title,
        "columns": [
            {"title": _apart(column)[1], "is_number": column.kind not in {"text", "instant"}} for column in table.columns
        ],
        "groups": _groups(table.columns),
        "rows": [_cells(table.columns, row, zone) for row in rows],
        "total": _cells(table.columns, ("total", *table.total[1:]), zone) if table.total is not None else None,
        "notes": notes,
        "bars": _bars(table, rows) if table.chart is not None else None,
    }  # fmt: skip


def _apart(column: Column) -> tuple[str, str]:
    """What several columns share, and what is this one's own: a measure, and its mean."""
    measure, found, own = column.title.partition(": ")
    return (measure, own) if found else ("", column.title)


def _groups(columns: Sequence[Column]) -> list[dict[str, object]]:
    """A header above columns that tell of one measure; none where no two do."""
    groups: list[dict[str, object]] = []
    for title, each in groupby(columns, key=lambda column: _apart(column)[0]):
        count = len(list(each))
        groups += [{"title": title, "span": count}] if title else [{"title": "", "span": 0}] * count
    return groups if any(group["span"] for group in groups) else []


def _cells(columns: object, row: Row, zone: ZoneInfo) -> list[str]:
    assert isinstance(columns, list | tuple)
    return [shown(value, column.kind, zone) for column, value in zip(columns, row, strict=True)]


def _bars(table: Table, rows: list[Row]) -> list[dict[str, object]] | None:
    """The first number of each row as a bar, in percent of the longest."""
    place = next((at for at, column in enumerate(table.columns) if column.kind not in {"text", "instant"}), None)
    if place is None or not rows:
        return None
    values = [float(value) if isinstance(value := row[place], int | float) else 0.0 for row in rows]
    longest = max((abs(value) for value in values), default=0.0) or 1.0
    column: Column = table.columns[place]
    return [
        {
            "label": " · ".join(str(each) for each in row[:place]) or column.title,
            "width": round(100 * abs(value) / longest, 1),
            "text": shown(row[place], column.kind, ZoneInfo("UTC")),
        }
        for row, value in zip(rows[:40], values, strict=False)
    ]
