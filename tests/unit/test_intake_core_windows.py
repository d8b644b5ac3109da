"""Answers in the customer's language, in time for the platform, and machines that ask meanwhile (S4-02, S4-10)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.case_commands import ReplyToCase
from caseway.contracts.cases import CaseRefused, CaseReplied
from caseway.kernel.vocabulary import Turn
from caseway_intake.domain import life
from caseway_intake.domain.case import Case
from tests.intake_builders import AGENT, CASE_ID, EDGE, NOW, mail, step

DAY = dt.timedelta(days=1)


def whatsapp(**changes: Any) -> Case:
    told = {
        "channel": "message",
        "platform": "whatsapp",
        "conversation": "wa-1",
        "reply_to": "+48600555010",
        "reply_until": NOW + DAY,
        "message_id": None,
        "mailbox": None,
    }
    return life.open_case(mail(**told | changes), step(), 1).case


def answered(case: Case, after: dt.timedelta, **changes: Any) -> Any:
    command = ReplyToCase(**{"case_id": CASE_ID, "actor": AGENT, "text": "It is on its way.", **changes})
    outcome = life.decide(case, command, step("c-2", at=NOW + after, now=NOW + after, actor=command.actor))
    return outcome.facts[0]


def test_within_a_day_a_free_text_goes_out() -> None:
    fact = answered(whatsapp(), DAY)
    assert isinstance(fact, CaseReplied)
    assert (fact.channel, fact.platform, fact.conversation) == ("message", "whatsapp", "wa-1")


def test_later_it_is_refused_and_says_why() -> None:
    fact = answered(whatsapp(), DAY + dt.timedelta(seconds=1))
    assert isinstance(fact, CaseRefused)
    assert fact.reason == "window-closed"
    assert "whatsapp" in fact.detail


def test_a_template_may_be_sent_at_any_time() -> None:
    assert isinstance(answered(whatsapp(), 3 * DAY, template="order-update"), CaseReplied)


@pytest.mark.parametrize("platform", ["sms", "messenger", "own-app"])
def test_a_platform_without_a_window_takes_answers_always(platform: str) -> None:
    assert isinstance(answered(whatsapp(platform=platform, reply_until=None), 30 * DAY), CaseReplied)


def test_the_answer_is_in_the_language_that_the_customer_prefers() -> None:
    assert answered(whatsapp(language="de", reply_language="pl"), DAY).language == "pl"
    assert answered(whatsapp(language="de", reply_language=None), DAY).language == "de"


def test_a_machines_question_leaves_the_turn_with_the_desk() -> None:
    """S2-20: what is missing gates the hand-over, never the first line's own routing."""
    command = ReplyToCase(case_id=CASE_ID, actor=EDGE, text="Which order?", purpose="ask")
    after = life.decide(whatsapp(), command, step("c-2"))
    assert after.case.turn is Turn.DESK
    assert after.facts[0].turn is None


def test_a_persons_question_makes_it_the_customers_turn() -> None:
    assert answered(whatsapp(), DAY, purpose="ask").turn is Turn.CUSTOMER
