"""In which order those who may take work are asked, and which work goes first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.work import WorkOffered
from caseway.contracts.work_commands import RaiseWork
from caseway.kernel.vocabulary import Priority
from caseway_router.domain.plan import QueuePlan, Reserve
from caseway_router.domain.staff import Agent, ChannelLimit
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
    urgent,
    withdraw,
)

ONE = profile(1, email=1)


def desk_of(*agents: Agent, **rules: Any) -> Desk:
    desk = Desk(plan(*agents, **rules))
    for each in agents:
        desk.does(presence(each.agent))
    return desk


def offered(desk: Desk, *commands: Any) -> WorkOffered:
    return only(desk.does(*commands), WorkOffered)


def why(desk: Desk, *commands: Any) -> tuple[str, str | None]:
    """Whom it is offered to, and what decided that."""
    offer = offered(desk, *commands)
    return offer.agent, offer.decision.tie_break


class TestWishes:
    def test_a_named_agent_goes_before_all_others(self) -> None:
        """S2-19: a caller who asks for somebody by name."""
        desk = desk_of(agent("ada"), agent("ben", {"en": 3}))
        assert why(desk, queue("c1", named_agent="ben")) == ("ben", "named")

    def test_while_the_named_agent_is_busy_but_there_it_waits_for_them(self) -> None:
        desk = desk_of(
            agent("ada"), agent("ben", profile=ONE), queues={"mail": QueuePlan(name="mail", named_for=30 * SECOND)}
        )
        desk.does(presence("ada", "away"), queue("c0"), accept("ben", "c0"), presence("ada"))
        assert of(desk.does(queue("c1", named_agent="ben")), WorkOffered) == []
        assert of(desk.passes(29), WorkOffered) == []
        assert only(desk.passes(1), WorkOffered).agent == "ada"

    def test_when_the_named_agent_gets_free_in_time_it_is_theirs(self) -> None:
        desk = desk_of(agent("ada"), agent("ben", profile=ONE))
        desk.does(presence("ada", "away"), queue("c0"), accept("ben", "c0"), presence("ada"))
        desk.does(queue("c1", named_agent="ben"))
        assert why(desk, complete("ben", "c0")) == ("ben", "named")

    @pytest.mark.parametrize("status", ["away", "offline", "wrap_up", "handing_over"])
    def test_when_the_named_agent_leaves_it_is_anybodys(self, status: str) -> None:
        desk = desk_of(agent("ada"), agent("ben", profile=ONE))
        desk.does(presence("ada", "away"), queue("c0"), accept("ben", "c0"), presence("ada"))
        desk.does(queue("c1", named_agent="ben"))
        told = desk.does(presence("ben", status))
        assert [each.agent for each in of(told, WorkOffered) if each.case_id == "c1"] == ["ada"]
        assert "relax/c1" not in desk.timers

    @pytest.mark.parametrize("named", ["ben", "zed"])
    def test_a_named_agent_who_is_absent_or_unknown_is_not_waited_for(self, named: str) -> None:
        desk = Desk(plan(agent("ada"), agent("ben")))
        desk.does(presence("ada"))
        assert offered(desk, queue("c1", named_agent=named)).agent == "ada"

    def test_how_long_one_is_waited_for_may_come_with_the_command(self) -> None:
        desk = desk_of(agent("ada"), agent("ben", profile=ONE))
        desk.does(presence("ada", "away"), queue("c0"), accept("ben", "c0"), presence("ada"))
        desk.does(queue("c1", named_agent="ben", named_seconds=5))
        assert only(desk.passes(5), WorkOffered).agent == "ada"

    def test_preferred_agents_go_first_in_their_order_but_are_not_waited_for(self) -> None:
        desk = desk_of(agent("ada"), agent("ben"), agent("cyd", profile=ONE))
        assert why(desk, queue("c1", preferred_agents=("cyd", "ben"))) == ("cyd", "preferred")
        assert why(desk, queue("c2", preferred_agents=("cyd", "ben"))) == ("ben", "preferred")

    def test_whoever_is_preferred_stands_once_in_the_list(self) -> None:
        desk = desk_of(agent("ada"), agent("ben"))
        decision = offered(desk, queue("c1", preferred_agents=("ben",))).decision
        assert [each.agent for each in decision.candidates] == ["ben", "ada"]

    def test_an_excluded_agent_is_never_asked(self) -> None:
        desk = desk_of(agent("ada"))
        assert of(desk.does(queue("c1", excluded_agents=("ada",))), WorkOffered) == []
        assert of(desk.does(presence("ada", "away"), presence("ada")), WorkOffered) == []
        desk.does(presence("ada", "away"), queue("c2"))
        assert offered(desk, presence("ada")).case_id == "c2"

    def test_excluded_and_named_at_once_is_excluded(self) -> None:
        desk = desk_of(agent("ada"), agent("ben"))
        assert offered(desk, queue("c1", named_agent="ben", excluded_agents=("ben",))).agent == "ada"


class TestReserves:
    PL_EN = Reserve(name="pl+en", skills={"pl": 1, "en": 1}, keep_count=1, needed_for=frozenset({"en"}))

    def desk(self) -> Desk:
        return desk_of(
            agent("a-both", {"pl": 1, "en": 1}), agent("b-polish", {"pl": 4}, profile=ONE), reserves=(self.PL_EN,)
        )

    def test_the_last_one_is_kept_free_for_who_needs_them(self) -> None:
        """Semantics 5.4: keep one PL+EN free; without it the closer fit would go first."""
        desk = self.desk()
        assert why(desk, queue("c1", need("pl"))) == ("b-polish", "reserve")
        assert offered(desk, queue("c2", need("en"))).agent == "a-both"

    def test_they_are_asked_when_nobody_else_can(self) -> None:
        desk = self.desk()
        desk.does(queue("c1", need("pl")))
        assert why(desk, queue("c2", need("pl"))) == ("a-both", "only candidate")

    def test_with_more_of_them_free_nothing_is_reserved(self) -> None:
        both = [agent(f"both-{n}", {"pl": 1, "en": 1}) for n in range(2)]
        desk = desk_of(*both, agent("polish", {"pl": 4}), reserves=(self.PL_EN,))
        assert offered(desk, queue("c1", need("pl"))).agent.startswith("both")


def test_of_equal_fits_who_likes_the_matter() -> None:
    """S4-06: cases matched to agents' interests."""
    fond = agent("zoe", {"pl": 1}, interests=frozenset({"returns"}))
    desk = desk_of(agent("ada", {"pl": 1}), fond, agent("ben", {"pl": 1}))
    assert why(desk, queue("c1", need("pl"), category="returns")) == ("zoe", "interest")
    assert why(desk_of(agent("ada", {"pl": 1}), fond), queue("c2", need("pl"), tags=("returns",))) == (
        "zoe",
        "interest",
    )
    assert offered(
        desk_of(agent("ada", {"pl": 1}), fond), queue("c1", need("pl"), category="other")
    ).decision.tie_break != ("interest")


class TestPolicies:
    def test_least_skilled_first_keeps_the_versatile_free(self) -> None:
        desk = desk_of(agent("able", {"pl": 1, "en": 3, "de": 3}), agent("plain", {"pl": 3}), policy="least_skilled")
        assert why(desk, queue("c1", need("pl"))) == ("plain", "least skilled")

    def test_scarcity_keeps_rare_skills_free(self) -> None:
        others = [agent(f"o{n}", {"pl": 1}) for n in range(3)]
        rare = agent("rare", {"pl": 1, "ja": 1})
        desk = Desk(plan(*others, rare, policy="scarcity"))
        desk.does(presence("rare"), presence("o1"))
        assert why(desk, queue("c1", need("pl"))) == ("o1", "scarce skills")

    def test_most_available_counts_what_is_free_not_its_part(self) -> None:
        """One of ten is a smaller part than none of two is room."""
        desk = desk_of(
            agent("large", profile=profile(10, email=10)),
            agent("small", profile=profile(2, email=2)),
            policy="most_available",
        )
        assert offered(desk, queue("c1")).agent == "large"
        assert why(desk, queue("c2")) == ("large", "most available")

    def test_least_active_counts_cases_not_weights(self) -> None:
        desk = desk_of(agent("ada"), agent("ben"), policy="least_active")
        heavy = offered(desk, queue("heavy", weight=2)).agent
        other = {"ada": "ben", "ben": "ada"}[heavy]
        assert offered(desk, queue("l1", weight=0.5)).agent == other
        desk.does(queue("l2", weight=0.5, excluded_agents=(heavy,)))
        assert why(desk, queue("l3", weight=0.5)) == (heavy, "least active")

    def test_round_robin_asks_each_in_turn_whatever_their_load(self) -> None:
        desk = desk_of(agent("ada"), agent("ben"), agent("cyd"), policy="rotation")
        first = []
        for n in range(3):
            desk.passes(1)
            first.append(offered(desk, queue(f"c{n}"), withdraw(f"c{n}", "merged")).agent)
        assert sorted(first) == ["ada", "ben", "cyd"]
        for n in range(3, 6):
            desk.passes(1)
            first.append(offered(desk, queue(f"c{n}"), withdraw(f"c{n}", "merged")).agent)
        assert first[3:] == first[:3]

    def test_the_rotation_survives_that_agents_come_and_go(self) -> None:
        """Whose turn it is stands with each agent, not in a place of a list."""
        desk = desk_of(agent("ada"), agent("ben"), agent("cyd"), policy="rotation")
        turns = []
        for n in range(2):
            desk.passes(1)
            turns.append(offered(desk, queue(f"c{n}"), withdraw(f"c{n}", "merged")).agent)
        (last,) = {"ada", "ben", "cyd"} - set(turns)
        desk.does(presence(turns[0], "away"))
        desk.plan, desk.version = plan(agent("ada"), agent("ben"), agent("cyd"), agent("dan"), policy="rotation"), "v2"
        desk.passes(1)
        assert offered(desk, queue("c5"), withdraw("c5", "merged")).agent == last
        desk.does(presence(turns[0]))
        desk.passes(1)
        assert offered(desk, queue("c6"), withdraw("c6", "merged")).agent == turns[0]
        assert desk.rebuilt().attendances == desk.pool.attendances


class TestWhichWorkFirst:
    def order(self, desk: Desk, count: int) -> list[str]:
        cases = [offered(desk, presence("ada")).case_id]
        for _ in range(count - 1):
            cases.append(offered(desk, accept("ada", cases[-1]), complete("ada", cases[-1])).case_id)
        return cases

    def test_of_one_priority_the_nearest_promise(self) -> None:
        desk = Desk(plan(agent("ada", profile=ONE)))
        desk.does(queue("none"), queue("far", slack_due_at=START + 900 * SECOND))
        desk.does(queue("near", slack_due_at=START + 60 * SECOND), urgent("urgent"))
        assert self.order(desk, 4) == ["urgent", "near", "far", "none"]

    def test_with_ageing_the_promise_decides_within_a_quarter_of_a_rank(self) -> None:
        desk = Desk(plan(agent("ada", profile=ONE), ageing=dt.timedelta(minutes=10)))
        desk.does(queue("older", queue_entered_at=START - 50 * SECOND))
        desk.does(queue("near", queue_entered_at=START - 40 * SECOND, slack_due_at=START + 60 * SECOND))
        desk.does(queue("long", queue_entered_at=START - 900 * SECOND))
        assert self.order(desk, 3) == ["long", "near", "older"]

    def test_call_backs_after_long_handling_first_the_oldest_first_then_by_arrival(self) -> None:
        """S2-15: not those after a mere first reception; neither priority nor promise count among call-backs."""
        calls = {"calls": QueuePlan(name="calls", by_arrival=True)}
        desk = Desk(plan(agent("ada", profile=profile(1, phone=1)), queues=calls))
        for age, case, more in [
            (50, "first-line", {"priority": Priority.URGENT}),
            (90, "voicemail", {"priority": Priority.LOW}),
            (10, "long-younger", {"boost": 10.0, "slack_due_at": START}),
            (30, "long-older", {"boost": 10.0, "priority": Priority.LOW}),
            (70, "abandoned", {}),
        ]:
            entered = START - age * SECOND
            desk.does(queue(case, queue="calls", channel="phone", queue_entered_at=entered, **more))
        assert self.order(desk, 5) == ["long-older", "long-younger", "voicemail", "abandoned", "first-line"]

    def test_a_raised_case_moves_at_once(self) -> None:
        desk = Desk(plan(agent("ada", profile=ONE)))
        desk.does(queue("c1"), queue("c2"))
        desk.does(RaiseWork(pool=POOL, case_id="c2", slack_due_at=START + 5 * SECOND))
        assert self.order(desk, 2) == ["c2", "c1"]


class TestExplained:
    def test_every_filter_that_failed_is_named(self) -> None:
        busy = agent("ben", {"en": 1}, queues=frozenset({"calls"}), profile=profile(1, chat=1))
        desk = desk_of(agent("ada", {"en": 3}), busy)
        desk.does(presence("ben", "busy"))
        decision = offered(desk, queue("c1", need("en", 2), excluded_agents=("ben",))).decision
        (failed,) = [each.failed for each in decision.candidates if not each.ok]
        assert failed == ("skill:en", "queue", "presence", "channel", "excluded")

    def test_full_closed_and_cooling_down_are_told_apart(self) -> None:
        full = agent("full", profile=ONE)
        desk = desk_of(full, agent("shut"))
        desk.does(
            presence("shut", "away"), queue("c0"), accept("full", "c0"), presence("shut", channels={"email": False})
        )
        desk.does(queue("c1"))
        desk.plan, desk.version = plan(full, agent("shut"), agent("new")), "v2"
        decision = offered(desk, presence("new")).decision
        assert {each.agent: each.failed for each in decision.candidates if not each.ok} == {
            "full": ("capacity",),
            "shut": ("channel",),
        }

    def test_a_score_says_everything_that_was_compared(self) -> None:
        desk = desk_of(agent("ada", {"en": 3}), agent("ben", {"en": 2}))
        decision = offered(desk, queue("c1", need("en"))).decision
        scores = {each.agent: each.score[:5] for each in decision.candidates}
        # preferred, reserve, load band, surplus of skill, interest; then idleness and the ring
        assert scores == {"ben": (0, 0, 0, 1, 1), "ada": (0, 0, 0, 2, 1)}

    def test_whoever_gets_free_in_a_large_pool_is_the_only_candidate(self) -> None:
        many = [agent(f"a{n:02}", {"en": 1}, profile=ONE) for n in range(60)]
        desk = desk_of(*many)
        desk.does(*(queue(f"c{n}", need("en")) for n in range(61)))
        desk.does(accept(desk.holder("c0"), "c0"))
        decision = offered(desk, complete(desk.holder("c0"), "c0")).decision
        assert (decision.tie_break, decision.considered_count) == ("only candidate", 60)
        assert decision.rest == {"capacity": 59}


def test_a_telephone_rings_for_one_call_at_a_time() -> None:
    several = profile(3, phone=ChannelLimit(at_most=300, rings=1))
    desk = desk_of(agent("ada", profile=several))
    told = desk.does(queue("c1", queue="calls", channel="phone"), queue("c2", queue="calls", channel="phone"))
    assert [each.case_id for each in of(told, WorkOffered)] == ["c1"]
    assert [each.case_id for each in of(desk.does(accept("ada", "c1")), WorkOffered)] == ["c2"]
