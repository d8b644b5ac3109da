"""Exports of a million rows: streamed, row by row from the database to whoever downloads them."""

import pytest

from caseway.testkit.namespaces import Namespace
from tests.analytics_desk import AnalyticsDesk
from tests.analytics_export import check_exports

COUNT = 1_001_000
"""More than a sheet takes."""


@pytest.mark.slow
async def test_an_export_of_a_million_rows_is_streamed(namespace: Namespace, tmp_path):
    """Bad input: an export of a million rows has a clear outcome; a workbook's sheet ends after a million."""
    desk = AnalyticsDesk(namespace, tmp_path)
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        await check_exports(service, namespace, COUNT)
