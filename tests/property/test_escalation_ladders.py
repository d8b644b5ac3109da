"""Ladders over random delays, outages and answers: no drift, each rung once, silent while acknowledged."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.contracts.cases import CaseNoted, CaseOpened, CaseStamped
from caseway.contracts.milestones import LadderAcknowledged, LadderEnded, LadderRungReached, LadderStarted
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE, Desk, at

START = at("16 10:00")
MINUTE = dt.timedelta(minutes=1)


def desk(delays: list[int], again: int, times: int) -> Desk:
    """A case with a ladder that begins at ten."""
    rungs = [{"after": f"{each}m", "do": "notify", "to": ["role:coordinators"]} for each in delays]
    entry: dict[str, Any] = {"name": "all", "rungs": rungs}
    if times:
        entry["repeat"] = {"after": f"{again}m", "times": times}
    ladders = {"ladders": {"late": {"starts": [{"fact": "case.noted"}], "entries": [entry]}}}
    raw = {"calendars": CALENDARS, "milestones": {"kinds": {"first_response": FIRST_RESPONSE}}, "ladders": ladders}
    made = Desk(Configuration.model_validate(raw))
    made.tell(CaseOpened, START - MINUTE)
    return made


def planned(delays: list[int], again: int, times: int) -> list[dt.datetime]:
    """By counting on one's fingers."""
    found, now = [], START
    for turn in range(times + 1):
        now += (again if turn else 0) * MINUTE
        for each in delays:
            now += each * MINUTE
            found.append(now)
    return found


WAITS = st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=12)
DELAYS = st.lists(st.integers(0, 30), min_size=1, max_size=5)


@given(delays=DELAYS, again=st.integers(1, 20), times=st.integers(0, 3), waits=WAITS)
@settings(max_examples=80, deadline=None)
def test_each_rung_comes_once_and_at_its_instant_whatever_stands_still_meanwhile(delays, again, times, waits):
    made = desk(delays, again, times)
    told = made.tell(CaseNoted, START, text="x")
    now = START
    for minutes, outage in waits:
        now += minutes * MINUTE
        told += made.wait(now, outage=outage)
    told += made.wait(START + dt.timedelta(days=2))
    reached = [each for each in told if isinstance(each, LadderRungReached)]
    assert [each.at for each in reached] == planned(delays, again, times)
    assert len({(each.rung, each.repeat) for each in reached}) == len(reached)
    assert all(each.at == each.planned_at <= each.noticed_at for each in reached)
    assert {each.outcome for each in reached} <= {"done", "overtaken"}
    assert all(each.recipients for each in reached if each.repeat == times)
    assert sum(isinstance(each, LadderStarted | LadderEnded) for each in told) == 2


@given(delays=DELAYS, minute=st.integers(0, 90))
@settings(max_examples=60, deadline=None)
def test_acknowledged_it_says_nothing_more(delays, minute):
    made = desk(delays, 1, 0)
    told = made.tell(CaseNoted, START, text="x") + made.wait(START + minute * MINUTE)
    run = made._loaded("cases", made.case).runs[0]
    fields = {"stamp": "acknowledged", "occurrence": run.id}
    answer = made.tell(CaseStamped, START + minute * MINUTE, **fields)
    after = made.wait(START + dt.timedelta(days=2))
    assert not [each for each in after if hasattr(each, "ladder")]
    is_over = any(isinstance(each, LadderEnded) for each in told)
    assert [type(each) for each in answer] == ([] if is_over else [LadderAcknowledged])
