"""The life of a work item: queued, offered, held, wrapped up, and every way back."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.parts import Destination, FlowStep
from caseway.contracts.work import (
    AgentPresenceChanged,
    WorkAccepted,
    WorkCompleted,
    WorkExpired,
    WorkOffered,
    WorkPaused,
    WorkQueued,
    WorkRaised,
    WorkRefused,
    WorkReturned,
    WorkStarted,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway.contracts.work_commands import (
    FinishWrapUp,
    PauseWork,
    QueueWork,
    RaiseWork,
    ReleaseWork,
    StartWork,
    TransferWork,
    WithdrawWork,
)
from caseway.contracts.work_notices import WorkUnroutable
from caseway.kernel.errors import Rejected, Superseded
from caseway.kernel.vocabulary import Presence, Priority
from caseway_router import metrics
from caseway_router.domain.decided import KEPT_PER_ITEM
from caseway_router.domain.items import Held, Waiting
from caseway_router.domain.plan import PoolPlan, QueuePlan
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
    of,
    only,
    plan,
    presence,
    profile,
    queue,
    quietly,
    urgent,
    withdraw,
    words,
)

WRAP_UP = {"email": 30 * SECOND}


def desk_with_ada(**rules: object) -> Desk:
    desk = Desk(plan(agent("ada"), **rules))
    desk.does(presence("ada"))
    return desk


def test_from_queued_to_completed() -> None:
    desk = desk_with_ada(wrap_up=WRAP_UP)
    told = desk.does(queue("c1"))
    assert words(told) == ["queued c1", "offered c1"]
    assert only(told, WorkOffered).expires_at == START + 20 * SECOND
    desk.passes(5)
    accepted = only(desk.does(accept("ada", "c1")), WorkAccepted)
    assert (accepted.agent, accepted.offered_at, accepted.waited_seconds) == ("ada", START, 5)
    desk.passes(60)
    wrapping = only(desk.does(complete("ada", "c1", outcome="solved")), WorkWrappingUp)
    assert wrapping.until == desk.now + 30 * SECOND
    assert desk.pool.seat("ada").load == 100
    completed = only(desk.passes(31), WorkCompleted)
    assert (completed.outcome, completed.held_seconds, completed.wrap_up_seconds) == ("solved", 60, 30)
    assert completed.at == wrapping.until
    assert desk.pool.items == {}
    assert desk.pool.seat("ada").load == 0


def test_every_fact_says_when_why_and_by_which_configuration() -> None:
    desk = desk_with_ada()
    for fact in desk.does(queue("c1"), accept("ada", "c1")):
        assert fact.at == START
        assert fact.cause.startswith("command-")
        assert fact.configuration == "v1"


def test_a_timers_fact_names_the_message_that_armed_it() -> None:
    desk = desk_with_ada()
    offered = only(desk.does(queue("c1")), WorkOffered)
    expired = only(desk.passes(20), WorkExpired)
    assert expired.cause == offered.cause
    assert expired.at == offered.expires_at


def test_a_case_is_queued_once_while_it_needs_somebody() -> None:
    desk = Desk(plan(agent("ada")))
    desk.does(queue("c1"))
    with pytest.raises(Superseded):
        desk.does(queue("c1", work_item="another"))
    desk.does(presence("ada"))
    with pytest.raises(Superseded):
        desk.does(queue("c1", work_item="another"))
    assert len(of(desk.log, WorkQueued)) == 1


class TestWordsWhileSomebodyHasIt:
    """S4-25: the customer's word to a case in somebody's hands is theirs to read, and must not go under."""

    def desk(self) -> Desk:
        desk = desk_with_ada(wrap_up=WRAP_UP)
        desk.does(queue("c1"), accept("ada", "c1"))
        assert desk.does(queue("c1", work_item="second", tags=("gift",))) == []
        return desk

    def test_completed_without_an_answer_it_is_queued_anew(self) -> None:
        desk = self.desk()
        desk.does(complete("ada", "c1"))
        told = desk.passes(30)
        assert words(told) == ["completed c1", "queued c1", "offered c1"]
        queued = only(told, WorkQueued)
        assert (queued.work_item, queued.tags) == ("second", ("gift",))

    def test_queued_anew_it_is_as_old_as_the_word_itself(self) -> None:
        desk = desk_with_ada(wrap_up=WRAP_UP)
        desk.does(queue("c1"), accept("ada", "c1"))
        desk.passes(40)
        desk.does(queue("c1", work_item="second", queue_entered_at=START + 5 * SECOND), complete("ada", "c1"))
        assert only(desk.passes(30), WorkQueued).queue_entered_at == START + 5 * SECOND

    def test_the_second_word_adds_nothing_to_the_first(self) -> None:
        desk = self.desk()
        with pytest.raises(Superseded):
            desk.does(queue("c1", work_item="third"))

    @pytest.mark.parametrize("reason", ["customer", "resolved"])
    @pytest.mark.parametrize("completed_first", [True, False])
    def test_answered_or_solved_it_is_over(self, reason: str, *, completed_first: bool) -> None:
        """The agent's two commands go different ways: either may arrive first."""
        desk = self.desk()
        steps = [withdraw("c1", reason), complete("ada", "c1")]
        for step in reversed(steps) if completed_first else steps:
            quietly(desk, step)
        assert words(desk.passes(60)) == ["completed c1"]

    def test_released_the_next_agent_reads_it_all(self) -> None:
        desk = self.desk()
        desk.does(ReleaseWork(pool=POOL, agent="ada", case_id="c1"))
        desk.passes(60)
        desk.does(accept("ada", "c1"), complete("ada", "c1"))
        assert words(desk.passes(60)) == ["completed c1"]

    def test_a_weight_beyond_all_sense_is_rejected_at_once(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), accept("ada", "c1"))
        with pytest.raises(Rejected):
            desk.does(queue("c1").model_copy(update={"weight": float("inf")}))
        assert desk.item("c1").again is None


def test_a_reply_during_the_writing_up_is_a_new_need() -> None:
    """S4-24: the solved case that comes back."""
    desk = desk_with_ada(wrap_up=WRAP_UP)
    desk.does(queue("c1"), accept("ada", "c1"), complete("ada", "c1"))
    assert words(desk.does(queue("c1", work_item="second"))) == ["completed c1", "queued c1", "offered c1"]
    assert desk.item("c1").work_item == "second"


def test_an_offer_expires_and_the_work_returns_as_old_as_it_was() -> None:
    desk = Desk(plan(agent("ada"), agent("ben")))
    desk.does(presence("ada"))
    desk.does(queue("c1", queue_entered_at=START - 60 * SECOND), presence("ben"))
    told = desk.passes(20)
    assert words(told) == ["expired c1", "returned c1", "offered c1"]
    returned = only(told, WorkReturned)
    assert returned.queue_entered_at == START - 60 * SECOND
    assert (returned.agent, returned.reason) == ("ada", "expired")
    assert returned.cool_down_until == desk.now + 60 * SECOND
    assert only(told, WorkOffered).agent == "ben"


def test_declined_work_goes_to_the_next() -> None:
    desk = Desk(plan(agent("ada"), agent("ben")))
    desk.does(presence("ada"))
    desk.does(queue("c1"), presence("ben"))
    told = desk.does(decline("ada", "c1"))
    assert words(told) == ["declined c1", "returned c1", "offered c1"]
    assert only(told, WorkOffered).agent == "ben"


def test_after_three_missed_offers_an_agent_is_not_answering() -> None:
    """Semantics 5.6."""
    desk = Desk(plan(agent("ada"), missed_limit=3))
    desk.does(presence("ada"), queue("c1"))
    told = desk.passes(400)
    assert [each.missed_count for each in of(told, WorkExpired)] == [1, 2, 3]
    changed = only(told, AgentPresenceChanged)
    assert (changed.presence, changed.previous, changed.reason) == (
        Presence.NOT_ANSWERING,
        Presence.ONLINE,
        "missed_offers",
    )
    assert desk.item("c1").standing == Waiting()
    assert len(of(desk.does(presence("ada")), WorkOffered)) == 1


def test_accepting_forgives_what_was_missed() -> None:
    desk = Desk(plan(agent("ada"), missed_limit=2))
    desk.does(presence("ada"), queue("c1"))
    desk.passes(81)
    desk.does(accept("ada", "c1"), queue("c2"))
    told = desk.passes(20)
    assert only(told, WorkExpired).missed_count == 1
    assert of(told, AgentPresenceChanged) == []


def test_an_acceptance_after_expiry_is_refused_even_before_the_timer_fires() -> None:
    """delivery.md: a refused command is a fact, not parked."""
    desk = desk_with_ada()
    desk.does(queue("c1"))
    desk.now += 20 * SECOND
    told = desk.does(accept("ada", "c1"))
    assert words(told) == ["refused c1", "expired c1", "returned c1"]
    refused = only(told, WorkRefused)
    assert (refused.reason, refused.command, refused.agent) == ("expired", "caseway.work.accept.v1", "ada")
    assert of(desk.passes(1), WorkExpired) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (accept("ben", "c1"), "not_offered"),
        (accept("ada", "unknown"), "gone"),
        (complete("ada", "c1"), "is_offered"),
        (StartWork(pool=POOL, agent="ada", case_id="c1"), "is_offered"),
        (ReleaseWork(pool=POOL, agent="ben", case_id="c1"), "not_held"),
        (TransferWork(pool=POOL, case_id="c1", to=Destination(pool=POOL, queue="none")), "unknown_queue"),
        (TransferWork(pool=POOL, case_id="c1", to=Destination(pool=POOL, agent="zed")), "unknown_agent"),
        (TransferWork(pool=POOL, case_id="c1", to=Destination(pool=POOL, agent="cyd")), "absent"),
        (TransferWork(pool=POOL, case_id="c1", to=Destination(pool=POOL)), "no_destination"),
        (TransferWork(pool=POOL, case_id="c1", agent="ben", to=Destination(pool=POOL, queue="calls")), "not_held"),
        (RaiseWork(pool=POOL, case_id="c1", queue="none"), "unknown_queue"),
        (queue("c2", queue="none"), "unknown_queue"),
    ],
)
def test_what_contradicts_what_stands_is_refused_and_changes_nothing(command: object, reason: str) -> None:
    desk = Desk(plan(agent("ada"), agent("ben"), agent("cyd")))
    desk.does(presence("ada"))
    desk.does(queue("c1"), presence("ben"))
    before = list(desk.pool.states())
    (refused,) = desk.does(command)
    assert isinstance(refused, WorkRefused)
    assert (refused.reason, refused.command) == (reason, command.TYPE)
    assert list(desk.pool.states()) == before


@pytest.mark.parametrize(
    "command",
    [
        withdraw("unknown"),
        RaiseWork(pool=POOL, case_id="unknown", boost=1),
        RaiseWork(pool=POOL, case_id="c1", priority=Priority.NORMAL),
        WithdrawWork(pool=POOL, case_id="c1", work_item="an-earlier-one", reason="resolved"),
        accept("ada", "c1"),
        PauseWork(pool=POOL, agent="ada", case_id="c1"),
        complete("ada", "gone-already"),
    ],
)
def test_what_is_so_already_is_superseded(command: object) -> None:
    desk = desk_with_ada()
    desk.does(queue("c1"), accept("ada", "c1"))
    before = list(desk.pool.states())
    with pytest.raises(Superseded):
        desk.does(command)
    assert list(desk.pool.states()) == before


@pytest.mark.parametrize("weight", [float("inf"), 1e9])
def test_a_weight_beyond_all_sense_is_rejected(weight: float) -> None:
    desk = desk_with_ada()
    with pytest.raises(Rejected):
        desk.does(queue("c1").model_copy(update={"weight": weight}))
    assert desk.pool.items == {}


def test_the_offer_time_is_the_queues() -> None:
    desk = desk_with_ada(queues={"mail": QueuePlan(name="mail", offer_for=7 * SECOND)})
    assert only(desk.does(queue("c1")), WorkOffered).expires_at == START + 7 * SECOND


def test_auto_accept_needs_no_answer() -> None:
    quick = profile()
    quick = type(quick)(name=quick.name, total=quick.total, channels=quick.channels, auto_accepts=frozenset({"chat"}))
    desk = Desk(plan(agent("ada", profile=quick)))
    desk.does(presence("ada"))
    told = desk.does(queue("c1", channel="chat"))
    assert words(told) == ["queued c1", "offered c1", "accepted c1"]
    assert only(told, WorkAccepted).automatic
    assert of(desk.passes(60), WorkExpired) == []


class TestWithdrawal:
    def test_waiting_work_leaves_its_queue(self) -> None:
        desk = Desk(plan(agent("ada")))
        desk.does(queue("c1"))
        assert only(desk.does(withdraw("c1")), WorkWithdrawn).reason == "resolved"
        assert of(desk.does(presence("ada")), WorkOffered) == []

    def test_an_open_offer_is_taken_back(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"))
        assert only(desk.does(withdraw("c1")), WorkWithdrawn).agent == "ada"
        assert desk.pool.seat("ada").load == 0
        assert of(desk.passes(60), WorkExpired) == []

    def test_a_resolved_case_lets_its_holder_write_it_up(self) -> None:
        desk = desk_with_ada(wrap_up=WRAP_UP)
        desk.does(queue("c1"), accept("ada", "c1"))
        assert words(desk.does(withdraw("c1"))) == ["wrapping-up c1"]
        with pytest.raises(Superseded):
            desk.does(complete("ada", "c1"))
        assert words(desk.passes(30)) == ["completed c1"]

    @pytest.mark.parametrize("reason", ["customer", "department", "third", "not_routed"])
    def test_whose_turn_it_is_takes_nothing_out_of_an_agents_hands(self, reason: str) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), accept("ada", "c1"))
        assert quietly(desk, withdraw("c1", reason)) == []
        assert isinstance(desk.item("c1").standing, Held)
        with pytest.raises(Superseded):
            desk.does(withdraw("c1", reason))

    def test_a_merged_case_needs_nobody(self) -> None:
        """S4-27."""
        desk = desk_with_ada()
        desk.does(queue("c1"), accept("ada", "c1"))
        assert words(desk.does(withdraw("c1", "merged"))) == ["withdrawn c1"]
        assert desk.pool.seat("ada").load == 0

    def test_whoever_gets_free_is_asked_at_once(self) -> None:
        desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
        desk.does(presence("ada"), queue("c1"), queue("c2"))
        assert words(desk.does(withdraw("c1", "merged"))) == ["withdrawn c1", "offered c2"]


class TestRelaxation:
    """semantics 5.4: requirements are dropped so long after the work was queued."""

    def desk(self) -> Desk:
        desk = Desk(plan(agent("ada", {"pl": 2})))
        desk.does(presence("ada"))
        return desk

    def test_a_soft_skill_is_dropped_after_its_time(self) -> None:
        desk = self.desk()
        told = desk.does(queue("c1", need("pl"), need("orders", 1, drop_after=30)))
        assert of(told, WorkOffered) == []
        assert of(desk.passes(29), WorkOffered) == []
        decision = only(desk.passes(1), WorkOffered).decision
        assert (decision.step, decision.dropped, decision.next_relaxation_at) == (1, ("orders",), None)

    def test_step_by_step(self) -> None:
        desk = self.desk()
        desk.does(queue("c1", need("a", drop_after=10), need("b", drop_after=20)))
        assert desk.item("c1").next_relaxation_at == START + 10 * SECOND
        desk.passes(10)
        assert (desk.item("c1").step, desk.item("c1").needed) == (1, (("b", 1),))
        assert len(of(desk.passes(10), WorkOffered)) == 1

    def test_a_better_level_gives_way_to_a_lesser_one(self) -> None:
        desk = self.desk()
        desk.does(queue("c1", need("pl", 1), need("pl", 3, drop_after=60)))
        assert desk.item("c1").needed == (("pl", 3),)
        assert len(of(desk.passes(60), WorkOffered)) == 1

    def test_time_counts_from_the_original_entry(self) -> None:
        desk = self.desk()
        told = desk.does(queue("c1", need("a", drop_after=60), queue_entered_at=START - 90 * SECOND))
        assert only(told, WorkOffered).decision.step == 1

    def test_a_hard_skill_is_never_dropped(self) -> None:
        desk = self.desk()
        desk.does(queue("c1", need("de"), need("a", drop_after=1)))
        assert of(desk.passes(86_400), WorkOffered) == []

    def test_it_also_relaxes_while_somebody_thinks_about_it(self) -> None:
        desk = Desk(plan(agent("ada", {"pl": 2, "orders": 1}), agent("ben", {"pl": 1})))
        desk.does(presence("ada"), presence("ben"))
        assert only(desk.does(queue("c1", need("pl"), need("orders", drop_after=10))), WorkOffered).agent == "ada"
        desk.passes(15)
        assert only(desk.does(decline("ada", "c1")), WorkOffered).agent == "ben"

    def test_what_is_with_an_agent_arms_no_relaxation(self) -> None:
        """Neither a timer nor a writing for a requirement that nobody minds while somebody has the work."""
        desk = Desk(plan(agent("ada", {"pl": 2, "orders": 1})))
        desk.does(presence("ada"))
        desk.does(queue("c1", need("pl"), need("orders", drop_after=30)))
        assert set(desk.timers) == {"offer/c1"}
        desk.does(accept("ada", "c1"))
        assert desk.timers == {}
        desk.does(ReleaseWork(pool=POOL, agent="ada", case_id="c1"))
        assert set(desk.timers) == {"relax/c1", "retry/c1"}
        desk.passes(30)
        assert desk.item("c1").dropped == ("orders",)


class TestRaising:
    def test_a_warned_milestone_moves_work_forward(self) -> None:
        """S4-21."""
        desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
        desk.does(queue("high", priority=Priority.HIGH))
        desk.does(queue("warned"))
        raised = only(desk.does(RaiseWork(pool=POOL, case_id="warned", boost=2)), WorkRaised)
        assert (raised.boost, raised.priority) == (2, Priority.NORMAL)
        assert only(desk.does(presence("ada")), WorkOffered).case_id == "warned"

    def test_a_priority_that_rises_counts(self) -> None:
        desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
        desk.does(queue("first"), queue("second"))
        desk.does(RaiseWork(pool=POOL, case_id="second", priority=Priority.URGENT))
        assert only(desk.does(presence("ada")), WorkOffered).case_id == "second"

    def test_other_skills_may_find_somebody_at_once(self) -> None:
        """S4-10: to the right agent without rewriting the case between teams."""
        desk = Desk(plan(agent("ada", {"en": 2})))
        desk.does(presence("ada"), queue("c1", need("de")))
        told = desk.does(RaiseWork(pool=POOL, case_id="c1", requirements=(need("en"),), queue="calls"))
        assert words(told) == ["raised c1", "offered c1"]
        assert only(told, WorkOffered).queue == "calls"

    def test_raising_does_not_take_work_from_its_holder(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), accept("ada", "c1"))
        desk.does(RaiseWork(pool=POOL, case_id="c1", priority=Priority.URGENT))
        assert desk.holder("c1") == "ada"
        assert desk.item("c1").priority == 3


class TestWorking:
    def test_starting_one_pauses_the_other(self) -> None:
        """wire.md: the core writes both facts, each on its own case."""
        desk = desk_with_ada()
        desk.does(queue("c1"), queue("c2"), accept("ada", "c1"), accept("ada", "c2"))
        desk.does(StartWork(pool=POOL, agent="ada", case_id="c1", activity="guidance"))
        desk.passes(90)
        told = desk.does(StartWork(pool=POOL, agent="ada", case_id="c2"))
        paused = only(told, WorkPaused)
        assert (paused.case_id, paused.because_of, paused.seconds, paused.activity) == ("c1", "c2", 90, "guidance")
        assert only(told, WorkStarted).case_id == "c2"

    def test_handling_time_sums_all_stretches(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), accept("ada", "c1"))
        for seconds in (60, 30):
            desk.does(StartWork(pool=POOL, agent="ada", case_id="c1"))
            desk.passes(seconds)
            desk.does(PauseWork(pool=POOL, agent="ada", case_id="c1"))
            desk.passes(100)
        assert only(desk.does(complete("ada", "c1")), WorkCompleted).handling_seconds == 90

    def test_wrapping_up_may_be_finished_early(self) -> None:
        desk = desk_with_ada(wrap_up=WRAP_UP)
        desk.does(queue("c1"), accept("ada", "c1"), complete("ada", "c1"))
        desk.passes(10)
        completed = only(desk.does(FinishWrapUp(pool=POOL, agent="ada", case_id="c1")), WorkCompleted)
        assert completed.wrap_up_seconds == 10
        assert desk.timers == {}

    def test_wrapping_up_counts_as_load(self) -> None:
        desk = Desk(plan(agent("ada", profile=profile(1, email=1)), wrap_up=WRAP_UP))
        desk.does(presence("ada"), queue("c1"), queue("c2"), accept("ada", "c1"))
        assert of(desk.does(complete("ada", "c1")), WorkOffered) == []
        assert words(desk.passes(30)) == ["completed c1", "offered c2"]

    def test_released_work_goes_back_with_its_age(self) -> None:
        desk = Desk(plan(agent("ada"), agent("ben")))
        desk.does(presence("ada"))
        desk.does(queue("c1"), accept("ada", "c1"), presence("ben"))
        desk.passes(30)
        told = desk.does(ReleaseWork(pool=POOL, agent="ada", case_id="c1"))
        assert only(told, WorkReturned).queue_entered_at == START
        assert only(told, WorkOffered).agent == "ben"


class TestTransfer:
    def test_to_another_queue(self) -> None:
        desk = Desk(plan(agent("ada", queues=frozenset({"mail"})), agent("cal", queues=frozenset({"calls"}))))
        desk.does(presence("ada"), presence("cal"), queue("c1"), accept("ada", "c1"))
        desk.passes(30)
        told = desk.does(
            TransferWork(pool=POOL, case_id="c1", agent="ada", to=Destination(pool=POOL, queue="calls"), reason="x")
        )
        transferred = only(told, WorkTransferred)
        assert (transferred.agent, transferred.queue, transferred.queue_entered_at) == ("ada", "calls", START)
        assert only(told, WorkOffered).agent == "cal"

    def test_whoever_gave_it_away_is_asked_about_what_waits(self) -> None:
        desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
        desk.does(presence("ada"), queue("c1"), accept("ada", "c1"), queue("c2"))
        to = Destination(pool=POOL, queue="calls")
        told = desk.does(TransferWork(pool=POOL, case_id="c1", agent="ada", to=to))
        assert words(told) == ["transferred c1", "offered c2"]

    def test_to_a_present_agent_with_room(self) -> None:
        desk = Desk(plan(agent("ada"), agent("ben", profile=profile(1, email=1))))
        desk.does(presence("ada"))
        desk.does(queue("c1"), queue("c2"), accept("ada", "c1"), accept("ada", "c2"), presence("ben"))
        to_ben = Destination(pool=POOL, agent="ben")
        told = desk.does(TransferWork(pool=POOL, case_id="c1", agent="ada", to=to_ben))
        offered = only(told, WorkOffered)
        assert (offered.agent, offered.decision.tie_break) == ("ben", "named")
        (refused,) = desk.does(TransferWork(pool=POOL, case_id="c2", agent="ada", to=to_ben))
        assert refused.reason == "no_room"
        assert desk.holder("c2") == "ada"

    def test_to_another_pool_ends_the_hold_and_queues_there(self) -> None:
        """delivery.md, "Between pools"."""
        desk = Desk(plan(agent("ada", {"pl": 2})))
        desk.does(presence("ada"), urgent("c1", need("pl", 2)), accept("ada", "c1"))
        desk.passes(30)
        to = Destination(pool="partners", queue="returns")
        told = desk.does(TransferWork(pool=POOL, case_id="c1", agent="ada", to=to))
        assert only(told, WorkWithdrawn).to == to
        queued = only(told, QueueWork)
        assert (queued.pool, queued.queue, queued.came_from) == ("partners", "returns", POOL)
        assert (queued.queue_entered_at, queued.priority) == (START, Priority.URGENT)
        assert queued.requirements == (need("pl", 2),)
        assert desk.pool.items == {}

    def test_what_still_comes_here_is_sent_on_until_the_case_is_closed(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"))
        desk.does(WithdrawWork(pool=POOL, case_id="c1", to=Destination(pool="partners", queue="returns")))
        for command in (RaiseWork(pool=POOL, case_id="c1", boost=1), queue("c1"), withdraw("c1", "closed")):
            assert desk.does(command) == [command.model_copy(update={"pool": "partners"})]
        assert desk.does(withdraw("c1", "closed")), "not forgotten before the other pool has surely heard of it"
        desk.passes(2 * 86_400)
        with pytest.raises(Superseded):
            desk.does(withdraw("c1", "closed"))

    def test_a_case_that_is_opened_again_at_once_is_still_where_it_went(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), WithdrawWork(pool=POOL, case_id="c1", to=Destination(pool="partners")))
        desk.does(withdraw("c1", "closed"), queue("c1"))
        desk.passes(2 * 86_400)
        assert only(desk.does(withdraw("c1")), WithdrawWork).pool == "partners"

    def test_how_often_it_was_offered_goes_along(self) -> None:
        """What is kept of its offers has one number each, in whatever pool they were made."""
        desk = desk_with_ada()
        desk.does(queue("c1"), decline("ada", "c1"))
        desk.passes(100)
        there = desk.item("c1").offer_count
        told = desk.does(WithdrawWork(pool=POOL, case_id="c1", to=Destination(pool="partners")))
        assert only(told, QueueWork).offer_count == there > 1
        back = desk.does(
            only(told, QueueWork).model_copy(update={"pool": POOL, "queue": "mail", "came_from": "partners"})
        )
        assert only(back, WorkOffered).offer_count == there + 1

    def test_it_is_not_sent_back_to_a_pool_that_reads_another_configuration(self) -> None:
        told = desk_with_ada().does(queue("c1", queue="returns", came_from="partners"))
        assert of(told, QueueWork) == []

    def test_it_may_come_back(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"))
        desk.does(WithdrawWork(pool=POOL, case_id="c1", to=Destination(pool="partners", queue="returns")))
        assert words(desk.does(queue("c1", came_from="partners"))) == ["queued c1", "offered c1"]
        assert words(desk.does(withdraw("c1"))) == ["withdrawn c1"]

    def test_judged_to_belong_to_another_pools_queue_it_moves_there(self) -> None:
        desk = Desk(plan(agent("ada"), elsewhere={"returns": "partners"}))
        desk.does(queue("c1"))
        told = desk.does(RaiseWork(pool=POOL, case_id="c1", queue="returns"))
        assert only(told, QueueWork).pool == "partners"
        (passed_on,) = desk.does(queue("c2", queue="returns"))
        assert (passed_on.pool, passed_on.case_id, passed_on.came_from) == ("partners", "c2", POOL)


class TestConfigurationChanges:
    def changed(self, desk: Desk, rules: PoolPlan) -> Desk:
        desk.plan, desk.version = rules, "v2"
        return desk

    def test_whoever_may_take_it_now_is_asked_with_the_next_message(self) -> None:
        desk = Desk(plan(agent("ada"), agent("ben")))
        desk.does(presence("ada"), presence("ben"), queue("c1", need("de")), urgent("c2", need("de")))
        desk = self.changed(desk, plan(agent("ada", {"de": 2}, profile=profile(1, email=1)), agent("ben")))
        told = desk.does(queue("c3"))
        assert words(told) == ["offered c2", "queued c3", "offered c3"]
        assert told[0].configuration == "v2"

    def test_what_cools_down_at_the_head_does_not_hold_up_its_line(self) -> None:
        desk = Desk(plan(agent("ada", {"de": 1}, profile=profile(1, email=1))))
        desk.does(presence("ada"), queue("c1", need("de")), accept("ada", "c1"), queue("c2", need("de")))
        desk.does(ReleaseWork(pool=POOL, agent="ada", case_id="c1"), decline("ada", "c2"), queue("c3", need("de")))
        desk.does(accept("ada", "c3"), queue("c4", need("de")))
        desk = self.changed(desk, plan(agent("ada", {"de": 1}, profile=profile(2, email=2))))
        assert "offered c4" in words(desk.does(withdraw("unknown")))

    def test_nothing_of_it_is_lost_when_the_message_itself_comes_to_nothing(self) -> None:
        desk = Desk(plan(agent("ada")))
        desk.does(presence("ada"), queue("c1", need("de")))
        desk = self.changed(desk, plan(agent("ada", {"de": 2})))
        assert words(desk.does(withdraw("unknown"))) == ["offered c1"]
        assert list(desk.rebuilt().states()) == list(desk.pool.states())

    def test_an_agent_who_is_no_longer_configured_may_still_finish(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), queue("c2"), accept("ada", "c1"))
        desk = self.changed(desk, plan(agent("ben")))
        assert words(desk.does(complete("ada", "c1"))) == ["returned c2", "completed c1"]

    def test_if_they_do_not_others_get_it(self) -> None:
        """They cannot log out any more: a command of theirs about presence is parked."""
        desk = desk_with_ada()
        desk.does(queue("c1"), queue("c2"), accept("ada", "c1"))
        desk = self.changed(desk, plan(agent("ben", profile=profile(1, email=1)), agent("cyd")))
        told = desk.does(presence("ben"))
        gone = of(told, AgentPresenceChanged)[0]
        assert (gone.agent, gone.presence, gone.reason) == ("ada", Presence.OFFLINE, "not_configured")
        assert desk.holder("c2") == "ben"
        desk.does(accept("ben", "c2"))
        assert words(desk.passes(130)) == ["returned c1"]
        assert words(desk.does(presence("cyd"))) == ["offered c1"]
        assert list(desk.rebuilt().states()) == list(desk.pool.states())

    def test_what_waited_for_them_alone_waits_for_anyone(self) -> None:
        desk = Desk(plan(agent("ada", profile=profile(1, email=1)), agent("ben")))
        desk.does(presence("ada"), presence("ben"), queue("c0", preferred_agents=("ada",)), accept("ada", "c0"))
        desk.does(queue("c1", named_agent="ada", named_seconds=600))
        assert desk.holder("c1") == ""
        desk = self.changed(desk, plan(agent("ben")))
        desk.does(withdraw("unknown"))
        assert desk.holder("c1") == "ben"

    def test_work_of_a_queue_that_is_gone_waits_in_the_default_one(self) -> None:
        mailer = agent("ada", queues=frozenset({"mail"}))
        desk = Desk(plan(mailer))
        desk.does(queue("c1", queue="calls", steps=(FlowStep(name="on", after_seconds=60, priority="urgent"),)))
        rules = plan(mailer, queues={"mail": QueuePlan(name="mail")}, default_queue="mail")
        told = self.changed(desk, rules).does(presence("ada"))
        raised = only(told, WorkRaised)
        assert (raised.queue, raised.reason, desk.holder("c1")) == ("mail", "queue_not_configured", "ada")
        assert list(desk.rebuilt().states()) == list(desk.pool.states())

    def test_or_goes_to_the_pool_that_has_its_queue_now(self) -> None:
        desk = Desk(plan(agent("ada")))
        desk.does(presence("ada"), queue("held", queue="calls"), accept("ada", "held"), presence("ada", "away"))
        desk.does(queue("c1", queue="calls"))
        rules = plan(
            agent("ada"),
            queues={"mail": QueuePlan(name="mail")}, default_queue="mail", elsewhere={"calls": "partners"},
        )  # fmt: skip
        told = self.changed(desk, rules).does(withdraw("unknown"))
        assert (only(told, QueueWork).pool, only(told, QueueWork).queue) == ("partners", "calls")
        assert [(case, item.queue) for case, item in desk.pool.items.items()] == [("held", "mail")]

    def test_who_holds_more_than_the_new_rules_allow_is_told_and_gets_nothing_new(self) -> None:
        desk = desk_with_ada()
        desk.does(queue("c1"), accept("ada", "c1"), queue("c2"), accept("ada", "c2"))
        told = self.changed(desk, plan(agent("ada", profile=profile(1, email=1)))).does(queue("c3"))
        over = only(told, AgentPresenceChanged)
        assert (over.agent, over.overload, over.load, over.capacity) == ("ada", True, 2.0, 1.0)
        assert desk.holder("c3") == ""
        desk.does(complete("ada", "c1"))
        assert desk.holder("c3") == ""


class TestUnroutable:
    """Bad input: what nobody who is configured may ever take is said on the case."""

    def desk(self) -> Desk:
        return Desk(plan(agent("ada", {"en": 2}), agent("ben", {"de": 1}, queues=frozenset({"mail"}))))

    @pytest.mark.parametrize(
        ("command", "detail"),
        [
            (queue("c1", need("en", 3)), "nobody in mail takes email of weight 1 with en ≥ 3"),
            (queue("c1", need("en"), need("de")), "nobody in mail takes email of weight 1 with en ≥ 1, de ≥ 1"),
            (queue("c1", need("de"), queue="calls"), "nobody in calls takes email of weight 1 with de ≥ 1"),
            (queue("c1", weight=6.5), "nobody in mail takes email of weight 6.5"),
            (queue("c1", channel="web"), "nobody in mail takes web of weight 1"),
            (queue("c1", excluded_agents=("ada", "ben")), "nobody in mail takes email of weight 1"),
        ],
    )
    def test_is_told(self, command: QueueWork, detail: str) -> None:
        told = only(self.desk().does(command.model_copy(update={"matched_rule": "r"})), WorkUnroutable)
        assert (told.case_id, told.detail, told.matched_rule) == ("c1", detail, "r")

    @pytest.mark.parametrize(
        "command",
        [
            queue("c1", need("en", 3, 60)),
            queue("c1", need("de")),
            queue("c1", weight=4),
            queue("c1", excluded_agents=("ada",)),
            queue("c1", need("xx"), steps=(FlowStep(name="out", after_seconds=60, department="legal"),)),
            queue("c1", need("xx"), steps=(FlowStep(name="any", after_seconds=60, requirements=()),)),
        ],
    )
    def test_is_not_told_where_somebody_may_come_or_a_step_may_help(self, command: QueueWork) -> None:
        assert words(self.desk().does(command)) == ["queued c1"]

    def test_when_the_last_step_did_not_help(self) -> None:
        steps = (FlowStep(name="on", after_seconds=60, requirements=(need("xx"),)),)
        desk = self.desk()
        desk.does(queue("c1", need("yy"), steps=steps))
        assert only(desk.passes(60), WorkUnroutable).requirements == (need("xx"),)

    def test_when_it_was_judged_anew_or_sent_where_nobody_is(self) -> None:
        desk = self.desk()
        desk.does(queue("c1", need("de")))
        assert of(desk.does(RaiseWork(pool=POOL, case_id="c1", requirements=(need("xx"),))), WorkUnroutable)
        assert of(desk.does(RaiseWork(pool=POOL, case_id="c1", boost=1)), WorkUnroutable) == []
        to = Destination(pool=POOL, queue="calls", requirements=(need("de"),))
        assert of(desk.does(TransferWork(pool=POOL, case_id="c1", to=to)), WorkUnroutable)

    def test_each_is_counted(self) -> None:
        told = tuple(self.desk().does(queue("c1", need("xx"))))
        before = metrics.UNROUTABLE.labels(POOL, "mail")._value.get()
        metrics.count(told)
        assert metrics.UNROUTABLE.labels(POOL, "mail")._value.get() == before + 1


def test_decisions_are_kept_for_so_many_offers_of_a_case() -> None:
    desk = Desk(plan(agent("ada"), missed_limit=0, cool_down=dt.timedelta(0)))
    desk.does(presence("ada"), queue("c1"))
    desk.passes(20 * (KEPT_PER_ITEM + 5))
    kept = sorted(int(key.rpartition("/")[2]) for name, key in desk.written if name == "decisions")
    assert len(kept) == KEPT_PER_ITEM
    assert kept[-1] == desk.item("c1").offer_count == KEPT_PER_ITEM + 6
