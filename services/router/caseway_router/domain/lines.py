"""Waiting work, grouped so that an agent looks at little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping

from caseway_router.domain.bench import ANYONE
from caseway_router.domain.items import Signature, WorkItem
from caseway_router.domain.ranked import Key, Ranked
from caseway_router.domain.staff import Agent, Seat


class Lines:
    """One line for each signature, in order of urgency; found by one of the skills that it needs.

    Whoever may take one item of a line may take each of it, but for cool-downs. So an agent who gets free compares
    the heads of the lines that stand under a skill of theirs, and nothing else.
    """

    def __init__(self, urgency: Callable[[WorkItem], Key], skilled_counts: Mapping[str, int]) -> None:
        """`skilled_counts`: how many agents of the pool have each skill; a line stands under its rarest."""
        self._urgency = urgency
        self._skilled = skilled_counts
        self._lines: dict[Signature, Ranked] = {}
        self._by_skill: dict[str, dict[Signature, Ranked]] = {}
        self._by_queue: dict[str, Ranked] = {}
        """All that waits in a queue, in one row: only to tell how much is ahead."""

    def add(self, item: WorkItem) -> None:
        """The item waits."""
        signature = item.signature
        line = self._lines.get(signature)
        if line is None:
            line = self._lines[signature] = Ranked()
            self._by_skill.setdefault(self._anchor(signature), {})[signature] = line
        key = self._urgency(item)
        line.add(key)
        self._by_queue.setdefault(item.queue, Ranked()).add(key)

    def remove(self, item: WorkItem) -> None:
        """The item waits no longer."""
        signature = item.signature
        line = self._lines[signature]
        key = self._urgency(item)
        line.remove(key)
        self._by_queue[item.queue].remove(key)
        if not line:
            del self._lines[signature]
            del self._by_skill[self._anchor(signature)][signature]

    def count(self, queue: str) -> int:
        """How many items wait in the queue."""
        return len(self._by_queue.get(queue, ()))

    def ahead(self, item: WorkItem) -> int:
        """How many items of its queue are more urgent than this one."""
        row = self._by_queue.get(item.queue)
        return row.below(self._urgency(item)) if row else 0

    def snapshot(self) -> list[tuple[Key, ...]]:
        """Each line as it stands now."""
        return [tuple(line) for line in self._lines.values()]

    def next_for(self, seat: Seat, items: Mapping[str, WorkItem], now: dt.datetime) -> str | None:
        """The most urgent case that the agent may take now; None when there is none."""
        best: Key | None = None
        for signature, line in self._under(seat.agent):
            if (best is None or line.first() < best) and may_take(seat, signature):
                for key in line:
                    if best is not None and key > best:
                        break
                    if not items[key[-1]].is_cooling(seat.agent.agent, now):
                        best = key
                        break
        return None if best is None else best[-1]

    def _under(self, agent: Agent) -> Iterator[tuple[Signature, Ranked]]:
        for skill in (ANYONE, *agent.skills):
            yield from self._by_skill.get(skill, {}).items()

    def _anchor(self, signature: Signature) -> str:
        return min((skill for skill, _ in signature[3]), key=lambda s: (self._skilled.get(s, 0), s), default=ANYONE)


def may_take(seat: Seat, signature: Signature) -> bool:
    """Whether the agent may take such work now: queue, room and skills."""
    queue, channel, weight, needed = signature
    agent = seat.agent
    if agent.queues is not None and queue not in agent.queues:
        return False
    return all(agent.skills.get(skill, 0) >= level for skill, level in needed) and seat.room(channel) >= weight
