"""A large register of cases, and what an export of it costs the service."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil

from caseway.runtime.mongo import connect, database
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway_analytics.adapters.forms import SHEET_ROWS
from caseway_analytics.adapters.states import dump_history
from caseway_analytics.domain import life
from caseway_analytics.domain.history import Face, History
from tests.analytics_desk import bearer

SPAN = "from=2001-10-01&to=2001-11-01"
_FIRST = dt.datetime(2001, 10, 1, 6, tzinfo=dt.UTC)
_TEMPLATES = 1_000
_MOST_BYTES = 64 * 1024 * 1024
_AT_ONCE = 10
"""Thousands: what MongoDB makes in one go must not take longer than a client waits."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What came, and what it cost."""

    rows: int
    """The heading's included."""
    sheets: int = 0
    size: int
    seconds: float
    processor_seconds: float
    grown_bytes: int
    """By how much the service's memory was larger than before, at most."""
    longest_beat: float
    """For how long the service answered nobody else, at most, in seconds."""


async def fill(namespace: Namespace, count: int) -> None:
    """So many cases, straight into the service's database; MongoDB makes them of a thousand."""
    client = connect(namespace.mongo_url)
    db = database(client, namespace.prefix, "analytics")
    assert count % _TEMPLATES == 0
    await db.templates.insert_many([{"_id": number, **_case(number)} for number in range(_TEMPLATES)])
    for start in range(0, count // _TEMPLATES, _AT_ONCE):
        places = [start, min(start + _AT_ONCE, count // _TEMPLATES)]
        steps = [
            {"$set": {"place": {"$range": places}}},
            {"$unwind": "$place"},
            {"$set": {"_id": {"$concat": [{"$toString": "$_id"}, "-", {"$toString": "$place"}]}}},
            {"$unset": "place"},
            {"$merge": {"into": "cases"}},
        ]
        await db.templates.aggregate(steps).to_list(None)
    await db.templates.drop()
    client.close()


def _case(number: int) -> dict[str, object]:
    at = _FIRST + dt.timedelta(seconds=number)
    face = Face(channel="email", category="=HYPERLINK(1)" if number == 7 else f"category-{number % 12}")
    case = life.opened(History(), at, face=face, number=str(number))
    return dump_history(life.resolved(case, at + dt.timedelta(hours=2)))


async def check_exports(service: ServiceProcess, namespace: Namespace, count: int) -> None:
    """Every row is there in both forms, and the service has held but few of them at once."""
    await exported(service, "xlsx")  # what is imported and made once
    await fill(namespace, count)
    await exported(service, "json")  # meanwhile the wall has seen that there are so many cases
    table = await exported(service, "csv")
    book = await exported(service, "xlsx")
    sheets = -(-count // SHEET_ROWS)
    assert table.rows == count + 1
    # title, span and heading on each sheet
    assert (book.rows, book.sheets) == (count + 3 * sheets, sheets)
    for export in (table, book):
        assert export.grown_bytes < _MOST_BYTES, export


async def exported(service: ServiceProcess, form: str) -> Export:
    """All cases in a form, as somebody who downloads it would see it."""
    watched = psutil.Process(service.process.pid)
    before, used, began = watched.memory_info().rss, watched.cpu_times(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cases.{form}"
        async with _watching(watched, service) as seen:
            await _download(f"{service.url}/v1/reports/cases.{form}?{SPAN}", path)
        took, spent = time.monotonic() - began, watched.cpu_times()
        rows, sheets = _counted(path)
        return Export(
            rows=rows,
            sheets=sheets,
            size=path.stat().st_size,
            seconds=took,
            processor_seconds=spent.user + spent.system - used.user - used.system,
            grown_bytes=max(seen["rss"]) - before,
            longest_beat=max(seen["beat"]),
        )


async def _download(url: str, path: Path) -> None:
    async with (
        httpx.AsyncClient(timeout=900) as http,
        http.stream("GET", url, headers=bearer("boss", "supervisor")) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        with path.open("wb") as file:
            async for part in answer.aiter_bytes():
                file.write(part)


@contextlib.asynccontextmanager
async def _watching(process: psutil.Process, service: ServiceProcess) -> AsyncIterator[dict[str, list[float]]]:
    seen: dict[str, list[float]] = {"rss": [process.memory_info().rss], "beat": [0.0]}

    async def watch() -> None:
        async with httpx.AsyncClient(timeout=60) as http:
            while True:
                asked = time.monotonic()
                await http.get(f"{service.url}/livez")
                seen["beat"].append(time.monotonic() - asked)
                seen["rss"].append(process.memory_info().rss)
                await asyncio.sleep(0.05)

    task = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _counted(path: Path) -> tuple[int, int]:
    """Rows, and sheets of a workbook; without holding either whole."""
    if path.suffix != ".xlsx":
        with path.open("rb") as file:
            return sum(1 for _ in file), 0
    with zipfile.ZipFile(path) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        return sum(_rows_in(book, name) for name in sheets), len(sheets)


def _rows_in(book: zipfile.ZipFile, name: str) -> int:
    found, tail = 0, b""
    with book.open(name) as file:
        while part := file.read(1 << 20):
            found += (tail + part).count(b"<row ") - tail.count(b"<row ")
            tail = part[-4:]
    return found
