"""When reports are due, in business time, and what is refused of reports.yaml."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from caseway.kernel.business_hours import BusinessHours, Hours, Span
from caseway_analytics.domain.composing import changed_percent
from caseway_analytics.domain.scheduling import When, due_after, span_of
from caseway_analytics.report_settings import ReportEntry, ReportsFile
from caseway_analytics.satisfaction_settings import SatisfactionFile
from caseway_analytics.settings import MeasuresFile

WARSAW = ZoneInfo("Europe/Warsaw")
WEEK = {day: (Span.of("08:00", "20:00"),) for day in range(5)}
HOLIDAY = dt.date(2026, 12, 25)
DESK = BusinessHours("desk", "Europe/Warsaw", [Hours(week=WEEK, holidays=frozenset({HOLIDAY}))])


def due(when, year, month, day, hour=12):
    found = due_after(when, DESK, dt.datetime(year, month, day, hour, tzinfo=WARSAW))
    return found.astimezone(WARSAW).strftime("%Y-%m-%d %H:%M")


def test_the_days_report_is_due_before_the_desk_closes():
    """S2-01: before leaving."""
    at = When(minutes_before_close=15)
    assert due(at, 2026, 11, 23) == "2026-11-23 19:45"
    assert due(at, 2026, 11, 23, 21) == "2026-11-24 19:45"


def test_nothing_is_due_on_a_closed_day():
    """Friday is Christmas: the next day that is open is Monday."""
    assert due(When(), 2026, 12, 24, 21) == "2026-12-28 20:00"
    assert due(When(every="week", weekday="friday"), 2026, 12, 24) == "2026-12-28 20:00"


def test_a_months_report_is_due_on_its_first_or_last_open_day():
    assert due(When(every="month", day="first"), 2026, 7, 31, 21) == "2026-08-03 20:00"
    assert due(When(every="month", day="last"), 2026, 10, 15) == "2026-10-30 20:00"


def test_it_is_due_by_the_wall_clock_when_the_clock_changes():
    """On 29 March 2026 the clock is put forward; on Monday the desk closes at 20:00 all the same."""
    assert due(When(), 2026, 3, 29) == "2026-03-30 20:00"


def test_a_desk_that_never_opens_again_has_nothing_due():
    past = BusinessHours(
        "once", "UTC", [Hours(week=WEEK)],
        {dt.date(2027, 1, 1) + dt.timedelta(days=day): () for day in range(1200)},
    )  # fmt: skip
    assert due_after(When(), past, dt.datetime(2027, 2, 1, tzinfo=dt.UTC)) is None


def test_every_due_time_follows_the_last():
    at, seen = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), []
    for _ in range(30):
        at = due_after(When(every="week", weekday="monday"), DESK, at)
        seen.append(at)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    ("covers", "first", "after"),
    [
        ("day", "2026-11-22", "2026-11-23"),
        ("week", "2026-11-16", "2026-11-23"),
        ("month", "2026-11-01", "2026-12-01"),
        ("quarter", "2026-10-01", "2027-01-01"),
        ("year", "2026-01-01", "2027-01-01"),
    ],
)
def test_periods_are_the_zones(covers, first, after):
    starts_at, ends_at = span_of(covers, dt.datetime(2026, 11, 22, 22, 59, tzinfo=dt.UTC), WARSAW)
    assert starts_at.astimezone(WARSAW).isoformat()[:16] == f"{first}T00:00"
    assert ends_at.astimezone(WARSAW).isoformat()[:16] == f"{after}T00:00"


SECTION = {"title": "T", "measures": ["contacts"]}


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"title": "R", "sections": [SECTION], "at": {"every": "day"}}, "somebody to read it"),
        ({"title": "R", "sections": []}, "at least 1"),
        ({"title": "R", "sections": [{**SECTION, "measures": ["joy"]}]}, "a measure"),
        ({"title": "R", "sections": [{**SECTION, "by": ["agent", "product"]}]}, "kept by together"),
        ({"title": "R", "sections": [{**SECTION, "grain": "decade"}]}, "'hour', 'day'"),
        ({"title": "R", "sections": [{**SECTION, "order": "resolution"}]}, "one of the section's measures"),
        ({"title": "R", "sections": [{"title": "B", "show": "before_after", "measures": ["effort"], "days": [0]}]}, "1 to 366"),
        ({"title": "R", "sections": [SECTION], "forms": ["docx"]}, "'xlsx'"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_made_is_refused(report, said):
    """Bad input: reports with no recipients, unknown grains and measures."""
    with pytest.raises(ValidationError, match=said):
        ReportEntry.model_validate(report)


def test_a_reports_name_is_a_path():
    with pytest.raises(ValidationError):
        ReportsFile.model_validate({"reports": {"../x": {"title": "R", "sections": [SECTION]}}})


def test_an_indicator_belongs_to_one_level_and_an_agent_to_one_team():
    twice = {"indicators": {"speed": {}}}
    with pytest.raises(ValidationError, match="one level only"):
        SatisfactionFile.model_validate({"levels": {"a": twice, "b": twice}})
    with pytest.raises(ValidationError, match="one team only"):
        MeasuresFile.model_validate({"teams": {"B": ["ada"], "C": ["ada"]}})


def test_a_claim_can_be_checked():
    """S4-35: up to 29 % more productive, nearly 27 % cheaper."""
    assert changed_percent(10.0, 12.9) == 29.0
    assert changed_percent(400.0, 292.0) == -27.0
    assert changed_percent(0, 3) is None
