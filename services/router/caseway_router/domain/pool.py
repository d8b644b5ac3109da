"""A pool as it stands now: its work and its agents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from caseway_router.domain.bench import Bench
from caseway_router.domain.items import Moved, Waiting, WorkItem
from caseway_router.domain.lines import Lines
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.policy import Order
from caseway_router.domain.staff import Attendance, Seat


class Pool:
    """One pool, kept in memory by its only writer.

    `items`, `attendances` and `moved` are the state; everything else is an index over them and the plan, and can be built
    anew at any time: after a restart, or when the configuration changes. Before a pool follows a plan it has none of that.
    """

    plan: PoolPlan
    """By which rules it is matched."""
    order: Order
    """In which order its agents are asked."""
    bench: Bench
    """The present agents with room."""
    lines: Lines
    """The work that waits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.items: dict[str, WorkItem] = {}
        self.attendances: dict[str, Attendance] = {}
        self.moved: dict[str, Moved] = {}
        self.version = ""
        """Of the configuration that the indices were built for."""
        self._seats: dict[str, Seat] = {}

    @property
    def seats(self) -> Iterable[Seat]:
        """Every agent that is configured and was ever present, in the order of their ids."""
        return (self._seats[agent] for agent in sorted(self._seats))

    def seat(self, agent: str) -> Seat | None:
        """The agent at work; None for one who never was, or who is configured no longer."""
        return self._seats.get(agent)

    def seat_of(self, agent: str) -> Seat:
        """The agent at work, of whom it is known that they are."""
        return self._seats[agent]

    def follow(self, plan: PoolPlan, version: str) -> None:
        """Index everything by this plan."""
        self.plan, self.version = plan, version
        self.order = Order(plan)
        self.bench = Bench(self.order, plan)
        skilled = Counter(skill for agent in plan.agents.values() for skill in agent.skills)
        self.lines = Lines(plan.urgency, skilled)
        self._seats = {}
        for attendance in self.attendances.values():
            self._place(attendance)
        for item in self.items.values():
            self._index(item)
        for seat in self._seats.values():
            self.bench.refresh(seat)

    def could_ever(self, item: WorkItem) -> bool:
        """Whether anybody who is configured could ever take it, once every soft requirement is dropped."""
        return self.bench.could_ever(item)

    def put_item(self, item: WorkItem) -> None:
        """The item is as given from now on."""
        old = self.items.get(item.case_id)
        if old is not None:
            self._unindex(old)
        self.items[item.case_id] = item
        self._index(item)

    def drop_item(self, case_id: str) -> None:
        """The item is gone."""
        old = self.items.pop(case_id)
        self._unindex(old)

    def put_attendance(self, attendance: Attendance) -> None:
        """The agent is as present as given from now on."""
        self.attendances[attendance.agent] = attendance
        seat = self._seats.get(attendance.agent)
        if seat is None:
            self._place(attendance)
        else:
            seat.attend(attendance)
        if (seat := self._seats.get(attendance.agent)) is not None:
            self.bench.refresh(seat)

    def held_by(self, agent: str) -> tuple[WorkItem, ...]:
        """Everything offered to the agent, held or wrapped up by them, by case."""
        seat = self._seats.get(agent)
        if seat is not None:
            return tuple(seat.held[case_id] for case_id in sorted(seat.held))
        return tuple(item for _, item in sorted(self.items.items()) if item.agent == agent)

    def states(self) -> Iterator[WorkItem | Attendance | Moved]:
        """All that must survive: what another process rebuilds the pool from."""
        yield from (self.items[case_id] for case_id in sorted(self.items))
        yield from (self.attendances[agent] for agent in sorted(self.attendances))
        yield from (self.moved[case_id] for case_id in sorted(self.moved))

    def _place(self, attendance: Attendance) -> None:
        agent = self.plan.agents.get(attendance.agent)
        if agent is not None:
            self._seats[attendance.agent] = Seat(agent, attendance)

    def _index(self, item: WorkItem) -> None:
        if isinstance(item.standing, Waiting):
            self.lines.add(item)
        elif (seat := self._seats.get(item.agent)) is not None:
            seat.take(item)
            self.bench.refresh(seat)

    def _unindex(self, item: WorkItem) -> None:
        if isinstance(item.standing, Waiting):
            self.lines.remove(item)
        elif (seat := self._seats.get(item.agent)) is not None:
            seat.give(item.case_id)
            self.bench.refresh(seat)


class Pools:
    """A lane's pools: the lane is their only writer."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}

    def __iter__(self) -> Iterator[Pool]:
        return (self._pools[name] for name in sorted(self._pools))

    def named(self, name: str) -> Pool:
        """The pool, empty when nothing was ever heard of it."""
        return self._pools.setdefault(name, Pool(name))

    @classmethod
    def rebuilt(
        cls, items: Iterable[WorkItem], attendances: Iterable[Attendance], moved: Iterable[Moved] = ()
    ) -> Pools:
        """As another process left them; the indices follow with the first plan."""
        pools = cls()
        for item in items:
            pools.named(item.pool).items[item.case_id] = item
        for attendance in attendances:
            pools.named(attendance.pool).attendances[attendance.agent] = attendance
        for move in moved:
            pools.named(move.pool).moved[move.case_id] = move
        return pools
