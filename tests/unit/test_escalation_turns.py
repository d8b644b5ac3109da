"""Where a case's time was spent: the parts add up to the whole, to the microsecond (S4-11, S4-29)."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.contracts.cases import CaseHeld, CaseReleased, CaseReopened, CaseResolved, EscalatedToDepartment
from caseway.contracts.cases import CaseOpened as Opened
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_escalation.adapters.cases import load
from caseway_escalation.adapters.shown import shown_case
from caseway_escalation.domain.turns import Turns, after
from tests.escalation_builders import CASE, RESOLUTION, Desk, at, configured

START = dt.datetime(2026, 1, 16, 9, tzinfo=dt.UTC)
steps = st.lists(
    st.tuples(st.sampled_from(Turn), st.sampled_from(CaseStatus), st.integers(-(10**9), 10**13)), max_size=20
)


@settings(max_examples=200)
@given(steps)
def test_each_instant_of_an_open_case_belongs_to_exactly_one(history):
    """Facts told late, or twice, take nothing away and add nothing."""
    turns, now, expected, is_open = Turns(), None, dt.timedelta(0), False
    told = START
    for turn, status, later in history:
        told += dt.timedelta(microseconds=later)
        reached = max(now, told) if now else told
        if now and (turn, status is CaseStatus.OPEN) != (turns.turn, is_open):
            expected += reached - now if is_open else dt.timedelta(0)
            now = reached
        now = now or reached
        turns = after(turns, turn, status, told)
        is_open = status is CaseStatus.OPEN
    end = (now or START) + dt.timedelta(seconds=1)
    expected += end - now if now and is_open else dt.timedelta(0)
    assert sum(turns.until(end).values(), dt.timedelta(0)) == expected


def test_a_cases_time_with_the_desk_a_department_the_customer_and_a_third_party():
    desk = Desk(configured({"resolution": RESOLUTION}))
    desk.tell(Opened, at("16 10:00"))
    desk.tell(EscalatedToDepartment, at("16 11:00"), department="stores", turn="department")
    desk.tell(CaseReleased, at("16 13:00"), turn="desk")
    desk.tell(CaseHeld, at("16 13:30"), turn="third")
    desk.tell(CaseHeld, at("16 14:00"), turn="customer")
    desk.tell(CaseResolved, at("16 20:00"))
    desk.tell(CaseReopened, at("17 10:00"), turn="desk")
    case = load({**desk.documents[CASE], "_id": CASE})
    shown = shown_case(case, desk.configuration.promises, at("17 10:15"))
    hour = 3600.0
    assert shown["time_seconds"] == {
        "desk": 1.75 * hour,
        "department": 2 * hour,
        "third": 0.5 * hour,
        "customer": 6 * hour,
        "total": 10.25 * hour,
    }
