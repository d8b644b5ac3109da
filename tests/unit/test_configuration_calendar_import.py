"""An iCalendar file becomes exceptions that a person reviews."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml

from caseway.cli import main
from caseway.kernel.errors import Misconfigured
from caseway.runtime.calendar_import import ClosedDay, ClosedYearly, NotTaken, read, written
from caseway.runtime.calendars import WrittenCalendar

YEARS = range(2026, 2028)


def ics(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{number}\r\n{event}\r\nEND:VEVENT\r\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n{body}END:VCALENDAR\r\n".encode()


def day(start: str, name: str = "Day", *more: str) -> str:
    return "\r\n".join([f"DTSTART;VALUE=DATE:{start}", f"SUMMARY:{name}", *more])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (day("20260701", "Twice", "RRULE:FREQ=YEARLY", "RRULE:FREQ=WEEKLY"), "several rules of recurrence"),
        (day("20260701", "Odd", "RRULE:FREQ=SOMETIMES"), "a line that cannot be read"),
        (day("20260701", "Open", "DTEND;VALUE=DATE:"), "a line that cannot be read"),
        (day("20260701", "Further", "RDATE;VALUE=DATE:20260903"), "further dates of its own (RDATE)"),
    ],
)
def test_what_makes_no_sense_or_more_than_one_is_named_and_not_taken(event, reason):
    """A calendar that a program wrote badly is no reason for a traceback, nor for a day that vanishes unseen."""
    found = [each.reason for each in read(ics(event), YEARS) if isinstance(each, NotTaken)]
    assert found == [reason]


def test_a_length_instead_of_an_end_counts_its_days():
    found = read(ics(day("20260601", "Two days", "DURATION:P2D")), YEARS)
    assert [each.on for each in found] == [dt.date(2026, 6, 1), dt.date(2026, 6, 2)]


def test_a_name_with_control_characters_is_still_yaml():
    found = read(ics(day("20260601", "Bell\x07 and\x00 zero")), YEARS)
    assert yaml.safe_load(written(found, "x.ics")) == {"exceptions": {dt.date(2026, 6, 1): "closed"}}


def test_whole_days_become_closed_days_and_the_end_is_the_first_free_day():
    found = read(ics(day("20261224", "Fair", "DTEND;VALUE=DATE:20261227"), day("20260506", "Stock\\, taking")), YEARS)
    assert found == (
        ClosedDay(on=dt.date(2026, 5, 6), name="Stock, taking"),
        *(ClosedDay(on=dt.date(2026, 12, each), name="Fair") for each in (24, 25, 26)),
    )


def test_days_of_other_years_are_left_out():
    assert read(ics(day("20251231", "x", "DTEND;VALUE=DATE:20260102")), YEARS) == (
        ClosedDay(on=dt.date(2026, 1, 1), name="x"),
    )


@pytest.mark.parametrize("rule", ["FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=1", "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=11"])
def test_what_comes_every_year_is_yearly(rule):
    (found,) = read(ics(day("20001111", "Independence", f"RRULE:{rule}")), YEARS)
    assert found == ClosedYearly(month_and_day="11-11", name="Independence")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("DTSTART:20260101T090000Z\r\nSUMMARY:x", "not a whole day"),
        ("SUMMARY:x", "not a whole day"),
        (day("20260101", "x", "RRULE:FREQ=WEEKLY"), "a rule of recurrence"),
        (day("20260101", "x", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO"), "a rule of recurrence"),
        (day("20260101", "x", "RRULE:FREQ=YEARLY;INTERVAL=2"), "a rule of recurrence"),
        (day("20260101", "x", "RRULE:FREQ=YEARLY;UNTIL=20300101"), "a rule of recurrence"),
        (day("20260101", "x", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20270101"), "a rule of recurrence"),
        (day("20260101", "x", "STATUS:CANCELLED"), "cancelled"),
        (day("20260101", "x", "DTEND;VALUE=DATE:20261231"), "longer than 31 days"),
    ],
)
def test_what_is_no_closed_day_is_named_with_its_reason(event, reason):
    (found,) = read(ics(event), YEARS)
    assert isinstance(found, NotTaken)
    assert found.reason.startswith(reason)
    assert "# Not taken:" in written((found,), "f")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xfe\x00", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b" " * 2**23]
)
def test_what_is_no_calendar_is_refused(content):
    with pytest.raises(Misconfigured, match=r"iCalendar|bytes"):
        read(content, YEARS)


def test_what_is_written_can_be_put_below_a_calendar():
    events = [
        day("20261224", "Eve: #1\nexceptions: {}"),
        day("20261224", "Again"),
        day("20261231", "Old year", "RRULE:FREQ=YEARLY"),
    ]
    text = written(read(ics(*events), YEARS), "holidays.ics")
    taken = yaml.safe_load(text)
    calendar = WrittenCalendar.model_validate(
        {
            "zone": "Europe/Warsaw",
            "versions": [{"week": {"every-day": ["09:00-17:00"]}, "holidays": taken["holidays"]}],
            "exceptions": taken["exceptions"],
        }
    ).built("desk")
    assert [bool(calendar.spans_on(dt.date(2026, 12, each))) for each in (23, 24, 30, 31)] == [True, False, True, False]


def test_the_command_prints_what_is_to_be_reviewed(tmp_path, capsys):
    path = tmp_path / "holidays.ics"
    path.write_bytes(ics(day("20261224", "Eve"), day("20281224", "Eve")))
    assert main(["calendars", "import", str(path), "--years", "2026"]) == 0
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed) == {"exceptions": {dt.date(2026, 12, 24): "closed"}}
    assert "holidays.ics, sha256 " in printed


def test_a_file_that_is_not_there_is_said(tmp_path, capsys):
    assert main(["calendars", "import", str(tmp_path / "none.ics")]) == 1
    assert "none.ics" in capsys.readouterr().err
