"""Who is able to do work of a kind, where they are few."""

from __future__ import annotations

from collections.abc import Mapping

Needed = tuple[tuple[str, int], ...]
Crew = tuple[tuple[str, int], ...]
"""Everybody who has the skills needed, with room or without, by name, each with their surplus of skill."""

_MOST_KNOWN = 20_000
"""Kinds of work remembered; about 20 MB where a crew is 60. Beyond, they are looked for anew."""


class Crews:
    """By the skills that work needs, who has them: as the configuration says, so never out of date."""

    def __init__(self, agents: Mapping[str, object], levels: Mapping[str, Mapping[str, int]], few: int) -> None:
        """`levels`: by skill and agent. `few`: so many are looked at one by one."""
        self._agents = agents
        self._levels = levels
        self._few = few
        self._known: dict[Needed, Crew | None] = {}
        self._floors: dict[tuple[Needed, str], int] = {}
        self._sets: dict[str, set[str]] = {}

    def able(self, needed: Needed) -> Crew | None:
        """Those who have all of it; None where they are many."""
        try:
            return self._known[needed]
        except KeyError:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            crew = self._known[needed] = self._found(needed)
            return crew

    def floor(self, needed: Needed, skill: str) -> int:
        """The least surplus that anybody able has in all skills but this one: who are alike all have the same."""
        known = self._floors.get((needed, skill))
        if known is None:
            if len(self._floors) >= _MOST_KNOWN:
                self._floors.clear()
            others = tuple(each for each in needed if each[0] != skill)
            known = min((self._surplus(name, others) for name in self._skilled(needed)), default=0)
            self._floors[needed, skill] = known
        return known

    def _found(self, needed: Needed) -> Crew | None:
        if not needed:
            return tuple((agent, 0) for agent in sorted(self._agents)) if len(self._agents) <= self._few else None
        able = self._skilled(needed)
        if len(able) > self._few:
            return None
        return tuple((name, self._surplus(name, needed)) for name in sorted(able))

    def _skilled(self, needed: Needed) -> list[str]:
        asked = [(self._levels.get(skill, {}), least) for skill, least in needed]
        having = set.intersection(*sorted([self._having(skill) for skill, _ in needed], key=len))
        return [name for name in having if all(levels[name] >= least for levels, least in asked)]

    def _surplus(self, name: str, needed: Needed) -> int:
        return sum([self._levels[skill][name] - least for skill, least in needed])

    def _having(self, skill: str) -> set[str]:
        found = self._sets.get(skill)
        if found is None:
            found = self._sets[skill] = set(self._levels.get(skill, ()))
        return found
