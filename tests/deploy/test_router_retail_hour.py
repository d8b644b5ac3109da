"""The retail desk at ten times its speed, as a pure simulation over what the router really decides.

Issue "Shown by": waits by language, fairness, and no violation of the invariants. The long form is an hour and 5,400
matters (`-m slow`); the default run sees four minutes of it.
"""

from __future__ import annotations

import sys

import pytest

from caseway.scenario.spread import evenness, within
from tests.router_day import Day

TARGETS = {"pl": 5.0, "en": 40.0, "de": 60.0}
"""By language: seconds within which nine of ten are offered when the desk is as busy as it can just be."""


@pytest.fixture(scope="module")
def morning() -> Day:
    return Day(seed=7).runs(minutes=4)


def test_nothing_is_assigned_as_it_must_not_be(morning: Day) -> None:
    """delivery.md, checker 6: one holder, load ≤ capacity, skills held, nobody absent."""
    assert morning.spread.audit.wrong == []
    assert morning.spread.audit.offered_count > len(morning.matters) > 250


def test_everybody_is_offered_and_nothing_is_left_lying(morning: Day) -> None:
    assert [each.case_id for each in morning.matters.values() if each.first_offer is None] == []
    assert morning.core.resident.named("retail").items == {}


def test_who_hangs_up_leaves_and_is_called_back(morning: Day) -> None:
    left = [each for each in morning.matters.values() if each.has_left and each.channel == "phone"]
    assert left, "some customers lose patience, or the day was too quiet to show anything"
    assert all(each.is_over for each in left)
    assert morning.told["withdrawn"] >= len(left)


def test_waits_by_language(morning: Day) -> None:
    """S4-08, S4-10: five Germans among thirty are enough for the German share."""
    slow = {each: within(waits, 0.9) for each, waits in morning.spread.waits.items()}
    assert all(slow[language] <= seconds for language, seconds in TARGETS.items()), slow


def test_the_same_seed_is_the_same_day() -> None:
    first, second = (Day(seed=3).runs(minutes=0.7) for _ in range(2))
    assert first.told == second.told
    assert first.spread.waits == second.spread.waits
    assert Day(seed=4).runs(minutes=0.7).spread.waits != first.spread.waits


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("load_factor", "least_even"), [(1.0, 0.85), (2.0, 0.9)])
def test_an_hour_at_ten_times_its_speed(
    load_factor: float, least_even: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """S4-14: work is spread evenly within each group of equal skills, the more so the busier the desk is."""
    day = Day(seed=11, load_factor=load_factor).runs(minutes=60)
    with capsys.disabled():
        sys.stdout.write(f"\n{day.spread.table()}\n")
    assert day.spread.audit.wrong == []
    assert day.core.resident.named("retail").items == {}
    assert [each.case_id for each in day.matters.values() if each.first_offer is None] == []
    uneven = {
        group: evenness([share for _, share in people])
        for group, people in day.spread.groups()
        if evenness([share for _, share in people]) < least_even
    }
    assert uneven == {}
    if load_factor == 1.0:
        assert all(within(day.spread.waits[each], 0.9) <= seconds for each, seconds in TARGETS.items())
