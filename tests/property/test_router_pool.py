"""Laws of a pool, over random days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from caseway.contracts.parts import Actor, Destination, FlowStep
from caseway.contracts.work import (
    AgentPresenceChanged,
    WorkAccepted,
    WorkCompleted,
    WorkExpired,
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
    TakeWork,
    TransferWork,
    WorkCommand,
)
from caseway.kernel.vocabulary import Presence, Priority
from caseway_router.adapters import documents
from caseway_router.domain import roster
from caseway_router.domain.assignment.falling_due import FOLLOWING, open_timers
from caseway_router.domain.items import Held, Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.plan import PoolPlan, QueuePlan, Reserve
from caseway_router.domain.policy import POLICIES
from caseway_router.domain.pool import Pool as MatchedPool
from caseway_router.domain.staff import ChannelLimit, Seat
from tests import router_oracle as oracle
from tests.router_builders import (
    POOL,
    SECOND,
    START,
    Desk,
    accept,
    agent,
    complete,
    decline,
    need,
    plan,
    presence,
    profile,
    queue,
    quietly,
    withdraw,
)

AGENTS = [f"agent-{n}" for n in range(5)]
CASES = [f"case-{n}" for n in range(12)]
COOL_DOWN = 30 * SECOND
SKILLS = ["pl", "en", "orders"]
agents, cases = st.sampled_from(AGENTS), st.sampled_from(CASES)
levels = st.integers(1, 3)
needs = st.lists(
    st.builds(need, st.sampled_from(SKILLS), st.sampled_from([1, 1, 2, 3]), st.sampled_from([None, None, 15.0, 40.0])),
    max_size=2,
)
ROWS_EACH = roster._ROWS_EACH
"""How many orders are kept in memory for each agent; without any, everybody with room is walked through."""
GIFTS = frozenset({"gift"})
which = st.integers(0, 11)
"""Which of those that stand so, counted round."""
PROFILES = [
    profile(5, email=2, chat=ChannelLimit(at_most=200, quiet=0), phone=ChannelLimit(at_most=100, beside=0)),
    profile(
        4,
        email=ChannelLimit(at_most=400, quiet=50, wrap_up=0),
        chat=1,
        phone=ChannelLimit(at_most=200, beside=100, rings=1),
    ),
    profile(1, email=ChannelLimit(at_most=100, quiet=25)),
]
staff = st.builds(
    lambda skills, which, queues, interests: {
        "skills": skills,
        "profile": PROFILES[which],
        "queues": queues,
        "interests": interests,
    },
    st.dictionaries(st.sampled_from(SKILLS), levels, min_size=1),
    st.integers(0, 2),
    st.sampled_from([None, None, frozenset({"mail"})]),
    st.sampled_from([frozenset(), frozenset(), frozenset({"gift"})]),
)
SUPERVISOR = Actor(kind="supervisor", id="sue")
RESERVES = (Reserve(name="pl+en", skills={"pl": 1, "en": 1}, keep_count=1, needed_for=frozenset({"en"})),)
both_skills = st.tuples(
    st.builds(need, st.just("pl"), st.integers(1, 2)), st.builds(need, st.just("en"), st.integers(1, 2))
).map(list)
"""What only the better half may take, and where a surplus of one skill stands against that of the other."""
crowds = st.one_of(
    st.lists(staff, min_size=len(AGENTS), max_size=len(AGENTS)),
    # people who are alike: then promises, interests, idleness and the ring decide
    st.lists(staff, min_size=1, max_size=2).map(lambda kinds: [kinds[n % len(kinds)] for n in range(len(AGENTS))]),
    st.builds(lambda one: [{**one, "interests": GIFTS if n % 2 else frozenset()} for n in range(len(AGENTS))], staff),
)
some_agents = st.lists(agents, max_size=2, unique=True).map(tuple)


flows = st.lists(
    st.builds(
        FlowStep,
        name=st.just("next"),
        after_seconds=st.sampled_from([5.0, 20.0, 60.0]),
        queue=st.sampled_from([None, "calls", "mail"]),
        requirements=st.none() | needs.map(tuple),
        priority=st.none() | st.sampled_from(Priority),
        is_early=st.booleans(),
        frees_named=st.booleans(),
    ),
    max_size=2,
).map(tuple)
GIVEN_UP = {"declined", "expired", "released"}
"""Why work comes back that its agent shall not have again for a while."""
BY_HAND = {"named", "taken", "assigned"}
"""Why an offer was made by a person, beyond what matching would allow."""


class Pool(RuleBasedStateMachine):
    """Commands and time in any order; after each, every law holds."""

    @initialize(
        people=crowds,
        bands=st.integers(1, 4),
        ageing=st.sampled_from([None, 60.0]),
        wrap_up=st.sampled_from([0, 10]),
        listed=st.sampled_from([1, 2, 20]),
        policy=st.sampled_from(["even", "even", *POLICIES]),
        reserves=st.sampled_from([(), RESERVES]),
        counted_whole=st.sampled_from([0, 40]),
        looked_at_one_by_one=st.sampled_from([0, 0, 2, 64]),
        by_arrival=st.sampled_from([True, True, False]),
        rows_each=st.sampled_from([0, ROWS_EACH]),
    )
    def opens(self, people: list[dict[str, Any]], bands: int, wrap_up: int, listed: int, **other: Any) -> None:
        roster._ROWS_EACH = other["rows_each"]
        ageing = other["ageing"]
        rules = {
            "policy": other["policy"],
            "reserves": other["reserves"],
            "counted_whole": other["counted_whole"],
            "looked_at_one_by_one": other["looked_at_one_by_one"],
            "bands": bands,
            "ageing": None if ageing is None else ageing * SECOND,
            "wrap_up": {"email": wrap_up * SECOND},
            "cool_down": COOL_DOWN,
            "queues": {
                "mail": QueuePlan(name="mail"),
                "calls": QueuePlan(name="calls", by_arrival=other["by_arrival"], offer_for=10 * SECOND),
            },
            "listed_count": listed,
            "class_ranks": {"data_protection": 0},
        }
        self.desk = Desk(_plan(people, rules))
        self.desk.pool = WatchedPool(self)
        self.twin = Desk(_plan(people, rules))
        self.desk.judge = self.judge
        self.people, self.rules = people, rules
        self.holders: dict[str, str] = {}
        self.cool_downs: dict[str, dict[str, dt.datetime]] = {}
        """By case and agent, until when it is kept from them, as the facts tell."""
        self.entered: dict[str, dt.datetime] = {}
        """By case, since when it waits: its age counts from there, however often it returns."""
        self.present: dict[str, Presence] = {}
        self.missed: dict[str, int] = {}
        """By agent, how many offers in a row they let run out."""
        self.released: dict[str, dt.datetime] = {}
        """By agent, when they last let work go."""
        self.asked: dict[str, dt.datetime] = {}
        """By agent, when they were last asked."""
        self.expected: dict[tuple[str, int], dict[str, Any]] = {}
        """By case and offer, what the oracle says just before it is made."""
        self.excused: set[str] = set()
        """Agents who may hold more than their capacity, for a reason that the facts tell."""
        for name in AGENTS:
            self.do(presence(name))

    by_hand = False
    """Whether a person chooses, and not the policy."""

    def do(self, command: WorkCommand) -> None:
        self.by_hand = isinstance(command, TakeWork) or (isinstance(command, TransferWork) and bool(command.to.agent))
        quietly(self.desk, command)
        quietly(self.twin, command)

    @rule(
        name=agents,
        status=st.sampled_from(["online"] * 4 + ["busy", "wrap_up", "handing_over", "offline"]),
        closed=st.sampled_from([None, None, "email", "chat"]),
    )
    def be_present(self, name: str, status: str, closed: str | None) -> None:
        self.do(presence(name, status, channels={closed: False} if closed else {}))

    @rule(name=agents, capacity=st.sampled_from([0, 1, 2.5]))
    def limit_oneself(self, name: str, capacity: float) -> None:
        self.do(presence(name, capacity=capacity))

    @rule(
        case=cases,
        asks=needs | both_skills,
        channel=st.sampled_from(["email", "email", "chat", "phone"]),
        priority=st.sampled_from(Priority),
        weight=st.sampled_from([1, 1, 0.5, 2]),
        to=st.sampled_from(["mail", "calls"]),
        class_=st.sampled_from([None, None, "data_protection"]),
        age=st.integers(0, 90),
        named_agent=st.sampled_from([None] * 6 + AGENTS + ["nobody"]),
        preferred_agents=some_agents,
        excluded_agents=st.just(()) | some_agents,
        tags=st.sampled_from([(), ("gift",)]),
        slack=st.sampled_from([None, 30, 300]),
        steps=flows,
    )
    def need_somebody(self, case: str, asks: list[Any], age: int, to: str, slack: int | None, **other: Any) -> None:
        entered, due_at = self.desk.now - age * SECOND, None if slack is None else self.desk.now + slack * SECOND
        self.do(queue(case, *asks, queue=to, queue_entered_at=entered, slack_due_at=due_at, **other))

    def one_that_is(self, standing: type, which: int) -> tuple[str, str]:
        """A case that stands so, and who has it; one that nobody knows where there is none."""
        there = sorted(case for case, item in self.desk.pool.items.items() if isinstance(item.standing, standing))
        case = there[which % len(there)] if there else "nowhere"
        return self.desk.holder(case) or AGENTS[0], case

    @rule(which=which)
    def accepts(self, which: int) -> None:
        self.do(accept(*self.one_that_is(Offered, which)))

    @rule()
    def everything_is_accepted(self) -> None:
        for _ in range(len(CASES)):
            self.do(accept(*self.one_that_is(Offered, 0)))

    @rule(which=which)
    def declines(self, which: int) -> None:
        self.do(decline(*self.one_that_is(Offered, which)))

    @rule(which=which)
    def completes(self, which: int) -> None:
        self.do(complete(*self.one_that_is(Held, which)))

    @rule(which=which, again=st.booleans())
    def the_customer_is_asked(self, which: int, again: bool) -> None:
        _, case = self.one_that_is(Held, which)
        self.do(withdraw(case, "customer"))
        if again:
            self.do(queue(case, channel="chat", work_item="again"))

    @rule(which=which, kind=st.sampled_from([ReleaseWork, StartWork]))
    def go_on(self, which: int, kind: Any) -> None:
        name, case = self.one_that_is(Held, which)
        self.do(kind(pool=POOL, agent=name, case_id=case))

    @rule(which=which)
    def finishes(self, which: int) -> None:
        name, case = self.one_that_is(WrappingUp, which)
        self.do(FinishWrapUp(pool=POOL, agent=name, case_id=case))

    @rule(name=agents, case=cases, kind=st.sampled_from([accept, decline, complete]))
    def meddle(self, name: str, case: str, kind: Any) -> None:
        self.do(kind(name, case))

    @rule(name=agents, case=cases, actor=st.sampled_from([None, SUPERVISOR]))
    def takes(self, name: str, case: str, actor: Actor | None) -> None:
        self.do(TakeWork(pool=POOL, agent=name, case_id=case, actor=actor))

    @rule(case=cases, reason=st.sampled_from(["resolved", "merged", "customer", "customer"]))
    def withdraws(self, case: str, reason: str) -> None:
        self.do(withdraw(case, reason))

    @rule(case=cases, priority=st.sampled_from(Priority), asks=st.none() | needs)
    def judge_anew(self, case: str, priority: Priority, asks: list[Any] | None) -> None:
        self.do(
            RaiseWork(
                pool=POOL, case_id=case, priority=priority, requirements=None if asks is None else tuple(asks), boost=1
            )
        )

    @rule(
        asks=st.lists(needs, min_size=6, max_size=6),
        priorities=st.lists(st.sampled_from(Priority), min_size=6, max_size=6),
        channel=st.sampled_from(["email", "chat", "phone"]),
        to=st.sampled_from(["mail", "calls", "calls"]),
        tags=st.sampled_from([(), ("gift",)]),
        ages=st.lists(st.sampled_from([0, 30, 90, 200]), min_size=6, max_size=6),
    )
    def a_rush(self, asks: list[list[Any]], priorities: list[Priority], ages: list[int], to: str, **other: Any) -> None:
        for case, wanted, priority, age in zip(CASES[6:], asks, priorities, ages, strict=True):
            entered = self.desk.now - age * SECOND
            self.do(queue(case, *wanted, queue=to, priority=priority, queue_entered_at=entered, **other))

    @rule(asks=needs | both_skills, promises=st.lists(st.sampled_from([None, 30, 60]), min_size=12, max_size=12))
    def everybody_writes(self, asks: list[Any], promises: list[int | None]) -> None:
        """More work than all can take, alike but for its promises; then it is worked off by turns."""
        for case, promise in zip(CASES, promises, strict=True):
            self.do(queue(case, *asks, slack_due_at=None if promise is None else self.desk.now + promise * SECOND))

    @rule(rests=st.booleans())
    def what_is_held_goes_on(self, rests: bool) -> None:
        """All that is held is asked back about, or done: one after the other, a second each."""
        for case, name in sorted(self.holders.items()):
            self.do(accept(name, case))
            self.do(withdraw(case, "customer") if rests else complete(name, case))
            self.time_passes(1)

    @rule(asks=needs, fresh=st.booleans())
    def all_chats_rest_and_come_back(self, asks: list[Any], fresh: bool) -> None:
        """Quiet ones weigh little, so that more are taken; when all revive, agents are beyond their limits, also where
        one channel alone is, and a mail would have room.
        """
        for case in CASES[:8] if fresh else ():
            self.do(withdraw(case, "merged"))
            self.do(queue(case, channel="chat"))
        for wakes in (False, False, True):
            for case in sorted(self.holders):
                self.do(accept(self.holders[case], case))
                self.do(queue(case, channel="chat", work_item="again") if wakes else withdraw(case, "customer"))
        self.do(queue(CASES[-1], *asks))

    @rule(case=cases, to=st.sampled_from(["mail", "calls"]), name=st.none() | agents)
    def transfers(self, case: str, to: str, name: str | None) -> None:
        self.do(TransferWork(pool=POOL, case_id=case, to=Destination(pool=POOL, queue=to, agent=name)))

    @rule(which=which)
    def who_holds_work_goes_home(self, which: int) -> None:
        """Without a word: others get it after a while."""
        name, _ = self.one_that_is(Held, which)
        self.do(presence(name, "offline"))
        self.time_passes(130)
        assert name not in self.holders.values(), f"{name} went home with work"
        self.do(presence(name))

    @rule(name=agents)
    def heartbeats(self, name: str) -> None:
        self.do(SendHeartbeat(pool=POOL, agent=name))

    @rule(seconds=st.sampled_from([1, 5, 10, 25, 60, 130]))
    def time_passes(self, seconds: int) -> None:
        self.by_hand = False
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
            self.excused |= {fact.agent} if getattr(fact, "overload", False) else set()
            self.judge_holder(fact)
            self.judge_agent(fact)

    def judge_holder(self, fact: Any) -> None:
        match fact:
            case WorkQueued():
                assert fact.case_id not in self.holders
                self.entered[fact.case_id] = fact.queue_entered_at
            case WorkOffered():
                assert self.holders.get(fact.case_id, "") == "", "offered while somebody has it"
                self.holders[fact.case_id] = fact.agent
                self.judge_offer(fact)
            case WorkAccepted():
                assert self.holders[fact.case_id] == fact.agent
            case WorkReturned(agent=giver, cool_down_until=until):
                assert fact.reason not in GIVEN_UP or until == fact.at + COOL_DOWN
                assert fact.queue_entered_at == self.entered[fact.case_id]
                self.holders.pop(fact.case_id, None)
                self.cool_downs.setdefault(fact.case_id, {})[giver or ""] = until or fact.at
            case WorkTransferred(agent=giver):
                self.holders.pop(fact.case_id, None)
                # whoever takes it from somebody does not keep it from them
                if giver is not None and fact.reason != "taken":
                    self.cool_downs.setdefault(fact.case_id, {})[giver] = fact.at + COOL_DOWN
            case WorkCompleted() | WorkWithdrawn():
                self.holders.pop(fact.case_id, None)
                self.cool_downs.pop(fact.case_id, None)
            case _:
                pass

    def judge_agent(self, fact: Any) -> None:
        """What the facts alone say about who is there, whose turn it is, and who does not answer."""
        match fact:
            case AgentPresenceChanged():
                self.present[fact.agent] = fact.presence
                self.missed |= {} if fact.reason == "overload" else {fact.agent: 0}
            case WorkOffered():
                self.asked[fact.agent] = fact.at
            case WorkAccepted():
                self.missed[fact.agent] = 0
            case WorkExpired():
                self.missed[fact.agent] = self.missed.get(fact.agent, 0) + 1
                assert fact.missed_count == self.missed[fact.agent]
            case WorkReturned() | WorkTransferred() | WorkCompleted() | WorkWithdrawn():
                self.released |= {fact.agent: fact.at} if fact.agent else {}
            case _:
                pass

    def judge_offer(self, offered: WorkOffered) -> None:
        """The whole explanation is the oracle's; hard skills held, nobody absent or excluded is asked."""
        expected = self.expected.pop((offered.case_id, offered.offer_count), None)
        if expected is not None:
            told = {name: getattr(offered.decision, name) for name in expected}
            told["candidates"] = [(each.agent, each.failed, each.score) for each in offered.decision.candidates]
            wrong = {name: (told[name], each) for name, each in expected.items() if told[name] != each}
            assert not wrong, f"{offered.case_id}, told and expected: {wrong}"
        who, pool = self.desk.plan.agents[offered.agent], self.desk.pool
        assert pool.attendances[offered.agent].presence is not Presence.OFFLINE, "given to who is gone"
        item = pool.items.get(offered.case_id)
        if item is None or item.agent != offered.agent or offered.decision.tie_break in BY_HAND:
            return
        for each in item.requirements:
            assert each.drop_after is not None or who.skills.get(each.skill, 0) >= each.level
        assert offered.agent not in item.excluded
        assert pool.attendances[offered.agent].presence is Presence.ONLINE

    @invariant()
    def the_facts_agree_with_the_state(self) -> None:
        if hasattr(self, "desk"):
            state = {case: item.agent for case, item in self.desk.pool.items.items() if item.agent}
            assert state == self.holders

    @invariant()
    def what_cools_down_is_what_the_facts_say(self) -> None:
        if hasattr(self, "desk"):
            for case, item in self.desk.pool.items.items():
                told = {who for who, until in self.cool_downs.get(case, {}).items() if until > self.desk.now}
                assert oracle.cooling(item, self.desk.now) == told, f"{case} at {self.desk.now}"

    @invariant()
    def agents_stand_as_the_facts_say(self) -> None:
        """Semantics 5.6: idle since they last let work go; whose turn it is survives all coming and going."""
        for seat in self.seats():
            name, attendance = seat.agent.agent, seat.attendance
            assert attendance.presence is self.present[name]
            assert attendance.released_at == self.released.get(name)
            assert self.desk.plan.policy != "rotation" or attendance.offered_at == self.asked.get(name)
            assert attendance.presence is not Presence.ONLINE or self.missed.get(name, 0) < self.desk.plan.missed_limit

    @invariant()
    def what_is_due_happened(self) -> None:
        """Nothing that has an end outlives it."""
        if hasattr(self, "desk"):
            plan_, now = self.desk.plan, self.desk.now
            for item in self.desk.pool.items.values():
                attendance = self.desk.pool.attendances.get(item.agent)
                match item.standing:
                    case Offered(expires_at=until) | WrappingUp(ends_at=until):
                        assert until > now
                    case Held() if attendance is not None and attendance.presence is Presence.OFFLINE:
                        assert attendance.since + plan_.return_after > now
                    case _:
                        pass
            for attendance in self.desk.pool.attendances.values():
                if attendance.heard_at is not None and attendance.presence is not Presence.OFFLINE:
                    # a heartbeat within half the time of one that was written down is not written down
                    assert attendance.heard_at + 1.5 * plan_.silent_after > now

    @invariant()
    def loads_are_the_sums_of_what_is_held(self) -> None:
        for seat in self.seats():
            held = [item for item in self.desk.pool.items.values() if item.agent == seat.agent.agent]
            assert seat.load == sum(oracle.cost(seat.agent, item) for item in held)
            assert set(seat.held) == {item.case_id for item in held}

    @invariant()
    def nobody_holds_more_than_they_may(self) -> None:
        """S4-14: in all and by channel, at every step, but for what the facts call overload."""
        for seat in self.seats():
            agent, limits = seat.agent.agent, seat.agent.profile.channels
            held = [item for item in self.desk.pool.items.values() if item.agent == agent]
            own = seat.attendance.capacity
            total = seat.agent.profile.total if own is None else min(own, seat.agent.profile.total)
            on = {name: sum(oracle.cost(seat.agent, each) for each in held if each.channel == name) for name in limits}
            beside = {name: sum(on.values()) - load for name, load in on.items() if load}
            within = sum(on.values()) <= total and all(
                on[name] <= limit.at_most and (limit.beside is None or beside.get(name, 0) <= limit.beside)
                for name, limit in limits.items()
            )
            if within:
                self.excused.discard(agent)
            assert agent in self.excused or within, f"{agent} holds {on} of {total}, and nobody says so"

    @invariant()
    def nobody_who_could_be_asked_is_left_unasked(self) -> None:
        """Work never waits beside an agent who may take it: no lost wake-up, head of line or not."""
        for item in self.waiting():
            now = self.desk.now
            able = [each.name for each in oracle.people(self.desk.pool) if not oracle.reasons(each, item, now)]
            assert able == [], f"{item.case_id} waits beside {able}"

    @invariant()
    def the_pool_equals_the_one_rebuilt_from_its_documents(self) -> None:
        if hasattr(self, "desk") and self.desk.pool.version:
            rebuilt = self.desk.rebuilt()
            assert documents.digest(rebuilt) == documents.digest(self.desk.pool)
            assert list(rebuilt.states()) == list(self.desk.pool.states())
            armed = {key: due for key, due in self.desk.timers.items() if due.kind in FOLLOWING}
            assert {due.key: due for due in open_timers([rebuilt])} == armed
            for name in AGENTS:
                mine, other = self.desk.pool.seat(name), rebuilt.seat(name)
                assert (mine and (mine.load, mine.by_channel)) == (other and (other.load, other.by_channel))
            for channel in ("email", "chat", "phone"):
                assert rebuilt.bench.count(channel) == self.desk.pool.bench.count(channel)
            assert sorted(rebuilt.lines.snapshot()) == sorted(self.desk.pool.lines.snapshot())

    @invariant()
    def the_same_log_gives_the_same_facts(self) -> None:
        if hasattr(self, "desk"):
            assert self.desk.log == self.twin.log
            assert documents.digest(self.desk.pool) == documents.digest(self.twin.pool)

    def teardown(self) -> None:
        roster._ROWS_EACH = ROWS_EACH

    def seats(self) -> list[Seat]:
        return list(self.desk.pool.seats) if hasattr(self, "desk") else []

    def waiting(self) -> list[WorkItem]:
        items = self.desk.pool.items.values() if hasattr(self, "desk") else []
        return [item for item in items if isinstance(item.standing, Waiting)]


def _plan(people: list[dict[str, Any]], rules: dict[str, Any]) -> PoolPlan:
    return plan(*(agent(name, **values) for name, values in zip(AGENTS, people, strict=True)), **rules)


class WatchedPool(MatchedPool):
    """Checks each choice, at the moment it is made, against one made by looking at everybody and everything."""

    def __init__(self, machine: Pool) -> None:
        super().__init__(POOL)
        self.machine = machine

    def put_item(self, item: WorkItem) -> None:
        before = self.items.get(item.case_id)
        if before is not None and isinstance(item.standing, Offered) and isinstance(before.standing, Waiting):
            self.compare(before, item.standing.agent)
        super().put_item(item)

    def compare(self, item: WorkItem, chosen: str) -> None:
        now = self.machine.desk.now
        there = {each.name: each for each in oracle.people(self)}
        if oracle.reasons(there[chosen], item, now):
            assert self.machine.by_hand, "offered to somebody who may not have it"
            return
        if self.machine.by_hand:
            return
        expected = oracle.explanation(self, item, now)
        assert chosen == expected["chosen"], f"{item.case_id}: {chosen}, not {expected['chosen']}"
        self.machine.expected[item.case_id, item.offer_count + 1] = expected
        self.compare_work(item, there[chosen], now)

    def compare_work(self, item: WorkItem, person: oracle.Person, now: Any) -> None:
        """Head of line: nothing that waits, and that the chosen could take, is more urgent."""
        urgency = oracle.urgency(self.plan, item)
        for other in self.items.values():
            if isinstance(other.standing, Waiting) and oracle.urgency(self.plan, other) < urgency:
                why_not = oracle.reasons(person, other, now)
                assert other.cool_downs or why_not, f"{other.case_id} goes before {item.case_id}"


ranks = st.integers(0, 3)
entries = st.integers(0, 10_000)


@given(ranks, ranks, entries, entries, st.integers(1, 3_000), st.integers(0, 9_999), st.integers(0, 9_999))
def test_with_ageing_nobody_starves(
    rank: int, other: int, at: int, later: int, worth: int, due: int, sooner: int
) -> None:
    """Whatever comes later than the difference in rank is worth goes behind, however urgent its promise is."""
    rules = plan(ageing=worth * SECOND)

    def item(case: str, rank: int, at: int, due: int) -> WorkItem:
        when, due_at = START + at * SECOND, START + due * SECOND
        return WorkItem(
            work_item=case,
            case_id=case,
            pool=POOL,
            queue="mail",
            channel="email",
            queued_at=when,
            priority=rank,
            slack_due_at=due_at,
        )

    waits, comes = item("a", rank, at, due), item("b", other, later, sooner)
    if later - at > (other - rank + 0.25) * worth:
        assert rules.urgency(waits) < rules.urgency(comes)


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=70, stateful_step_count=40, deadline=None)


class TestLongDays(Pool.TestCase):  # type: ignore[misc, name-defined]
    """The same laws over thousands of days."""

    settings = settings(max_examples=3_000, stateful_step_count=80, deadline=None)


TestLongDays = pytest.mark.slow(TestLongDays)  # type: ignore[misc]
