"""Business time around every change of the clocks, 1970 to 2037, against minutes counted one by one.

All of them take a minute or two, so they are `slow`; the default run takes some of each zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

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
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
HOURS_1970_TO_2037 = 68 * 365 * 24 + 17 * 24
BEFORE, LENGTH = 36 * 60, 84 * 60
"""Minutes looked at: from a day and a half before the change to two days after it."""

WEEKS = {
    "office": dict.fromkeys(range(5), ("09:00-17:00",)),
    "nights": dict.fromkeys(range(7), ("00:00-06:00", "22:00-24:00")),
    "odd": dict.fromkeys(range(7), ("00:01-00:29", "01:15-02:45", "02:50-03:05", "23:31-23:59")),
    "always": dict.fromkeys(range(7), ("00:00-24:00",)),
    "weekend": {5: ("23:00-24:00",), 6: ("00:00-03:30",)},
}


@cache
def changes(zone: str) -> tuple[dt.datetime, ...]:
    """Every whole hour (UTC) that begins with another offset than the one before; no zone changes twice a day."""
    place = ZoneInfo(zone)

    def offset(hour: int) -> dt.timedelta | None:
        return (EPOCH + dt.timedelta(hours=hour)).astimezone(place).utcoffset()

    days = (day for day in range(0, HOURS_1970_TO_2037, 24) if offset(day) != offset(day + 24))
    hours = (next(hour for hour in range(day + 1, day + 25) if offset(hour) != offset(day)) for day in days)
    return tuple(EPOCH + dt.timedelta(hours=hour) for hour in hours)


@cache
def calendar(zone: str, week: str) -> BusinessHours:
    spans = {day: tuple(Span.of(*text.split("-")) for text in texts) for day, texts in WEEKS[week].items()}
    return BusinessHours(week, zone, [Hours(week=spans)])


def counted(zone: str, week: str, start: dt.datetime) -> list[int]:
    """How many minutes were open before each minute, by looking at the wall clock."""
    place = ZoneInfo(zone)
    spans = {
        day: [tuple(int(part[:2]) * 60 + int(part[3:]) for part in text.split("-")) for text in texts]
        for day, texts in WEEKS[week].items()
    }
    walls = ((start + minute * MINUTE).astimezone(place) for minute in range(LENGTH))
    is_open = (
        any(opens <= wall.hour * 60 + wall.minute < closes for opens, closes in spans.get(wall.weekday(), ()))
        for wall in walls
    )
    return list(accumulate(is_open, initial=0))


def agrees(zone: str, week: str, change: dt.datetime) -> None:
    hours, start = calendar(zone, week), change - BEFORE * MINUTE
    passed = counted(zone, week, start)
    marks = sorted({0, LENGTH, *range(0, LENGTH, 37), *range(BEFORE - 130, BEFORE + 130, 5)})
    for mark in marks:
        at = start + mark * MINUTE
        whole = hours.elapsed(start, at)
        assert whole == passed[mark] * MINUTE, (zone, week, at)
        assert whole + hours.elapsed(at, start + LENGTH * MINUTE) == passed[-1] * MINUTE, "additive"
        due = hours.due_at(start, whole)
        first = passed.index(passed[mark])
        assert due == start + first * MINUTE, (zone, week, at, "least instant by which it has passed")
        assert hours.elapsed(start, due) == whole, "inverse"


def every(step: int) -> Iterator[tuple[str, str, dt.datetime]]:
    for number, zone in enumerate(ZONES):
        found = changes(zone) or (dt.datetime(2026, 5, 5, tzinfo=dt.UTC),)
        for index, change in enumerate(found):
            for week_number, week in enumerate(WEEKS):
                if (index * len(WEEKS) + week_number + number) % step == 0:
                    yield zone, week, change


def test_the_zones_change_as_often_as_their_history_says():
    """The search for changes finds them: a wrong one would make the rest say nothing."""
    found = {zone: len(changes(zone)) for zone in ZONES}
    assert found.pop("Asia/Tokyo") == 0
    assert all(count > 20 for count in found.values()), found
    assert dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC) in changes("Europe/Warsaw")
    assert dt.datetime(2011, 12, 30, 10, tzinfo=dt.UTC) in changes("Pacific/Apia")  # a whole day left out


def test_some_changes_of_the_clocks_count_as_on_the_wall():
    for zone, week, change in every(97):
        agrees(zone, week, change)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_the_clocks_counts_as_on_the_wall(zone):
    for _, week, change in (each for each in every(1) if each[0] == zone):
        agrees(zone, week, change)
