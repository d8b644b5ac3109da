"""Laws of a pool, over random days."""

from __future__ import annotations

import dataclasses
import datetime as dt
from hashlib import blake2b
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from caseway.contracts.parts import Destination
from caseway.contracts.work import (
    WorkAccepted,
    WorkCompleted,
    WorkOffered,
    WorkQueued,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
)
from caseway.contracts.work_commands import (
    FinishWrapUp,
    RaiseWork,
    ReleaseWork,
    SendHeartbeat,
    StartWork,
    TransferWork,
    WorkCommand,
)
from caseway.kernel.vocabulary import Presence, Priority
from caseway_router.domain.items import Waiting, WorkItem
from caseway_router.domain.matching import reasons_against
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.staff import ChannelLimit, Seat
from tests.router_builders import (
    POOL,
    SECOND,
    Desk,
    accept,
    agent,
    complete,
    decline,
    need,
    of,
    plan,
    presence,
    profile,
    queue,
    quietly,
    withdraw,
)

AGENTS = [f"agent-{n}" for n in range(5)]
CASES = [f"case-{n}" for n in range(8)]
SKILLS = ["pl", "en", "orders"]
agents, cases = st.sampled_from(AGENTS), st.sampled_from(CASES)
levels = st.integers(1, 3)
needs = st.lists(
    st.builds(need, st.sampled_from(SKILLS), levels, st.sampled_from([None, None, 15.0, 40.0])), max_size=2
)
PROFILES = [
    profile(3, email=2, chat=2, phone=ChannelLimit(at_most=100, beside=0)),
    profile(4, email=4, chat=1, phone=ChannelLimit(at_most=100, beside=100)),
    profile(1, email=1),
]
staff = st.builds(
    lambda skills, which, queues: {"skills": skills, "profile": PROFILES[which], "queues": queues},
    st.dictionaries(st.sampled_from(SKILLS), levels),
    st.integers(0, 2),
    st.sampled_from([None, None, frozenset({"mail"})]),
)


class Pool(RuleBasedStateMachine):
    """Commands and time in any order; after each, every law holds."""

    @initialize(
        people=st.lists(staff, min_size=len(AGENTS), max_size=len(AGENTS)),
        bands=st.integers(1, 4),
        ageing=st.sampled_from([None, 60.0]),
        wrap_up=st.sampled_from([0, 10]),
        listed=st.sampled_from([1, 2, 20]),
    )
    def opens(self, people: list[dict[str, Any]], bands: int, ageing: float | None, wrap_up: int, listed: int) -> None:
        rules = {
            "bands": bands,
            "ageing": None if ageing is None else ageing * SECOND,
            "wrap_up": {"email": wrap_up * SECOND},
            "cool_down": 30 * SECOND,
            "listed_count": listed,
            "class_ranks": {"data_protection": 0},
        }
        self.desk = Desk(_plan(people, rules))
        self.twin = Desk(_plan(people, rules))
        self.desk.judge = self.judge
        self.people, self.rules = people, rules
        self.holders: dict[str, str] = {}

    def do(self, command: WorkCommand) -> None:
        quietly(self.desk, command)
        quietly(self.twin, command)

    @rule(name=agents, status=st.sampled_from(["online", "online", "online", "busy", "away", "offline"]))
    def be_present(self, name: str, status: str) -> None:
        self.do(presence(name, status))

    @rule(name=agents, capacity=st.sampled_from([0, 1, 2.5]))
    def limit_oneself(self, name: str, capacity: float) -> None:
        self.do(presence(name, capacity=capacity))

    @rule(
        case=cases,
        asks=needs,
        channel=st.sampled_from(["email", "email", "chat", "phone"]),
        priority=st.sampled_from(Priority),
        weight=st.sampled_from([1, 1, 0.5, 2]),
        to=st.sampled_from(["mail", "calls"]),
        class_=st.sampled_from([None, None, "data_protection"]),
        age=st.integers(0, 90),
    )
    def need_somebody(self, case: str, asks: list[Any], age: int, to: str, **other: Any) -> None:
        self.do(queue(case, *asks, queue=to, queue_entered_at=self.desk.now - age * SECOND, **other))

    @rule(case=cases)
    def accepts(self, case: str) -> None:
        self.do(accept(self.desk.holder(case) or AGENTS[0], case))

    @rule(case=cases)
    def declines(self, case: str) -> None:
        self.do(decline(self.desk.holder(case) or AGENTS[0], case))

    @rule(case=cases)
    def completes(self, case: str) -> None:
        self.do(complete(self.desk.holder(case) or AGENTS[0], case))

    @rule(case=cases, kind=st.sampled_from([ReleaseWork, FinishWrapUp, StartWork]))
    def go_on(self, case: str, kind: Any) -> None:
        self.do(kind(pool=POOL, agent=self.desk.holder(case) or AGENTS[0], case_id=case))

    @rule(name=agents, case=cases, kind=st.sampled_from([accept, decline, complete]))
    def meddle(self, name: str, case: str, kind: Any) -> None:
        self.do(kind(name, case))

    @rule(case=cases, reason=st.sampled_from(["resolved", "merged", "customer"]))
    def withdraws(self, case: str, reason: str) -> None:
        self.do(withdraw(case, reason))

    @rule(case=cases, priority=st.sampled_from(Priority), asks=st.none() | needs)
    def judge_anew(self, case: str, priority: Priority, asks: list[Any] | None) -> None:
        self.do(
            RaiseWork(
                pool=POOL, case_id=case, priority=priority, requirements=None if asks is None else tuple(asks), boost=1
            )
        )

    @rule(case=cases, to=st.sampled_from(["mail", "calls"]), name=st.none() | agents)
    def transfers(self, case: str, to: str, name: str | None) -> None:
        self.do(TransferWork(pool=POOL, case_id=case, to=Destination(pool=POOL, queue=to, agent=name)))

    @rule(name=agents)
    def heartbeats(self, name: str) -> None:
        self.do(SendHeartbeat(pool=POOL, agent=name))

    @rule(seconds=st.sampled_from([1, 5, 10, 25, 60, 130]))
    def time_passes(self, seconds: int) -> None:
        self.desk.passes(seconds)
        self.twin.passes(seconds)

    @rule(people=st.lists(staff, min_size=len(AGENTS), max_size=len(AGENTS)))
    def the_configuration_changes(self, people: list[dict[str, Any]]) -> None:
        for desk in (self.desk, self.twin):
            desk.plan, desk.version = _plan(people, self.rules), f"{desk.version}+"
        # work taken under the old rules stays where it is, so the loads start from there
        self.do(presence(AGENTS[0], "away"))
        self.do(presence(AGENTS[0], "online"))

    def judge(self, told: list[Any]) -> None:
        """S4-14, checkers 6: what the facts alone say about holders."""
        for fact in told:
            match fact:
                case WorkOffered():
                    assert self.holders.get(fact.case_id, "") == "", "offered while somebody has it"
                    self.holders[fact.case_id] = fact.agent
                    self.judge_offer(fact)
                case WorkAccepted():
                    assert self.holders[fact.case_id] == fact.agent
                case WorkReturned() | WorkCompleted() | WorkWithdrawn() | WorkTransferred():
                    self.holders.pop(fact.case_id, None)
                case WorkQueued():
                    assert fact.case_id not in self.holders
                case _:
                    pass

    def judge_offer(self, offered: WorkOffered) -> None:
        """Hard skills held, and within capacity, counted afresh from the configuration."""
        who, pool = self.desk.plan.agents[offered.agent], self.desk.pool
        item = pool.items.get(offered.case_id)
        if item is None or item.agent != offered.agent:
            return
        is_named = offered.decision.tie_break == "named"
        for each in item.requirements:
            assert is_named or each.drop_after is not None or who.skills.get(each.skill, 0) >= each.level
        attendance = pool.attendances[offered.agent]
        assert attendance.presence is Presence.ONLINE
        held = [each for each in pool.items.values() if each.agent == offered.agent]
        limit = who.profile.total if attendance.capacity is None else min(attendance.capacity, who.profile.total)
        assert sum(each.weight for each in held) <= limit
        on_channel = sum(each.weight for each in held if each.channel == item.channel)
        assert on_channel <= who.profile.channels[item.channel].at_most
        for channel in {each.channel for each in held}:
            beside = who.profile.channels[channel].beside
            others = sum(each.weight for each in held if each.channel != channel)
            assert beside is None or others <= beside

    @invariant()
    def the_facts_agree_with_the_state(self) -> None:
        if hasattr(self, "desk"):
            state = {case: item.agent for case, item in self.desk.pool.items.items() if item.agent}
            assert state == self.holders

    @invariant()
    def loads_are_the_sums_of_what_is_held(self) -> None:
        for seat in self.seats():
            held = [item for item in self.desk.pool.items.values() if item.agent == seat.agent.agent]
            assert seat.load == sum(item.weight for item in held)
            assert set(seat.held) == {item.case_id for item in held}

    @invariant()
    def nobody_who_could_be_asked_is_left_unasked(self) -> None:
        """Work never waits beside an agent who may take it: no lost wake-up, head of line or not."""
        for item in self.waiting():
            able = [s.agent.agent for s in self.seats() if not reasons_against(s, item, self.desk.now)]
            assert able == [], f"{item.case_id} waits beside {able}"

    @invariant()
    def the_pool_equals_the_one_rebuilt_from_its_documents(self) -> None:
        if hasattr(self, "desk") and self.desk.pool.version:
            rebuilt = self.desk.rebuilt()
            assert list(rebuilt.states()) == list(self.desk.pool.states())
            for name in AGENTS:
                mine, other = self.desk.pool.seat(name), rebuilt.seat(name)
                assert (mine and (mine.load, mine.by_channel)) == (other and (other.load, other.by_channel))
            assert rebuilt.bench.room_counts() == self.desk.pool.bench.room_counts()
            assert sorted(rebuilt.lines.snapshot()) == sorted(self.desk.pool.lines.snapshot())

    @invariant()
    def the_same_log_gives_the_same_facts(self) -> None:
        if hasattr(self, "desk"):
            assert self.desk.log == self.twin.log

    def seats(self) -> list[Seat]:
        return list(self.desk.pool.seats) if hasattr(self, "desk") else []

    def waiting(self) -> list[WorkItem]:
        items = self.desk.pool.items.values() if hasattr(self, "desk") else []
        return [item for item in items if isinstance(item.standing, Waiting)]


def _plan(people: list[dict[str, Any]], rules: dict[str, Any]) -> PoolPlan:
    return plan(*(agent(name, **values) for name, values in zip(AGENTS, people, strict=True)), **rules)


class OracleDesk(Desk):
    """Checks each choice against one made by looking at everybody."""

    def does(self, *commands: WorkCommand) -> list[Any]:
        told: list[Any] = []
        for command in commands:
            before = self.rebuilt() if self.pool.version else None
            told += super().does(command)
            if before is not None:
                self.compare(before, command, told)
        return told

    def compare(self, before: Any, command: WorkCommand, told: list[Any]) -> None:
        """A newly queued item's offer is the least score of all who could take it then."""
        queued = [each for each in of(told, WorkQueued) if each.case_id == getattr(command, "case_id", "")]
        offers = [each for each in of(told, WorkOffered) if queued and each.case_id == queued[0].case_id]
        if not offers or command.case_id in before.items:
            return
        before.put_item(_as_waiting(self.item(command.case_id)))
        item = before.items[offers[0].case_id]
        able = [seat for seat in before.seats if not reasons_against(seat, item, self.now)]
        best = min(able, key=lambda seat: (naive_score(seat, item, self.plan.bands), seat.agent.agent))
        assert offers[0].agent == best.agent.agent


def _as_waiting(item: WorkItem) -> WorkItem:
    return dataclasses.replace(item, standing=Waiting())


def naive_score(seat: Seat, item: WorkItem, bands: int) -> tuple[Any, ...]:
    """The order of choice, written down once more and without any index. Source: semantics.md 5.4."""

    def place(name: str) -> int:
        return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")

    load = sum(each.weight for each in seat.held.values())
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (
        int(load / seat.capacity * bands) if seat.capacity else bands,
        sum(seat.agent.skills[skill] - level for skill, level in item.needed),
        seat.attendance.released_at or epoch,
        (place(seat.agent.agent) - place(item.case_id)) % 2**32,
    )


class Choices(Pool):
    """The same days, each choice checked by an oracle."""

    @initialize(
        people=st.lists(staff, min_size=len(AGENTS), max_size=len(AGENTS)),
        bands=st.integers(1, 4),
        ageing=st.none(),
        wrap_up=st.just(0),
        listed=st.sampled_from([1, 20]),
    )
    def opens(self, people: list[dict[str, Any]], bands: int, ageing: float | None, wrap_up: int, listed: int) -> None:
        super().opens(people=people, bands=bands, ageing=ageing, wrap_up=wrap_up, listed=listed)
        self.desk = OracleDesk(self.desk.plan)
        self.desk.judge = self.judge


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestChoices = Choices.TestCase
TestChoices.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
