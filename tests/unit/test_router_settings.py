"""Which configurations the router refuses, and what it says."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.runtime.configuration import BadConfiguration, load
from caseway_router.settings import Configuration

QUEUES: dict[str, Any] = {
    "pools": {"desk": {"default_queue": "mail", "offer_seconds": 15}},
    "queues": {"mail": {"pool": "desk", "title": "Mail"}, "calls": {"pool": "desk", "title": "C", "offer_seconds": 7}},
    "classes": ["data_protection"],
    "wrap_up_seconds": {"email": 5},
}
ROUTING: dict[str, Any] = {
    "rules": [
        {
            "name": "calls",
            "when": {"field": "channel", "equals": "phone"},
            "queue": "calls",
            "skills": [{"skill": "orders", "level": "basic", "drop_after_seconds": 20}],
        }
    ],
    "languages": {"skills": {"en": "en"}, "level": "basic"},
}
AGENTS: dict[str, Any] = {
    "profiles": {"desk": {"total": 2.5, "channels": {"email": {"at_most": 2}, "phone": {"at_most": 1, "beside": 0}}}},
    "agents": {"ada": {"name": "Ada Lis", "pool": "desk", "profile": "desk", "skills": {"en": "fluent", "orders": 1}}},
}


CALENDARS: dict[str, Any] = {
    "desk": {"zone": "Europe/Warsaw", "versions": [{"week": {"monday-friday": ["08:00-20:00"]}}]}
}
MENTIONS: dict[str, Any] = {"lists": {"sales": {"title": "Sales", "mentions": ["ada", "bo"]}}}
FULL: dict[str, Any] = {
    "rules": [
        {
            "name": "all",
            "pool": "desk",
            "priority": "high",
            "boost": 1,
            "weight": 0.5,
            "preferred": ["ada"],
            "excluded": [],
            "mentions": "sales",
            "flow": "on",
        },
        {"name": "legal", "department": "legal", "person": "Ewa"},
    ],
    "flows": {
        "on": [
            {"name": "soon", "after_seconds": 60, "queue": "calls", "skip_when_nobody": True},
            {"name": "out", "after_seconds": 600, "department": "legal"},
        ]
    },
    "languages": {"skills": {"en": "en"}, "level": "basic"},
    "switch": {"field": "by_rules", "default": False, "queue": "calls"},
    "hours": {"queues": {"calls": "desk"}, "languages": {"en": "desk"}, "unstaffed_after_seconds": 20},
    "named_calls": {"post_to": "Window", "otherwise_queue": "calls", "names": {"Adusia": "ada"}},
    "callbacks": ["abandoned"],
    "titles": {"en": "English"},
}


def read(directory: Path, **changes: tuple[str, Any]) -> Configuration:
    """Read the valid files, each with one place changed: `file=("dotted.path", value)`."""
    return _read(directory, {"queues": QUEUES, "routing": ROUTING, "agents": AGENTS}, changes)


def read_full(directory: Path, **changes: tuple[str, Any]) -> Configuration:
    """The same, with all that routing.yaml may say."""
    files = {"queues": QUEUES, "routing": FULL, "agents": AGENTS, "mentions": MENTIONS, "calendars": CALENDARS}
    return _read(directory, files, changes)


def _read(directory: Path, files: dict[str, Any], changes: dict[str, tuple[str, Any]]) -> Configuration:
    for name, content in files.items():
        changed = copy.deepcopy(content)
        if name in changes:
            _set(changed, *changes[name])
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(changed))
    return load(directory, Configuration).value


def _set(content: Any, path: str, value: Any) -> None:
    *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in above:
        content = content[part]
    content[last] = value


def test_a_valid_one_becomes_plans_and_rules(tmp_path: Path) -> None:
    configuration = read(tmp_path)
    plan = configuration.plans["desk"]
    assert plan.offer_for("mail").total_seconds() == 15
    assert plan.offer_for("calls").total_seconds() == 7
    assert plan.agents["ada"].skills == {"en": 3, "orders": 1}
    assert plan.agents["ada"].profile.total == 250
    assert plan.agents["ada"].profile.channels["phone"].beside == 0
    assert plan.wrap_up["email"].total_seconds() == 5
    route = configuration.router.route({"channel": "phone", "language": "en"})
    assert route is not None
    assert [(each.skill, each.level) for each in route.requirements] == [("en", 1), ("orders", 1)]


@pytest.mark.parametrize(
    ("file", "path", "value", "said"),
    [
        ("queues", "queues.mail.pool", "none", "a pool that is declared above, for the queues mail"),
        ("queues", "pools.desk.default_queue", "none", "a default queue of its own for the pool desk"),
        ("queues", "pools.desk.offer_seconds", 0, "greater than 0"),
        ("queues", "pools.desk.offer_seconds", float("nan"), "pools.desk.offer_seconds"),
        ("queues", "pools.desk.ageing", 3, "not permitted"),
        ("queues", "wrap_up_seconds.pigeon", 3, "wrap_up_seconds.pigeon"),
        ("routing", "rules.0.queue", "none", "rules.0.queue: a queue of queues.yaml; none is none"),
        ("routing", "rules.0.when", {"field": "chanel", "equals": "phone"}, "unknown field 'chanel'"),
        ("routing", "rules.0.when", {"field": "channel", "equals": "fax"}, "channel is never fax"),
        ("routing", "rules.0.skills.0.level", "perfect", "one of basic, intermediate, fluent, expert"),
        ("routing", "rules", [], "rules"),
        ("routing", "rules", [ROUTING["rules"][0]] * 2, "calls stands twice"),
        (
            "routing",
            "rules.0.skills.0",
            {"skill": "orders", "level": "fluent"},
            "and has orders ≥ 3: hard requirements are never dropped",
        ),
        ("routing", "languages.skills", {"de": "de"}, "somebody with the skill de"),
        ("agents", "agents.ada.pool", "none", "agents.ada.pool: a pool of queues.yaml; none is none"),
        ("agents", "agents.ada.queues", ["none"], "agents.ada.queues: a queue of queues.yaml; none is none"),
        ("agents", "agents.ada.profile", "none", "a profile that is declared above, for the agents ada"),
        ("agents", "agents.ada.skills", {"en": "a bit"}, "one of basic, intermediate, fluent, expert"),
        ("agents", "profiles.desk.total", -1, "greater than or equal to 0"),
        ("agents", "profiles.desk.total", float("inf"), "profiles.desk.total"),
        ("agents", "agents", {}, "agents"),
    ],
)
def test_a_bad_one_is_refused_with_its_place(tmp_path: Path, file: str, path: str, value: Any, said: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read(tmp_path, **{file: (path, value)})
    assert said in str(refused.value)


def test_all_that_routing_may_say_is_heard(tmp_path: Path) -> None:
    """S1-18, S1-27, S2-18, S2-19, S4-17."""
    configuration = read_full(tmp_path)
    router = configuration.router
    route = router.route({"channel": "email", "by_rules": True})
    assert route is not None
    assert (route.queue, route.weight, route.boost, route.preferred) == ("mail", 50, 1.0, ("ada",))
    assert [(step.name, step.queue, step.is_early, step.department) for step in route.steps] == [
        ("soon", "calls", True, None),
        ("out", None, False, "legal"),
    ]
    assert [post.mentions for post in route.posts] == [("ada", "bo")]
    assert router.named_calls.names == {"ada": "ada", "adalis": "ada", "adusia": "ada"}
    assert (router.switch, router.by_hand_queue) == (("by_rules", False), "calls")
    assert router.callbacks >= {"abandoned"}
    assert "voicemail" not in router.callbacks
    assert router.hours.queues["calls"].name == "desk"
    assert configuration.titles == {"mail": "Mail", "calls": "C"}


@pytest.mark.parametrize(
    ("file", "path", "value", "said"),
    [
        ("routing", "rules.0.pool", "none", "rules.0.pool: a pool of queues.yaml; none is none"),
        ("routing", "rules.0.preferred", ["bo"], "rules.0.preferred: an agent of agents.yaml; bo is none"),
        ("routing", "rules.0.excluded", ["bo"], "rules.0.excluded: an agent of agents.yaml; bo is none"),
        ("routing", "rules.0.mentions", "none", "rules.0.mentions: a list of mentions.yaml; none is none"),
        ("routing", "rules.0.flow", "none", "rules.0.flow: a flow of `flows`; none is none"),
        ("routing", "rules.0.weight", 0, "rules.0.weight"),
        ("routing", "rules.0.weight", 50, "and may hold 50 contacts at once"),
        ("routing", "rules.0.excluded", ["ada"], "rules.0.preferred: ada in one of them: preferred, or excluded"),
        ("routing", "weights", {"phone": 5}, "weights.phone: a weight that somebody may hold at once; 5 is more"),
        ("routing", "rules.0.boost", float("nan"), "rules.0.boost"),
        ("routing", "rules.0", {"name": "nowhere"}, "a queue, a pool, or a department"),
        ("routing", "rules.1.queue", "mail", "either a queue, or a department"),
        ("routing", "rules.1", {"name": "x", "queue": "mail", "person": "Ewa"}, "a department beside the person"),
        ("routing", "rules.0.pool", None, "a queue, a pool, or a department"),
        ("routing", "flows.on.0.queue", "none", "flows.on.0.queue: a queue of queues.yaml; none is none"),
        ("routing", "flows.on.0.after_seconds", 600, "no two at one time, in the flow on"),
        ("routing", "flows.on.0.department", "legal", "either a department, or a queue and skills"),
        ("routing", "flows.on.0", {"name": "idle", "after_seconds": 1}, "something that changes"),
        ("routing", "flows.on.1.after_seconds", 5, "steps in the order of their times"),
        ("routing", "flows.on.0.skills", [{"skill": "de", "level": "basic"}], "somebody with de so well"),
        ("routing", "hours.queues", {"none": "desk"}, "hours.queues.none: a queue of queues.yaml"),
        ("routing", "hours.queues.calls", "night", "hours.queues.calls: a calendar of calendars.yaml; night is none"),
        ("routing", "hours.languages.en", "night", "hours.languages.en: a calendar of calendars.yaml"),
        ("routing", "hours.choices", ["pigeon"], "hours.choices"),
        ("routing", "named_calls.names", {"Bo": "bo"}, "named_calls.names.Bo: an agent of agents.yaml; bo is none"),
        ("routing", "named_calls.otherwise_queue", "none", "named_calls.otherwise_queue: a queue of queues.yaml"),
        ("routing", "switch.queue", "none", "switch.queue: a queue of queues.yaml; none is none"),
        ("routing", "callbacks", ["pigeon"], "callbacks"),
        ("mentions", "lists.sales.mentions", [], "lists.sales.mentions"),
        ("mentions", "lists.sales.mentions", ["ada", "ada"], "everybody once; ada stands twice"),
        ("mentions", "lists.sales.title", "", "lists.sales.title"),
        ("calendars", "desk.zone", "Moon/Sea", "a time zone of the IANA database"),
    ],
)
def test_bad_routing_is_refused_with_its_place(tmp_path: Path, file: str, path: str, value: Any, said: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read_full(tmp_path, **{file: (path, value)})
    assert said in str(refused.value)


def test_a_case_that_nobody_could_ever_take_is_said_at_load(tmp_path: Path) -> None:
    """Bad input: hard skills that no one person of the pool has together."""
    more = {
        "bo": {"name": "Bo", "pool": "desk", "profile": "desk", "skills": {"en": 1, "sales": 2}, "queues": ["mail"]}
    }
    skills = [{"skill": "orders", "level": "basic"}, {"skill": "sales", "level": "basic"}]
    with pytest.raises(BadConfiguration) as refused:
        _read(
            tmp_path,
            {
                "queues": QUEUES,
                "routing": {**ROUTING, "rules": [{"name": "both", "queue": "mail", "skills": skills}]},
                "agents": {**AGENTS, "agents": {**AGENTS["agents"], **more}},
            },
            {},
        )
    assert "rules.0.skills: somebody of the pool desk who serves mail and has orders ≥ 1, sales ≥ 1" in str(
        refused.value
    )


def test_every_fault_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read_full(tmp_path, routing=("named_calls", {"otherwise_queue": "none", "names": {"Bo": "bo"}}))
    assert len(refused.value.problems) == 2
