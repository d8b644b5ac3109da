"""Numbers, names and instants as people say them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from caseway.kernel.vocabulary import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How things are called, and by which clock."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Agents' names by id."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """Queues' titles by id."""
    skills: Mapping[str, str] = field(default_factory=dict)
    """What skills are called, by id."""
    zone: str = "UTC"

    def name(self, agent: str) -> str:
        """An agent; by the id where no name is known."""
        return self.names.get(agent, agent)

    def queue(self, queue: str) -> str:
        """A queue; by the id where no title is known."""
        return self.queues.get(queue, queue)

    def skill(self, skill: str, level: int | None = None) -> str:
        """A skill, at a level where one is given: `German ≥ 3 (fluent)`."""
        title = self.skills.get(skill, skill)
        if level is None:
            return title
        word = level_word(level)
        return f"{title} ≥ {level} ({word})" if word else f"{title} ≥ {level}"

    def clock(self, at: dt.datetime, now: dt.datetime) -> str:
        """An instant; with its date where that is another day than now's."""
        local, today = at.astimezone(ZoneInfo(self.zone)), now.astimezone(ZoneInfo(self.zone)).date()
        time = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        day = "" if local.date() == today else f" on {local:%A} {local.day} {local:%B}"
        return f"{time}{day} ({local:%Z})"


def level_word(level: int) -> str:
    """`fluent` for 3; empty for what is no level here."""
    return Level(level).name.lower() if level in {int(each) for each in Level} else ""


def count(number: int, one: str, many: str) -> str:
    """`1 agent`, `2 agents`."""
    return f"{number} {one if number == 1 else many}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def duration(length: dt.timedelta) -> str:
    """`1 h 2 min 5 s`; days from 48 hours on."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24) if hours >= 48 else (0, hours)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (0 if days else seconds, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "no time"
