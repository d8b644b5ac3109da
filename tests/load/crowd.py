"""The retail desk with a crowd of agents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

POOL = "retail"
BOUNDLESS = 10_000
"""Room for everything: what is measured is the way, not the queue."""
ORDINARY = 6
"""As much as a desk's agent holds in the retail scenario."""
RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"


def scenario(folder: Path, agents: int, room: int = BOUNDLESS) -> Path:
    """The retail scenario with as many agents as wanted, each with so much room, who may take their time."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in RETAIL.iterdir():
        place = folder / each.name
        if not place.exists():
            place.symlink_to(each)
    desk = _yaml("agents.yaml")
    skills = sorted({skill for agent in desk["agents"].values() for skill in agent["skills"]})
    channels = {name: {"at_most": room} for name in ("email", "web", "chat", "message", "desk", "phone")}
    staff = {
        f"agent-{number:04}": {
            "name": f"Agent {number}",
            "pool": POOL,
            "profile": "bench",
            "skills": dict.fromkeys(skills, "expert"),
        }
        for number in range(agents)
    }
    _write(folder / "agents.yaml", {"profiles": {"bench": {"total": room, "channels": channels}}, "agents": staff})
    queues = _yaml("queues.yaml")
    queues["pools"][POOL] |= {"offer_seconds": 86_400, "silent_after_seconds": 86_400}
    _write(folder / "queues.yaml", queues)
    forms = _yaml("forms.yaml")
    forms["quota"]["daily"] = 1_000_000_000
    _write(folder / "forms.yaml", forms)
    return folder


def _yaml(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((RETAIL / name).read_text(encoding="utf-8"))
    return found


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.unlink(missing_ok=True)
    path.write_text(yaml.safe_dump(dict(content), allow_unicode=True), encoding="utf-8")
