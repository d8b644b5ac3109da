"""Who is able to do work of a kind."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

from caseway_router.domain.items import WorkItem
from caseway_router.domain.places import fit
from caseway_router.domain.staff import Agent

Needed = tuple[tuple[str, int], ...]
Kind = tuple[Needed, str, tuple[str, ...]]
"""All that the configuration knows of who fits how well: skills, queue (empty where everybody serves all), and those of
the work's topics that somebody likes."""

ANYBODY: Kind = ((), "", ())
_MOST_KNOWN = 10_000
"""Kinds of work remembered: 20 MB in a pool of 10,000 agents. Beyond, they are looked for anew."""

Fits = tuple[tuple[int, "array[int]"], ...]
"""By how well they fit (see `places`), those who do. Side by side in memory: a crew is looked through in one go."""
_NOBODY: Mapping[int, int] = {}


class Crew:
    """Everybody who is able to do work of one kind, with room or without. Agents are numbers, sets of them are bits."""

    __slots__ = ("able", "able_count", "fits", "kind", "least", "skilled", "skilled_count")

    def __init__(self, kind: Kind, skilled: int, able: int, fits: Fits | None, least: int) -> None:
        self.kind = kind
        self.skilled = skilled
        """Who has the skills."""
        self.skilled_count = skilled.bit_count()
        self.able = able
        """Who has the skills, and serves the queue."""
        self.able_count = self.skilled_count if able == skilled else able.bit_count()
        self.fits = fits
        """Who fits how well; None where they are many."""
        self.least = least
        """The closest fit among them."""


class Crews:
    """By the kind of work, who can do it: as the configuration says, so never out of date."""

    def __init__(self, agents: Mapping[str, Agent], numbers: Mapping[str, int], few: int, *, counts: bool) -> None:
        """`few`: of so many, each one's fit is remembered. `counts`: whether a surplus of skill matters."""
        self._few = few
        self._counts = counts
        self._everybody = frozenset(numbers.values())
        self._all = mask_of(self._everybody)
        self._levels: dict[str, dict[int, int]] = {}
        self._queues: dict[str, set[int]] | None = _queues(agents, numbers)
        self._served: dict[str, int] = {}
        self._fans: dict[str, set[int]] = {}
        self._holders: dict[tuple[str, int], frozenset[int]] = {}
        self._masks: dict[tuple[str, int], int] = {}
        self._known: dict[Kind, Crew] = {}
        for name, agent in agents.items():
            for skill, level in agent.skills.items():
                self._levels.setdefault(skill, {})[numbers[name]] = level
            for topic in agent.interests:
                self._fans.setdefault(topic, set()).add(numbers[name])

    def of(self, item: WorkItem) -> Crew:
        """Who is able to do it."""
        topics = tuple(sorted({each for each in item.topics if each in self._fans})) if self._fans else ()
        return self.of_kind((item.needed, item.queue if self._queues is not None else "", topics))

    def of_kind(self, kind: Kind) -> Crew:
        """Who is able to do such work."""
        known = self._known.get(kind)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[kind] = self._found(kind)
        return known

    def fits(self, kind: Kind) -> dict[int, int]:
        """By agent, how well everybody fits who is able."""
        return {number: self.fit(number, kind) for number in self._able(kind)}

    def fit(self, number: int, kind: Kind) -> int:
        """How well one who is able fits."""
        needed, _, topics = kind
        surplus = 0
        if self._counts:
            for skill, level in needed:
                surplus += self._levels.get(skill, _NOBODY).get(number, 0) - level
        return fit(surplus, 0 if any(number in self._fans[topic] for topic in topics) else 1)

    def mask(self, needed: Needed) -> int:
        """Everybody who has these skills, a bit each."""
        total = self._all
        for skill, level in needed:
            total &= self._mask(skill, level)
        return total

    def serving(self, queue: str) -> int:
        """Everybody who serves the queue, a bit each."""
        if self._queues is None:
            return self._all
        found = self._served.get(queue)
        if found is None:
            found = self._served[queue] = mask_of(self._serving(queue))
        return found

    def _found(self, kind: Kind) -> Crew:
        skilled = able = self.mask(kind[0])
        if kind[1]:
            able &= self.serving(kind[1])
        fits = self.fits(kind)
        least = min(fits.values(), default=0)
        return Crew(kind, skilled, able, _together(fits) if len(fits) <= self._few else None, least)

    def _able(self, kind: Kind) -> frozenset[int] | set[int]:
        needed, queue, _ = kind
        asked = [self._having(skill, level) for skill, level in needed]
        having = frozenset.intersection(*sorted(asked, key=len)) if asked else self._everybody
        return having & self._serving(queue) if queue else having

    def _having(self, skill: str, level: int) -> frozenset[int]:
        found = self._holders.get((skill, level))
        if found is None:
            levels = self._levels.get(skill, _NOBODY)
            found = frozenset([number for number, has in levels.items() if has >= level])
            self._holders[skill, level] = found = found if level > 0 else self._everybody
        return found

    def _mask(self, skill: str, level: int) -> int:
        found = self._masks.get((skill, level))
        if found is None:
            found = self._masks[skill, level] = mask_of(self._having(skill, level))
        return found

    def _serving(self, queue: str) -> set[int]:
        return set() if self._queues is None else self._queues.get(queue, self._queues[""])


def _together(fits: Mapping[int, int]) -> Fits:
    by_fit: dict[int, array[int]] = {}
    for number in sorted(fits):
        by_fit.setdefault(fits[number], array("I")).append(number)
    return tuple(sorted(by_fit.items()))


def _queues(agents: Mapping[str, Agent], numbers: Mapping[str, int]) -> dict[str, set[int]] | None:
    """By queue, who serves it; under the empty name, who serves all. None where everybody does."""
    if all(agent.queues is None for agent in agents.values()):
        return None
    served: dict[str, set[int]] = {"": {numbers[name] for name, agent in agents.items() if agent.queues is None}}
    for name, agent in agents.items():
        for queue in agent.queues or ():
            served.setdefault(queue, set(served[""])).add(numbers[name])
    return served


def mask_of(numbers: Iterable[int]) -> int:
    """A set of agents as bits."""
    numbers = list(numbers)
    octets = bytearray(max(numbers, default=0) // 8 + 1)
    for number in numbers:
        octets[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(octets, "little")
