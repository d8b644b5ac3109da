"""Work that rests, that is taken, and that goes elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from caseway.contracts.case_commands import EscalateToDepartment
from caseway.contracts.parts import Actor, Destination, FlowStep
from caseway.contracts.work import (
    AgentPresenceChanged,
    WorkAccepted,
    WorkOffered,
    WorkQueued,
    WorkQuieted,
    WorkRaised,
    WorkRefused,
    WorkReturned,
    WorkRevived,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway.contracts.work_commands import QueueWork, RaiseWork, TakeWork, TransferWork, WithdrawWork
from caseway.contracts.work_notices import WorkPostponed
from caseway.kernel.errors import Superseded
from caseway.kernel.vocabulary import Priority
from caseway_router.domain.plan import PoolPlan
from caseway_router.domain.staff import ChannelLimit, Profile
from tests.router_builders import (
    POOL,
    SECOND,
    START,
    Desk,
    accept,
    agent,
    complete,
    need,
    of,
    only,
    plan,
    presence,
    profile,
    queue,
    quietly,
    withdraw,
    words,
)

SUPERVISOR = Actor(kind="supervisor", id="sue")


def conversations(total: float = 1, quiet: int = 0, wrap_up: int = 100) -> Profile:
    """Takes chats, which weigh less while the customer is asked."""
    return profile(total, chat=ChannelLimit(at_most=round(total * 100), quiet=quiet, wrap_up=wrap_up))


def chat(case: str, **other: Any) -> QueueWork:
    return queue(case, channel="chat", **other)


def take(name: str, case: str, **other: Any) -> TakeWork:
    return TakeWork(pool=POOL, agent=name, case_id=case, **other)


def transfer(case: str, reason: str = "", **to: Any) -> TransferWork:
    return TransferWork(pool=POOL, case_id=case, to=Destination(**{"pool": POOL, **to}), reason=reason)


class TestTurns:
    """Semantics 5.5: a conversation weighs less while the customer is asked, and may come back beyond capacity."""

    def desk(self) -> Desk:
        desk = Desk(plan(agent("ada", profile=conversations())))
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"), chat("c2"))
        return desk

    def test_resting_it_makes_room_for_the_next(self) -> None:
        desk = self.desk()
        told = desk.does(withdraw("c1", "customer"))
        assert words(told) == ["quieted c1", "offered c2"]
        quieted = only(told, WorkQuieted)
        assert (quieted.agent, quieted.weight, quieted.load) == ("ada", 0, 0)
        assert desk.holder("c1") == "ada"

    def test_returning_it_is_overload_and_blocks_what_is_new(self) -> None:
        desk = self.desk()
        desk.does(withdraw("c1", "customer"), accept("ada", "c2"))
        revived = only(desk.does(chat("c1", work_item="second")), WorkRevived)
        assert (revived.weight, revived.load, revived.overload) == (1, 2, True)
        assert of(desk.does(chat("c3"), complete("ada", "c2")), WorkOffered) == []
        assert words(desk.does(complete("ada", "c1"))) == ["completed c1", "offered c3", "queued c1"]

    def test_within_capacity_it_is_no_overload(self) -> None:
        desk = Desk(plan(agent("ada", profile=conversations())))
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"), withdraw("c1", "customer"))
        assert not only(desk.does(chat("c1")), WorkRevived).overload

    def test_what_weighs_the_same_is_not_told(self) -> None:
        desk = Desk(plan(agent("ada", profile=conversations(quiet=100))))
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"))
        assert desk.does(withdraw("c1", "customer")) == []
        assert desk.does(chat("c1")) == []

    def test_whoever_wraps_up_may_have_room_already(self) -> None:
        profiled = conversations(wrap_up=0)
        desk = Desk(plan(agent("ada", profile=profiled), wrap_up={"chat": 30 * SECOND}))
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"), chat("c2"))
        assert words(desk.does(complete("ada", "c1"))) == ["wrapping-up c1", "offered c2"]

    def test_turns_survive_a_restart(self) -> None:
        desk = self.desk()
        desk.does(withdraw("c1", "customer"))
        assert list(desk.rebuilt().states()) == list(desk.pool.states())
        seat, again = desk.pool.seat("ada"), desk.rebuilt().seat("ada")
        assert seat is not None
        assert again is not None
        assert seat.load == again.load == 100

    def test_what_customers_wrote_or_are_is_not_kept(self) -> None:
        """S4-05: erasing is easy where nothing stands."""
        desk = self.desk()
        desk.does(chat("c1", customer="customer-9", attributes={"phone": "555-0100"}, context="was angry"))
        kept = b"".join(desk.written.values())
        assert not any(secret in kept for secret in (b"customer-9", b"555-0100", b"was angry"))


class TestTaking:
    """S1-47: supervisors reassign and take; agents help themselves to what waits."""

    def desk(self, **rules: Any) -> Desk:
        desk = Desk(plan(agent("ada", {"en": 1}), agent("ben", {"en": 1}, profile=profile(1, email=1)), **rules))
        desk.does(presence("ada", "away"), presence("ben", "away"))
        return desk

    def test_an_agent_takes_what_waits(self) -> None:
        desk = Desk(plan(agent("ada", {"en": 1}), cool_down=600 * SECOND))
        desk.does(presence("ada"), queue("c1"))
        desk.passes(20)
        assert desk.holder("c1") == ""
        told = desk.does(take("ada", "c1"))
        assert words(told) == ["offered c1", "accepted c1"]
        assert only(told, WorkOffered).decision.tie_break == "taken"
        assert not only(told, WorkAccepted).automatic
        assert of(desk.passes(60), WorkOffered) == []

    @pytest.mark.parametrize(
        ("command", "reason"),
        [
            (take("ada", "needs-de"), "skill:de"),
            (take("ada", "excludes"), "excluded"),
            (take("ben", "held"), "is_held"),
            (take("zed", "needs-de"), "unknown_agent"),
            (take("cyd", "needs-de"), "absent"),
            (take("ada", "nowhere"), "gone"),
            (take("ada", "needs-de", work_item="an-earlier-one"), "gone"),
        ],
    )
    def test_what_an_agent_may_not_take_is_refused(self, command: TakeWork, reason: str) -> None:
        desk = Desk(plan(agent("ada", {"en": 1}), agent("ben"), agent("cyd")))
        desk.does(presence("ada"), queue("held"), accept("ada", "held"), presence("ben"))
        desk.does(queue("needs-de", need("de")), queue("excludes", excluded_agents=("ada", "ben")))
        before = list(desk.pool.states())
        assert only(desk.does(command), WorkRefused).reason == reason
        assert list(desk.pool.states()) == before

    def test_a_full_agent_may_not_take_more_but_a_supervisor_may_and_it_is_overload(self) -> None:
        desk = Desk(plan(agent("ben", profile=profile(1, email=1))))
        desk.does(presence("ben"), queue("c1"), accept("ben", "c1"), queue("c2"))
        assert only(desk.does(take("ben", "c2")), WorkRefused).reason == "capacity"
        assert only(desk.does(take("ben", "c2", actor=SUPERVISOR)), WorkAccepted).overload
        assert of(desk.does(queue("c3"), complete("ben", "c1")), WorkOffered) == []

    def test_a_supervisor_takes_from_whoever_has_it(self) -> None:
        desk = Desk(plan(agent("ada"), agent("sue", profile=profile(1, chat=1))))
        desk.does(presence("ada"), presence("sue", "busy"), queue("c1"), accept("ada", "c1"))
        told = desk.does(take("sue", "c1", actor=SUPERVISOR, reason="complaint"))
        assert words(told) == ["transferred c1", "offered c1", "accepted c1"]
        assert (only(told, WorkTransferred).agent, only(told, WorkTransferred).reason) == ("ada", "complaint")
        seat = desk.pool.seat("ada")
        assert seat is not None
        assert (desk.holder("c1"), seat.load) == ("sue", 0)

    @pytest.mark.parametrize("status", ["offline", "away", "busy"])
    def test_a_supervisor_gives_nothing_to_who_is_not_there(self, status: str) -> None:
        """It would lie with them: nobody expects them back."""
        desk = Desk(plan(agent("ada")))
        desk.does(presence("ada"), presence("ada", status), queue("c1"))
        assert only(desk.does(take("ada", "c1", actor=SUPERVISOR)), WorkRefused).reason == "absent"

    def test_whoever_went_home_takes_nothing(self) -> None:
        desk = Desk(plan(agent("sue")))
        desk.does(presence("sue"), presence("sue", "offline"), queue("c1"))
        assert only(desk.does(take("sue", "c1", actor=SUPERVISOR)), WorkRefused).reason == "absent"

    def test_taking_ones_own_offer_is_accepting_it_and_what_one_holds_is_held_already(self) -> None:
        desk = Desk(plan(agent("ada")))
        desk.does(presence("ada"), queue("c1"))
        assert words(desk.does(take("ada", "c1"))) == ["accepted c1"]
        with pytest.raises(Superseded):
            desk.does(take("ada", "c1"))

    def test_a_supervisor_gives_more_than_capacity_but_nothing_to_who_is_not_there(self) -> None:
        desk = Desk(plan(agent("ada"), agent("ben", profile=profile(1, email=1))))
        desk.does(presence("ben"), queue("c1"), accept("ben", "c1"), presence("ada"), queue("c2"), accept("ada", "c2"))
        command = transfer("c2", agent="ben")
        assert only(desk.does(command), WorkRefused).reason == "no_room"
        desk.does(presence("ben", "away"))
        by_supervisor = command.model_copy(update={"actor": SUPERVISOR})
        assert only(desk.does(by_supervisor), WorkRefused).reason == "absent"
        desk.does(presence("ben"))
        assert only(desk.does(by_supervisor), WorkOffered).agent == "ben"
        assert only(desk.does(accept("ben", "c2")), WorkAccepted).overload


class TestOverload:
    """S4-14: what is beyond capacity is said where it begins, and nothing new comes."""

    def test_what_rested_and_weighs_more_while_it_is_written_up(self) -> None:
        rules = plan(agent("ada", profile=conversations(quiet=0)), wrap_up={"chat": 60 * SECOND})
        desk = Desk(rules)
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"), withdraw("c1", "customer"))
        desk.does(chat("c2"), accept("ada", "c2"))
        told = only(desk.does(withdraw("c1")), WorkWrappingUp)
        assert (told.weight, told.load, told.overload) == (1.0, 2.0, True)
        assert desk.does(complete("ada", "c2"), chat("c3")) != []
        assert desk.holder("c3") == "", "both are being written up"
        desk.passes(61)
        assert desk.holder("c3") == "ada"

    def test_what_is_written_up_within_capacity(self) -> None:
        desk = Desk(plan(agent("ada", profile=conversations(wrap_up=50)), wrap_up={"chat": 60 * SECOND}))
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"))
        told = only(desk.does(complete("ada", "c1")), WorkWrappingUp)
        assert (told.weight, told.load, told.overload) == (0.5, 0.5, False)

    def test_what_a_supervisor_gives_is_marked_from_the_offer_on(self) -> None:
        desk = Desk(plan(agent("ada"), agent("ben", profile=profile(1, email=1))))
        desk.does(presence("ben"), queue("c1"), accept("ben", "c1"), presence("ada"), queue("c2"), accept("ada", "c2"))
        told = desk.does(transfer("c2", agent="ben").model_copy(update={"actor": SUPERVISOR}))
        assert only(told, WorkOffered).overload

    def test_who_wants_to_hold_less_than_they_do(self) -> None:
        desk = Desk(plan(agent("ada")))
        desk.does(presence("ada"), queue("c1"), accept("ada", "c1"), queue("c2"), accept("ada", "c2"))
        told = only(desk.does(presence("ada", capacity=1)), AgentPresenceChanged)
        assert (told.load, told.capacity, told.overload) == (2.0, 1.0, True)

    def test_a_conversation_that_comes_back_beside_an_exclusive_call(self) -> None:
        """Within the total, and still more than the call allows beside it."""
        limits = {"phone": ChannelLimit(at_most=100, beside=0), "chat": ChannelLimit(at_most=200, quiet=0)}
        desk = Desk(plan(agent("ada", profile=profile(3, **limits))))
        desk.does(presence("ada"), chat("c1"), accept("ada", "c1"), withdraw("c1", "customer"))
        desk.does(queue("c2", channel="phone"), accept("ada", "c2"))
        assert only(desk.does(chat("c1", work_item="again")), WorkRevived).overload
        assert words(desk.does(chat("c3"))) == ["queued c3"]


class TestElsewhere:
    RULES: PoolPlan = plan(agent("ada"), departments={"warehouse": "returns", "shops": "calls"})

    def desk(self) -> Desk:
        desk = Desk(self.RULES)
        desk.does(presence("ada"), queue("c1", tags=("gift",), language="pl", number=7), accept("ada", "c1"))
        return desk

    def test_to_a_department_of_this_pool(self) -> None:
        """S4-11."""
        transferred = only(self.desk().does(transfer("c1", department="shops", reason="theirs")), WorkTransferred)
        assert (transferred.queue, transferred.to.department, transferred.reason) == ("calls", "shops", "theirs")

    def test_to_a_department_of_another_pool_with_all_that_is_known(self) -> None:
        command = transfer("c1", department="warehouse").model_copy(update={"context": "asked twice"})
        queued = only(self.desk().does(command), QueueWork)
        assert (queued.pool, queued.queue, queued.context) == ("partners", "returns", "asked twice")
        assert (queued.tags, queued.language, queued.number) == (("gift",), "pl", 7)

    def test_the_context_goes_along_within_the_pool(self) -> None:
        command = transfer("c1", queue="calls").model_copy(update={"context": "asked twice"})
        assert only(self.desk().does(command), WorkTransferred).context == "asked twice"

    def test_to_another_pool_without_a_queue_it_waits_in_the_default_one(self) -> None:
        assert only(self.desk().does(transfer("c1", pool="partners")), QueueWork).queue == "returns"

    def test_to_an_agent_of_another_pool_it_is_for_that_agent(self) -> None:
        assert only(self.desk().does(transfer("c1", pool="partners", agent="pia")), QueueWork).named_agent == "pia"

    @pytest.mark.parametrize(
        ("to", "reason"),
        [
            ({"department": "moon"}, "unknown_department"),
            ({"pool": "moon"}, "unknown_pool"),
            ({"pool": "partners", "queue": "mail"}, "unknown_queue"),
            ({"agent": "ada"}, "is_theirs"),
        ],
    )
    def test_nowhere_is_refused_and_nothing_is_lost(self, to: dict[str, str], reason: str) -> None:
        desk = self.desk()
        before = list(desk.pool.states())
        assert only(desk.does(transfer("c1", **to)), WorkRefused).reason == reason
        assert list(desk.pool.states()) == before

    def test_withdrawn_to_nowhere_it_stays(self) -> None:
        desk = self.desk()
        command = WithdrawWork(pool=POOL, case_id="c1", to=Destination(pool="moon"))
        assert only(desk.does(command), WorkRefused).reason == "unknown_pool"
        assert desk.holder("c1") == "ada"

    def test_a_queue_that_is_configured_no_longer_means_the_default_one(self) -> None:
        desk = Desk(plan(agent("ada"), default_queue="calls"))
        desk.does(queue("c1", queue="gone"))
        assert desk.item("c1").queue == "calls"


class TestFlows:
    """S4-17, S1-27: steps counted from the entry into the queue."""

    def step(self, after: float, **other: Any) -> FlowStep:
        return FlowStep.model_validate({"name": "next", "after_seconds": after, **other})

    def desk(self, *steps: FlowStep, **other: Any) -> Desk:
        people = (agent("ada", {"en": 1}, queues=frozenset({"mail"})), agent("ben", queues=frozenset({"calls"})))
        desk = Desk(plan(*people, **other))
        desk.does(presence("ben"), queue("c1", need("en"), steps=steps))
        return desk

    def test_overflow_to_another_queue_after_a_time(self) -> None:
        desk = self.desk(self.step(30, queue="calls", requirements=()))
        assert of(desk.passes(29), WorkOffered) == []
        told = desk.passes(1)
        assert only(told, WorkRaised).reason == "step:next"
        assert (only(told, WorkOffered).agent, only(told, WorkOffered).queue) == ("ben", "calls")
        assert list(desk.rebuilt().states()) == list(desk.pool.states())

    def test_an_early_step_begins_at_once_where_nobody_present_could(self) -> None:
        desk = self.desk(self.step(30, queue="calls", requirements=(), is_early=True))
        assert [each.agent for each in of(desk.log, WorkOffered)] == ["ben"]

    def test_an_early_step_waits_for_somebody_who_is_busy(self) -> None:
        desk = Desk(
            plan(agent("ada", {"en": 1}, profile=profile(1, email=1)), agent("ben", queues=frozenset({"calls"})))
        )
        desk.does(presence("ada"), queue("c0"), accept("ada", "c0"), presence("ben"))
        desk.does(queue("c1", need("en"), steps=(self.step(30, queue="calls", requirements=(), is_early=True),)))
        assert desk.holder("c1") == ""
        assert only(desk.passes(30), WorkOffered).agent == "ben"

    def test_what_is_with_an_agent_follows_when_it_comes_back(self) -> None:
        desk = Desk(plan(agent("ada", {"en": 1})))
        desk.does(presence("ada"), queue("c1", steps=(self.step(10, priority="urgent"),)))
        told = desk.passes(19)
        assert of(told, WorkRaised) == []
        told = desk.passes(2)
        assert words(told) == ["expired c1", "returned c1", "raised c1"]
        assert only(told, WorkRaised).priority is Priority.URGENT

    def test_a_step_may_free_it_from_the_one_who_was_named(self) -> None:
        desk = Desk(plan(agent("ada", profile=profile(1, email=1)), agent("ben")))
        desk.does(presence("ada"), queue("c0"), accept("ada", "c0"), presence("ben"))
        desk.does(queue("c1", named_agent="ada", named_seconds=600, steps=(self.step(20, frees_named=True),)))
        assert only(desk.passes(20), WorkOffered).agent == "ben"

    def test_the_way_out_asks_a_department_and_waits_until_it_has_it(self) -> None:
        desk = self.desk(self.step(30, department="warehouse"))
        asked = only(desk.passes(30), EscalateToDepartment)
        assert (asked.case_id, asked.department) == ("c1", "warehouse")
        assert only(desk.does(withdraw("c1", "department")), WorkWithdrawn).reason == "department"

    def test_a_customer_who_waits_for_nobody_is_offered_a_choice(self) -> None:
        desk = self.desk(self.step(30, choices=("callback", "case")))
        postponed = only(desk.passes(30), WorkPostponed)
        assert (postponed.choices, postponed.reason, postponed.skills) == (("callback", "case"), "unstaffed", ("en:1",))

    def test_also_when_whoever_was_there_goes(self) -> None:
        """Never endless waiting: it is not asked once and for all."""
        desk = Desk(plan(agent("ada", {"en": 1}, profile=profile(1, email=1))))
        desk.does(presence("ada"), queue("c0"), accept("ada", "c0"))
        desk.does(queue("c1", need("en"), steps=(self.step(5, choices=("case",)), self.step(50, priority="urgent"))))
        assert desk.passes(20) == []
        desk.does(presence("ada", "away"))
        assert only(desk.passes(20), WorkPostponed).choices == ("case",)
        assert only(desk.passes(60), WorkRaised).priority is Priority.URGENT
        assert desk.passes(1_000) == [], "once is enough"

    def test_no_choice_where_somebody_will_be_free(self) -> None:
        desk = Desk(plan(agent("ada", {"en": 1}, profile=profile(1, email=1))))
        desk.does(presence("ada"), queue("c0"), accept("ada", "c0"))
        desk.does(queue("c1", need("en"), steps=(self.step(5, choices=("case",)),)))
        assert desk.passes(5) == []

    def test_overflow_to_another_pool_takes_the_rest_of_the_flow_along(self) -> None:
        later = self.step(60, priority="urgent")
        desk = self.desk(self.step(30, queue="returns"), later)
        queued = only(desk.passes(30), QueueWork)
        assert (queued.pool, queued.queue, queued.queue_entered_at, queued.steps) == (
            "partners",
            "returns",
            START,
            (later,),
        )
        assert desk.timers == {}

    def test_many_steps_at_once_are_begun_in_order(self) -> None:
        old = START - 600 * SECOND
        desk = Desk(plan(agent("ada", {"en": 3})))
        steps = (self.step(20, boost=1.0), self.step(10, priority="high"), self.step(30, boost=1.0))
        desk.does(queue("c1", need("de"), queue_entered_at=old, steps=steps))
        assert (desk.item("c1").priority, desk.item("c1").boost) == (2, 2.0)

    def test_work_that_ends_leaves_no_timer_behind(self) -> None:
        desk = self.desk(self.step(30, boost=1.0))
        desk.does(withdraw("c1"))
        assert desk.timers == {}


class TestPresence:
    def desk(self) -> Desk:
        desk = Desk(plan(agent("ada"), agent("ben"), wrap_up={"email": 60 * SECOND}))
        desk.does(presence("ada"), queue("held"), accept("ada", "held"), queue("done"), accept("ada", "done"))
        desk.does(complete("ada", "done"), presence("ben"), queue("open", excluded_agents=("ben",)))
        return desk

    def test_away_and_handing_over_gives_everything_to_others(self) -> None:
        told = self.desk().does(presence("ada", "handing_over"))
        assert [each.case_id for each in of(told, WorkReturned)] == ["open", "held"]
        assert {each.reason for each in of(told, WorkReturned)} == {"presence", "handed_over"}
        assert "completed done" in words(told)
        assert [(each.case_id, each.agent) for each in of(told, WorkOffered)] == [("held", "ben")]

    def test_writing_up_keeps_what_is_held_and_is_open_to_nothing_new(self) -> None:
        desk = self.desk()
        told = desk.does(presence("ada", "wrap_up"))
        assert words(told) == ["returned open"]
        assert desk.holder("held") == "ada"
        assert of(desk.does(queue("c9", excluded_agents=("ben",))), WorkOffered) == []

    def test_two_desks_of_one_agent_are_one_agent(self) -> None:
        """The last word counts; an acceptance is given once."""
        desk = Desk(plan(agent("ada")))
        desk.does(presence("ada"), queue("c1"))
        first, second = desk.does(accept("ada", "c1")), quietly(desk, accept("ada", "c1"))
        assert (words(first), second) == (["accepted c1"], [])
        desk.does(presence("ada", "offline"))
        desk.does(presence("ada"))
        assert desk.passes(600) == []
        assert desk.holder("c1") == "ada"

    def test_a_storm_of_presence_ends_where_it_began(self) -> None:
        desk = Desk(plan(agent("ada"), agent("ben")))
        desk.does(presence("ada"), queue("c1"), accept("ada", "c1"))
        for _ in range(200):
            for status in ("away", "busy", "offline", "online"):
                desk.does(presence("ada", status))
        assert desk.holder("c1") == "ada"
        assert set(desk.timers) == set()
        assert of(desk.passes(600), WorkReturned) == []


def test_a_raise_may_name_an_agent_and_unname_them() -> None:
    desk = Desk(plan(agent("ada", profile=profile(1, email=1)), agent("ben", queues=frozenset())))
    desk.does(presence("ada"), queue("c0"), accept("ada", "c0"), queue("c1"))
    desk.does(RaiseWork(pool=POOL, case_id="c1", named_agent="ada"))
    assert desk.item("c1").only == "ada"
    desk.does(RaiseWork(pool=POOL, case_id="c1", named_agent=""))
    assert desk.item("c1").only == ""
    assert "relax/c1" not in desk.timers


@pytest.mark.parametrize("ends", ["complete", "before"])
def test_a_call_back_asked_for_in_a_call_waits_until_the_call_is_done(ends: str) -> None:
    """S2-15: it takes nothing out of the hands of who is talking, and does not go under."""
    desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
    desk.does(presence("ada"), queue("c1"), accept("ada", "c1"))
    asks = (withdraw("c1", "callback_requested"), queue("c1", queue="calls", work_item="work-back"))
    if ends == "before":
        desk.does(complete("ada", "c1"))
        told = quietly(desk, asks[0]) + desk.does(asks[1])
    else:
        assert quietly(desk, asks[0]) == []
        assert of(desk.does(asks[1]), WorkQueued) == []
        assert desk.holder("c1") == "ada"
        told = desk.does(complete("ada", "c1"))
    assert (only(told, WorkQueued).queue, only(told, WorkQueued).work_item) == ("calls", "work-back")


@pytest.mark.parametrize(("actor", "why"), [("sue", "assigned"), ("ben", "taken")])
def test_who_gave_it_is_told(actor: str, why: str) -> None:
    """S1-47: a supervisor gives work to somebody, or takes it; the reasons say which."""
    desk = Desk(plan(agent("ada"), agent("ben")))
    desk.does(presence("ada"), queue("c1"), accept("ada", "c1"), presence("ben"))
    command = TakeWork(pool=POOL, agent="ben", case_id="c1", actor=Actor(kind="supervisor", id=actor))
    assert only(desk.does(command), WorkOffered).decision.tie_break == why


def test_what_is_only_written_up_is_not_raised() -> None:
    desk = Desk(plan(agent("ada"), wrap_up={"email": 30 * SECOND}))
    desk.does(presence("ada"), queue("c1"), accept("ada", "c1"), withdraw("c1", "resolved"))
    with pytest.raises(Superseded):
        desk.does(RaiseWork(pool=POOL, case_id="c1", priority=Priority.URGENT))


def test_a_raise_holds_for_what_came_meanwhile_as_well() -> None:
    """The case is urgent now: what the customer wrote while somebody has it is so, when it is queued anew."""
    desk = Desk(plan(agent("ada"), wrap_up={"email": 30 * SECOND}))
    desk.does(presence("ada"), queue("c1"), accept("ada", "c1"), queue("c1", work_item="work-2"))
    raised = {"priority": Priority.URGENT, "class_": "data_protection", "boost": 2.0, "requirements": (need("pl"),)}
    desk.does(RaiseWork(pool=POOL, case_id="c1", queue="calls", slack_due_at=START, **raised))
    desk.does(complete("ada", "c1"))
    queued = only(desk.passes(30), WorkQueued)
    assert (queued.work_item, queued.queue, queued.priority, queued.class_) == (
        "work-2", "calls", Priority.URGENT, "data_protection",
    )  # fmt: skip
    assert (queued.boost, queued.slack_due_at, queued.requirements) == (2.0, START, (need("pl"),))
