"""What analytics reads from the configuration directory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from caseway_analytics.domain.histogram import EXACT_SECONDS
from caseway_analytics.domain.wall import Plan, Target


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone, such as Europe/Warsaw") from None
    return name


def _exact(seconds: int) -> int:
    if seconds not in EXACT_SECONDS:
        raise ValueError("one of the durations that figures know exactly: " + ", ".join(map(str, EXACT_SECONDS)))
    return seconds


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceLevelEntry(_Part):
    """How many are to be picked up how soon."""

    queue: str = "*"
    """`*` for every queue that has no entry of its own."""
    share: float = Field(gt=0, le=1)
    within_seconds: Annotated[int, AfterValidator(_exact)]


class WallEntry(_Part):
    """What the live page shows."""

    title: str = "Desk"
    agents: Literal["first_name", "id", "none"] = "id"
    """How agents are called on a page that everybody in the room sees."""
    latest: int = Field(default=8, ge=0, le=50)
    """Cases in the line of the latest."""


class MeasuresFile(_Part):
    """measures.yaml"""

    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Where a day begins, unless somebody asks otherwise."""
    wall: WallEntry = WallEntry()
    service_levels: tuple[ServiceLevelEntry, ...] = ()

    @model_validator(mode="after")
    def _check_once(self) -> MeasuresFile:
        queues = [entry.queue for entry in self.service_levels]
        if len(queues) != len(set(queues)):
            raise ValueError("each queue once under service_levels")
        return self


class Configuration(BaseModel):
    """The files of the directory that analytics needs; the router checks what is in `agents` and `queues`."""

    model_config = ConfigDict(frozen=True)

    measures: MeasuresFile
    agents: Any = None
    queues: Any = None

    def plan(self) -> Plan:
        """What the wall needs of all this."""
        wall = self.measures.wall
        return Plan(
            title=wall.title,
            zone=self.measures.zone,
            queues={entry["id"]: str(entry.get("title") or entry["id"]) for entry in _entries(self.queues, "queues")},
            targets={
                entry.queue: Target(share=entry.share, within_seconds=entry.within_seconds)
                for entry in self.measures.service_levels
            },
            agents={entry["id"]: str(entry.get("name") or entry["id"]) for entry in _entries(self.agents, "agents")},
            labels=wall.agents,
        )


def _entries(raw: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """What another service's file lists, each with its `id`: as a list, or by name."""
    listed = raw.get(name, raw) if isinstance(raw, Mapping) else raw
    if isinstance(listed, Mapping):
        for id_, entry in listed.items():
            yield {**(entry if isinstance(entry, Mapping) else {}), "id": str(id_)}
    elif isinstance(listed, list | tuple):
        for entry in listed:
            if isinstance(entry, Mapping) and ("id" in entry or "name" in entry):
                yield {**entry, "id": str(entry.get("id", entry.get("name")))}
