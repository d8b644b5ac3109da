"""A bounce is told on its case, and changes nobody's turn (semantics 5.1)."""

from __future__ import annotations

from typing import Any

from caseway.contracts.cases import CaseRefused, ContactBounced, ContactRepeated
from caseway.contracts.parts import Author, Bounce
from caseway.kernel.vocabulary import CaseStatus
from caseway_intake.domain import life
from tests.intake_builders import NOW, configuration, mail


def step() -> life.Step:
    return life.Step(cause="event-1", at=NOW, now=NOW, configuration="v1", rules=configuration().life)


def bounce(**fields: Any) -> Any:
    told = Bounce(message_id="sent.1@example.com", address="jan@example.com", reason="550 5.1.1", **fields)
    return mail("bounce.1@example.com", opens=False, automatic=True, author=Author(kind="machine"), bounce=told)


def test_a_bounce_is_a_fact_of_its_own_and_reopens_nothing() -> None:
    opened = life.open_case(mail(), step(), 1).case
    after = life.decide(opened, bounce(), step())
    (fact,) = after.facts
    assert isinstance(fact, ContactBounced)
    assert (fact.message_id, fact.address, fact.reason, fact.permanent) == (
        "sent.1@example.com",
        "jan@example.com",
        "550 5.1.1",
        True,
    )
    assert fact.source_key == "bounce.1@example.com"
    assert (after.case.status, after.case.turn, after.case.answer) == (CaseStatus.OPEN, opened.turn, opened.answer)
    assert fact.version == opened.version + 1


def test_the_same_bounce_again_is_a_repeat() -> None:
    opened = life.open_case(mail(), step(), 1).case
    once = life.decide(opened, bounce(permanent=False), step()).case
    (fact,) = life.decide(once, bounce(), step()).facts
    assert isinstance(fact, ContactRepeated)
    assert not isinstance(fact, CaseRefused)
