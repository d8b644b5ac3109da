"""Results of people: team totals, oneself among peers, and nobody else's figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from caseway_analytics.domain.figures import Figure
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.leaderboard import Result, Roster, among_peers, teams
from caseway_analytics.settings import MeasuresFile

AGENTS = [f"a{place}" for place in range(6)]
ROSTER = Roster(
    roles=dict.fromkeys(AGENTS, "desk") | {"lone": "hotline"},
    teams=dict.fromkeys(AGENTS, "B") | {"lone": "C"},
    supervisors={"B": frozenset({"sv"})},
)


def result(agent, handled, seconds=60):
    figure = Figure(count=handled, milliseconds=handled * seconds * 1000, buckets={bucket_of(seconds * 1000): handled})
    return Result(agent=agent, figures={"handling": figure} if handled else {})


def first(told):
    return next(each for each in told["figures"] if (each["measure"], each["kind"]) == ("handling", "count"))


def test_a_person_sees_their_own_figure_among_their_roles():
    """S4-32: my result against those in the same role."""
    results = [result(agent, 10 * (place + 1)) for place, agent in enumerate(AGENTS)]
    told = among_peers("a2", results, ROSTER)
    assert (told["role"], told["peers"]) == ("desk", 6)
    assert first(told)["mine"] == 30
    assert first(told)["spread"] == [15, 22.5, 35, 47.5, 55]  # 10…60; each end is the mean of two


def test_in_a_group_of_four_nothing_is_told_of_the_others():
    """S4-32: groups of five or more."""
    told = among_peers("a0", [result(agent, 10) for agent in AGENTS[:4]], ROSTER)
    assert (told["peers"], first(told)["spread"], first(told)["mine"]) == (None, None, 10)


def test_who_did_nothing_has_no_mean_and_no_invented_one():
    """Bad input: empty sets."""
    told = among_peers("a0", [], ROSTER)
    assert [each["mine"] for each in told["figures"]] == [0, None, None, 0, 0]
    assert [each["spread"] for each in told["figures"]] == [None] * 5


@given(st.lists(st.integers(0, 100), min_size=5, max_size=6))
def test_the_ends_of_a_spread_are_nobodys_own_unless_two_share_them(counts):
    results = [result(agent, count) for agent, count in zip(AGENTS, counts, strict=False)]
    low, *_, high = first(among_peers("a0", results, ROSTER))["spread"]
    ordered = sorted(counts)
    assert low == sum(ordered[:2]) / 2
    assert high == sum(ordered[-2:]) / 2


def test_small_teams_are_told_together_or_not_at_all():
    """S4-32: a team of one is a person."""
    results = [*(result(agent, 1) for agent in AGENTS), result("lone", 9)]
    assert [(each["team"], each["agents"]) for each in teams(results, ROSTER)] == [("B", 6)]
    others = [result(f"x{place}", 1) for place in range(4)]
    roster = Roster(roles={}, teams=ROSTER.teams | {f"x{place}": "D" for place in range(4)})
    told = teams([*results, *others], roster)
    assert [(each["team"], each["agents"]) for each in told] == [("B", 6), (None, 5)]
    assert told[1]["figures"][0]["value"] == 13


@pytest.mark.parametrize(
    ("viewer", "kind", "may"),
    [("a0", "agent", True), ("a1", "agent", False), ("sv", "supervisor", True), ("sv", "agent", False),
     ("other", "supervisor", False), ("boss", "manager", False)],
)  # fmt: skip
def test_a_persons_figures_are_for_them_and_for_whoever_leads_them(viewer, kind, may):
    """S4-32: individual figures only to that person and their supervisor."""
    assert ROSTER.may_see(viewer, kind, "a0") is may


def test_it_is_off_unless_somebody_wants_it_and_looks_back_three_months_at_most():
    assert MeasuresFile().leaderboard.on is False
    for wrong in ({"on": True, "days": 93}, {"on": True, "days": 0}, {"supervisors": {"Z": ["sv"]}}):
        with pytest.raises(ValidationError):
            MeasuresFile(leaderboard=wrong)
