"""The retail scenario's desk, as the router reads it. Source: S4-08, S4-14 to S4-16."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from caseway.runtime.configuration import load
from caseway_intake.settings import Configuration as IntakeConfiguration
from caseway_router.domain.staff import Agent
from caseway_router.settings import Configuration

RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load(RETAIL, Configuration).value


def agents(configuration: Configuration) -> list[Agent]:
    roles = configuration.agents.agents
    return [each for name, each in configuration.plans["retail"].agents.items() if roles[name].role == "agent"]


def test_thirty_agents_and_two_coordinators(configuration: Configuration) -> None:
    """S4-08: 15 PL, 10 PL+EN, 5 DE."""
    spoken = Counter(tuple(sorted({"pl", "en", "de"} & set(each.skills))) for each in agents(configuration))
    assert spoken == {("pl",): 15, ("en", "pl"): 10, ("de",): 5}
    roles = Counter(each.role for each in configuration.agents.agents.values())
    assert roles == {"agent": 30, "coordinator": 2}


def test_english_is_spoken_at_two_levels(configuration: Configuration) -> None:
    """S4-16: basic against fluent English."""
    assert {each.skills["en"] for each in agents(configuration) if "en" in each.skills} == {1, 3}


def test_every_language_is_served_on_every_channel(configuration: Configuration) -> None:
    for language in ("pl", "en", "de"):
        channels = {
            channel for each in agents(configuration) if language in each.skills for channel in each.profile.channels
        }
        assert channels == {"phone", "chat", "message", "email", "web", "desk"}


def test_queues_by_type(configuration: Configuration) -> None:
    """S4-15."""
    assert set(configuration.plans["retail"].queues) == {
        "stores",
        "customers",
        "marketplace",
        "phone",
        "callbacks",
        "other",
    }


@pytest.mark.parametrize(
    ("facts", "queue"),
    [
        ({"channel": "email", "category": "store"}, "stores"),
        ({"channel": "email", "category": "order"}, "customers"),
        ({"channel": "email", "category": "return"}, "customers"),
        ({"channel": "email", "category": "partner"}, "marketplace"),
        ({"channel": "email", "category": "other"}, "other"),
        ({"channel": "email"}, "other"),
        ({"channel": "phone", "category": "order"}, "phone"),
        ({"channel": "phone", "category": "order", "callback": "abandoned"}, "callbacks"),
        ({"channel": "phone", "category": "data-protection"}, "customers"),
    ],
)
def test_cases_find_their_queue(configuration: Configuration, facts: dict[str, str], queue: str) -> None:
    route = configuration.router.route(facts)
    assert route is not None
    assert route.queue == queue


def test_data_protection_goes_before_everything(configuration: Configuration) -> None:
    """S4-05."""
    route = configuration.router.route({"channel": "email", "category": "data-protection"})
    assert route is not None
    assert configuration.plans["retail"].class_ranks[route.case_class or ""] == 0


def test_the_rules_know_every_category_and_class_that_triage_gives(configuration: Configuration) -> None:
    """Otherwise a renamed category would quietly end in the default queue."""
    triage = load(RETAIL, IntakeConfiguration).value.triage
    for rule in triage.rules:
        if rule.category not in {None, "other"}:
            route = configuration.router.route({"channel": "email", "category": rule.category})
            assert route is not None
            assert route.rule, rule.category
        if rule.class_ is not None:
            assert rule.class_ in configuration.plans["retail"].class_ranks
