"""The agents with one skill, in the order they are asked."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from caseway_router.domain.items import WorkItem
from caseway_router.domain.ranked import Key, Ranked

Channels = tuple[str, ...]
_Label = tuple[int, int, Channels, tuple[str, ...]]
"""The policy's number, a level, the channels with room, and interests: agents alike in all of them stand in one row."""
Shelf = tuple[int, int, int, Ranked]
"""For one piece of work: the least surplus of skill, interest (0 is better), which shelf, and who stands there."""


class Place(NamedTuple):
    """Where an agent with room stands, whatever the skill."""

    lead: int
    """The policy's number."""
    channels: Channels
    """Those with room."""
    interests: tuple[str, ...]
    key: Key
    """Idle since, place on the ring, agent."""


class Shelves:
    """A row for each shelf, the shelves themselves in order.

    Whose place changed is only noted; they are put in order when somebody looks here. Most skills are never looked at by
    themselves, and an agent has many.
    """

    __slots__ = ("_levels", "_ordered", "_rows", "_stale", "_stands")

    def __init__(self, levels: Mapping[str, int] | None, there: Iterable[str]) -> None:
        """`levels`: by agent, how well they have the skill; None: what everybody has. `there`: who has a place now."""
        self._levels = levels
        self._rows: dict[_Label, Ranked] = {}
        self._ordered: list[_Label] = []
        self._stands: dict[str, tuple[_Label, Key]] = {}
        self._stale = dict.fromkeys(there if levels is None else (agent for agent in there if agent in levels))

    def note(self, agent: str) -> None:
        """The agent's place is another one now."""
        self._stale[agent] = None

    def settle(self, places: Mapping[str, Place]) -> None:
        """Put those whose place changed in order."""
        for agent in self._stale:
            before, place = self._stands.pop(agent, None), places.get(agent)
            if before is not None:
                self._remove(*before)
            if place is not None:
                level = 0 if self._levels is None else self._levels[agent]
                label = (place.lead, level, place.channels, place.interests)
                self._stands[agent] = (label, place.key)
                self._add(label, place.key)
        self._stale.clear()

    def by_lead(self, item: WorkItem, minimum: int, *, counts: bool) -> Iterator[tuple[int, list[Shelf]]]:
        """The shelves that fit the work: for each of the policy's numbers, the best fit first.

        Args:
            item: the work.
            minimum: the level that it needs.
            counts: whether the closest fit goes first.
        """
        for lead, labels in groupby(self._ordered, key=itemgetter(0)):
            fitting: list[Shelf] = []
            for label in labels:
                _, level, channels, interests = label
                if level >= minimum and item.channel in channels:
                    surplus = level - minimum if counts else 0
                    fitting.append((surplus, no_interest(item, interests), len(fitting), self._rows[label]))
            if len(fitting) > 1:
                fitting.sort()
            if fitting:
                yield lead, fitting

    def _add(self, label: _Label, key: Key) -> None:
        row = self._rows.get(label)
        if row is None:
            row = self._rows[label] = Ranked()
            insort(self._ordered, label)
        row.add(key)

    def _remove(self, label: _Label, key: Key) -> None:
        row = self._rows[label]
        row.remove(key)
        if not row:
            del self._rows[label]
            del self._ordered[bisect_left(self._ordered, label)]


def no_interest(item: WorkItem, interests: tuple[str, ...]) -> int:
    """0 where the work is about what the agent likes best, else 1."""
    return 0 if interests and item.topics and not set(item.topics).isdisjoint(interests) else 1
