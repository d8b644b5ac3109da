"""Which agent gets waiting work."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from caseway.contracts import parts
from caseway.contracts.work import WorkOffered
from caseway.kernel.vocabulary import Priority
from caseway_router.domain.assignment.reading import requirements
from caseway_router.domain.items import WorkItem
from caseway_router.domain.matching import ranked, reasons_against, score_of
from caseway_router.domain.staff import Attendance, ChannelLimit, Seat
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
    urgent,
    withdraw,
)


def chosen(told: list[object]) -> str:
    return only(told, WorkOffered).agent


def test_nobody_present_means_that_it_waits() -> None:
    desk = Desk(plan(agent("ada")))
    assert of(desk.does(queue("c1")), WorkOffered) == []
    assert chosen(desk.does(presence("ada"))) == "ada"


@pytest.mark.parametrize("status", ["busy", "away", "offline", "not_answering"])
def test_only_who_is_online_is_asked(status: str) -> None:
    desk = Desk(plan(agent("ada")))
    desk.does(presence("ada", status))
    assert of(desk.does(queue("c1")), WorkOffered) == []


def test_a_hard_skill_is_needed_at_its_level() -> None:
    """S4-16: skills with levels."""
    desk = Desk(plan(agent("basic", {"en": 1}), agent("fluent", {"en": 3})))
    desk.does(presence("basic"), presence("fluent"))
    offered = only(desk.does(queue("c1", need("en", 3))), WorkOffered)
    assert offered.agent == "fluent"
    (failed,) = [each for each in offered.decision.candidates if not each.ok]
    assert (failed.agent, failed.failed) == ("basic", ("skill:en",))


def test_every_skill_is_needed() -> None:
    desk = Desk(plan(agent("one", {"en": 3}), agent("other", {"orders": 3}), agent("both", {"en": 1, "orders": 1})))
    desk.does(presence("one"), presence("other"), presence("both"))
    assert chosen(desk.does(queue("c1", need("en"), need("orders")))) == "both"


def test_the_closest_fit_keeps_the_better_free() -> None:
    """S4-16: fluent speakers stay for the hard cases."""
    desk = Desk(plan(agent("a-fluent", {"en": 3}), agent("b-basic", {"en": 1})))
    desk.does(presence("a-fluent"), presence("b-basic"))
    offered = only(desk.does(queue("c1", need("en"))), WorkOffered)
    assert (offered.agent, offered.decision.tie_break) == ("b-basic", "surplus of skill")
    assert chosen(desk.does(queue("c2", need("en", 2)))) == "a-fluent"


def test_the_less_loaded_comes_before_the_better_fit() -> None:
    """S4-14: work spread evenly."""
    desk = Desk(plan(agent("basic", {"en": 1}, profile=profile(4, email=4)), agent("fluent", {"en": 3}), bands=4))
    desk.does(presence("basic"), presence("fluent"))
    assert chosen(desk.does(queue("c1", need("en")))) == "basic"
    offered = only(desk.does(queue("c2", need("en"))), WorkOffered)
    assert (offered.agent, offered.decision.tie_break) == ("fluent", "load band")


def test_loads_within_one_band_count_as_equal() -> None:
    desk = Desk(plan(agent("basic", {"en": 1}, profile=profile(8, email=8)), agent("fluent", {"en": 3}), bands=4))
    desk.does(presence("basic"), presence("fluent"))
    assert [chosen(desk.does(queue(f"c{n}", need("en")))) for n in range(3)] == ["basic", "basic", "fluent"]


def test_among_equals_the_longest_idle_since_releasing_work() -> None:
    """Semantics 5.6: not since login, else the newcomer wins."""
    desk = Desk(plan(agent("early"), agent("late"), bands=6))
    desk.does(presence("early"), presence("late"))
    first = chosen(desk.does(queue("c1")))
    other = ({"early", "late"} - {first}).pop()
    assert chosen(desk.does(queue("c2"))) == other
    desk.does(accept(first, "c1"), accept(other, "c2"))
    desk.passes(10)
    desk.does(complete(first, "c1"))
    desk.passes(10)
    desk.does(complete(other, "c2"))
    desk.passes(10)
    desk.does(presence(first, "away"), presence(first))
    offered = only(desk.does(queue("c3")), WorkOffered)
    assert (offered.agent, offered.decision.tie_break) == (first, "idle longest")


def test_equals_in_everything_are_told_apart_by_a_stable_hash_of_case_and_agent() -> None:
    agents = [agent(f"agent-{n}") for n in range(5)]

    def choices(order: list[int]) -> list[str]:
        desk = Desk(plan(*agents))
        desk.does(*(presence(f"agent-{n}") for n in order))
        firsts = []
        for n in range(40):
            firsts.append(chosen(desk.does(queue(f"case-{n}"))))
            desk.does(withdraw(f"case-{n}", "merged"))
            for name in (f"agent-{m}" for m in order):
                desk.pool.put_attendance(_never_released(desk, name))
        return firsts

    first = choices([0, 1, 2, 3, 4])
    assert first == choices([4, 2, 0, 3, 1])
    assert len(set(first)) >= 4


def _never_released(desk: Desk, name: str) -> Attendance:
    return dataclasses.replace(desk.pool.attendances[name], released_at=None)


def test_an_agent_of_other_queues_is_not_asked() -> None:
    desk = Desk(plan(agent("ada", queues=frozenset({"calls"}))))
    desk.does(presence("ada"))
    assert of(desk.does(queue("c1")), WorkOffered) == []
    assert chosen(desk.does(queue("c2", queue="calls"))) == "ada"


def test_no_more_than_the_total() -> None:
    """S4-14: the maximum load of an agent."""
    desk = Desk(plan(agent("ada", profile=profile(2, email=9, chat=9))))
    desk.does(presence("ada"))
    told = desk.does(queue("c1"), queue("c2", channel="chat"), queue("c3"))
    assert [each.case_id for each in of(told, WorkOffered)] == ["c1", "c2"]


def test_no_more_than_a_channel_takes() -> None:
    """S1-45: workload by channel."""
    desk = Desk(plan(agent("ada", profile=profile(6, email=1, chat=3))))
    desk.does(presence("ada"))
    told = desk.does(queue("c1"), queue("c2"), queue("c3", channel="chat"))
    assert [each.case_id for each in of(told, WorkOffered)] == ["c1", "c3"]


def test_weights_count() -> None:
    desk = Desk(plan(agent("ada", profile=profile(3, email=3))))
    desk.does(presence("ada"))
    told = desk.does(queue("heavy", weight=2), queue("too-heavy", weight=1.5), queue("light", weight=0.5))
    assert [each.case_id for each in of(told, WorkOffered)] == ["heavy", "light"]


def test_an_exclusive_call_takes_the_whole_agent() -> None:
    desk = Desk(plan(agent("ada")))
    desk.does(presence("ada"))
    told = desk.does(queue("call", channel="phone"), queue("mail"))
    assert [each.case_id for each in of(told, WorkOffered)] == ["call"]
    assert [each.case_id for each in of(desk.does(accept("ada", "call"), complete("ada", "call")), WorkOffered)] == [
        "mail"
    ]


def test_who_holds_other_work_gets_no_exclusive_call() -> None:
    desk = Desk(plan(agent("ada")))
    desk.does(presence("ada"), queue("mail"))
    assert of(desk.does(queue("call", channel="phone")), WorkOffered) == []


def test_a_call_may_stand_beside_as_much_as_the_profile_says() -> None:
    """S4-13: several channels at once, the hotline not excluded."""
    beside = profile(6, phone=ChannelLimit(at_most=100, beside=200), email=4)
    desk = Desk(plan(agent("ada", profile=beside)))
    desk.does(presence("ada"))
    told = desk.does(queue("m1"), queue("m2"), queue("call", channel="phone"), queue("m3"))
    assert [each.case_id for each in of(told, WorkOffered)] == ["m1", "m2", "call"]


def test_an_agent_may_close_channels_and_lower_their_capacity() -> None:
    desk = Desk(plan(agent("ada")))
    desk.does(presence("ada", channels={"chat": False}, capacity=1))
    told = desk.does(queue("chat", channel="chat"), queue("m1"), queue("m2"))
    assert [each.case_id for each in of(told, WorkOffered)] == ["m1"]
    assert of(desk.does(presence("ada", capacity=0)), WorkOffered) == []


def test_who_holds_too_much_on_one_channel_gets_nothing_new_on_any() -> None:
    """A quiet chat that comes back may exceed what its agent may hold; until then nothing new comes, mail neither."""
    chatty = profile(6, email=4, chat=ChannelLimit(at_most=100, quiet=0))
    desk = Desk(plan(agent("ada", profile=chatty)))
    desk.does(presence("ada"), queue("c1", channel="chat"), accept("ada", "c1"), withdraw("c1", "customer"))
    desk.does(queue("c2", channel="chat"), accept("ada", "c2"), queue("c1", channel="chat", work_item="again"))
    assert of(desk.does(queue("mail")), WorkOffered) == []
    assert chosen_case(desk.does(complete("ada", "c2"))) == "mail"


def test_the_more_urgent_is_offered_first_when_somebody_gets_free() -> None:
    """S4-21: highest rank first; S4-05: data protection before all."""
    desk = Desk(plan(agent("ada", profile=profile(1, email=1)), class_ranks={"data_protection": 0}))
    desk.does(queue("old", priority=Priority.LOW))
    desk.passes(60)
    desk.does(queue("normal"), urgent("urgent"), queue("data", priority=Priority.LOW, class_="data_protection"))
    order = [chosen_case(desk.does(presence("ada")))]
    for _ in range(3):
        order.append(chosen_case(desk.does(accept("ada", order[-1]), complete("ada", order[-1]))))
    assert order == ["data", "urgent", "normal", "old"]


def chosen_case(told: list[object]) -> str:
    return only(told, WorkOffered).case_id


def test_among_equally_urgent_the_oldest_by_original_age() -> None:
    desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
    desk.does(queue("younger"))
    desk.does(queue("older", queue_entered_at=START - 60 * SECOND))
    assert chosen_case(desk.does(presence("ada"))) == "older"


def test_with_ageing_a_long_wait_is_worth_a_rank() -> None:
    rules = plan(agent("ada", profile=profile(1, email=1)), ageing=dt.timedelta(minutes=10))
    desk = Desk(rules)
    desk.does(queue("waited", queue_entered_at=START - 11 * 60 * SECOND))
    desk.does(queue("high", priority=Priority.HIGH))
    assert chosen_case(desk.does(presence("ada"))) == "waited"


def test_who_let_it_go_is_not_asked_again_for_a_while() -> None:
    desk = Desk(plan(agent("ada"), cool_down=60 * SECOND))
    desk.does(presence("ada"), queue("c1"))
    assert of(desk.does(decline("ada", "c1")), WorkOffered) == []
    assert of(desk.passes(59), WorkOffered) == []
    assert chosen(desk.passes(1)) == "ada"


def test_what_one_may_not_take_does_not_hold_up_what_stands_behind_it() -> None:
    desk = Desk(plan(agent("ada", {"pl": 2})))
    desk.does(urgent("german", need("de")), queue("polish", need("pl")))
    assert chosen_case(desk.does(presence("ada"))) == "polish"


def test_a_cool_down_of_the_head_does_not_hold_up_its_line() -> None:
    desk = Desk(plan(agent("ada", profile=profile(1, email=1))))
    desk.does(presence("ada"), queue("first"), queue("second"))
    assert chosen_case(desk.does(decline("ada", "first"))) == "second"


def test_the_explanation_of_a_small_pool_names_everybody() -> None:
    """Issue of explained decisions: every candidate with what kept them out, and the place in the queue."""
    desk = Desk(
        plan(agent("ada", {"en": 2}), agent("ben", {"en": 1}), agent("cyd", {"en": 2}), agent("dan", {"en": 2}))
    )
    desk.does(queue("stuck", need("de"), queue_entered_at=START - SECOND))
    desk.does(presence("ada"), presence("ben"), presence("cyd", "busy"))
    decision = only(desk.does(queue("c1", need("en", 2))), WorkOffered).decision
    assert {each.agent: each.failed for each in decision.candidates} == {
        "ada": (),
        "ben": ("skill:en",),
        "cyd": ("presence",),
    }
    assert (decision.chosen, decision.tie_break, decision.queue_ahead) == ("ada", "only candidate", 1)
    assert (decision.rest, decision.considered_count, decision.policy_version) == ({"presence": 1}, 4, "v1")


def test_a_large_pool_names_the_best_and_counts_the_rest() -> None:
    agents = [agent(f"a{n:03}", {"en": 2}) for n in range(100)] + [agent(f"b{n:03}", {"de": 2}) for n in range(20)]
    desk = Desk(plan(*agents, listed_count=5))
    desk.does(*(presence(each.agent) for each in agents[:90]), *(presence(each.agent) for each in agents[100:110]))
    desk.does(presence("a001", "busy"))
    decision = only(desk.does(queue("c1", need("en"))), WorkOffered).decision
    assert [each.ok for each in decision.candidates] == [True] * 5
    assert decision.rest == {"skill": 20, "presence": 11, "further_down": 84}
    assert decision.considered_count == 120


@pytest.mark.parametrize("one_by_one", [0, 64])
def test_of_two_who_are_equally_skilled_in_all_the_longer_idle_goes_first(one_by_one: int) -> None:
    """Also where a row shows one of them as the closer fit: he is better in what the row does not count."""
    spare = agent("zoe", {"pl": 3, "en": 3, "de": 1})
    people = [agent("ada", {"pl": 1, "en": 2}), agent("ben", {"pl": 2, "en": 1}), spare]
    for first, then in (("ada", "ben"), ("ben", "ada")):
        desk = Desk(plan(*people, looked_at_one_by_one=one_by_one, counted_whole=0))
        for name in (first, then):
            desk.does(presence(name), queue("c0"), accept(name, "c0"))
            desk.passes(5)
            desk.does(complete(name, "c0"), presence(name, "busy"))
        desk.does(presence("ada"), presence("ben"))
        decision = only(desk.does(queue("c1", need("pl"), need("en"))), WorkOffered).decision
        assert [each.agent for each in decision.candidates] == [first, then]
        assert decision.tie_break == "idle longest"


@pytest.mark.parametrize("one_by_one", [0, 64])
def test_ranked_finds_exactly_what_looking_at_everybody_finds(one_by_one: int) -> None:
    agents = [
        agent(f"a{n:02}", {"pl": 1 + n % 4, **({"en": 1 + n % 3} if n % 2 else {}), **({"orders": 2} if n % 3 else {})})
        for n in range(60)
    ]
    desk = Desk(plan(*agents, looked_at_one_by_one=one_by_one))
    desk.does(*(presence(each.agent) for each in agents))
    for n in range(90):
        needs = [need("pl", 1 + n % 3), *([need("en")] if n % 2 else []), *([need("orders")] if n % 5 else [])]
        desk.does(queue(f"c{n}", *needs))
    probe = WorkItem(
        work_item="w",
        case_id="probe",
        pool=POOL,
        queue="mail",
        channel="chat",
        queued_at=START,
        requirements=(),
    )
    for needs in ([], [need("pl", 2)], [need("pl", 1), need("en", 2)], [need("en"), need("orders"), need("pl", 3)]):
        item = _asking(probe, needs)
        best = list(ranked(desk.pool, item, desk.now))
        able = {seat.agent.agent for seat in desk.pool.seats if not reasons_against(seat, item, desk.now)}
        assert {each.agent for each in best} == able
        assert len(able) > 5
        scores = [score_of(desk.pool, _seat(desk, each.agent), item) for each in best]
        assert [each.score for each in best] == scores == sorted(scores)


def _seat(desk: Desk, name: str) -> Seat:
    seat = desk.pool.seat(name)
    assert seat is not None
    return seat


def _asking(item: WorkItem, needs: list[parts.Requirement]) -> WorkItem:
    return dataclasses.replace(item, requirements=requirements(needs))
