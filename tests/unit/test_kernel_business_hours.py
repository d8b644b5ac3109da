"""Business hours: single days that everybody can check with a calendar in hand."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest

from caseway.kernel import business_hours
from caseway.kernel.business_hours import WHOLE_DAY, BusinessHours, Hours, NeverOpen, Span, wall_time

NINE_TO_FIVE = (Span.of("09:00", "17:00"),)
WEEKDAYS = dict.fromkeys(range(5), NINE_TO_FIVE)
ALWAYS_OPEN = dict.fromkeys(range(7), WHOLE_DAY)
HOUR = dt.timedelta(hours=1)


def desk(zone="Europe/Warsaw", week=None, exceptions=None, **rules):
    return BusinessHours("desk", zone, [Hours(week=WEEKDAYS if week is None else week, **rules)], exceptions)


def at(text):
    return dt.datetime.fromisoformat(text)


def test_the_doctests_hold():
    assert doctest.testmod(business_hours).failed == 0
    assert doctest.testmod(business_hours).attempted > 0


def test_a_weekend_counts_nothing():
    hours = desk()
    assert hours.elapsed(at("2026-01-16T16:00+01:00"), at("2026-01-19T10:00+01:00")) == 2 * HOUR
    assert hours.due_at(at("2026-01-16T16:00+01:00"), 2 * HOUR) == at("2026-01-19T10:00+01:00")


def test_an_amount_that_ends_at_closing_time_is_due_then_and_not_at_the_next_opening():
    assert desk().due_at(at("2026-01-16T16:00+01:00"), HOUR) == at("2026-01-16T17:00+01:00")
    one_more = desk().due_at(at("2026-01-16T16:00+01:00"), HOUR + dt.timedelta(microseconds=1))
    assert one_more == at("2026-01-19T09:00:00.000001+01:00")


def test_nothing_is_due_at_once_even_outside_the_hours():
    assert desk().due_at(at("2026-01-17T12:00+01:00"), dt.timedelta(0)) == at("2026-01-17T12:00+01:00")


def test_spans_are_half_open():
    hours = desk()
    assert hours.is_open(at("2026-01-16T09:00+01:00"))
    assert not hours.is_open(at("2026-01-16T08:59:59.999999+01:00"))
    assert hours.is_open(at("2026-01-16T16:59:59.999999+01:00"))
    assert not hours.is_open(at("2026-01-16T17:00+01:00"))


def test_several_spans_a_day_and_one_to_midnight():
    hours = desk(week={4: (Span.of("09:00", "12:00"), Span.of("13:00", "24:00")), 5: (Span.of("00:00", "02:00"),)})
    friday = at("2026-01-16T00:00+01:00")
    assert hours.elapsed(friday, friday + 48 * HOUR) == 16 * HOUR
    assert hours.due_at(friday, 15 * HOUR) == at("2026-01-17T01:00+01:00")


def test_the_hour_that_the_clock_skips_counts_nothing():
    night = desk(week={6: (Span.of("01:00", "05:00"),)})
    sunday = at("2026-03-29T00:00+01:00")
    assert night.elapsed(sunday, sunday + 24 * HOUR) == 3 * HOUR
    assert night.due_at(sunday, 2 * HOUR) == at("2026-03-29T04:00+02:00")


def test_the_hour_that_comes_twice_counts_twice():
    night = desk(week={6: (Span.of("01:00", "05:00"),)})
    sunday = at("2026-10-25T00:00+02:00")
    assert night.elapsed(sunday, sunday + 26 * HOUR) == 5 * HOUR


def test_half_of_the_hour_that_comes_twice_counts_in_both():
    half = desk(week={6: (Span.of("02:30", "03:00"),)})
    counted = list(half.counted(at("2026-10-25T00:00+02:00"), at("2026-10-26T00:00+01:00")))
    assert [(each.start, each.end) for each in counted] == [
        (at("2026-10-25T02:30+02:00"), at("2026-10-25T03:00+02:00")),
        (at("2026-10-25T02:30+01:00"), at("2026-10-25T03:00+01:00")),
    ]


def test_a_day_that_the_zone_left_out_counts_nothing():
    samoa = desk("Pacific/Apia", ALWAYS_OPEN)
    assert samoa.elapsed(at("2011-12-29T00:00-10:00"), at("2012-01-01T00:00+14:00")) == 48 * HOUR


def test_a_change_on_new_years_eve_is_not_missed():
    hours = desk("Asia/Kathmandu", {2: (Span.of("00:00", "00:30"),)})  # on 1 January 1986, 00:00 became 00:15
    assert hours.elapsed(at("1985-12-31T00:00Z"), at("1986-01-02T00:00Z")) == dt.timedelta(minutes=15)


def test_holidays_and_exceptions():
    hours = desk(
        holidays={dt.date(2026, 1, 6)},
        yearly={(1, 7)},
        exceptions={
            dt.date(2026, 1, 7): (Span.of("10:00", "12:00"),),
            dt.date(2026, 1, 8): (),
            dt.date(2026, 1, 10): (Span.of("09:00", "10:00"),),
        },
    )
    monday = at("2026-01-05T00:00+01:00")
    assert hours.elapsed(monday, monday + 24 * 7 * HOUR) == (8 + 0 + 2 + 0 + 8 + 1) * HOUR
    assert hours.elapsed(at("2027-01-07T00:00+01:00"), at("2027-01-08T00:00+01:00")) == dt.timedelta(0)
    assert hours.elapsed(at("2027-01-06T00:00+01:00"), at("2027-01-07T00:00+01:00")) == 8 * HOUR


def test_new_hours_are_in_force_from_their_date():
    hours = BusinessHours(
        "desk",
        "Europe/Warsaw",
        [Hours(week=ALWAYS_OPEN, from_on=dt.date(2026, 1, 7)), Hours(week=WEEKDAYS, from_on=dt.date(2026, 1, 1))],
    )
    tuesday = at("2026-01-06T00:00+01:00")
    assert hours.elapsed(tuesday, tuesday + 48 * HOUR) == (8 + 24) * HOUR
    assert hours.version_on(dt.date(2026, 1, 7)).from_on == dt.date(2026, 1, 7)
    assert hours.version_on(dt.date(2020, 1, 7)).from_on == dt.date(2026, 1, 1)


def test_round_the_clock_is_absolute_time():
    hours = desk(week=ALWAYS_OPEN)
    start = at("2025-06-01T12:34:56.789012+02:00")
    assert hours.elapsed(start, start + dt.timedelta(days=800)) == dt.timedelta(days=800)
    assert hours.due_at(start, dt.timedelta(days=800)) == start + dt.timedelta(days=800)


def test_calendars_that_never_open_are_refused():
    for week in ({}, {0: ()}):
        with pytest.raises(NeverOpen):
            desk(week=week)
    with pytest.raises(NeverOpen):
        desk(yearly={(month, day) for month in range(1, 13) for day in range(1, 32)})
    with pytest.raises(NeverOpen):
        BusinessHours("desk", "Europe/Warsaw", [])


@pytest.mark.parametrize("spans", [("09:00 12:00", "11:00 13:00"), ("13:00 14:00", "09:00 12:00")])
def test_overlapping_or_disordered_spans_are_refused(spans):
    day = tuple(Span.of(*span.split()) for span in spans)
    with pytest.raises(ValueError, match="in order and apart"):
        desk(week={0: day})
    with pytest.raises(ValueError, match="in order and apart"):
        desk(exceptions={dt.date(2026, 1, 1): day})


def test_two_versions_from_one_date_are_refused():
    with pytest.raises(ValueError, match="different dates"):
        BusinessHours("desk", "Europe/Warsaw", [Hours(week=WEEKDAYS), Hours(week=WEEKDAYS)])


def test_an_unknown_zone_is_refused():
    with pytest.raises(KeyError, match="Atlantis"):
        desk("Europe/Atlantis")


@pytest.mark.parametrize("text", ["9:00", "24:01", "12:60", "12:00:60", "noon", "", "12", "12:00:00:00", "١٢:٠٠"])
def test_a_time_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="a time such as"):
        wall_time(text)


@pytest.mark.parametrize(("opens", "closes"), [("17:00", "09:00"), ("09:00", "09:00")])
def test_a_span_that_does_not_open_is_refused(opens, closes):
    with pytest.raises(ValueError, match="night shift"):
        Span.of(opens, closes)


def test_a_span_reads_as_it_was_written():
    assert [str(Span.of("09:00", "24:00")), str(Span.of("00:00:30", "01:05"))] == ["09:00-24:00", "00:00:30-01:05"]


def test_mistaken_questions_are_refused():
    hours = desk()
    noon = at("2026-01-16T12:00+01:00")
    with pytest.raises(ValueError, match="ends before"):
        hours.elapsed(noon, noon - HOUR)
    with pytest.raises(ValueError, match="negative"):
        hours.due_at(noon, -HOUR)
    with pytest.raises(ValueError, match="without an offset"):
        hours.elapsed(noon.replace(tzinfo=None), noon)
    with pytest.raises(OverflowError):
        hours.elapsed(dt.datetime(1500, 1, 1, tzinfo=dt.UTC), noon)
    with pytest.raises(OverflowError):
        desk(week=ALWAYS_OPEN).due_at(dt.datetime(9990, 1, 1, tzinfo=dt.UTC), dt.timedelta(days=1000))
