"""Exports of a million rows: streamed, row by row from the database to whoever downloads them."""

import pytest

from caseway.testkit.namespaces import Namespace
from tests.analytics_desk import AnalyticsDesk
from tests.analytics_export import exported, fill

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("count", [20_000, pytest.param(1_001_000, marks=pytest.mark.slow)])
async def test_an_export_of_a_million_rows_is_streamed(namespace: Namespace, tmp_path, count):
    """Bad input: an export of a million rows has a clear outcome; a workbook's sheet ends after a million."""
    desk = AnalyticsDesk(namespace, tmp_path)
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        await exported(service, "xlsx")  # what is imported and made once
        await fill(namespace, count)
        table = await exported(service, "csv")
        book = await exported(service, "xlsx")
    sheets = -(-count // 1_000_000)
    assert table.rows == count + 1
    # title, span and heading on each sheet
    assert (book.rows, book.sheets) == (count + 3 * sheets, sheets)
    for export in (table, book):
        assert export.grown_bytes < 64 * MEBIBYTE, export
