"""What milestones.yaml may say, and what is refused with its place."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path

import pytest
import yaml

from caseway.contracts.notifications import NotificationAcknowledged, NotificationGivenUp
from caseway.contracts.topology import topics_read_by
from caseway.runtime.configuration import BadConfiguration, load
from caseway_escalation.app import build
from caseway_escalation.metrics import counted
from caseway_escalation.settings import FACTS, Configuration
from tests.escalation_builders import CALENDARS, FIRST_RESPONSE, RESOLUTION

SCENARIO = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
GOOD = {"kinds": {"first_response": FIRST_RESPONSE, "resolution": RESOLUTION}}


def write(directory: Path, milestones: dict, calendars: dict = CALENDARS) -> Path:
    (directory / "calendars.yaml").write_text(yaml.safe_dump(calendars))
    (directory / "milestones.yaml").write_text(yaml.safe_dump(milestones))
    return directory


def faults(directory: Path) -> list[str]:
    with pytest.raises(BadConfiguration) as raised:
        load(directory, Configuration)
    return [str(problem) for problem in raised.value.problems]


def changed(*path: str | int, to) -> dict:
    """The good file with one thing changed."""
    raw = copy.deepcopy(GOOD)
    inner = raw
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return raw


def test_the_retail_scenario_is_valid_and_promises_what_it_says():
    promises = load(SCENARIO, Configuration).value.promises
    assert set(promises.kinds) == {
        "first_response",
        "next_response",
        "resolution",
        "update",
        "pick_up",
        "callback",
        "callback_retry",
        "data_protection",
    }
    assert set(promises.calendars) == {"desk", "always"}
    terms = promises.kinds["first_response"].terms_for({"priority": "urgent", "channel": "email"})
    assert (terms.target, terms.calendar, terms.warnings) == (
        dt.timedelta(seconds=20),
        "always",
        (dt.timedelta(seconds=8),),
    )
    terms = promises.kinds["first_response"].terms_for({"priority": "normal", "channel": "email"})
    assert (terms.target, terms.calendar) == (dt.timedelta(hours=4), "desk")
    for channel in ("email", "chat", "phone", "web", "message", "desk"):
        for priority in ("urgent", "high", "normal", "low"):
            standing = {"channel": channel, "priority": priority}
            assert all(kind.terms_for(standing) for kind in promises.kinds.values())


def test_the_retail_desk_is_closed_on_polish_holidays_and_open_on_saturdays():
    desk = load(SCENARIO, Configuration).value.promises.calendars["desk"]
    opening = {
        "2026-11-10": "08:00-20:00",
        "2026-11-11": "",
        "2026-11-14": "09:00-15:00",
        "2026-11-15": "",
        "2026-11-27": "08:00-22:00",
        "2026-12-31": "08:00-14:00",
    }
    assert {on: " ".join(map(str, desk.spans_on(dt.date.fromisoformat(on)))) for on in opening} == opening
    assert desk.zone == "Europe/Warsaw"


KIND = ("kinds", "resolution")


@pytest.mark.parametrize(
    ("milestones", "expected"),
    [
        (changed("warn_before", to="15"), "milestones.yaml: warn_before.0: a length such as 8h"),
        (changed("warn_before", to=15), "milestones.yaml: warn_before.0: a length such as 8h"),
        (changed("warn_in", to="calendar"), "milestones.yaml: warn_in: Input should be 'business' or 'wall'"),
        (changed("kinds", to={}), "milestones.yaml: kinds: Dictionary should have at least 1 item"),
        (changed("kinds", "First Response", to=FIRST_RESPONSE), "milestones.yaml: kinds.First Response"),
        (changed(*KIND, "pauses", to={"field": "turn", "equals": "lunch"}), "milestones.yaml: kinds.resolution.pauses.equals: turn is never lunch"),
        (changed(*KIND, "promises", 1, "target", to="0s"), "milestones.yaml: kinds.resolution.promises.1.target: more than nothing"),
        (changed(*KIND, "promises", 1, "target", to="-8h"), "milestones.yaml: kinds.resolution.promises.1.target: a length"),
        (changed(*KIND, "promises", 1, "target", to="2d"), "milestones.yaml: kinds.resolution.promises.1.target: a length"),
        (changed(*KIND, "promises", 1, "target", to="999999h"), "milestones.yaml: kinds.resolution.promises.1.target: at most 100000h"),
        (changed(*KIND, "promises", 1, "calendar", to="night"), "milestones.yaml: kinds.resolution.promises.1.calendar: a calendar of calendars.yaml (always, desk); found 'night'"),
        (changed(*KIND, "promises", 0, "when", to={"field": "turn", "equals": "desk"}), "milestones.yaml: kinds.resolution.promises.0.when.field: unknown field 'turn'"),
        (changed(*KIND, "promises", 0, "when", to={"field": "priority", "equals": "hihg"}), "milestones.yaml: kinds.resolution.promises.0.when.equals: priority is never hihg"),
        (changed(*KIND, "promises", 0, "when", to=True), "milestones.yaml: kinds.resolution.promises.1: a condition that an earlier promise leaves something to"),
        (changed(*KIND, "starts", 0, to={"fact": "case.begun"}), "milestones.yaml: kinds.resolution.starts.0: a fact of cases or work; 'case.begun' is none of"),
        (changed(*KIND, "starts", to=[]), "milestones.yaml: kinds.resolution.starts: "),
        (changed(*KIND, "completes", 0, "when", to={"field": "actor.knid", "equals": "agent"}), "milestones.yaml: kinds.resolution.completes.0.when.field: unknown field 'actor.knid'"),
        (changed(*KIND, "on_change", to="forget"), "milestones.yaml: kinds.resolution.on_change: Input should be"),
        (changed(*KIND, "goal", to=1), "milestones.yaml: kinds.resolution.goal: Extra inputs are not permitted"),
    ],
)  # fmt: skip
def test_a_promise_that_cannot_be_is_refused_with_its_place(tmp_path, milestones, expected):
    (fault,) = faults(write(tmp_path, milestones))
    assert fault.startswith(expected)


def test_every_fault_of_both_files_is_named_at_once(tmp_path):
    calendars = {**CALENDARS, "desk": {"zone": "Mars/Base", "versions": [{"week": {"monday": ["09:00-17:00"]}}]}}
    found = faults(write(tmp_path, changed(*KIND, "promises", 1, "target", to="soon"), calendars))
    assert len(found) == 2
    assert found[0].startswith("calendars.yaml: desk.zone: a time zone")
    assert found[1].startswith("milestones.yaml: kinds.resolution.promises.1.target: a length")


def test_a_calendar_that_never_opens_is_refused(tmp_path):
    calendars = {**CALENDARS, "desk": {"zone": "Europe/Warsaw", "versions": [{"week": {"monday": []}}]}}
    (fault,) = faults(write(tmp_path, GOOD, calendars))
    assert fault.startswith("calendars.yaml: desk.versions.0: hours that never open")


@pytest.mark.parametrize(
    ("written", "seconds"), [("20s", 20), ("15m", 900), ("8h", 28800), ("1h30m", 5400), ("1h0m5s", 3605)]
)
def test_lengths_of_time(tmp_path, written, seconds):
    promises = load(write(tmp_path, changed(*KIND, "promises", 1, "target", to=written)), Configuration).value.promises
    assert promises.kinds["resolution"].terms_for({}).target == dt.timedelta(seconds=seconds)


def test_conditions_may_use_every_field_of_a_fact_and_the_standing_of_the_case():
    assert {"actor.kind", "purpose", "first", "case.priority", "case.class"} <= set(FACTS["case.replied"])
    assert {"class", "customer.vip", "entitlement.plan", "fields.*"} <= set(FACTS["case.opened"])
    assert "agent" in FACTS["work.accepted"]
    assert "agent.presence-changed" not in FACTS


def test_the_table_has_a_handle_for_every_fact_about_a_case():
    (stage,) = build().stages
    assert set(stage.topics) == {topic.name for topic in topics_read_by("escalation")}
    assert {model for model in stage.handles if isinstance(model, type)} == {
        model
        for topic in topics_read_by("escalation")
        for model in topic.models
        if "case_id" in model.model_fields and topic.name != "notifications"
    } | {NotificationAcknowledged, NotificationGivenUp}
    assert set(stage.timers) == {"next"}


def test_counts_of_one_lane_are_read_by_kind_and_fact():
    document = {"_id": "escalation/3", "_lane": "escalation/3", "met": {"resolution": 2}, "violated": {"resolution": 1}}
    assert counted(document) == {("resolution", "met"): 2, ("resolution", "violated"): 1}
