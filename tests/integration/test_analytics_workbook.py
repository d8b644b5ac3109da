"""A report's workbook opened by LibreOffice: the same figures as on the screen."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io

import pytest

from caseway_analytics.adapters.forms import csv_of, whole, xlsx_of
from caseway_analytics.domain.tables import Column, Report, Table

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
COLUMNS = (
    Column(name="queue", title="Queue"),
    Column(name="contacts", title="Contacts", kind="count"),
    Column(name="resolution", title="Resolution", kind="seconds"),
    Column(name="kept", title="Kept", kind="ratio"),
)
ROWS = (("stores", 12, 3725.0, 0.425), ("応対", 3, 90.0, None), ("=1+1", 0, None, 1.0))


def report() -> Report:
    table = Table(title="By queue", columns=COLUMNS, rows=ROWS, total=("", 15, 3815.0, 0.5), chart="column")
    return Report(
        name="r",
        title="R",
        starts_at=NOON,
        ends_at=NOON + dt.timedelta(days=1),
        as_of=NOON,
        zone="UTC",
        tables=(table,),
    )


@pytest.mark.slow
async def test_libreoffice_reads_the_figures_that_the_screen_shows(tool, tmp_path):
    """S4-31: XLSX, opened by another program than the one that wrote it; text is text, numbers are numbers."""
    (tmp_path / "report.xlsx").write_bytes(await xlsx_of(report()))
    process = await asyncio.create_subprocess_exec(
        str(tool("soffice", "libreoffice")), f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
        # separator, quote, UTF-8, first line, formats as they are, all sheets
        "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1",
        "--outdir", str(tmp_path), str(tmp_path / "report.xlsx"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(150):
        told, _ = await process.communicate()
    sheets = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("report-*.csv")}
    assert sheets, told.decode()
    read = [row for text in sheets.values() for row in csv.reader(io.StringIO(text)) if row and row[0]]
    shown = {row[0].lstrip("'"): row for row in read}
    exported = list(csv.reader(io.StringIO((await whole(csv_of(report()))).decode("utf-8-sig"))))
    assert {"stores", "応対", "=1+1"} <= set(shown), sheets
    for name, contacts, seconds, kept in ROWS:
        row = shown[name]
        assert float(row[1]) == contacts
        assert (seconds_of(row[2]) if row[2] else None) == seconds
        assert (share_of(row[3]) if row[3] else None) == (pytest.approx(kept) if kept is not None else None)
        in_csv = next(each for each in exported if each and each[0].lstrip("'") == name)
        assert float(in_csv[1]) == contacts


def seconds_of(text: str) -> float:
    """A length of time as LibreOffice writes it: on a clock of twelve hours."""
    read = dt.datetime.strptime(text, "%I:%M:%S %p").replace(tzinfo=dt.UTC)
    return read.hour * 3600.0 + read.minute * 60 + read.second


def share_of(text: str) -> float:
    """A ratio, whether it is written as a percentage or not."""
    return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
