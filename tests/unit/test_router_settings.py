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


def read(directory: Path, **changes: tuple[str, Any]) -> Configuration:
    """Read the valid files, each with one place changed: `file=("dotted.path", value)`."""
    for name, content in {"queues": QUEUES, "routing": ROUTING, "agents": AGENTS}.items():
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
        ("routing", "rules.0.skills.0", {"skill": "orders", "level": "fluent"}, "and has orders ≥ 3: hard requirements are never dropped"),
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
