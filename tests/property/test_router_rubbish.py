"""Whatever is said to the router has one outcome, can be written down, and leaves the pool sound."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import caseway.contracts
from caseway.runtime.configuration import Inconsistent
from caseway_router.settings import Configuration
from tests.router_lanes import START, Lanes, digests

EXAMPLES = Path(caseway.contracts.__file__).parent / "examples"
AGENTS = ["agnieszka.lis", "dariusz.klon", "georg.storch"]
CASES = ["c1", "c2", "c3"]
KNOWN: dict[str, list[Any]] = {
    "pool": ["retail"],
    "case_id": CASES,
    "agent": AGENTS,
    "named_agent": [*AGENTS, None],
    "queue": ["customers", "callbacks", "phone", None],
    "work_item": [None, "w1"],
    "skill": ["pl", "de"],
    "channel": ["email", "chat", "phone"],
}
"""So that what is said is mostly about something that is there."""
OUTCOMES = {"applied", "superseded", "skipped", "misrouted"}
"""Beside what is parked, with its reason; `skipped` are facts that the edge has no use for."""

nasty = st.sampled_from(
    [
        None, True, False, 0, -1, 1, 0.5, -0.0, 1e300, -1e300, float("nan"), float("inf"), 2**31, 2**53, 2**63, 10**30,
        "", " ", "\x00", "a\x00b", "c1", "nobody", "x" * 3_000, "日本語 🙂", "\u202e\u0301", "$where", "a.b", "../..",
        "2026-11-23T08:00:00Z", "2026-11-23T08:00:00", "T08:00Z", "08:00+01:00", "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z",
        "P1D", "NaN", "1e400", "-1", "online", "urgent", "moon", "closed", "customer",
        [], {}, [None], [[]], {"": ""}, {"$set": 1}, ["c1"] * 200, {"a": {"b": {"c": []}}},
    ]
).map(copy.deepcopy)  # fmt: skip


def said(topic: str, *kinds: str) -> st.SearchStrategy[tuple[str, str, dict[str, Any]]]:
    """An example of some type on the topic, with places changed."""
    found = [(each["type"], each["data"]) for each in _examples() if each["type"].startswith(kinds)]
    assert found, topic

    @st.composite
    def changed(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
        type_, data = draw(st.sampled_from(found))
        data = copy.deepcopy(data)
        for name in KNOWN.keys() & data.keys():
            data[name] = draw(st.sampled_from(KNOWN[name]))
        for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3]))):
            _spoil(draw, data, list(_places(data)))
            if not data:
                break
        return topic, type_, data

    return changed()


def _examples() -> Iterator[dict[str, Any]]:
    for path in sorted(EXAMPLES.glob("*/*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _spoil(draw: st.DrawFn, content: Any, places: list[tuple[Any, ...]]) -> None:
    """One of the places holds something else now, or is gone."""
    *above, last = draw(st.sampled_from(places))
    for part in above:
        content = content[part]
    if draw(st.booleans()) or not isinstance(content, dict):
        content[last] = draw(nasty)
    else:
        del content[last]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in it, whole or part."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in parts:
        yield from _places(inner, (*path, name))


def tell(lanes: Lanes, topic: str, type_: str, data: dict[str, Any], key_field: str) -> None:
    key = data.get(key_field)
    key = key if isinstance(key, str) and key.isprintable() else "c1"
    outcomes = lanes.says(topic, type_, key, json.dumps(data).encode())
    assert len(outcomes) == 1, f"{type_} {data}: {outcomes}"
    (outcome,) = outcomes
    assert outcome in OUTCOMES or outcome.startswith("parked "), outcome


RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
FILES = {
    name: yaml.safe_load((RETAIL / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in ("queues", "routing", "agents")
}
FILES["mentions"] = {"lists": {"desk": {"title": "#desk", "mentions": ["georg.storch"]}}}
FILES["calendars"] = {"desk": {"zone": "Europe/Warsaw", "versions": [{"week": {"monday-friday": ["08:00-20:00"]}}]}}
CASE = {
    "channel": "phone",
    "language": "de",
    "category": "partner",
    "asked_for": "georg.storch",
    "complexity": "advanced",
}


def test_the_files_that_are_changed_are_good() -> None:
    assert Configuration.model_validate(FILES).router.route(CASE) is not None


@st.composite
def changed_files(draw: st.DrawFn) -> dict[str, Any]:
    """The router's files, with one to three places changed, or taken away."""
    files = copy.deepcopy(FILES)
    for _ in range(draw(st.integers(1, 3))):
        content = files[draw(st.sampled_from(sorted(files)))]
        places = list(_places(content))
        if not places:
            continue
        _spoil(draw, content, places)
    return files


commands = said("work.commands", "caseway.work.")
facts = said("cases", "caseway.case.", "caseway.privacy", "caseway.voice") | said("milestones", "caseway.milestone.")


@settings(max_examples=120, deadline=None)
@given(st.lists(commands, min_size=1, max_size=12), st.sampled_from([1, 30, 200, 100_000]))
def test_commands(said: list[tuple[str, str, dict[str, Any]]], seconds: int) -> None:
    """Issue "Bad input": ids, numbers, instants, texts of every kind, in every place of every command."""
    core = Lanes("router.core")
    for name in AGENTS:
        data = {"pool": "retail", "agent": name, "presence": "online"}
        tell(core, "work.commands", "caseway.work.set-presence.v1", data, "pool")
    for each in said:
        tell(core, *each, "pool")
        core.passes(seconds / 10)
    core.passes(seconds)
    mine, rebuilt = digests(core)
    assert mine == rebuilt


@settings(max_examples=120, deadline=None)
@given(st.lists(facts, min_size=1, max_size=12))
def test_facts(said: list[tuple[str, str, dict[str, Any]]]) -> None:
    """The edge takes what is told of cases and promises likewise."""
    edge = Lanes("router.edge")
    for each in said:
        tell(edge, *each, "case_id")


@settings(max_examples=60, deadline=None)
@given(changed_files())
def test_configuration(files: dict[str, Any]) -> None:
    """Refused with its places, or as good as any other: never anything else."""
    try:
        configuration = Configuration.model_validate(files)
    except (ValidationError, Inconsistent):
        return
    assert set(configuration.plans) == {"retail"}
    route = configuration.router.route(CASE)
    assert route is None or route.queue in configuration.queues.queues or route.department
    for queue in configuration.queues.queues:
        configuration.router.hours.closed(queue, "de", "phone", START)
