"""Takes the picture of the page that says why a promise is due.

python -m tests.load.why docs/pictures/why.png
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from caseway.contracts.cases import CaseOpened, CaseReplied, ContactAdded
from caseway.testkit.browser import Page, browser
from caseway.testkit.waiting import eventually
from caseway_escalation.adapters.page import rendered
from caseway_escalation.adapters.shown import shown_case
from caseway_escalation.settings import Configuration
from tests.escalation_builders import FIRST_RESPONSE, RESOLUTION, Desk, at

CASE = "case_5b1f0c1e"
_IS_THERE = "document.readyState === 'complete' && !!document.querySelector('section')"
CALENDARS = {
    "desk": {
        "zone": "Europe/Warsaw",
        "versions": [{"week": {"monday-friday": ["09:00-17:00"]}, "holidays": {"country": "PL"}}],
    }
}
LATE = {
    "starts": [{"fact": "milestone.warned", "when": {"field": "kind", "equals": "first_response"}}],
    "entries": [
        {
            "name": "all",
            "within": "desk",
            "rungs": [
                {"do": "notify", "to": ["holder", "role:coordinators"]},
                {"after": "30m", "do": "notify", "to": ["role:coordinators"]},
                {"after": "2h", "do": "request_callback"},
            ],
        }
    ],
}


def _promised(kind: dict[str, Any], target: str) -> dict[str, Any]:
    return kind | {"promises": [{"name": "normal", "target": target, "calendar": "desk"}]}


def answer() -> dict[str, Any]:
    """Opened on a Friday; the weekend, a wait for the customer, and Epiphany lie before the deadline."""
    configuration = Configuration.model_validate(
        {
            "calendars": CALENDARS,
            "milestones": {
                "warn_before": "1h",
                "kinds": {
                    "resolution": _promised(RESOLUTION, "16h"),
                    "first_response": _promised(FIRST_RESPONSE, "4h"),
                },
            },
            "ladders": {"ladders": {"response-late": LATE}},
        }
    )
    desk = Desk(configuration, case=CASE)
    desk.tell(CaseOpened, at("02 14:00"))
    desk.wait(at("05 11:00"))
    desk.tell(CaseReplied, at("05 11:00"), turn="customer")
    desk.tell(ContactAdded, at("05 15:30"), contact="c2", channel="email", source_key="s", turn="desk")
    desk.wait(at("07 10:30"))
    return shown_case(desk._loaded("cases", CASE), configuration.promises, at("07 10:30"))


async def shown(page: Page, width: int, height: int, *, is_phone: bool = False) -> None:
    """The page, in a window of that size."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "why.html"
        file.write_text(rendered(answer()), encoding="utf-8")
        await page.size(width, height, is_phone=is_phone)
        await page.go(file.as_uri())
        await eventually(lambda: page.value(_IS_THERE), "the page", seconds=20)


async def _taken(file: Path) -> None:
    async with browser(Path(str(shutil.which("chromium")))) as page:
        await shown(page, 940, 1280)
        await page.picture(file, whole=True)


if __name__ == "__main__":
    asyncio.run(_taken(Path(sys.argv[1])))
