"""Why this agent, in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.parts import FlowStep
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_router.adapters.pages import Pages
from caseway_router.adapters.reading import preferred
from caseway_router.domain import account, policy
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.matching import Candidate, Explanation
from caseway_router.domain.obstacles import obstacles
from caseway_router.domain.phrases import Speech, count, duration, listed
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.wording import in_words
from tests.router_builders import Desk, accept, agent, complete, decline, need, plan, presence, profile, queue

AT = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
NAMES = Speech(
    names={"ada": "Ada Lis", "ben": "Ben Wilk"},
    queues={"mail": "Mail", "calls": "Calls"},
    skills={"en": "English", "de": "German"},
    zone="Europe/Warsaw",
)


def offer(waited: float = 0, **why: Any) -> DecidedOffer:
    values: dict[str, Any] = {
        "chosen": "ada", "candidates": (Candidate(agent="ada", score=(0, 0, 0, 0)),), "tie_break": "only candidate",
        "step": 0, "queue_ahead": 0, "next_relaxation_at": None, **why,
    }  # fmt: skip
    return DecidedOffer(
        work_item="w", case_id="c", pool="p", queue="mail", offer_count=1, at=AT + dt.timedelta(seconds=waited),
        queued_at=AT, expires_at=AT, configuration="v1", explanation=Explanation(**values),
    )  # fmt: skip


def test_the_shortest() -> None:
    assert in_words(offer(), NAMES) == "Offered to Ada Lis at once in Mail: nobody else was free for it."


def test_the_longest() -> None:
    said = in_words(
        offer(
            3725,
            candidates=(
                Candidate(agent="ada", score=(0, 0, 0, 0)),
                Candidate(agent="ben", score=(1, 0, 0, 0)),
                Candidate(agent="cyd", failed=("skill:en",)),
                Candidate(agent="dan", failed=("skill:en",)),
                Candidate(agent="eve", failed=("cool_down",)),
            ),
            tie_break="load band",
            queue_ahead=1,
            dropped=("orders",),
            rest={"presence": 4, "further_down": 2},
        ),
        NAMES,
    )
    assert said == (
        "Offered to Ada Lis after 1 h 2 min 5 s in Mail: the least busy of those who can. "
        "1 item was ahead in the queue, for which nobody was free. "
        "By then it no longer asked for orders. "
        "Next would have been Ben Wilk. "
        "Kept out: 4 agents not present; 2 agents without English so well; 1 agent who let it go a moment ago."
    )


def test_who_lacks_a_skill_is_counted_once() -> None:
    """Which skill the ones lack who are not named is not known: two reasons for one thing would only confuse."""
    candidates = (Candidate(agent="ada", score=(0, 0, 0, 0)), Candidate(agent="ben", failed=("skill:en", "presence")))
    said = in_words(offer(1, candidates=candidates, rest={"skill": 23, "presence": 4}), NAMES)
    assert said.endswith("Kept out: 24 agents without the skills; 4 agents not present.")


@pytest.mark.parametrize(
    ("tie_break", "words"),
    [
        ("idle longest", "idle the longest"),
        ("surplus of skill", "closest fit"),
        ("stable hash", "fixed order"),
        ("reserve", "kept free for work that only few can do"),
        ("interest", "likes this kind of case"),
        ("preferred", "preferred by the routing rule"),
        ("taken", "by their own wish"),
        ("assigned", "to whom a supervisor gave it"),
    ],
)
def test_every_tie_break_has_words(tie_break: str, words: str) -> None:
    assert words in in_words(offer(tie_break=tie_break), NAMES)


def test_every_policy_s_number_has_words() -> None:
    """A policy that is added without words would be explained by a machine's word."""
    for names in policy._SCORES.values():
        for name in names:
            said = in_words(offer(tie_break=name), NAMES)
            assert f": {name}." not in said, name


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "no time"),
        (-5, "no time"),
        (59, "59 s"),
        (3600, "1 h"),
        (90_061, "25 h 1 min 1 s"),
        (200_000, "2 d 7 h 33 min"),
    ],
)
def test_lengths_of_time(length: float, words: str) -> None:
    assert duration(dt.timedelta(seconds=length)) == words


def test_lists_and_counts() -> None:
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")) == ("a", "a and b", "a, b or c")
    assert (count(1, "agent", "agents"), count(0, "agent", "agents")) == ("1 agent", "0 agents")


def test_times_are_told_by_the_desks_clock_and_with_the_day_where_it_is_another() -> None:
    assert NAMES.clock(AT, AT) == "09:00 (CET)"
    assert NAMES.clock(AT + dt.timedelta(days=1, seconds=5), AT) == "09:00:05 on Tuesday 24 November (CET)"


EVERYBODY = (
    agent("ada", {"de": 3}),
    agent("ben", {"de": 1, "en": 2}),
    agent("cyd", {"en": 3}),
    agent("dan", {"en": 1}, queues=frozenset({"calls"})),
    agent("eve", {"en": 3}, profile=profile(chat=3)),
)


class Waits:
    """One piece of work that waits in a pool of five, a minute after it came."""

    def __init__(self, *present: str, **other: Any) -> None:
        self.desk = Desk(plan(*EVERYBODY))
        for name in present:
            self.desk.does(presence(name))
        needs = other.pop("needs", ())
        self.desk.does(queue("c1", *needs, **other))

    def said(self, seconds: float = 60, ahead: str = "") -> str:
        self.desk.passes(seconds)
        item = self.desk.item("c1")
        seats = {name: seat for name in self.desk.plan.agents if (seat := self.desk.pool.seat(name)) is not None}
        found = obstacles(item, self.desk.plan, seats, self.desk.now)
        return account.of_work(item, found, ahead, NAMES, self.desk.now).in_words


class TestWhyIsItStillWaiting:
    def test_nobody_present_has_the_language(self) -> None:
        said = Waits("cyd", needs=[need("de", 3)]).said()
        assert said == (
            "Waiting in Mail for 1 min. Nobody present has German ≥ 3 (fluent); 1 agent has it: 1 offline. "
            "Nothing about what it asks for changes by itself: it waits for an agent."
        )

    def test_who_has_it_is_counted_by_presence(self) -> None:
        waits = Waits(needs=[need("de", 1)])
        waits.desk.does(presence("ada", "away"))
        assert "2 agents have it: 1 away and 1 offline." in waits.said()

    def test_nobody_at_all_has_it(self) -> None:
        said = Waits("cyd", needs=[need("pl", 1)]).said()
        assert "Nobody at this desk has pl ≥ 1 (basic)." in said
        assert "As it is" not in said, "once is enough"
        assert said.endswith("changes by itself: somebody must send it elsewhere, or take it.")

    def test_a_level_that_is_none_has_no_name(self) -> None:
        assert "Nobody at this desk has pl ≥ 9." in Waits("cyd", needs=[need("pl", 9)]).said()

    def test_each_is_there_but_nobody_has_both(self) -> None:
        said = Waits("ada", "cyd", needs=[need("de", 3), need("en", 3)]).said()
        assert "nobody at this desk has German ≥ 3 (fluent) and English ≥ 3 (fluent) together and serves Mail" in said

    def test_all_who_could_are_full(self) -> None:
        waits = Waits("ben", needs=[need("de")])
        assert waits.desk.holder("c1") == "ben"
        waits.desk.does(accept("ben", "c1"))
        other = [f"x{number}" for number in range(4)]
        waits.desk.does(*(queue(case, need("de")) for case in other))
        waits.desk.does(*(accept("ben", case) for case in other if waits.desk.holder(case)))
        (left,) = [case for case in other if not waits.desk.holder(case)]
        item = waits.desk.item(left)
        seats = {"ben": waits.desk.pool.seat("ben")}
        found = obstacles(item, waits.desk.plan, seats, waits.desk.now)  # type: ignore[arg-type] - ben is there
        said = account.of_work(item, found, "", NAMES, waits.desk.now).in_words
        assert "Of the 1 agent present who may take it, 1 holds as much as they may." in said

    def test_who_let_it_go_is_asked_again_later(self) -> None:
        waits = Waits("ada", needs=[need("de", 3)])
        waits.desk.does(decline("ada", "c1"))
        assert "1 let it go a moment ago. It is offered again to who let it go from 09:01 (CET) on." in waits.said(0)

    def test_what_changes_next(self) -> None:
        steps = (
            FlowStep(name="overflow", after_seconds=600, queue="calls"),
            FlowStep(name="out", after_seconds=900, department="legal"),
        )
        said = Waits("cyd", needs=[need("de", 3, 120)], steps=steps).said(ahead="3 items go before it in its queue.")
        assert "3 items go before it in its queue. At 09:02 (CET) it stops asking for German ≥ 3 (fluent)." in said
        assert "If it still waits at 09:10 (CET), it moves to Calls (step overflow)." in said

    @pytest.mark.parametrize(
        ("step", "words"),
        [
            ({"department": "legal"}, "it leaves the desk for the department legal"),
            ({"choices": ("callback", "case")}, "offered a choice (callback or case)"),
            ({"requirements": ()}, "it asks for no skill any more (step s)"),
            (
                {"requirements": (need("en", 2),), "boost": 1},
                "asks only for English ≥ 2 (intermediate) and it moves forward",
            ),
        ],
    )
    def test_every_kind_of_step_has_words(self, step: dict[str, Any], words: str) -> None:
        said = Waits("cyd", needs=[need("de", 3)], steps=(FlowStep(name="s", after_seconds=600, **step),)).said()
        assert words in said

    def test_the_one_who_was_asked_for(self) -> None:
        waits = Waits("ada", needs=[])
        waits.desk.does(*(queue(f"x{number}") for number in range(4)))
        waits.desk.does(queue("c2", named_agent="ada"))
        item = waits.desk.item("c2")
        found = obstacles(item, waits.desk.plan, {}, waits.desk.now)
        said = account.of_work(item, found, "", NAMES, waits.desk.now).in_words
        assert "The customer asked for Ada Lis: until 09:01 (CET) it is theirs alone." in said


class TestStandings:
    def test_offered_held_and_written_up(self) -> None:
        desk = Desk(plan(*EVERYBODY, wrap_up={"email": dt.timedelta(seconds=30)}))
        desk.does(presence("ada"), queue("c1", need("de", 3)))
        said = [_standing(desk)]
        desk.does(accept("ada", "c1"))
        desk.passes(90)
        said.append(_standing(desk))
        desk.does(complete("ada", "c1"))
        said.append(_standing(desk))
        assert said == [
            "Offered to Ada Lis, who may answer until 09:00:20 (CET).",
            "Ada Lis has had it for 1 min 30 s.",
            "Ada Lis is writing it up, until 09:02 (CET) at the latest.",
        ]

    @pytest.mark.parametrize(
        ("case", "words"),
        [
            ({"turn": Turn.CUSTOMER}, "it is the customer's turn"),
            ({"turn": Turn.DEPARTMENT}, "it is a department's turn"),
            ({"status": CaseStatus.RESOLVED}, "it is resolved"),
            ({"status": None}, "Nothing is known of it yet but its promises"),
            ({"is_merged": True}, "part of another case"),
            ({"is_held": True}, "outside every queue until it is released"),
            ({}, "The caller left"),
            ({"since": AT, "facts": {"by_rules": False}}, "not routed by rules, as its sender asked"),
            ({"since": AT}, "a routing rule says that it is not routed"),
            ({"postponed_until": AT}, "nobody is there for it before 09:00 (CET). It is queued then by itself"),
            ({"postponed_until": AT, "is_wished": True}, "the customer is to be called at 09:00 (CET)"),
            (
                {"postponed_until": AT, "facts": {"talk": "waiting"}},
                "The customer is on the line and may choose a call-back or a case.",
            ),
        ],
    )
    def test_a_case_without_work(self, case: dict[str, Any], words: str) -> None:
        routed = RoutedCase(case_id="c", **{"status": CaseStatus.OPEN, **case})
        assert words in account.of_case(routed, NAMES, AT).in_words


def _standing(desk: Desk) -> str:
    return account.of_work(desk.item("c1"), None, "", NAMES, desk.now).in_words


@pytest.mark.parametrize(
    ("accept_header", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("text/plain", "text/plain"),
        ("text/html;q=0, text/plain;q=0.1", "text/plain"),
        ("text/html;q=high", "text/html"),
        ("text/html;q=nan, text/plain", "text/plain"),
        ("image/png", "application/json"),
        (",;,;q", "application/json"),
    ],
)
def test_who_asks_gets_the_form_they_ask_for(accept_header: str, kind: str) -> None:
    assert preferred(accept_header) == kind


def test_nothing_on_the_page_is_markup_of_others() -> None:
    """Names come from configuration, ids from outside: neither runs anything."""
    evil = "<script>alert(1)</script>"
    answer: dict[str, Any] = {
        "case_id": evil, "number": None, "at": AT.isoformat(), "work": None, "waiting": None, "routing": None,
        "standing": {"headline": evil, "reasons": [evil], "in_words": evil}, "decisions": [],
    }  # fmt: skip
    page = Pages().html("case", answer, NAMES)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert evil in Pages().text("case", answer, NAMES), "plain words are plain"
