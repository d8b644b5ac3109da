"""Calendars in YAML: what each form means, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import ValidationError

from caseway.runtime.calendars import WrittenCalendar

HOUR = dt.timedelta(hours=1)


def calendar(zone="Europe/Warsaw", exceptions=None, **version):
    return WrittenCalendar(zone=zone, versions=[version], exceptions=exceptions or {}).built("desk")


def hours_on(hours, *days):
    return [" ".join(map(str, hours.spans_on(dt.date.fromisoformat(day)))) for day in days]


def test_days_by_name_by_range_and_every_day():
    hours = calendar(week={"monday-friday": ["08:00-20:00"], "saturday": ["09:00-12:00", "13:00-15:00"]})
    assert hours_on(hours, "2026-01-16", "2026-01-17", "2026-01-18") == ["08:00-20:00", "09:00-12:00 13:00-15:00", ""]
    round_the_week = calendar(week={"saturday-monday": ["10:00-11:00"], "every-day": ["08:00-09:00"]})
    assert hours_on(round_the_week, "2026-01-18", "2026-01-20") == ["08:00-09:00 10:00-11:00", "08:00-09:00"]


def test_a_night_shift_is_split_at_midnight():
    hours = calendar(week={"sunday": ["22:00-06:00"], "monday": ["20:00-00:00"]})
    assert hours_on(hours, "2026-01-18", "2026-01-19", "2026-01-20") == ["22:00-24:00", "00:00-06:00 20:00-24:00", ""]


def test_polish_holidays_are_closed_and_the_last_day_of_the_year_is_not():
    hours = calendar(week={"every-day": ["08:00-20:00"]}, holidays={"country": "PL"})
    closed = hours_on(hours, "2026-01-01", "2026-01-06", "2026-04-06", "2026-06-04", "2026-11-11", "2026-12-25")
    assert closed == [""] * 6
    assert hours_on(hours, "2026-12-31", "2026-11-10") == ["08:00-20:00", "08:00-20:00"]


def test_a_subdivision_has_holidays_of_its_own():
    week = {"every-day": ["08:00-20:00"]}
    bavaria = calendar("Europe/Berlin", week=week, holidays={"country": "DE", "subdivision": "BY"})
    germany = calendar("Europe/Berlin", week=week, holidays={"country": "DE"})
    assert hours_on(bavaria, "2026-01-06") == [""]
    assert hours_on(germany, "2026-01-06") == ["08:00-20:00"]
    assert bavaria.version != germany.version


def test_exceptions_go_before_holidays_and_weeks():
    hours = calendar(
        week={"monday-friday": ["08:00-20:00"]},
        holidays={"country": "PL", "yearly": ["12-24"]},
        exceptions={"2026-12-25": ["10:00-12:00"], "2026-12-28": "closed"},
    )
    assert hours_on(hours, "2026-12-24", "2026-12-25", "2026-12-28", "2027-12-24") == ["", "10:00-12:00", "", ""]


def test_versions_are_in_force_from_their_date():
    hours = WrittenCalendar(
        zone="Europe/Warsaw",
        versions=[
            {"week": {"every-day": ["08:00-20:00"]}},
            {"from": "2027-01-01", "week": {"every-day": ["00:00-24:00"]}},
        ],
    ).built("desk")
    assert hours_on(hours, "2026-12-31", "2027-01-01") == ["08:00-20:00", "00:00-24:00"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"zone": "Mars/Base"}, "a time zone of the IANA database"),
        ({"zone": "../etc/passwd"}, "a time zone of the IANA database"),
        ({"versions": []}, "at least 1 item"),
        ({"versions": [{"week": {}}]}, "hours that never open"),
        ({"versions": [{"week": {"mon": ["08:00-09:00"]}}]}, "a weekday, a range"),
        ({"versions": [{"week": {"monday": ["08:00"]}}]}, "a span such as"),
        ({"versions": [{"week": {"monday": ["8-9"]}}]}, "a time such as 09:30"),
        ({"versions": [{"week": {"monday": ["08:00-08:00"]}}]}, "a whole day is 00:00-24:00"),
        ({"versions": [{"week": {"monday": ["08:00-12:00", "11:00-13:00"]}}]}, "in order and apart"),
        ({"versions": [{"week": {"sunday": ["22:00-06:00"], "monday": ["05:00-07:00"]}}]}, "in order and apart"),
        ({"versions": [{"week": {"monday": ["08:00-09:00"]}, "holidays": {"country": "XX"}}]}, "XX is none"),
        ({"versions": [{"week": {"monday": ["08:00-09:00"]}, "holidays": {"subdivision": "BY"}}]}, "a country beside"),
        ({"versions": [{"week": {"monday": ["08:00-09:00"]}, "holidays": {"yearly": ["13-01"]}}]}, "a month and a day"),
        ({"versions": [{"week": {"monday": ["08:00-09:00"]}}] * 2}, "different dates"),
        ({"exceptions": {"2026-01-01": ["22:00-06:00"]}}, "split a night shift"),
        ({"exceptions": {"someday": "closed"}}, "exceptions"),
        ({"exceptions": {"2026-01-01": "open"}}, "exceptions"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(written, expected):
    good = {"zone": "Europe/Warsaw", "versions": [{"week": {"monday": ["08:00-09:00"]}}]}
    assert WrittenCalendar.model_validate(good)
    with pytest.raises(ValidationError, match=expected):
        WrittenCalendar.model_validate(good | written)
