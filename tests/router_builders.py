"""A pool for the tests of the router's core: commands in, facts out, timers when time passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import bson
from bson.codec_options import CodecOptions

from caseway.contracts import parts
from caseway.contracts.work import WorkFact
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    QueueWork,
    SetPresence,
    WithdrawWork,
    WorkCommand,
)
from caseway.kernel.decision import Arm, Decision, Disarm, Due, Put
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Presence, Priority
from caseway_router.adapters import documents
from caseway_router.domain.assignment import process
from caseway_router.domain.items import WorkItem
from caseway_router.domain.ledger import id_in
from caseway_router.domain.plan import PoolPlan, QueuePlan
from caseway_router.domain.pool import Pool, Pools
from caseway_router.domain.staff import Agent, ChannelLimit, Profile

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
POOL = "desk"
VERSION = "v1"
SECOND = dt.timedelta(seconds=1)
AnyFact = TypeVar("AnyFact")
_ENDLESS = 20_000
"""More timers in one stretch of time than anything here arms."""

DUMPS: Mapping[str, Any] = {
    "work_items": documents.dump_item,
    "attendances": documents.dump_attendance,
    "moved": documents.dump_moved,
    "decisions": documents.dump_offer,
    "holders": documents.dump_holder,
}
AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


def profile(total: float = 6, **channels: float | ChannelLimit) -> Profile:
    """A capacity profile; a plain number is the most contacts of a channel."""
    limits = channels or {"email": 4, "chat": 3, "phone": ChannelLimit(at_most=100, beside=0)}
    return Profile(
        name="test",
        total=round(total * 100),
        channels={
            name: limit if isinstance(limit, ChannelLimit) else ChannelLimit(at_most=round(limit * 100))
            for name, limit in limits.items()
        },
    )


def agent(name: str, skills: Mapping[str, int] | None = None, **other: Any) -> Agent:
    """An agent of the pool."""
    values: dict[str, Any] = {"name": name.title(), "pool": POOL, "profile": profile(), **other}
    return Agent(agent=name, skills=dict(skills or {}), **values)


def plan(*agents: Agent, **other: Any) -> PoolPlan:
    """A pool with the queues `mail` and `calls`."""
    values: dict[str, Any] = {
        "queues": {name: QueuePlan(name=name) for name in ("mail", "calls")},
        "elsewhere": {"returns": "partners"},
        "default_queues": {"partners": "returns"},
        **other,
    }
    return PoolPlan(pool=POOL, agents={each.agent: each for each in agents}, **values)


def need(skill: str, level: int = 1, drop_after: float | None = None) -> parts.Requirement:
    """A requirement as commands carry it."""
    return parts.Requirement(skill=skill, level=level, hard=drop_after is None, drop_after_seconds=drop_after)


def queue(case: str, *needs: parts.Requirement, **other: Any) -> QueueWork:
    """Queue a case's work."""
    values: dict[str, Any] = {"queue": "mail", "channel": "email", "work_item": f"work-{case}", **other}
    return QueueWork(pool=POOL, case_id=case, requirements=needs, **values)


def urgent(case: str, *needs: parts.Requirement, **other: Any) -> QueueWork:
    """Queue urgent work."""
    return queue(case, *needs, priority=Priority.URGENT, **other)


def presence(name: str, status: str = "online", **other: Any) -> SetPresence:
    """Say how present an agent is."""
    return SetPresence(pool=POOL, agent=name, presence=Presence(status), **other)


def accept(name: str, case: str) -> AcceptWork:
    return AcceptWork(pool=POOL, agent=name, case_id=case)


def decline(name: str, case: str) -> DeclineWork:
    return DeclineWork(pool=POOL, agent=name, case_id=case)


def complete(name: str, case: str, **other: Any) -> CompleteWork:
    return CompleteWork(pool=POOL, agent=name, case_id=case, **other)


def withdraw(case: str, reason: str = "resolved") -> WithdrawWork:
    return WithdrawWork(pool=POOL, case_id=case, reason=reason)


class Desk:
    """Does what a lane does for one pool: decides in order, keeps documents, fires timers when time passes."""

    def __init__(self, rules: PoolPlan) -> None:
        self.plan = rules
        self.version = VERSION
        self.pool = Pool(POOL)
        self.now = START
        self.timers: dict[str, Due] = {}
        self.written: dict[tuple[str, str], bytes] = {}
        self.log: list[Any] = []
        self.judge: Callable[[list[Any]], None] = lambda _: None
        """Sees what each decision tells, as soon as it is taken."""
        self._count = 0

    def does(self, *commands: WorkCommand) -> list[Any]:
        """Decide these commands; what they tell."""
        told: list[Any] = []
        for command in commands:
            self._count += 1
            cause = f"command-{self._count}"
            holder = self._last_holder(command)
            decision = process.on_command(self.pool, self.plan, self.version, command, cause, self.now, holder)
            told += self._write(decision, cause)
        return told

    def passes(self, seconds: float) -> list[Any]:
        """Let time pass, and whatever falls due happen; what that tells."""
        end = self.now + seconds * SECOND
        told: list[Any] = []
        fired = 0
        while due := min((each for each in self.timers.values() if each.due_at <= end), key=_when, default=None):
            fired += 1
            assert fired < _ENDLESS, f"timers go round in circles: {due.key}"
            self.now = max(self.now, due.due_at)
            del self.timers[due.key]
            decision = process.on_due(self.pool, self.plan, self.version, due, self.now)
            told += self._write(decision, due.armed_by)
        self.now = end
        return told

    def item(self, case: str) -> WorkItem:
        return self.pool.items[case]

    def holder(self, case: str) -> str:
        """Who is offered, holds or wraps up the case's work."""
        return self.pool.items[case].agent if case in self.pool.items else ""

    def rebuilt(self) -> Pool:
        """The pool as another process builds it from what was written."""
        loaded = [(name, self._read(name, key)) for name, key in sorted(self.written)]
        pools = Pools.rebuilt(
            [documents.load_item(each) for name, each in loaded if name == "work_items"],
            [documents.load_attendance(each) for name, each in loaded if name == "attendances"],
            [documents.load_moved(each) for name, each in loaded if name == "moved"],
        )
        pool = pools.named(POOL)
        pool.follow(self.plan, self.version)
        return pool

    def _last_holder(self, command: WorkCommand) -> str:
        is_asked = isinstance(command, QueueWork) and command.holder_place is not None
        ref = ("holders", id_in(POOL, getattr(command, "case_id", "")))
        return documents.load_holder(self._read(*ref)).agent if is_asked and ref in self.written else ""

    def _read(self, name: str, key: str) -> dict[str, Any]:
        return {"_id": key, **bson.decode(self.written[name, key], AWARE)}

    def _write(self, decision: Decision, cause: str) -> list[Any]:
        for change in decision.changes:
            ref = (change.collection, change.id)
            if isinstance(change, Put):
                self.written[ref] = bson.encode(DUMPS[change.collection](change.value))
            else:
                self.written.pop(ref, None)
        for timer in decision.timers:
            match timer:
                case Arm():
                    self.timers[timer.key] = Due(
                        key=timer.key, kind=timer.kind, due_at=timer.due_at, armed_by=cause, data=timer.data
                    )
                case Disarm():
                    self.timers.pop(timer.key, None)
        self.log += decision.emits
        self.judge(list(decision.emits))
        return list(decision.emits)


def _when(due: Due) -> tuple[dt.datetime, str]:
    return (due.due_at, due.key)


def quietly(desk: Desk, command: WorkCommand) -> list[Any]:
    """Do it; nothing at all, when it is superseded."""
    try:
        return desk.does(command)
    except Superseded:
        return []


def of(told: list[Any], kind: type[AnyFact]) -> list[AnyFact]:
    """The facts of one kind."""
    return [each for each in told if type(each) is kind]


def only(told: list[Any], kind: type[AnyFact]) -> AnyFact:
    """The one fact of this kind."""
    (fact,) = of(told, kind)
    return fact


def words(told: list[Any]) -> list[str]:
    """What was told, each as its type and case: `offered c1`."""
    return [f"{each.TYPE.split('.')[-2]} {each.case_id}" for each in told if isinstance(each, WorkFact)]
