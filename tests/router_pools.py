"""Three pools over one database and one topic: a case that moves between them, and processes killed at any moment."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from typing import Any

import bson

from caseway.contracts.work_commands import WorkCommand
from caseway.kernel.decision import Arm, Decision, Disarm, Due, Put
from caseway.kernel.errors import Rejected, Superseded
from caseway_router.adapters import documents
from caseway_router.domain.assignment import process
from caseway_router.domain.ledger import id_in
from caseway_router.domain.plan import PoolPlan, QueuePlan
from caseway_router.domain.pool import Pool, Pools
from caseway_router.domain.staff import Agent
from tests.router_builders import AWARE, DUMPS, START, VERSION, profile

POOLS = ("east", "north", "west")
AGENTS = {f"{pool}-{n}": pool for pool in POOLS for n in (1, 2)}
SECOND = dt.timedelta(seconds=1)


def plan_of(pool: str) -> PoolPlan:
    """A queue of its own, called like the pool, and two agents."""
    people = {name: _agent(name, pool) for name, home in AGENTS.items() if home == pool}
    others = [each for each in POOLS if each != pool]
    return PoolPlan(
        pool=pool,
        queues={pool: QueuePlan(name=pool)},
        agents=people,
        elsewhere={each: each for each in others},
        default_queue=pool,
        default_queues={each: each for each in others},
        departments={f"{each}-department": each for each in POOLS},
        wrap_up={"email": 5 * SECOND},
        remembers_holders=True,
    )


def _agent(name: str, pool: str) -> Agent:
    return Agent(agent=name, name=name, pool=pool, profile=profile(2, email=2), skills={})


class ThreePools:
    """Each pool is one lane: its commands are read in order, those of different pools in any order."""

    def __init__(self) -> None:
        self.plans = {pool: plan_of(pool) for pool in POOLS}
        self.pools = {pool: Pool(pool) for pool in POOLS}
        self.topic: dict[str, deque[WorkCommand]] = {pool: deque() for pool in POOLS}
        self.database: dict[tuple[str, str], tuple[str, bytes]] = {}
        """By collection and id: the lane that wrote it last, and the document."""
        self.timers: dict[tuple[str, str], Due] = {}
        self.now = START
        self.facts: list[Any] = []
        """In the order in which they were decided."""
        self._count = 0

    def says(self, command: WorkCommand) -> None:
        """Publish a command to its pool."""
        self.topic[command.pool].append(command)

    def reads(self, pool: str) -> None:
        """The pool takes its next command."""
        if self.topic[pool]:
            self._decide(pool, self.topic[pool].popleft())

    def reads_all(self) -> int:
        """Until nothing is left to read; how many there were."""
        count = 0
        while waiting := [pool for pool in POOLS if self.topic[pool]]:
            self.reads(waiting[0])
            count += 1
            assert count < 1_000, "commands go round in circles"
        return count

    def killed(self, pool: str) -> None:
        """Another process takes the lane over from what was written."""
        self.pools[pool] = self.rebuilt(pool)

    def rebuilt(self, pool: str) -> Pool:
        """The pool as another process builds it."""
        pools = Pools.rebuilt(
            [documents.load_item(each) for each in self._documents("work_items", pool)],
            [documents.load_attendance(each) for each in self._documents("attendances", pool)],
            [documents.load_moved(each) for each in self._documents("moved", pool)],
        )
        return pools.named(pool)

    def passes(self, seconds: float) -> None:
        """Let time pass for all lanes."""
        end = self.now + seconds * SECOND
        while due := min(((each.due_at, ref) for ref, each in self.timers.items() if each.due_at <= end), default=None):
            self.now = max(self.now, due[0])
            self._fire(due[1][0], self.timers.pop(due[1]))
        self.now = end

    def holders(self, case: str) -> list[str]:
        """Who has the case's work, in all pools together."""
        found = [self.pools[pool].items[case] for pool in POOLS if case in self.pools[pool].items]
        return [item.agent for item in found if item.agent]

    def places(self, case: str) -> list[str]:
        """The pools in which the case's work is."""
        return [pool for pool in POOLS if case in self.pools[pool].items]

    def _documents(self, collection: str, pool: str) -> Iterator[dict[str, Any]]:
        for (name, id_), (lane, written) in sorted(self.database.items()):
            if name == collection and lane == pool:
                yield {"_id": id_, **bson.decode(written, AWARE)}

    def _decide(self, pool: str, command: WorkCommand) -> None:
        self._count += 1
        cause, holder = f"command-{self._count}", self._last_holder(pool, command)
        try:
            decision = process.on_command(self.pools[pool], self.plans[pool], VERSION, command, cause, self.now, holder)
        except (Superseded, Rejected):
            return
        self._write(pool, decision, cause)

    def _fire(self, pool: str, due: Due) -> None:
        decision = process.on_due(self.pools[pool], self.plans[pool], VERSION, due, self.now)
        self._write(pool, decision, due.armed_by)

    def _last_holder(self, pool: str, command: WorkCommand) -> str:
        kept = self.database.get(("holders", id_in(pool, getattr(command, "case_id", ""))))
        is_asked = getattr(command, "holder_place", None) is not None
        return documents.load_holder(bson.decode(kept[1], AWARE)).agent if kept and is_asked else ""

    def _write(self, pool: str, decision: Decision, cause: str) -> None:
        """As the runtime does: whoever writes an id overwrites, or deletes, what is there."""
        for change in decision.changes:
            ref = (change.collection, change.id)
            if isinstance(change, Put):
                self.database[ref] = (pool, bson.encode(DUMPS[change.collection](change.value)))
            else:
                self.database.pop(ref, None)
        for timer in decision.timers:
            match timer:
                case Arm():
                    self.timers[pool, timer.key] = Due(
                        key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by=cause, data=timer.data
                    )
                case Disarm():
                    self.timers.pop((pool, timer.key), None)
        for told in decision.emits:
            if isinstance(told, WorkCommand):
                self.says(told)
            else:
                self.facts.append(told)
