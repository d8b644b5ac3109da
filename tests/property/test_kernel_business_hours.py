"""Laws of business time, and agreement with minute-by-minute counting around every kind of clock change."""

from __future__ import annotations

import datetime as dt
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.kernel.business_hours import BusinessHours, Hours, Span

ZONES = (
    "Europe/Warsaw",
    "Europe/Berlin",
    "Asia/Tokyo",
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
MINUTE = dt.timedelta(minutes=1)
MICROSECOND = dt.timedelta(microseconds=1)
QUARTER = 15 * 60 * 1_000_000


@cache
def days_of_change(zone: str) -> list[dt.datetime]:
    """Midnights (UTC) of days in which the zone's offset changes, 1970 to 2037; one plain day where it never does."""
    place = ZoneInfo(zone)
    midnights = [dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day) for day in range(68 * 365)]
    offsets = [midnight.astimezone(place).utcoffset() for midnight in midnights]
    changes = [midnights[i] for i, (before, after) in enumerate(pairwise(offsets)) if before != after]
    return changes or [dt.datetime(2026, 5, 5, tzinfo=dt.UTC)]


@st.composite
def days(draw) -> tuple[Span, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    return tuple(Span(a * QUARTER, b * QUARTER) for a, b in list(pairwise(cuts))[::2])


@st.composite
def calendars(draw, zone: str, near: dt.date):
    def near_by():
        return st.integers(-4, 4).map(lambda shift: near + dt.timedelta(days=shift))

    week = {day: draw(days()) for day in range(7)}
    week[draw(st.integers(0, 6))] = (Span(0, 96 * QUARTER),)
    hours = [Hours(week=week, holidays=draw(st.sets(near_by(), max_size=2)))]
    if draw(st.booleans()):
        other = {**{day: draw(days()) for day in range(7)}, 2: (Span(8 * QUARTER, 40 * QUARTER),)}
        hours.append(Hours(week=other, from_on=draw(near_by())))
    return BusinessHours("any", zone, hours, draw(st.dictionaries(near_by(), days(), max_size=2)))


def minutes_open(hours: BusinessHours, start: dt.datetime, count: int) -> list[bool]:
    """The naive way: look at the wall clock each minute."""
    place = ZoneInfo(hours.zone)
    result = []
    for index in range(count):
        wall = (start + index * MINUTE).astimezone(place)
        moment = (wall.hour * 60 + wall.minute) * 60_000_000
        result.append(any(span.opens <= moment < span.closes for span in hours.spans_on(wall.date())))
    return result


@settings(max_examples=120, deadline=None)
@given(data=st.data(), zone=st.sampled_from(ZONES))
def test_counting_agrees_with_the_wall_clock_minute_by_minute(data, zone):
    change = data.draw(st.sampled_from(days_of_change(zone)))
    hours = data.draw(calendars(zone, change.date()))
    start = change - dt.timedelta(days=1)
    is_open = minutes_open(hours, start, 3 * 1440)
    first = data.draw(st.integers(0, 2 * 1440))
    last = data.draw(st.integers(first, 3 * 1440))
    expected = sum(is_open[first:last]) * MINUTE
    assert hours.elapsed(start + first * MINUTE, start + last * MINUTE) == expected
    assert (
        sum(
            (each.end - each.start for each in hours.counted(start + first * MINUTE, start + last * MINUTE)),
            dt.timedelta(),
        )
        == expected
    )
    if expected:
        due = next(i for i in range(first, last + 1) if sum(is_open[first:i]) * MINUTE == expected)
        assert hours.due_at(start + first * MINUTE, expected) == start + due * MINUTE


instants = st.integers(0, 67 * 365 * 86_400 * 1_000_000).map(
    lambda at: dt.datetime(1970, 6, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
)
amounts = st.integers(0, 60 * 86_400 * 1_000_000).map(lambda amount: dt.timedelta(microseconds=amount))


@settings(max_examples=120, deadline=None)
@given(data=st.data(), zone=st.sampled_from(ZONES), start=instants, first=amounts, second=amounts)
def test_elapsed_is_additive_and_monotone(data, zone, start, first, second):
    hours = data.draw(calendars(zone, start.date()))
    middle, end = start + first, start + first + second
    whole = hours.elapsed(start, end)
    assert hours.elapsed(start, middle) + hours.elapsed(middle, end) == whole
    assert dt.timedelta(0) <= hours.elapsed(start, middle) <= whole <= end - start


@settings(max_examples=120, deadline=None)
@given(data=st.data(), zone=st.sampled_from(ZONES), start=instants, amount=amounts)
def test_due_at_is_the_least_instant_by_which_the_amount_has_elapsed(data, zone, start, amount):
    hours = data.draw(calendars(zone, start.date()))
    due = hours.due_at(start, amount)
    assert hours.elapsed(start, due) == amount
    if due > start:
        assert hours.elapsed(start, due - MICROSECOND) < amount
    assert hours.due_at(start, amount) == due
