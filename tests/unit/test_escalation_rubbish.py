"""What nobody should say, and somebody does: each has one clear outcome (S1-17, S1-19)."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from caseway.contracts.cases import CallbackRecorded, CaseOpened, CaseReplied, CaseResolved, FactsAssigned
from caseway.contracts.voices import PersonalDataErased
from caseway_escalation.domain import clock
from caseway_escalation.domain.explanation import reason_for
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CALENDARS, CASE, FIRST_RESPONSE, RESOLUTION, Desk, at, configured, names

README = Path(__file__).parents[2] / "services/escalation/README.md"
RETRY = {
    "starts": [{"fact": "case.callback-recorded", "when": {"field": "outcome", "equals": "no_answer"}}],
    "completes": [{"fact": "case.callback-recorded", "when": {"field": "outcome", "equals": "reached"}}],
    "recurrence": "sequential",
    "promises": [{"name": "again", "until": "next_attempt_at", "target": "30m", "calendar": "desk", "warn_before": []}],
}
UTC = dt.UTC


@pytest.mark.parametrize(
    ("next_attempt", "due"),
    [
        (dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "16 09:30"),
        (dt.datetime(1, 1, 2, tzinfo=UTC), "16 09:30"),
        (at("16 09:00"), "16 09:30"),
        (at("20 12:00"), "20 12:00"),
    ],
    ids=["the end of time", "the beginning of time", "now", "Tuesday"],
)
def test_a_deadline_that_nobody_can_mean_is_not_believed(next_attempt, due):
    """One in the year 9999 had a lane lay out eight thousand years of calendar."""
    desk = Desk(configured({"callback_retry": RETRY}))
    (started,) = desk.tell(CallbackRecorded, at("16 09:00"), outcome="no_answer", next_attempt_at=next_attempt)
    assert started.due_at == at(due)


@pytest.mark.parametrize("received", [dt.datetime(1, 1, 2, tzinfo=UTC), dt.datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_receipt_that_nobody_can_mean_counts_as_the_nearest_that_can_be(received):
    starts = [{"fact": "case.opened", "since": "received_at"}]
    desk = Desk(configured({"resolution": RESOLUTION | {"starts": starts}}))
    started = desk.tell(CaseOpened, at("16 09:00"), received_at=received)[0]
    assert started.started_at == max(dt.datetime(1970, 1, 1, tzinfo=UTC), min(received, at("16 09:00")))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"target": "-4h"}, "target"),
        ({"target": "0s"}, "target"),
        ({"target": "99999999999h"}, "target"),
        ({"target": "4 moons"}, "target"),
        ({"target": 4}, "target"),
        ({"calendar": "mars"}, "calendar"),
        ({"calendar": None}, "calendar"),
        ({"months": -1, "target": None}, "months"),
        ({"months": 1}, "either a target or months"),
        ({"warn_before": "-15m"}, "warn_before"),
    ],
    ids=str,
)
def test_a_promise_that_cannot_be_kept_is_refused_with_its_place(wrong, expected):
    promise = {"name": "normal", "target": "4h", "calendar": "desk"} | wrong
    with pytest.raises(ValidationError, match=expected):
        configured({"first_response": FIRST_RESPONSE | {"promises": [promise]}})


def own_calendar(target: str, **calendars: Any) -> Configuration:
    promises = [{"name": "own", "target": target, "calendar": "always", "own_calendar": True}]
    kinds = {"resolution": RESOLUTION | {"promises": promises}}
    return Configuration.model_validate({"calendars": CALENDARS | calendars, "milestones": {"kinds": kinds}})


MINUTE_A_WEEK = {"zone": "Europe/Warsaw", "versions": [{"week": {"monday": ["09:00-09:01"]}}]}


def test_a_target_is_reached_by_every_calendar_that_an_entitlement_may_name():
    """One that was not took a lane 50 s of its processor, and then was a defect."""
    with pytest.raises(ValidationError, match="reaches within a century; 'seldom' does not"):
        own_calendar("99999h", seldom=MINUTE_A_WEEK)
    own_calendar("80h", seldom=MINUTE_A_WEEK)


def test_a_clock_whose_hours_shrank_to_nearly_nothing_is_never_due_and_costs_nothing():
    """The calendar changed under it; what was promised stays promised."""
    desk = Desk(own_calendar("99999h"))
    desk.tell(CaseOpened, at("16 09:00"))
    desk.configuration, desk.version = own_calendar("80h", always=MINUTE_A_WEEK), "v2"
    (moved, *_) = desk.tell(FactsAssigned, at("16 10:00"), category="order")
    assert (moved.reason, moved.due_at) == ("calendar changed", clock.NEVER)
    assert (
        "never due" in reason_for(desk.milestone("resolution"), desk.configuration.promises.calendars["always"]).words
    )
    assert names(desk.tell(CaseResolved, at("16 11:00"))) == ["resolution met"]


def test_without_any_calendar_nothing_is_promised():
    with pytest.raises(ValidationError, match="calendars"):
        Configuration.model_validate({"calendars": {}, "milestones": {"kinds": {"first_response": FIRST_RESPONSE}}})


def test_an_entitlement_that_names_an_unknown_calendar_is_timed_by_the_written_one():
    own = [{"name": "normal", "target": "4h", "calendar": "desk", "own_calendar": True}]
    desk = Desk(configured({"first_response": FIRST_RESPONSE | {"promises": own}}))
    entitlement = {"state": "entitled", "calendar": "mars"}
    started = desk.tell(CaseOpened, at("16 09:00"), entitlement=entitlement)[0]
    assert (started.calendar, started.due_at) == ("desk", at("16 13:00"))


def vip_only() -> Desk:
    """Who is known as K-1 is answered within the hour."""
    known = {"name": "known", "when": {"field": "customer", "equals": "K-1"}, "target": "1h", "calendar": "always"}
    desk = Desk(configured({"first_response": FIRST_RESPONSE | {"promises": [known, *FIRST_RESPONSE["promises"]]}}))
    desk.tell(CaseOpened, at("16 09:00"), customer={"id": "K-1", "account": "A-1", "state": "linked"})
    return desk


def test_erasing_a_person_leaves_nothing_of_them_and_every_promise_as_it_was():
    """S4-05: the clock goes on; whose it was is gone."""
    desk = vip_only()
    due_at = desk.milestone("first_response").due_at
    assert "K-1" in str(desk.documents[CASE])
    assert desk.tell(PersonalDataErased, at("16 09:10"), customer="K-1", request="r-1") == []
    written = str(desk.documents[CASE])
    assert "K-1" not in written
    assert "A-1" not in written
    assert desk.milestone("first_response").due_at == due_at
    assert names(desk.wait(at("16 12:00"))) == ["first_response warned", "first_response violated"]


def test_what_changes_after_an_erasure_is_judged_without_the_person():
    desk = vip_only()
    desk.tell(PersonalDataErased, at("16 09:10"), customer="K-1", request="r-1")
    assert desk.tell(FactsAssigned, at("16 09:20"), category="order") == []
    moved = desk.tell(FactsAssigned, at("16 09:20"), priority="urgent")[0]
    assert (moved.policy, moved.due_at) == ("urgent", at("16 09:30"))


def test_resolved_before_it_was_opened_and_answered_before_that():
    """Two topics, or two clocks: nothing is negative, nothing is due before it began."""
    desk = Desk()
    desk.tell(CaseReplied, at("16 08:00"))
    desk.tell(CaseResolved, at("16 08:30"), status="resolved")
    told = desk.tell(CaseOpened, at("16 09:00"), status="resolved")
    assert all(each.elapsed_seconds is None or each.elapsed_seconds >= 0 for each in told)
    assert all(each.due_at >= each.at for each in told if each.TYPE == "caseway.milestone.started.v1")


def _blocks() -> list[tuple[str, Any]]:
    """The README's examples, each by the file that its heading names."""
    text = README.read_text(encoding="utf-8")
    found = re.findall(r"^## [^\n]*`(\w+)\.yaml`\n(.*?)```yaml\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    return [(name, yaml.safe_load(block)) for name, _, block in found]


def test_what_the_readme_shows_can_be_used_as_it_stands():
    files = dict(_blocks())
    assert set(files) == {"milestones", "calendars", "ladders", "guidance"}
    files["calendars"] = CALENDARS | files["calendars"]
    assert set(Configuration.model_validate(files).promises.kinds) == {
        "resolution",
        "data_protection",
        "callback_retry",
    }
