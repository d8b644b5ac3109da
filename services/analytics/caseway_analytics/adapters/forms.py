"""A report as CSV, XLSX and JSON, row by row.

A report as CSV, XLSX and JSON; as many rows as there are, without holding them all.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from caseway_analytics.domain.tables import Column, Kind, Report, Row, Table, Value, records, safe

SHEET_ROWS = 1_000_000
"""Rows on one sheet: a workbook takes 1,048,576, the heading included; more go on to a further sheet."""
_CHUNK = 2_000
"""Rows written at once, before others get their turn."""
_CHUNK_OF_BOOK = 200
"""The same of a workbook, whose rows take ten times as long."""
_HEAD_POINTS = 32
"""Two lines: what is written row by row gets no height of its own."""
_A4 = 9
"""As workbooks number paper."""
_FORMATS: dict[Kind, str] = {
    "seconds": "[h]:mm:ss",
    "ratio": "0.0%",
    "percent": '0.0" %"',
    "points": "+0.0;-0.0;0.0",
    "count": "#,##0",
    "instant": "yyyy-mm-dd hh:mm",
    "score": "0.00",
    "per_hour": "0.00",
}


async def rows_of(table: Table) -> AsyncIterator[Row]:
    """A table's rows, from memory or as they come."""
    for row in table.rows:
        yield row
    if table.stream is not None:
        async for row in table.stream:
            yield row


async def csv_of(report: Report) -> AsyncIterator[bytes]:
    """UTF-8 with the mark that spreadsheets want; tables one below the other, durations in seconds."""
    yield "\ufeff".encode()
    for place, table in enumerate(report.tables):
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        if len(report.tables) > 1:
            writer.writerows([[]] * bool(place) + [[safe(table.title)]])
        writer.writerow([column.name for column in table.columns])
        count = 0
        async for row in rows_of(table):
            writer.writerow([_text(value) for value in row])
            count += 1
            if count % _CHUNK == 0:
                yield _drained(buffer)
                await asyncio.sleep(0)
        if table.total is not None:
            writer.writerow([_text(value) for value in ("total", *table.total[1:])] if table.total else [])
        yield _drained(buffer)


def _drained(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _text(value: Value) -> Any:
    if value is None:
        return ""
    return safe(value) if isinstance(value, str | int | float) else value.isoformat()


async def json_of(report: Report) -> AsyncIterator[bytes]:
    """The report as one JSON document, written as its rows come."""
    heading = {
        "report": report.name,
        "title": report.title,
        "from": report.starts_at.astimezone(ZoneInfo(report.zone)).isoformat(),
        "to": report.ends_at.astimezone(ZoneInfo(report.zone)).isoformat(),
        "as_of": report.as_of.isoformat(),
        "zone": report.zone,
    }
    yield (_json(heading)[:-1] + ',"tables":[').encode()
    for place, table in enumerate(report.tables):
        columns = [{"name": column.name, "title": column.title, "kind": column.kind} for column in table.columns]
        total = records(table.columns, [table.total])[0] if table.total is not None else None
        head = {"title": table.title, "columns": columns, "notes": list(table.notes), "total": total}
        yield (("," if place else "") + _json(head)[:-1] + ',"rows":[').encode()
        separator = ""
        chunk: list[str] = []
        async for row in rows_of(table):
            chunk.append(_json(records(table.columns, [row])[0]))
            if len(chunk) >= _CHUNK:
                yield (separator + ",".join(chunk)).encode()
                separator, chunk = ",", []
                await asyncio.sleep(0)
        yield ((separator if chunk else "") + ",".join(chunk) + "]}").encode()
    yield b"]}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Workbook:
    """An XLSX file in the making, on disk and row by row."""

    def __init__(self, path: Path, report: Report, sheet_rows: int = SHEET_ROWS) -> None:
        # text is text: neither a formula nor a link, whatever a customer wrote
        options = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False, "remove_timezone": True, "tmpdir": str(path.parent),
        }  # fmt: skip
        self._book = xlsxwriter.Workbook(str(path), options)
        self._report = report
        self._sheet_rows = sheet_rows
        self._zone = ZoneInfo(report.zone)
        self._bold = self._book.add_format({"bold": True})
        self._head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._kinds = {kind: self._book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        self._totals = {
            kind: self._book.add_format({"num_format": form, "bold": True, "top": 1}) for kind, form in _FORMATS.items()
        }
        self._totals["text"] = self._book.add_format({"bold": True, "top": 1})
        self._names: set[str] = set()

    async def write(self) -> None:
        """All tables, a sheet each."""
        for table in self._report.tables:
            await self._write(table)
        if not self._report.tables:
            self._book.add_worksheet("-")
        await asyncio.to_thread(self._book.close)

    async def _write(self, table: Table) -> None:
        sheet, name, first = self._begin(table, table.title)
        line = first
        async for row in rows_of(table):
            if line - first >= self._sheet_rows:
                sheet, name, first = self._begin(table, table.title)
                line = first
            self._row(sheet, line, table.columns, row, self._kinds)
            line += 1
            if line % _CHUNK_OF_BOOK == 0:
                await asyncio.sleep(0)
        if table.total is not None:
            self._row(sheet, line, table.columns, ("total", *table.total[1:]), self._totals)
        if table.chart is not None and line > first:
            self._chart(sheet, name, table, first, line - 1)

    def _begin(self, table: Table, title: str) -> tuple[Any, str, int]:
        name = self._sheet_name(title)
        sheet = self._book.add_worksheet(name)
        sheet.write_string(0, 0, f"{self._report.title}: {title}", self._bold)
        span = [
            each.astimezone(self._zone) for each in (self._report.starts_at, self._report.ends_at, self._report.as_of)
        ]
        sheet.write_string(
            1,
            0,
            f"{span[0]:%Y-%m-%d %H:%M} - {span[1]:%Y-%m-%d %H:%M} ({self._report.zone}), as of {span[2]:%Y-%m-%d %H:%M}",
        )
        line = 2
        for note in table.notes:
            sheet.write_string(line, 0, note)
            line += 1
        sheet.set_row(line + 1, _HEAD_POINTS)
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, 22 if column.kind == "text" else 13)  # titles are wrapped, texts are longer
            sheet.write_string(line + 1, place, column.title, self._head)
        labels = next((place for place, column in enumerate(table.columns) if column.kind != "text"), 0)
        sheet.freeze_panes(line + 2, labels)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)  # as wide as the table, as long as it takes
        sheet.repeat_rows(line + 1)
        return sheet, name, line + 2

    def _sheet_name(self, title: str) -> str:
        """Unique, of at most 31 characters, without those that a workbook forbids."""
        plain = "".join("-" if each in "[]:*?/\\'" else each for each in title).strip() or "-"
        name, number = plain[:31], 1
        while name.lower() in self._names:
            number += 1
            name = f"{plain[: 28 - len(str(number))]} ({number})"
        self._names.add(name.lower())
        return name

    def _row(self, sheet: Any, line: int, columns: Any, row: Row, formats: dict[Kind, Any]) -> None:
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            self._cell(sheet, line, place, column, value, formats)

    def _cell(self, sheet: Any, line: int, place: int, column: Column, value: Value, formats: dict[Kind, Any]) -> None:
        form = formats.get(column.kind)
        match value:
            case None:
                sheet.write_blank(line, place, None, form)
            case bool():
                sheet.write_boolean(line, place, value)
            case int() | float():
                sheet.write_number(line, place, value / 86_400 if column.kind == "seconds" else value, form)
            case str():
                sheet.write_string(line, place, value, form)
            case _:
                sheet.write_datetime(line, place, value.astimezone(self._zone).replace(tzinfo=None), formats["instant"])

    def _chart(self, sheet: Any, name: str, table: Table, first: int, last: int) -> None:
        labels = sum(column.kind == "text" for column in table.columns)
        chart = self._book.add_chart({"type": table.chart})
        kinds = [column.kind for column in table.columns]
        # a count and a share of a day have no axis in common
        alike = [place for place in range(labels, len(kinds)) if kinds[place] == kinds[labels]]
        for place in alike[:3]:
            chart.add_series(
                {
                    "name": [name, first - 1, place],
                    "categories": [name, first, 0, last, max(0, labels - 1)],
                    "values": [name, first, place, last, place],
                }
            )
        chart.set_title({"name": table.title})
        sheet.insert_chart(first - 1, len(table.columns) + 1, chart)


async def xlsx_of(report: Report, sheet_rows: int = SHEET_ROWS) -> bytes:
    """The report as a workbook: a sheet for each table, charts where they are asked for."""
    with tempfile.TemporaryDirectory(prefix="caseway-report-") as folder:
        path = Path(folder) / "report.xlsx"
        await Workbook(path, report, sheet_rows).write()
        return await asyncio.to_thread(path.read_bytes)


async def whole(parts: AsyncIterator[bytes]) -> bytes:
    """All of a stream, for what must be in one piece."""
    return b"".join([part async for part in parts])
