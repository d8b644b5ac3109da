"""Laws of a case that moves between pools, over random days with processes killed between."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from caseway.contracts.parts import Actor, Destination, FlowStep
from caseway.contracts.work import (
    WorkAccepted,
    WorkCompleted,
    WorkOffered,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway.contracts.work_commands import (
    AcceptWork,
    CompleteWork,
    DeclineWork,
    QueueWork,
    RaiseWork,
    ReleaseWork,
    SetPresence,
    TakeWork,
    TransferWork,
    WithdrawWork,
)
from caseway.kernel.vocabulary import Presence
from caseway_router.adapters import documents
from tests.router_pools import AGENTS, POOLS, ThreePools

CASES = ("c1", "c2", "c3")
HOME = {"c1": "east", "c2": "east", "c3": "west"}
"""The pool that the edge told first, and goes on addressing."""
SUPERVISOR = Actor(kind="supervisor", id="sue")
cases, pools, agents = st.sampled_from(CASES), st.sampled_from(POOLS), st.sampled_from(sorted(AGENTS))


class Moving(RuleBasedStateMachine):
    """The edge speaks to one pool, people to any; pools read what they are told in any order among each other."""

    @initialize()
    def opens(self) -> None:
        self.desk = ThreePools()
        self.read_count = 0
        self.holders: dict[str, str] = {}
        self.queued_count = 0
        for name, pool in AGENTS.items():
            self.desk.says(SetPresence(pool=pool, agent=name, presence=Presence.ONLINE))
        self.desk.reads_all()

    @rule(case=cases, to=pools, steps=st.booleans())
    def the_edge_queues(self, case: str, to: str, steps: bool) -> None:
        self.queued_count += 1
        flow = (FlowStep(name="on", after_seconds=30, queue=to),) if steps else ()
        self.desk.says(
            QueueWork(
                pool=HOME[case], case_id=case, work_item=f"{case}-{self.queued_count}", queue=HOME[case], steps=flow,
                holder_place=0,
            )
        )  # fmt: skip

    @rule(case=cases, reason=st.sampled_from(["resolved", "customer", "closed", "merged"]))
    def the_edge_withdraws(self, case: str, reason: str) -> None:
        self.desk.says(WithdrawWork(pool=HOME[case], case_id=case, reason=reason))

    @rule(case=cases, reason=st.sampled_from(["closed", "merged"]))
    def it_ends_and_begins_anew_before_others_have_heard(self, case: str, reason: str) -> None:
        self.desk.reads_all()
        self.the_edge_withdraws(case, reason)
        self.the_edge_queues(case, HOME[case], steps=False)
        for _ in range(2):
            self.desk.reads(HOME[case])

    @rule(case=cases, to=pools)
    def the_edge_judges_anew(self, case: str, to: str) -> None:
        self.desk.says(RaiseWork(pool=HOME[case], case_id=case, queue=to, boost=1))

    @rule(case=cases, to=pools, asks=pools, kind=st.sampled_from(["transfer", "withdraw", "department"]))
    def somebody_sends_it(self, case: str, to: str, asks: str, kind: str) -> None:
        for there in self.desk.places(case) or [asks]:
            where = Destination(pool=there, department=f"{to}-department") if kind == "department" else None
            if kind == "withdraw":
                self.desk.says(WithdrawWork(pool=there, case_id=case, to=Destination(pool=to)))
            else:
                given = where or Destination(pool=to, queue=to)
                self.desk.says(TransferWork(pool=there, case_id=case, to=given, reason="elsewhere"))

    @rule(
        case=cases, kind=st.sampled_from([AcceptWork, AcceptWork, AcceptWork, DeclineWork, CompleteWork, ReleaseWork])
    )
    def who_has_it_answers(self, case: str, kind: Any) -> None:
        for agent in self.desk.holders(case):
            self.desk.says(kind(pool=AGENTS[agent], agent=agent, case_id=case))

    @rule(case=cases, agent=agents, kind=st.sampled_from([AcceptWork, TakeWork]), actor=st.none() | st.just(SUPERVISOR))
    def somebody_meddles(self, case: str, agent: str, kind: Any, actor: Actor | None) -> None:
        self.desk.says(kind(pool=AGENTS[agent], agent=agent, case_id=case, actor=actor))

    @rule(agent=agents, presence=st.sampled_from([Presence.ONLINE, Presence.AWAY, Presence.OFFLINE]))
    def somebody_comes_or_goes(self, agent: str, presence: Presence) -> None:
        self.desk.says(SetPresence(pool=AGENTS[agent], agent=agent, presence=presence))

    @rule(pool=pools)
    def a_pool_reads(self, pool: str) -> None:
        self.desk.reads(pool)

    @rule()
    def all_is_read(self) -> None:
        self.desk.reads_all()

    @rule(pool=pools)
    def a_process_is_killed(self, pool: str) -> None:
        self.desk.killed(pool)

    @rule(seconds=st.sampled_from([1, 10, 40, 200, 100_000]))
    def time_passes(self, seconds: int) -> None:
        if seconds > 1_000:  # nobody lags so far behind
            self.desk.reads_all()
        self.desk.passes(seconds)

    @invariant()
    def the_work_of_a_case_is_in_one_pool(self) -> None:
        if hasattr(self, "desk"):
            for case in CASES:
                assert len(self.desk.places(case)) <= 1, f"{case} is in {self.desk.places(case)}"

    @invariant()
    def the_facts_tell_of_one_holder(self) -> None:
        if hasattr(self, "desk"):
            for fact in self.desk.facts[self.read_count :]:
                self.judge(fact)
            self.read_count = len(self.desk.facts)

    def judge(self, fact: Any) -> None:
        match fact:
            case WorkOffered():
                assert fact.case_id not in self.holders, f"offered while {self.holders[fact.case_id]} has it"
                self.holders[fact.case_id] = fact.agent
            case WorkAccepted() | WorkWrappingUp():
                assert self.holders[fact.case_id] == fact.agent
            case WorkReturned() | WorkTransferred() | WorkWithdrawn() | WorkCompleted():
                self.holders.pop(fact.case_id, None)
            case _:
                pass

    @invariant()
    def each_pool_is_as_another_process_would_build_it(self) -> None:
        if hasattr(self, "desk"):
            for pool in POOLS:
                assert documents.digest(self.desk.rebuilt(pool)) == documents.digest(self.desk.pools[pool]), pool

    @invariant()
    def every_offer_of_a_work_item_is_kept(self) -> None:
        """Also those of the pool that it came from."""
        if hasattr(self, "desk"):
            told = {f"{fact.work_item}/{fact.offer_count}" for fact in self.desk.facts if isinstance(fact, WorkOffered)}
            offered = [fact for fact in self.desk.facts if isinstance(fact, WorkOffered)]
            assert len(told) == len(offered), "two offers under one id"
            assert told == {id_ for name, id_ in self.desk.database if name == "decisions"}

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            self.desk.reads_all()


TestMoving = Moving.TestCase
TestMoving.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
