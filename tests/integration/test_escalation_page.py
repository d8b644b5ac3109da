"""The page that says why a promise is due, in a real browser: on a desk's screen and on a phone (S1-19)."""

from __future__ import annotations

import pytest

from caseway.testkit.browser import browser
from tests.load.why import shown

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
NO_DARK_ON_DARK = "getComputedStyle(document.querySelector('.state')).color"


@pytest.mark.parametrize(("width", "is_phone"), [(940, False), (360, True)])
async def test_it_is_read_without_scrolling_sideways_and_without_a_complaint(tool, width, is_phone):
    async with browser(tool("chromium", "chromium-browser", "google-chrome")) as page:
        await shown(page, width, 900, is_phone=is_phone)
        assert await page.value(FITS)
        text = await page.text("body")
        assert "due Thu 8 Jan 2026, 10:30" in text
        for said in ("Sat 3 Jan 2026 to Sun 4 Jan 2026", "holiday", "the clock stood for 4 h 30 min"):
            assert said in text
        assert await page.value(NO_DARK_ON_DARK) == "rgb(255, 255, 255)"
        assert page.problems == []
