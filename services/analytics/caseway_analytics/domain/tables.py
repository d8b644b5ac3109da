"""A report as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | float | int | bool | dt.datetime | None
Row = Sequence[Value]
Kind = Literal["text", "count", "seconds", "ratio", "percent", "points", "score", "instant", "per_hour"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column."""

    name: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One section of a report."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row] = ()
    total: Row | None = None
    notes: Sequence[str] = ()
    """What one must know to read it."""
    chart: str | None = None
    stream: AsyncIterator[Row] | None = None
    """More rows than should be in memory: they come one by one, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report over one span."""

    name: str
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    as_of: dt.datetime
    """Until when facts were read; later ones may still change it."""
    zone: str
    tables: Sequence[Table] = field(default_factory=tuple)


def safe(value: Value) -> Value:
    """Text that a spreadsheet would take for a formula, made plain text.

    Source: OWASP, CSV injection.

    >>> safe("=HYPERLINK(1)"), safe("plain"), safe(-3)
    ("'=HYPERLINK(1)", 'plain', -3)
    """
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def shown(value: Value, kind: Kind, zone: dt.tzinfo) -> str:
    """A value for people: a dash where nothing is known.

    >>> shown(0.425, "ratio", dt.UTC), shown(None, "ratio", dt.UTC), shown(3725.4, "seconds", dt.UTC)
    ('42.5 %', '-', '1:02:05')
    """
    match value:
        case None:
            return "-"
        case dt.datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case _:
            return _number(value, kind)


def _number(value: float, kind: Kind) -> str:
    match kind:
        case "ratio":
            return f"{value * 100:.1f} %"
        case "percent":
            return f"{value:.1f} %"
        case "points":
            return f"{value:+.1f}"
        case "seconds":
            return _clock(value)
        case _:
            return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _clock(seconds: float) -> str:
    sign, whole = ("-" if seconds < 0 else ""), round(abs(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{sign}{hours}:{rest // 60:02}:{rest % 60:02}"


def records(columns: Sequence[Column], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as JSON has them."""
    return [dict(zip((column.name for column in columns), map(_plain, row), strict=True)) for row in rows]


def _plain(value: Value) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def text_of(report: Report, zone: dt.tzinfo, most: int = 12) -> str:
    """The first rows of each table as plain text, for a mail's body."""
    lines: list[str] = []
    for table in report.tables:
        lines += ["", table.title]
        for row in list(table.rows)[:most]:
            told = [
                f"{column.title}: {shown(value, column.kind, zone)}"
                for column, value in zip(table.columns, row, strict=True)
            ]
            lines.append("  " + ", ".join(told))
        if not table.rows:
            lines.append("  -")
        elif len(table.rows) > most:
            lines.append(f"  … {len(table.rows) - most} more in the file")
    return "\n".join(lines).strip()
