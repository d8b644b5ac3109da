"""A report's forms: nothing becomes a formula, nothing is held whole that may be a million rows."""

import csv
import datetime as dt
import io
import json
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from caseway_analytics.adapters import forms
from caseway_analytics.adapters.forms import csv_of, json_of, whole, xlsx_of
from caseway_analytics.adapters.page import MOST_ROWS, page_of
from caseway_analytics.domain.tables import Column, Report, Table, safe, text_of

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
COLUMNS = (
    Column(name="name", title="Name"),
    Column(name="took", title="Took", kind="seconds"),
    Column(name="kept", title="Kept", kind="ratio"),
)


def report(*tables):
    return Report(
        name="r", title="Report", starts_at=NOON, ends_at=NOON + dt.timedelta(days=1), as_of=NOON, zone="Europe/Warsaw",
        tables=tables,
    )  # fmt: skip


def table(*rows, **fields):
    return Table(title="T", columns=COLUMNS, rows=rows, **fields)


async def many(count):
    for number in range(count):
        yield (f"case {number}", float(number), None)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://example.com")'])
async def test_no_text_is_a_formula(text):
    """Source: OWASP, CSV injection."""
    assert safe(text) == f"'{text}"
    lines = list(csv.reader(io.StringIO((await whole(csv_of(report(table((text, 1.0, 0.5)))))).decode("utf-8-sig"))))
    assert lines[1][0] == f"'{text}"
    book = openpyxl.load_workbook(io.BytesIO(await xlsx_of(report(table((text, 1.0, 0.5))))))
    cell = next(
        cell
        for row in book.active.iter_rows()
        for cell in row
        if cell.data_type == "s" and cell.value and text.strip() in cell.value
    )
    assert cell.hyperlink is None
    assert not [each for row in book.active.iter_rows() for each in row if each.data_type == "f"]


async def test_a_negative_number_stays_a_number():
    lines = (await whole(csv_of(report(table(("a", -3.5, None)))))).decode("utf-8-sig").splitlines()
    assert lines[1] == "a,-3.5,"


async def test_a_workbook_has_times_as_times_totals_and_charts():
    """S4-31: XLS with charts. Half a day is 0.5 in a workbook."""
    made = report(table(("a", 43_200.0, 0.25), total=("", 43_200.0, 0.25), chart="column"))
    sheet = openpyxl.load_workbook(io.BytesIO(await xlsx_of(made))).active
    rows = [[cell.value for cell in row[:3]] for row in sheet.iter_rows()]
    assert ["a", dt.timedelta(hours=12), 0.25] in rows
    assert ["total", dt.timedelta(hours=12), 0.25] in rows
    assert len(sheet._charts) == 1


async def test_sheets_with_the_same_or_forbidden_names_are_told_apart():
    names = ("A/B: [x]*?", "A/B: [x]*?", "z" * 50)
    book = openpyxl.load_workbook(io.BytesIO(await xlsx_of(report(*(Table(title=n, columns=COLUMNS) for n in names)))))
    assert len(set(book.sheetnames)) == 3
    assert all(len(name) <= 31 for name in book.sheetnames)


async def test_more_rows_than_a_sheet_takes_go_on_to_the_next():
    book = openpyxl.load_workbook(
        io.BytesIO(await xlsx_of(report(Table(title="T", columns=COLUMNS, stream=many(25))), sheet_rows=10))
    )
    assert book.sheetnames == ["T", "T (2)", "T (3)"]


async def test_json_is_whole_with_many_rows_and_with_none():
    told = json.loads(await whole(json_of(report(Table(title="T", columns=COLUMNS, stream=many(4_500)), table()))))
    assert [len(each["rows"]) for each in told["tables"]] == [4_500, 0]
    assert told["tables"][0]["rows"][4_499] == {"name": "case 4499", "took": 4499.0, "kept": None}


@pytest.mark.slow
async def test_a_million_rows_are_streamed():
    """Bad input: exports of a million rows; memory stays small."""
    tracemalloc.start()
    size = 0
    async for part in csv_of(report(Table(title="T", columns=COLUMNS, stream=many(1_000_000)))):
        size += len(part)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 20_000_000
    assert peak < 5_000_000


async def test_a_page_is_cut_and_says_so_and_escapes_what_customers_wrote():
    page = await page_of(report(Table(title="<T>", columns=COLUMNS, stream=many(MOST_ROWS + 1))))
    assert f"The first {MOST_ROWS} rows" in page
    assert "&lt;T&gt;" in page
    assert "<T>" not in page
    assert "Nothing in this span" in await page_of(report(table()))


async def test_an_empty_report_is_still_a_file():
    """Bad input: empty sets."""
    assert openpyxl.load_workbook(io.BytesIO(await xlsx_of(report())))
    assert text_of(report(table()), dt.UTC).endswith("-")


def test_the_template_is_shipped_with_the_wheel():
    web = Path(forms.__file__).parents[1] / "web"
    assert (web / "report.html").exists()


async def test_columns_of_one_measure_stand_under_its_name():
    """Twenty columns fit on a page when each does not say its measure again."""
    columns = (
        Column(name="queue", title="Queue"),
        Column(name="pick_up_count", title="Pick-up time: how many", kind="count"),
        Column(name="pick_up_mean", title="Pick-up time: mean", kind="seconds"),
        Column(name="contacts", title="Contacts", kind="count"),
    )
    page = await page_of(report(Table(title="T", columns=columns, rows=[("stores", 1, 2.0, 3)])))
    assert page.count("Pick-up time") == 1
    assert '<th scope="colgroup" colspan="2" class="g">Pick-up time</th>' in page
    assert [page.count(f">{title}</th>") for title in ("Queue", "how many", "mean", "Contacts")] == [1, 1, 1, 1]
    assert "colgroup" not in await page_of(report(table(("a", 1.0, 0.5))))


async def test_a_workbook_prints_as_wide_as_a_page_and_charts_what_is_alike():
    """A manager prints it: no column falls onto a page of its own, no axis mixes counts with times."""
    columns = (
        Column(name="queue", title="Queue"),
        Column(name="pick_up_count", title="Pick-up time: how many", kind="count"),
        Column(name="pick_up_mean", title="Pick-up time: mean", kind="seconds"),
        Column(name="contacts", title="Contacts", kind="count"),
    )
    section = Table(title="T", columns=columns, rows=[("stores", 1, 2.0, 3)], total=("", 1, 2.0, 3), chart="column")
    sheet = openpyxl.load_workbook(io.BytesIO(await xlsx_of(report(section)))).active
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (
        "landscape", 0, True,
    )  # fmt: skip
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.freeze_panes == "B5"
    (chart,) = sheet._charts
    assert [series.val.numRef.f.split("!")[1] for series in chart.series] == ["$B$5", "$D$5"]
    assert sheet["A6"].value == "total"
    assert sheet["A6"].font.bold
