"""What analytics reads from the configuration directory."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.rules import Fault
from caseway.runtime.calendars import WrittenCalendar
from caseway.runtime.configuration import Inconsistent
from caseway_analytics.domain.defining import Targets
from caseway_analytics.domain.desk import Plan, Target
from caseway_analytics.domain.histogram import EXACT_SECONDS
from caseway_analytics.domain.history import SLOT
from caseway_analytics.domain.known import Known
from caseway_analytics.domain.leaderboard import Roster
from caseway_analytics.domain.questions import Keeping
from caseway_analytics.report_settings import ReportsFile
from caseway_analytics.satisfaction_settings import SatisfactionFile


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone, such as Europe/Warsaw") from None
    return name


def _of_half_hours(name: str) -> str:
    if (ZoneInfo(name).utcoffset(dt.datetime(2026, 1, 1)) or dt.timedelta()) % SLOT:  # noqa: DTZ001 - local time of the zone
        raise ValueError("a zone that is whole half hours from UTC, since figures are kept by the half hour")
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
    agents: Literal["first_name", "id", "none"] = "none"
    """How agents are called on a page that everybody in the room sees; coordinators who sign in see names."""
    latest: int = Field(default=8, ge=0, le=50)
    """Cases in the line of the latest."""


class LeaderboardEntry(_Part):
    """Results of people: off unless a desk (and whoever must be asked there) wants it."""

    on: bool = False
    days: int = Field(default=30, ge=1, le=92)
    """How far back results of single people are told."""
    supervisors: dict[str, tuple[str, ...]] = {}
    """By team, who leads it and so sees its members' figures."""


class KeepEntry(_Part):
    """How long figures stay how fine; beyond, they are gathered."""

    half_hours_days: int = Field(default=40, ge=2, le=400)
    """By the half hour; a year's report reads as many days of them, so more makes it slower."""
    days_years: int = Field(default=3, ge=1, le=30)
    zones: tuple[Annotated[str, AfterValidator(_zone), AfterValidator(_of_half_hours)], ...] = ()
    """Further zones whose days, weeks and months are kept; in any other, figures are told as long as half hours are kept.
    One that is added counts from the next replay on."""

    def keeping(self) -> Keeping:
        """As the questions want it."""
        return Keeping(
            half_hours=dt.timedelta(days=self.half_hours_days),
            days=dt.timedelta(days=366 * self.days_years),
            zones=frozenset(self.zones),
        )


class MeasuresFile(_Part):
    """measures.yaml"""

    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Where a day begins, unless somebody asks otherwise."""
    calendar: str | None = None
    """Of calendars.yaml: the business time in which durations are told, and reports are due."""
    wall: WallEntry = WallEntry()
    service_levels: tuple[ServiceLevelEntry, ...] = ()
    teams: dict[str, tuple[str, ...]] = {}
    """Agents by team; everyone else has none."""
    leaderboard: LeaderboardEntry = LeaderboardEntry()
    products: tuple[str, ...] | None = None
    """Those that are told apart, where a form lets customers type what they like; all others count as `other`."""
    segments: tuple[str, ...] | None = None
    """Those of customers that are told apart, by the names that CRM's records use; all others count as `other`."""
    campaigns: dict[str, Annotated[int, Field(gt=0)]] = {}
    """How many people each campaign was sent to, by its tag: what the response to it is a share of."""
    keep: KeepEntry = KeepEntry()
    searchable: bool = True
    """Whether texts of cases are kept to be searched."""

    @model_validator(mode="after")
    def _check_once(self) -> MeasuresFile:
        queues = [entry.queue for entry in self.service_levels]
        if len(queues) != len(set(queues)):
            raise ValueError("each queue once under service_levels")
        agents = [agent for team in self.teams.values() for agent in team]
        if len(agents) != len(set(agents)):
            raise ValueError("each agent in one team only")
        if unknown := sorted(set(self.leaderboard.supervisors) - set(self.teams)):
            raise ValueError(f"leaderboard.supervisors names teams that are not under teams: {', '.join(unknown)}")
        return self


class Configuration(BaseModel):
    """The files of the directory that analytics needs; the router checks what is in `agents` and `queues`."""

    model_config = ConfigDict(frozen=True, ignored_types=(functools.cached_property,))

    measures: MeasuresFile
    reports: ReportsFile = ReportsFile()
    satisfaction: SatisfactionFile = SatisfactionFile()
    calendars: dict[str, WrittenCalendar] = {}
    agents: Any = None
    queues: Any = None

    @model_validator(mode="after")
    def _fits(self) -> Configuration:
        faults = []
        if self.measures.calendar is not None and self.measures.calendar not in self.calendars:
            expected = f"one of calendars.yaml: {', '.join(sorted(self.calendars)) or 'it has none'}"
            faults.append(Fault(path=("measures", "calendar"), expected=expected))
        if any(report.at for report in self.reports.reports.values()) and self.measures.calendar is None:
            expected = "a calendar: reports are due in its business time"
            faults.append(Fault(path=("measures", "calendar"), expected=expected))
        if faults:
            raise Inconsistent(faults)
        return self

    @functools.cached_property
    def hours(self) -> BusinessHours | None:
        """The desk's calendar."""
        name = self.measures.calendar
        return self.calendars[name].built(name) if name is not None else None

    @functools.cached_property
    def known(self) -> Known:
        """What is looked up while facts are followed."""
        file = self.measures
        return Known(
            teams={agent: team for team, agents in file.teams.items() for agent in agents},
            hours=self.hours,
            products=None if file.products is None else frozenset(file.products),
            segments=None if file.segments is None else frozenset(file.segments),
            keeps_texts=file.searchable,
        )

    @functools.cached_property
    def targets(self) -> Targets:
        """Service levels by queue, recipients by campaign."""
        levels = {entry.queue: entry.within_seconds for entry in self.measures.service_levels}
        return Targets(within_seconds=levels, recipients=self.measures.campaigns)

    @functools.cached_property
    def roster(self) -> Roster:
        """Who belongs where: an agent's role is their profile in agents.yaml."""
        file = self.measures
        return Roster(
            roles={entry["id"]: str(entry.get("profile") or "") for entry in _entries(self.agents, "agents")},
            teams={agent: team for team, agents in file.teams.items() for agent in agents},
            supervisors={team: frozenset(led_by) for team, led_by in file.leaderboard.supervisors.items()},
        )

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
