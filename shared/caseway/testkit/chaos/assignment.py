"""Whether work was assigned as allowed, from the facts alone.

Source: delivery.md, "Checkers", 6: at most one holder a case; load ≤ capacity at every moment; required skills held;
nobody absent is given work.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from caseway.testkit.chaos.dump import Record

_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_ROUNDING = 1e-6
_UNTIL_TAKEN_BACK = frozenset({"returned", "withdrawn", "transferred", "completed"})
_WITH_AGENT = frozenset({"offered", "accepted", "wrapping-up"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent as configured: what they know, and how much they may hold, in contacts."""

    skills: Mapping[str, int]
    total: float
    at_most: Mapping[str, float]
    """By channel; one that is not named is not worked."""


@dataclass(slots=True)
class _Work:
    """One case's work, as the facts tell it."""

    channel: str = "email"
    weight: float = 1.0
    entered_at: dt.datetime = _LONG_AGO
    requirements: list[dict[str, Any]] = field(default_factory=list)
    agent: str = ""
    cost: float = 0.0
    """What it counts now."""


class Audit:
    """Reads the facts of one pool in the order in which they were decided; `wrong` collects what must not be."""

    def __init__(self, staff: Mapping[str, Person]) -> None:
        self.wrong: list[str] = []
        self.offered_count = 0
        self._staff = staff
        self._work: dict[str, _Work] = defaultdict(_Work)
        self._held: dict[str, list[_Work]] = defaultdict(list)
        """By agent."""
        self._present: dict[str, str] = {}
        self._capacity: dict[str, float] = {}
        """By agent, what they said they would hold at most, where they said so."""
        self._overloaded: set[str] = set()
        """Who holds more than they may, as the facts said where that began."""

    def read(self, facts: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
        """Read facts, each with its short name (`offered`) and its data as on the wire; what is wrong so far."""
        for name, data in facts:
            if name == "presence-changed":
                self._attend(data)
            elif "case_id" in data:
                self._about_case(name, data)
        return self.wrong

    def _attend(self, data: Mapping[str, Any]) -> None:
        agent = data["agent"]
        self._present[agent] = data["presence"]
        if data.get("capacity") is not None:
            self._capacity[agent] = data["capacity"]
        self._marked(agent, data, "presence-changed")

    def _about_case(self, name: str, data: Mapping[str, Any]) -> None:
        work = self._work[data["case_id"]]
        if name == "queued":
            self._free(work)
            self._work[data["case_id"]] = _queued(data)
        elif name == "raised" and data.get("requirements") is not None:
            work.requirements = list(data["requirements"])
        elif name in _WITH_AGENT:
            self._given(name, work, data)
        elif name in {"quieted", "revived"}:
            self._weighed(work, data)
        elif name in _UNTIL_TAKEN_BACK:
            self._free(work)

    def _given(self, name: str, work: _Work, data: Mapping[str, Any]) -> None:
        agent, case = data["agent"], data["case_id"]
        if work.agent and work.agent != agent:
            self.wrong.append(f"{case}: {name} with {agent} while {work.agent} has it")
        if name != "offered":
            if work.agent != agent:
                self.wrong.append(f"{case}: {name} by {agent}, to whom it was not offered")
            if data.get("weight") is not None:
                work.cost = data["weight"]
            self._marked(agent, data, f"{case} {name}")
            return
        self.offered_count += 1
        if work.agent:
            self.wrong.append(f"{case}: offered to {agent} again, who has it")
        self._offered(agent, work, data)

    def _offered(self, agent: str, work: _Work, data: Mapping[str, Any]) -> None:
        case, person = data["case_id"], self._staff.get(agent)
        if person is None:
            self.wrong.append(f"{case}: offered to {agent}, whom nobody configured")
            return
        if not self._is_there(agent, data):
            self.wrong.append(f"{case}: offered to {agent}, who is {self._present.get(agent, 'absent')}")
        if agent in self._overloaded and not data.get("overload"):
            self.wrong.append(f"{case}: offered to {agent}, who is overloaded")
        for each in _required(work, instant(data["at"])):
            if person.skills.get(each["skill"], 0) < each.get("level", 1):
                self.wrong.append(f"{case}: offered to {agent} without {each['skill']} ≥ {each.get('level', 1)}")
        self._free(work)
        work.agent, work.cost = agent, work.weight
        self._held[agent].append(work)
        if data.get("overload"):
            self._overloaded.add(agent)
        else:
            self._within(agent, person, work.channel, case)

    def _is_there(self, agent: str, data: Mapping[str, Any]) -> bool:
        """Online; or not gone, where they took it by their own wish."""
        by_own_wish = (data.get("decision") or {}).get("tie_break") == "taken"
        presence = self._present.get(agent, "absent")
        return presence == "online" or (by_own_wish and presence not in {"absent", "offline"})

    def _within(self, agent: str, person: Person, channel: str, case: str) -> None:
        load, total = self._load(agent), self._total(agent)
        if load > total + _ROUNDING:
            self.wrong.append(f"{case}: {agent} holds {load:g} of {total:g}")
        there = sum(each.cost for each in self._held[agent] if each.channel == channel)
        if there > person.at_most.get(channel, 0) + _ROUNDING:
            self.wrong.append(f"{case}: {agent} holds {there:g} of {person.at_most.get(channel, 0):g} by {channel}")

    def _weighed(self, work: _Work, data: Mapping[str, Any]) -> None:
        """It rests, or the customer came back: then it may weigh more than there is room for, and says so."""
        work.cost = data["weight"]
        self._marked(data["agent"], data, data["case_id"])

    def _marked(self, agent: str, data: Mapping[str, Any], where: str) -> None:
        """Whatever makes an agent hold more than they may has to say so."""
        if data.get("overload"):
            self._overloaded.add(agent)
        elif self._is_beyond(agent) and agent not in self._overloaded:
            self.wrong.append(f"{where}: {agent} holds more than they may, and nobody says so")
        elif not self._is_beyond(agent):
            self._overloaded.discard(agent)

    def _total(self, agent: str) -> float:
        person = self._staff.get(agent)
        return min(person.total if person else 0.0, self._capacity.get(agent, float("inf")))

    def _load(self, agent: str) -> float:
        return sum(each.cost for each in self._held[agent])

    def _free(self, work: _Work) -> None:
        agent = work.agent
        if not agent:
            return
        work.agent, work.cost = "", 0.0
        self._held[agent] = [each for each in self._held[agent] if each is not work]
        if not self._is_beyond(agent):
            self._overloaded.discard(agent)

    def _is_beyond(self, agent: str) -> bool:
        """Whether they hold more than they may, in all or of a channel; what may be beside a call is not known here."""
        person = self._staff.get(agent)
        if person is None or self._load(agent) > self._total(agent) + _ROUNDING:
            return person is not None
        by_channel: dict[str, float] = defaultdict(float)
        for each in self._held[agent]:
            by_channel[each.channel] += each.cost
        return any(load > person.at_most.get(channel, 0) + _ROUNDING for channel, load in by_channel.items())


def _queued(data: Mapping[str, Any]) -> _Work:
    return _Work(
        channel=data.get("channel", "email"),
        weight=data.get("weight", 1.0),
        entered_at=instant(data["queue_entered_at"]),
        requirements=list(data.get("requirements", ())),
    )


def _required(work: _Work, at: dt.datetime) -> list[dict[str, Any]]:
    """What must still be held: hard skills, and soft ones before their time."""
    return [each for each in work.requirements if at < _dropped_at(work, each)]


def _dropped_at(work: _Work, requirement: Mapping[str, Any]) -> dt.datetime:
    after = requirement.get("drop_after_seconds")
    if after is None:
        return _NEVER if requirement.get("hard", True) else work.entered_at
    return work.entered_at + dt.timedelta(seconds=after)


def instant(given: Any) -> dt.datetime:
    """As on the wire, or already read."""
    return given if isinstance(given, dt.datetime) else dt.datetime.fromisoformat(given)


def in_the_order_of_lanes(records: Iterable[Record]) -> list[tuple[str, dict[str, Any]]]:
    """The facts on `work` as they were decided: a pool has one lane, whose sequence rises; repeats are left out."""
    seen: dict[tuple[str, int], Record] = {}
    for record in records:
        lane = record.headers.get("ce_lane", "")
        if lane.startswith("router.core/"):
            seen.setdefault((lane, int(record.headers["ce_sequence"])), record)
    return [(seen[mark].headers["ce_type"].split(".")[2], seen[mark].data) for mark in sorted(seen)]
