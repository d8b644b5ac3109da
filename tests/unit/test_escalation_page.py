"""The page that says why a promise is due: spans, pauses, calendar version, in the desk's own time (S1-19)."""

from __future__ import annotations

import datetime as dt
import html
from zoneinfo import ZoneInfo

from caseway.contracts.cases import CaseHeld, CaseOpened, CaseReleased, CaseResolved, CaseStamped
from caseway_escalation.adapters.cases import load
from caseway_escalation.adapters.page import rendered
from caseway_escalation.adapters.shown import shown_case
from caseway_escalation.domain.explanation import shown_time
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
        "due Wed 7 Jan 2026, 14:00",
        "6 h of 8 h used so far.",
        "Fri 2 Jan 2026, 15:00</td><td>Fri 2 Jan 2026, 17:00",
        "Sat 3 Jan 2026 to Sun 4 Jan 2026",
        "no hours on this weekday",
        "Mon 5 Jan 2026, 09:00",
        "Mon 5 Jan 2026, 11:00</td><td>Wed 7 Jan 2026, 10:00",
        "the clock stood for 47 h",
        "Wed 7 Jan 2026, 10:00</td><td>Wed 7 Jan 2026, 14:00",
        "counted, of 8 h promised",
        "Wed 2026-01-07 14:00:00+01:00",
    ]
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert "Tue 6 Jan" not in text, "the clock stood on the holiday anyway"
    assert desk().configuration.promises.calendars["desk"].version in text


def test_a_holiday_and_a_day_closed_for_once_are_named_where_the_clock_ran():
    """What a supervisor asks first: why did Tuesday not count?"""
    written = HOLIDAYS | {"exceptions": {"2026-01-07": "closed"}}
    promises = [{"name": "normal", "target": "8h", "calendar": "desk"}]
    kinds = {"resolution": RESOLUTION | {"promises": promises}}
    given = {"calendars": CALENDARS | {"desk": written}, "milestones": {"kinds": kinds}}
    running = Desk(Configuration.model_validate(given))
    running.tell(CaseOpened, at("05 15:00"))
    text = page(running)
    rows = ["Tue 6 Jan 2026</td>", "holiday", "Wed 7 Jan 2026</td>", "closed on this date", "Thu 8 Jan 2026, 09:00"]
    places = [text.index(row) for row in rows]
    assert places == sorted(places)


def test_what_is_late_says_when_it_was_due_when_it_ended_and_by_how_much():
    late = desk()
    late.tell(CaseResolved, at("07 15:30"))
    late.tell(CaseStamped, at("07 15:30"), stamp="<b>checked</b>", occurrence="o")
    text = page(late)
    assert "was due Wed 7 Jan 2026, 14:00" in text
    assert "Ended Wed 7 Jan 2026, 15:30, too late: 9 h 30 min of 8 h used." in text


def test_on_a_day_on_which_the_clocks_change_a_time_has_its_offset():
    place = ZoneInfo("Europe/Warsaw")
    twice = [dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC) for hour in (0, 1)]
    assert [shown_time(each, place) for each in twice] == [
        "Sun 25 Oct 2026, 02:30 (+0200)",
        "Sun 25 Oct 2026, 02:30 (+0100)",
    ]
    assert shown_time(dt.datetime(2026, 10, 26, 8, 0, 5, tzinfo=dt.UTC), place) == "Mon 26 Oct 2026, 09:00:05"


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


def test_new_hours_and_a_date_with_other_hours_are_pointed_out():
    """Whoever disputes a deadline knows the desk's usual hours, and asks why these are others (S1-19)."""
    calendar = {
        "zone": "Europe/Warsaw",
        "versions": [
            {"week": {"monday-friday": ["09:00-17:00"]}},
            {"from": "2026-01-05", "week": {"monday-friday": ["10:00-12:00"]}},
        ],
        "exceptions": {"2026-01-06": ["13:00-15:00"]},
    }
    promises = [{"name": "normal", "target": "8h", "calendar": "desk"}]
    written = {
        "calendars": CALENDARS | {"desk": calendar},
        "milestones": {"kinds": {"resolution": RESOLUTION | {"promises": promises}}},
    }
    desk = Desk(Configuration.model_validate(written))
    desk.tell(CaseOpened, at("02 15:00"))
    text = page(desk)
    rows = [
        "Fri 2 Jan 2026, 15:00",
        "Sat 3 Jan 2026 to Sun 4 Jan 2026",
        'Mon 5 Jan 2026</td><td class="number">from here on new hours are in force',
        "Mon 5 Jan 2026, 10:00",
        "<i>other hours on this date</i> 2 h",
        "Wed 7 Jan 2026, 10:00",
        "counted, of 8 h promised",
        "From 2026-01-05 on new hours are in force. On 2026-01-06 there are other hours than on its weekday.",
    ]
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert text.count("other hours on this date") == 1
