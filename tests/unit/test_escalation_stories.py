"""Promises across weekends, holidays and changes of the clocks, and the reason given for each (S1-17, S4-29)."""

from __future__ import annotations

import datetime as dt
import doctest

import pytest

from caseway.contracts.cases import CaseHeld, CaseOpened, CaseReleased, CaseResolved
from caseway_escalation import metrics
from caseway_escalation.adapters.cases import dump, load
from caseway_escalation.domain import explanation, guidance, months
from caseway_escalation.domain.explanation import reason_for
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, RESOLUTION, Desk, at, configured, names

HOLIDAYS = {
    "zone": "Europe/Warsaw",
    "versions": [{"week": {"monday-friday": ["09:00-17:00"]}, "holidays": {"country": "PL"}}],
}
NIGHT = {"zone": "Europe/Warsaw", "versions": [{"week": {"every-day": ["22:00-06:00"]}}]}


def desk_by(calendar: dict, target: str, **promise) -> Desk:
    promises = [{"name": "only", "target": target, "calendar": "desk", **promise}]
    kinds = {"resolution": RESOLUTION | {"promises": promises}}
    written = {"calendars": CALENDARS | {"desk": calendar}, "milestones": {"kinds": kinds}}
    return Desk(Configuration.model_validate(written))


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def reason(desk: Desk):
    (milestone,) = desk.milestones
    return reason_for(milestone, desk.configuration.promises.calendars[milestone.terms.calendar])


def test_a_promise_across_a_weekend_a_holiday_and_a_pause():
    """Opened on Friday before Epiphany (Tuesday the 6th); held on Monday from 11:00 to Wednesday 10:00."""
    desk = desk_by(HOLIDAYS, "8h")
    desk.tell(CaseOpened, at("02 15:00"))
    desk.tell(CaseHeld, at("05 11:00"), turn="customer")
    desk.tell(CaseReleased, at("07 10:00"), turn="desk")
    (milestone,) = desk.milestones
    assert milestone.due_at == at("07 14:00")
    why = reason(desk)
    assert [(each.span.start, each.span.end, each.seconds) for each in why.counted] == [
        (at("02 15:00"), at("02 17:00"), 7200),
        (at("05 09:00"), at("05 11:00"), 7200),
        (at("07 10:00"), at("07 14:00"), 14400),
    ]
    assert why.pauses == ((at("05 11:00"), at("07 10:00")),)
    assert (why.calendar, why.zone, why.stands_since, why.hours_from_on) == ("desk", "Europe/Warsaw", None, None)
    assert why.words == (
        "8 h of the hours of 'desk' (Europe/Warsaw) were promised by 'only', from Fri 2026-01-02 15:00:00+01:00. "
        "Counted: Fri 2026-01-02 15:00:00+01:00 to Fri 2026-01-02 17:00:00+01:00 (2 h); "
        "Mon 2026-01-05 09:00:00+01:00 to Mon 2026-01-05 11:00:00+01:00 (2 h); "
        "Wed 2026-01-07 10:00:00+01:00 to Wed 2026-01-07 14:00:00+01:00 (4 h). "
        "Not counted, as the clock stood: Mon 2026-01-05 11:00:00+01:00 to Wed 2026-01-07 10:00:00+01:00 (47 h). "
        "So it is due Wed 2026-01-07 14:00:00+01:00."
    )


def test_while_it_stands_the_reason_says_since_when():
    desk = desk_by(HOLIDAYS, "8h")
    desk.tell(CaseOpened, at("02 15:00"))
    desk.tell(CaseHeld, at("05 11:00"), turn="customer")
    why = reason(desk)
    assert why.stands_since == at("05 11:00")
    assert [each.seconds for each in why.counted] == [7200, 7200]
    assert "It has stood since Mon 2026-01-05 11:00:00+01:00" in why.words
    assert why.words.endswith("had it not, it would be due Mon 2026-01-05 15:00:00+01:00.")


def test_what_ended_says_when_and_how():
    desk = desk_by(HOLIDAYS, "8h")
    desk.tell(CaseOpened, at("02 15:00"))
    desk.tell(CaseResolved, at("02 16:30"))
    why = reason(desk)
    assert [each.seconds for each in why.counted] == [5400]
    assert why.words.endswith("It ended Fri 2026-01-02 16:30:00+01:00: met.")


def test_round_the_clock_is_one_span_even_across_new_year():
    desk = desk_by(CALENDARS["always"], "100h")
    desk.tell(CaseOpened, instant("2026-12-30T12:00:00+01:00"))
    (counted,) = reason(desk).counted
    assert counted.seconds == 100 * 3600


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        # the night of 28 to 29 March 2026 has 7 hours from 22:00 to 06:00
        ("2026-03-28T22:00:00+01:00", "2026-03-29T22:01:00+02:00"),
        # the night of 24 to 25 October 2026 has 9
        ("2026-10-24T22:00:00+02:00", "2026-10-25T05:01:00+01:00"),
        # any other has 8
        ("2026-11-24T22:00:00+01:00", "2026-11-25T22:01:00+01:00"),
    ],
)
def test_a_night_shift_through_a_change_of_the_clocks(opened, due):
    """The hour that is skipped counts nothing, the hour that comes twice counts twice."""
    minutes = {"2026-03": 7 * 60 + 1, "2026-10": 8 * 60 + 1, "2026-11": 8 * 60 + 1}[opened[:7]]
    desk = desk_by(NIGHT, f"{minutes}m")
    desk.tell(CaseOpened, instant(opened))
    assert desk.told[0].due_at == instant(due)
    assert names(desk.wait(instant(due))) == ["resolution warned", "resolution violated"]


def test_new_hours_in_force_from_a_date_govern_what_lies_after_it():
    versions = [
        {"week": {"monday-friday": ["09:00-17:00"]}},
        {"from": "2026-01-19", "week": {"monday-friday": ["08:00-20:00"]}},
    ]
    desk = desk_by({"zone": "Europe/Warsaw", "versions": versions}, "10h")
    desk.tell(CaseOpened, at("16 10:00"))
    assert desk.told[0].due_at == at("19 11:00")
    desk.tell(CaseResolved, at("19 09:00"))
    assert reason(desk).hours_from_on is None
    later = desk_by({"zone": "Europe/Warsaw", "versions": versions}, "10h")
    later.tell(CaseOpened, at("20 10:00"))
    assert reason(later).hours_from_on == dt.date(2026, 1, 19)


def test_an_outage_of_three_hours_tells_all_once_with_true_times():
    desk = Desk(configured())
    desk.tell(CaseOpened, at("16 10:00"), priority="urgent")
    told = desk.wait(at("16 13:00"), outage=True)
    assert sorted(names(told)) == [
        "first_response violated",
        "first_response warned",
        "resolution violated",
        "resolution warned",
    ]
    assert [each.at for each in told] == sorted(each.at for each in told)
    assert {each.noticed_at for each in told} == {at("16 13:00")}
    assert desk.wait(at("30 00:00")) == []


def test_a_document_holds_all_to_the_microsecond():
    desk = desk_by(HOLIDAYS, "8h", warn_before="1h", warn_in="wall")
    opened = at("02 15:00") + dt.timedelta(microseconds=123_457)
    desk.tell(CaseOpened, opened, tags=("vip", "late"), customer={"state": "linked", "id": "C-1", "vip": True})
    desk.tell(CaseHeld, opened + dt.timedelta(microseconds=1), turn="customer")
    desk.tell(CaseReleased, opened + dt.timedelta(seconds=1), turn="desk")
    document = desk.documents["case_1"]
    case = load({**document, "_id": "case_1"})
    assert case.milestones[0].stretches[0].end - case.milestones[0].stretches[0].start == dt.timedelta(microseconds=1)
    assert case.milestones[0].started_at == opened
    assert (case.standing.tags, case.standing.customer, case.standing.vip) == (("vip", "late"), "C-1", True)
    assert dump(case) == document
    assert document["next_due_at"] == 1767621601_123456


@pytest.mark.parametrize("module", [explanation, guidance, metrics, months])
def test_the_doctests_hold(module):
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)
