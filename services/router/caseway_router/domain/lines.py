"""Waiting work, grouped so that an agent looks at little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

from caseway_router.domain.items import Signature, WorkItem
from caseway_router.domain.ranked import Key, Ranked
from caseway_router.domain.staff import Agent, Seat

ANYONE = ""
"""The skill under which work stands that needs none."""
_Groups = dict[str, dict[str, Ranked]]


class Lines:
    """One line for each signature, in order of urgency; lines in groups by the two rarest skills that they need.

    Whoever may take one item of a line may take each of it, but for cool-downs. A group has its lines in order of their
    heads, so an agent who gets free looks into the groups of their own skills, and there at the first few heads.
    """

    def __init__(self, urgency: Callable[[WorkItem], Key], skilled_counts: Mapping[str, int]) -> None:
        """`skilled_counts`: how many agents of the pool have each skill; a line stands under its rarest."""
        self._urgency = urgency
        self._skilled = skilled_counts
        self._entering: dict[str, WorkItem] = {}
        """What came this moment: mostly somebody is asked at once, and it never stands in a line."""
        self._keys: dict[str, Key] = {}
        """By case in a line, where it stands."""
        self._lines: dict[Signature, Ranked] = {}
        self._group_of: dict[Signature, Ranked] = {}
        self._groups: _Groups = {}
        self._open: dict[str, list[Ranked]] = {}
        """By agent, the groups in which there may be something for them; anew when there is another group."""
        self._for_agent: dict[str, Ranked] = {}
        """What only one agent may have for now."""
        self._by_queue: dict[str, Ranked] = {}
        """All that waits in a queue, in one row: only to tell how much is ahead."""

    def add(self, item: WorkItem) -> None:
        """The item waits."""
        self._entering[item.case_id] = item

    def remove(self, item: WorkItem) -> None:
        """The item waits no longer."""
        if self._entering.pop(item.case_id, None) is not None:
            return
        key, signature = self._keys.pop(item.case_id), item.signature
        self._by_queue[item.queue].remove(key)
        line = self._lines[signature]
        head = line.first()
        line.remove(key)
        if key == head:
            self._lead(signature, head, line.first() if line else None)
        if not line:
            del self._lines[signature], self._group_of[signature]

    def count(self, queue: str) -> int:
        """How many items wait in the queue."""
        self._settle()
        return len(self._by_queue.get(queue, ()))

    def ahead(self, item: WorkItem) -> int:
        """How many items of its queue are more urgent than this one."""
        key = self._keys.get(item.case_id) or self._urgency(item)
        row = self._by_queue.get(item.queue)
        count = row.below(key) if row else 0
        for each in self._entering.values():
            if each is not item and each.queue == item.queue and self._urgency(each) < key:
                count += 1
        return count

    def snapshot(self) -> list[tuple[Key, ...]]:
        """Each line as it stands now."""
        self._settle()
        return [tuple(line) for line in self._lines.values()]

    def only_for(self, agent: str) -> list[str]:
        """The cases that only this agent may have for now, the most urgent first."""
        self._settle()
        group = self._for_agent.get(agent, ())
        return [key[-1] for key in sorted(key for _, signature in group for key in self._lines[signature])]

    def next_for(self, seat: Seat, items: Mapping[str, WorkItem], now: dt.datetime) -> str | None:
        """The most urgent case that the agent may take now; None when there is none."""
        self._settle()
        best: Key | None = None
        for group in self._open_to(seat.agent):
            if not group or (best is not None and group.first()[0] >= best):
                continue
            for head, signature in group:
                if best is not None and head >= best:
                    break
                if may_take(seat, signature):
                    best = self._first_for(seat.agent.agent, signature, items, now, best)
        return None if best is None else best[-1]

    def _first_for(
        self, agent: str, signature: Signature, items: Mapping[str, WorkItem], now: dt.datetime, best: Key | None
    ) -> Key | None:
        for key in self._lines[signature]:
            if best is not None and key > best:
                break
            if not items[key[-1]].keeps_out(agent, now):
                return key
        return best

    def _settle(self) -> None:
        """Put what entered into its lines."""
        if not self._entering:
            return
        if self._keys:
            for item in self._entering.values():
                self._enter(item)
        else:
            self._fill(self._entering.values())
        self._entering.clear()

    def _fill(self, items: Iterable[WorkItem]) -> None:
        """Put everything in at once, where nothing stood before."""
        lines: dict[Signature, list[Key]] = {}
        queues: dict[str, list[Key]] = {}
        for item in items:
            key = self._keys[item.case_id] = self._urgency(item)
            lines.setdefault(item.signature, []).append(key)
            queues.setdefault(item.queue, []).append(key)
        self._by_queue |= {queue: Ranked.of(sorted(keys)) for queue, keys in queues.items()}
        for signature, keys in lines.items():
            self._lines[signature] = Ranked.of(sorted(keys))
            self._group_of[signature] = self._group(signature)
            self._lead(signature, None, self._lines[signature].first())

    def _enter(self, item: WorkItem) -> None:
        key, signature = self._urgency(item), item.signature
        self._keys[item.case_id] = key
        self._row_of(item.queue).add(key)
        line = self._lines.get(signature)
        if line is None:
            line = self._lines[signature] = Ranked()
            self._group_of[signature] = self._group(signature)
        head = line.first() if line else None
        line.add(key)
        if head is None or key < head:
            self._lead(signature, head, key)

    def _open_to(self, agent: Agent) -> list[Ranked]:
        """The groups in which there may be something for the agent."""
        known = self._open.get(agent.agent)
        if known is None:
            known = self._open[agent.agent] = [
                seconds[second]
                for skill in (ANYONE, *agent.skills)
                if (seconds := self._groups.get(skill))
                for second in ("", *agent.skills)
                if second in seconds
            ]
        only = self._for_agent.get(agent.agent)
        return known if only is None else [only, *known]

    def _lead(self, signature: Signature, before: Key | None, after: Key | None) -> None:
        """Another item is the first of its line."""
        group = self._group_of[signature]
        if before is not None:
            group.remove((before, signature))
        if after is not None:
            group.add((after, signature))

    def _group(self, signature: Signature) -> Ranked:
        only = signature[4]
        if only:
            return self._for_agent.setdefault(only, Ranked())
        skills = sorted((self._skilled.get(skill, 0), skill) for skill, _ in signature[3])
        anchor = skills[0][1] if skills else ANYONE
        second = skills[1][1] if len(skills) > 1 else ""
        seconds = self._groups.setdefault(anchor, {})
        group = seconds.get(second)
        if group is None:
            group = seconds[second] = Ranked()
            self._open.clear()
        return group

    def _row_of(self, queue: str) -> Ranked:
        row = self._by_queue.get(queue)
        if row is None:
            row = self._by_queue[queue] = Ranked()
        return row


def may_take(seat: Seat, signature: Signature) -> bool:
    """Whether the agent may take such work now: skills, queue and room."""
    has = seat.agent.skills
    for skill, level in signature[3]:
        if has.get(skill, 0) < level:
            return False
    return has_room(seat, signature)


def has_room(seat: Seat, signature: Signature) -> bool:
    """Whether such work fits in with what the agent holds, and is for them at all; their skills aside."""
    queue, channel, weight, _, only = signature
    room = seat.room(channel)
    if room <= 0 or room < seat.cost(channel, weight):
        return False
    agent = seat.agent
    if only and only != agent.agent:
        return False
    return agent.queues is None or queue in agent.queues
