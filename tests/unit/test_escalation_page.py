"""The page that says why a promise is due: spans, pauses, calendar version, in the desk's own time (S1-19)."""

from __future__ import annotations

import html

from caseway.contracts.cases import CaseHeld, CaseOpened, CaseReleased, CaseStamped
from caseway_escalation.adapters.cases import load
from caseway_escalation.adapters.page import rendered
from caseway_escalation.adapters.shown import shown_case
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, CASE, RESOLUTION, Desk, at

HOLIDAYS = {
    "zone": "Europe/Warsaw",
    "versions": [{"week": {"monday-friday": ["09:00-17:00"]}, "holidays": {"country": "PL"}}],
}
MONTH = {
    "starts": [{"fact": "case.opened", "when": {"field": "class", "equals": "data_protection"}}],
    "completes": [{"fact": "case.data-action-decided"}],
    "promises": [{"name": "statutory", "months": 1, "calendar": "desk"}],
}


def desk() -> Desk:
    """Across a weekend, a holiday (Epiphany, Tuesday the 6th) and a pause."""
    promises = [{"name": "normal", "target": "8h", "calendar": "desk"}]
    kinds = {
        "resolution": RESOLUTION | {"promises": promises, "requires": ["<b>checked</b>"]},
        "data_protection": MONTH,
    }
    written = {"calendars": CALENDARS | {"desk": HOLIDAYS}, "milestones": {"kinds": kinds}}
    desk = Desk(Configuration.model_validate(written))
    desk.tell(CaseOpened, at("02 15:00"), **{"class": "data_protection"})
    desk.tell(CaseHeld, at("05 11:00"), turn="customer")
    desk.tell(CaseReleased, at("07 10:00"), turn="desk")
    return desk


def page(desk: Desk) -> str:
    case = load({**desk.documents[CASE], "_id": CASE})
    return rendered(shown_case(case, desk.configuration.promises, at("07 12:00")))


def test_the_page_lists_each_counted_span_and_each_pause_in_order():
    text = page(desk())
    rows = [
        "Fri 2026-01-02 15:00:00+01:00",
        "Mon 2026-01-05 09:00:00+01:00",
        "Mon 2026-01-05 11:00:00+01:00</td><td>Wed 2026-01-07 10:00:00+01:00",
        "stood for 47 h",
        "Wed 2026-01-07 10:00:00+01:00</td><td>Wed 2026-01-07 14:00:00+01:00",
        "counted, of 8 h promised",
    ]
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert "due Wed 2026-01-07 14:00:00+01:00" in text
    assert desk().configuration.promises.calendars["desk"].version in text


def test_the_page_says_a_statutory_promise_in_words():
    assert "1 calendar month at all hours (Europe/Warsaw) was promised by" in html.unescape(page(desk()))


def test_what_was_written_elsewhere_is_shown_as_text():
    assert "Still to be stamped: &lt;b&gt;checked&lt;/b&gt;." in page(desk())
    stamped = desk()
    stamped.tell(CaseStamped, at("07 11:00"), stamp="<b>checked</b>", occurrence="o")
    assert "Still to be stamped" not in page(stamped)


def test_a_promise_whose_calendar_is_gone_is_shown_without_reasons():
    bare = desk()
    bare.configuration.promises.calendars.pop("desk")
    assert "Its calendar is no longer configured." in page(bare)


def test_a_case_without_promises_says_so():
    bare = Desk(
        Configuration.model_validate(
            {
                "calendars": CALENDARS,
                "milestones": {
                    "kinds": {"data": MONTH | {"promises": [{"name": "m", "months": 1, "calendar": "desk"}]}}
                },
            }
        )
    )
    bare.tell(CaseOpened, at("02 15:00"))
    assert "Nothing is promised." in page(bare)
