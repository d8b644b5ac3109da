"""How long work waited, and how evenly it was spread."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from caseway.testkit.chaos.assignment import Audit, Person, instant

_LEVELS = {"basic": 1, "intermediate": 2, "fluent": 3, "expert": 4}
_GONE = frozenset({"returned", "withdrawn", "transferred", "completed"})
_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One agent, as configured."""

    group: str
    """Agents who speak the same languages and have the same profile."""
    person: Person


@dataclass(slots=True)
class _Attended:
    """How long somebody was there, and how much they held meanwhile."""

    presence: str = "offline"
    since: dt.datetime = _LONG_AGO
    present: float = 0.0
    """Seconds online."""
    held: float = 0.0
    """Contacts times seconds, while online."""
    load: float = 0.0
    offer_count: int = 0

    def until(self, now: dt.datetime) -> None:
        if self.presence == "online":
            seconds = max((now - self.since).total_seconds(), 0.0)
            self.present += seconds
            self.held += seconds * self.load
        self.since = now


@dataclass(slots=True)
class _Work:
    language: str = "none"
    weight: float = 1.0
    agent: str = ""
    cost: float = 0.0
    is_new: bool = True
    """Never offered so far."""


@dataclass(slots=True)
class Spread:
    """Reads the facts about work in the order in which they were decided."""

    staff: Mapping[str, Member]
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By language: seconds from the entry into a queue to the first offer."""
    audit: Audit = field(init=False)
    _attended: dict[str, _Attended] = field(init=False)
    _work: dict[str, _Work] = field(default_factory=lambda: defaultdict(_Work))
    _now: dt.datetime = _LONG_AGO

    def __post_init__(self) -> None:
        self.audit = Audit({name: each.person for name, each in self.staff.items()})
        self._attended = {name: _Attended() for name in self.staff}

    def see(self, facts: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take facts in, each with its short name and its data as on the wire."""
        for name, data in facts:
            self.audit.read([(name, data)])
            if "at" in data:
                self._now = max(self._now, instant(data["at"]))
            if name == "presence-changed":
                self._attend(data["agent"], presence=data["presence"])
            elif "case_id" in data:
                self._about(name, self._work[data["case_id"]], data)

    def _about(self, name: str, work: _Work, data: Mapping[str, Any]) -> None:
        if name == "queued":
            self._hold(work, "", 0.0)
            again = _Work(language=data.get("language") or "none", weight=data.get("weight", 1.0))
            self._work[data["case_id"]] = again
        elif name == "offered":
            if work.is_new:
                self.waits[work.language].append(data.get("waited_seconds") or 0.0)
            work.is_new = False
            self._hold(work, data["agent"], work.weight)
            if (person := self._attended.get(data["agent"])) is not None:
                person.offer_count += 1
        elif name in {"quieted", "revived", "wrapping-up"} and data.get("weight") is not None:
            self._hold(work, data["agent"], data["weight"])
        elif name in _GONE:
            self._hold(work, "", 0.0)

    def _hold(self, work: _Work, agent: str, cost: float) -> None:
        """The work is with this agent now, and counts so much."""
        if work.agent:
            self._attend(work.agent, more=-work.cost)
        work.agent, work.cost = agent, cost
        if agent:
            self._attend(agent, more=cost)

    def _attend(self, agent: str, more: float = 0.0, presence: str | None = None) -> None:
        person = self._attended.get(agent)
        if person is not None:
            person.until(self._now)
            person.load += more
            person.presence = presence or person.presence

    def groups(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        """By group, each agent with the share of their capacity that was used while they were there."""
        found: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for name, person in self._attended.items():
            person.until(self._now)
            if person.present:
                share = person.held / person.present / self.staff[name].person.total
                found[self.staff[name].group].append((name, share))
        yield from sorted(found.items())

    def table(self) -> str:
        """All of it, for people."""
        return "\n".join((*self._waits_told(), "", *self._groups_told(), "", *self._wrong_told()))

    def _waits_told(self) -> Iterator[str]:
        yield "WAITS, from the queue to the first offer, in seconds"
        yield f"  {'language':<10}{'cases':>7}{'half':>8}{'9 of 10':>9}{'longest':>9}"
        for language, waits in sorted(self.waits.items()):
            figures = f"{within(waits, 0.5):>8.1f}{within(waits, 0.9):>9.1f}{max(waits):>9.1f}"
            yield f"  {language:<10}{len(waits):>7}{figures}"

    def _groups_told(self) -> Iterator[str]:
        yield "LOAD, each agent's share of their capacity while present, by skills and profile"
        yield f"  {'group':<18}{'agents':>7}{'offers':>8}{'least':>8}{'mean':>8}{'most':>8}{'evenness':>10}"
        for group, people in self.groups():
            shares = [share for _, share in people]
            offers = sum(self._attended[name].offer_count for name, _ in people)
            figures = (
                f"{min(shares):>8.2f}{sum(shares) / len(shares):>8.2f}{max(shares):>8.2f}{evenness(shares):>10.3f}"
            )
            yield f"  {group:<18}{len(people):>7}{offers:>8}{figures}"

    def _wrong_told(self) -> Iterator[str]:
        """The laws: one holder, load within capacity, skills held, nobody absent is given work."""
        wrong = self.audit.wrong
        yield f"LAWS broken: {len(wrong)}, in {self.audit.offered_count} offers"
        yield from (f"  {each}" for each in wrong[:10])


def evenness(shares: Sequence[float]) -> float:
    """Jain's index: 1 when all are alike, 1/n when one has everything."""
    squares = sum(each * each for each in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def within(waits: Sequence[float], share: float) -> float:
    """The wait that this share of all is not longer than."""
    return sorted(waits)[min(int(len(waits) * share), len(waits) - 1)]


def staff_in(directory: Path) -> dict[str, Member]:
    """Who works by a scenario's agents.yaml; the languages are the skills that its routing.yaml calls so."""
    written = yaml.safe_load((directory / "agents.yaml").read_text(encoding="utf-8"))
    routing = yaml.safe_load((directory / "routing.yaml").read_text(encoding="utf-8"))
    languages = set(routing["languages"]["skills"].values())
    return {
        name: _member(agent, written["profiles"][agent["profile"]], languages)
        for name, agent in written["agents"].items()
    }


def _member(agent: Mapping[str, Any], profile: Mapping[str, Any], languages: set[str]) -> Member:
    skills = agent.get("skills", {})
    limits = {**profile["channels"], **agent.get("channels", {})}
    spoken = "+".join(sorted(languages & set(skills))) or "no language"
    return Member(
        group=f"{spoken} {agent['profile']}",
        person=Person(
            skills={skill: _LEVELS.get(level, level) for skill, level in skills.items()},
            total=agent.get("total", profile["total"]),
            at_most={channel: limit["at_most"] for channel, limit in limits.items()},
        ),
    )
