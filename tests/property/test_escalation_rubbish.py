"""Whatever is written into the files and whatever facts say: refused in so many words, or one clear outcome."""

from __future__ import annotations

import copy
import datetime as dt
import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.golden import examples
from caseway.contracts.topology import topics_read_by
from caseway_escalation.adapters.cases import dump, load
from caseway_escalation.adapters.page import rendered
from caseway_escalation.adapters.shown import shown_case
from caseway_escalation.settings import Configuration
from tests.escalation_builders import CASE, Desk, at

SCENARIO = Path(__file__).parents[2] / "deploy/scenarios/retail"
FILES = {
    name: yaml.safe_load((SCENARIO / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in ("calendars", "milestones", "ladders")
}
RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.dates(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "-4h", "0s", "99999h", "99999999999h", "desk", "always", "mars", "24:00-00:00", "02:30-02:15", "09:00-09:00",
            "00:00-24:00", "25:00-26:00", "every-day", "sunday-monday", "closed", "Europe/Atlantis", "../../etc/passwd",
            "case.opened", "milestone.violated", "case.nothing", "turn", "priority", "holder", "role:", "urgent",
        ]
    ),
    st.lists(st.sampled_from(["09:00-17:00", "16:00-18:00", "22:00-06:00", "1h", "case.opened"]), max_size=3),
    st.dictionaries(st.sampled_from(["field", "equals", "fact", "any", "not", "in", "above"]), st.text(max_size=5), max_size=2),
)  # fmt: skip


def places(value: Any, above: tuple = ()) -> list[tuple]:
    """Every place of a tree."""
    found = [above] if above else []
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            found += places(each, (*above, key))
    return found


PLACES = places(FILES)


def put(tree: Any, place: tuple, what: Any) -> None:
    *above, last = place
    for key in above:
        if not isinstance(tree, dict | list) or (isinstance(tree, dict) and key not in tree):
            return
        if isinstance(tree, list) and not (isinstance(key, int) and key < len(tree)):
            return
        tree = tree[key]
    if isinstance(tree, dict) or (isinstance(tree, list) and isinstance(last, int) and last < len(tree)):
        tree[last] = what


@settings(max_examples=60, deadline=5_000, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), RUBBISH), min_size=1, max_size=3))
def test_a_file_with_rubbish_in_it_is_refused_with_its_place_or_can_be_used(changes):
    """Promises, calendars and ladders: nothing hangs, and nothing but a fault of validation comes out."""
    files = copy.deepcopy(FILES)
    for place, what in changes:
        put(files, place, what)
    try:
        configuration = Configuration.model_validate(files)
    except ValidationError:
        return
    desk = Desk(configuration)
    desk.tell(*opened())
    desk.wait(at("31 09:00"))


def opened() -> tuple:
    model = next(model for model in MODELS if model.__name__ == "CaseOpened")
    return model, at("16 09:00")


MODELS = [
    model
    for topic in topics_read_by("escalation")
    for model in topic.models
    if topic.name == "cases" and issubclass(model, CaseFact)
]
INSTANTS = st.one_of(
    st.integers(0, 40 * 1440).map(lambda minute: at("05 09:00") + minute * dt.timedelta(minutes=1)),
    st.sampled_from([dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)]),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 - the bounds
)  # fmt: skip
_BY_TYPE = dict(examples())
EXAMPLES = {
    model: [
        model.model_validate_json(json.dumps(event["data"])).model_dump(by_alias=True, exclude_unset=True)
        for event in _BY_TYPE[model.TYPE]
    ]
    for model in MODELS
}
"""Of every type, a smallest and a full one."""


@st.composite
def facts(draw) -> list[tuple]:
    """Of any type, from any time, about oneself as another."""
    found = []
    for _ in range(draw(st.integers(1, 25))):
        model = draw(st.sampled_from(MODELS))
        fields = dict(draw(st.sampled_from(EXAMPLES[model])))
        others = {
            name: draw(st.sampled_from([CASE, "case_2", "case_3"]))
            for name in ("into", "parent", "child")
            if name in model.model_fields
        }
        named = {name: draw(INSTANTS) for name in ("next_attempt_at", "received_at") if name in model.model_fields}
        where = {
            "status": draw(st.sampled_from(["open", "resolved", "closed"])),
            "turn": draw(st.sampled_from(["desk", "customer", "department", "third"])),
        }
        said = fields | others | named | (where if draw(st.booleans()) else {}) | {"version": 1}
        found.append((model, draw(INSTANTS), {k: v for k, v in said.items() if k not in {"at", "case_id"}}))
    return found


@settings(max_examples=60, deadline=10_000, suppress_health_check=[HealthCheck.too_slow])
@given(facts(), st.lists(st.booleans(), min_size=25, max_size=25))
def test_facts_in_any_order_from_any_time_lead_to_something_that_can_be_written_read_and_shown(told, waits):
    configuration = Configuration.model_validate(FILES)
    desk = Desk(configuration)
    now = at("16 09:00")
    for (model, when, fields), is_waiting in zip(told, waits, strict=False):
        now += dt.timedelta(minutes=37)
        desk.tell(model, when, read_at=now, **fields)
        if is_waiting:
            desk.wait(now + dt.timedelta(minutes=30))
    desk.wait(at("31 09:00"))
    assert len(set(desk.ids)) == len(desk.ids)
    for told_fact in desk.facts:
        assert told_fact.elapsed_seconds is None or told_fact.elapsed_seconds >= 0
        if getattr(told_fact, "noticed_at", None):
            assert told_fact.noticed_at >= told_fact.at
    if CASE in desk.documents:
        case = load({**desk.documents[CASE], "_id": CASE})
        assert dump(case) == desk.documents[CASE]
        shown = shown_case(case, configuration.promises, desk.now)
        assert sum(shown["time_seconds"][turn] for turn in ("desk", "customer", "department", "third")) >= 0
        assert rendered(shown)
