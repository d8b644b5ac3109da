"""The product-support scenario's desk, as the router reads it. Source: S2-14 to S2-22."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from caseway.contracts.cases import FactsAssigned, FactsConfirmed
from caseway.contracts.work_commands import QueueWork
from caseway.contracts.work_notices import WorkMentioned
from caseway.runtime.configuration import load
from caseway_router.settings import Configuration
from tests.router_edge import EdgeCase, words

HERE = Path(__file__).parents[2] / "deploy" / "scenarios" / "product-support"
NOON = dt.datetime(2026, 11, 24, 3, tzinfo=dt.UTC)
"""In Tokyo, on a Tuesday; the day before was a holiday."""


@pytest.fixture(scope="module")
def configuration() -> Configuration:
    return load(HERE, Configuration).value


def case(configuration: Configuration, at: dt.datetime = NOON) -> EdgeCase:
    return EdgeCase(configuration.router, at)


def test_mention_lists_of_four_eight_and_four(configuration: Configuration) -> None:
    """S2-18."""
    lists = configuration.mentions.lists.values()
    assert {each.title: len(each.mentions) for each in lists} == {
        "INSIDE_Escalation": 4,
        "Kuraemon_Sales": 8,
        "Support_Escalation": 4,
    }


@pytest.mark.parametrize(
    ("category", "post_to"),
    [("purchase", "INSIDE_Escalation"), ("order", "Kuraemon_Sales"), ("custom_order", "Support_Escalation")],
)
def test_each_matter_is_told_in_its_channel(configuration: Configuration, category: str, post_to: str) -> None:
    """S2-20 to S2-22."""
    queued, post = case(configuration).opened(category=category, language="ja")
    assert (queued.queue, post.post_to, post.reason) == ("sales", post_to, "handed_on")


@pytest.mark.parametrize("answer", [FactsAssigned, FactsConfirmed])
def test_sales_hears_of_a_wish_to_buy_once_nothing_is_missing(configuration: Configuration, answer: type[Any]) -> None:
    """S2-20: until then it is the first line's."""
    wish = case(configuration)
    (queued,) = wish.opened(category="purchase", language="ja", missing_fields=("company", "phone"))
    assert queued.queue == "first-line"
    assert words(wish(answer(**wish.stamp(), fields={"company": "ふじ学園"}, missing_fields=("phone",)))) == []
    moved, post = wish(answer(**wish.stamp(), fields={"phone": "03-5550-0190"}, missing_fields=()))
    assert (moved.queue, post.post_to, len(post.mentions)) == ("sales", "INSIDE_Escalation", 4)


def test_a_call_stays_with_the_first_line_until_nothing_is_missing(configuration: Configuration) -> None:
    """S2-20, S2-21: asking goes on while the customer is on the line."""
    call = case(configuration)
    call.called(language="ja", category="other")
    assert words(call.goes_on("answered")) == []
    assert words(call(FactsAssigned(**call.stamp(), category="order", missing_fields=("order",)))) == []
    *_, post = call(FactsAssigned(**call.stamp(), fields={"order": "K-1"}, missing_fields=()))
    assert (post.post_to, len(post.mentions)) == ("Kuraemon_Sales", 8)


@pytest.mark.parametrize("asked_for", ["青葉さん", "青葉　詩織様", "aoba.shiori"])
def test_who_asks_for_a_person_is_told_to_that_person_only(configuration: Configuration, asked_for: str) -> None:
    """S2-19."""
    queued, post = case(configuration).called(language="ja", asked_for=asked_for)
    assert isinstance(queued, QueueWork)
    assert isinstance(post, WorkMentioned)
    assert (queued.named_agent, queued.named_seconds) == ("aoba.shiori", 30)
    assert (post.post_to, post.mentions) == ("Support_Window", ("aoba.shiori",))
    assert [(each.name, each.queue) for each in queued.steps] == [("nobody there", None), ("not-there", "callbacks")]


def test_on_a_holiday_the_caller_hears_when_the_desk_opens(configuration: Configuration) -> None:
    labour_thanksgiving = dt.datetime(2026, 11, 23, 3, tzinfo=dt.UTC)
    (told,) = case(configuration, labour_thanksgiving).called(language="ja")
    assert (told.until, told.choices) == (dt.datetime(2026, 11, 24, 1, tzinfo=dt.UTC), ("callback", "case"))


def test_english_is_spoken_in_the_afternoon(configuration: Configuration) -> None:
    (told,) = case(configuration).called(language="en")
    assert (told.reason, told.until) == ("unstaffed", NOON + dt.timedelta(hours=1))


def test_an_abandoned_call_is_called_back_by_the_first_line(configuration: Configuration) -> None:
    """S2-15."""
    call = case(configuration)
    call.called(language="ja")
    left, back = call.goes_on("abandoned")
    assert (left.reason, back.queue, back.boost) == ("abandoned", "callbacks", 0)


@pytest.mark.parametrize(
    "facts", [{"escalated": True}, {"callback": "callback_requested", "ladders": ["long-guidance"]}]
)
def test_an_sv_calls_back_first(configuration: Configuration, facts: dict[str, Any]) -> None:
    """S2-14 to S2-16: not after a mere first reception."""
    route = configuration.router.route({"channel": "phone", "language": "ja", **facts})
    assert route is not None
    assert (route.queue, route.boost) == ("sv-callbacks", 5)
    assert {"skill": "supervising", "level": 1} in [
        {"skill": each.skill, "level": each.level} for each in route.requirements
    ]


def test_a_form_may_ask_not_to_be_routed(configuration: Configuration) -> None:
    """S1-18."""
    (told,) = case(configuration).opened(category="technical", language="ja", fields={"assign_by_rules": "no"})
    assert (told.queue, told.matched_rule) == ("first-line", "by hand")


def test_a_voice_is_nobodys_here(configuration: Configuration) -> None:
    assert words(case(configuration).opened(record_type="voice", category=None)) == []
