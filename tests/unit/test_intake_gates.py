"""What a case needs before it goes on, and what passes all the same (S2-08, S2-20, S2-21)."""

from __future__ import annotations

from typing import Any

import pytest

from caseway.contracts.case_commands import ReplyToCase
from caseway.contracts.contacts import PhoneContact, WebContact
from caseway.kernel.vocabulary import Priority
from caseway_intake.domain import gates
from caseway_intake.settings import Configuration, ConfirmFirst, Gates, Question
from tests.intake_edge import Edge, command_of, configuration, mail_bytes

RULES = Gates(
    required={"order": ("order", "order_email"), "purchase": ("name", "company", "phone", "email")},
    confirm_first=ConfirmFirst(facts=("version", "device")),
)


def desk() -> Configuration:
    return configuration().model_copy(update={"gates": RULES})


def form(fields: dict[str, Any]) -> WebContact:
    return WebContact(form="contact", submission="s-1", fields={"message": "Gdzie jest moje zamówienie?", **fields})


def test_missing_facts_are_named_in_order() -> None:
    assert gates.missing_facts(RULES, "order", {}) == ("order", "order_email")
    assert gates.missing_facts(RULES, "purchase", {"name": "A", "email": "a@example.com"}) == ("company", "phone")
    assert gates.missing_facts(RULES, "other", {}) == ()


@pytest.mark.parametrize("answer", ["none", "refused", "なし", "A-1", 12])
def test_none_and_refused_are_answers(answer: Any) -> None:
    assert gates.missing_facts(RULES, "order", {"order": answer, "order_email": "refused"}) == ()


@pytest.mark.parametrize("blank", [None, "", "  ", [], {}])
def test_blanks_are_none(blank: Any) -> None:
    assert gates.missing_facts(RULES, "order", {"order": blank, "order_email": "x"}) == ("order",)


def test_the_hand_over_waits_for_what_is_missing_unless_it_brings_it() -> None:
    missing = ("order", "order_email")
    assert gates.blocks_hand_over(missing, {}, Priority.NORMAL, None) == "ask the customer first: order, order_email"
    assert gates.blocks_hand_over(missing, {"order": "A-1", "order_email": "none"}, Priority.NORMAL, None) == ""


@pytest.mark.parametrize(("priority", "class_"), [(Priority.URGENT, None), (Priority.LOW, "data_protection")])
def test_urgent_cases_and_the_laws_pass_both_gates(priority: Priority, class_: str) -> None:
    assert gates.blocks_hand_over(("order",), {}, priority, class_) == ""
    assert gates.blocks_guidance(("version",), priority, class_) == ""


def test_guidance_waits_for_what_is_not_confirmed() -> None:
    assert gates.blocks_guidance(("version",), Priority.NORMAL, None) == "confirm first: version"
    assert gates.blocks_guidance((), Priority.NORMAL, None) == ""


def test_what_was_declared_otherwise_is_counted() -> None:
    """S2-09: wrong versions are a cause of long handling."""
    declared = {"version": "11", "device": "tablet"}
    assert gates.corrected(declared, {"version": "12", "device": "tablet", "os": "x"}) == ("version",)


def test_a_case_says_what_is_missing_from_its_form() -> None:
    command = command_of(Edge(rules=desk()).contact(form({"order": "A-1"})))
    assert (command.category, command.missing_fields) == ("order", ("order_email",))


def test_what_the_keys_of_a_call_say_counts() -> None:
    call = PhoneContact(call="k", event="offered", caller="600555010", ivr={"choice": "order", "order": "A-1"})
    assert command_of(Edge(rules=desk()).contact(call)).missing_fields == ("order_email",)


def test_forms_and_mails_are_to_be_confirmed_and_calls_are_not() -> None:
    """On the phone one asks at once."""
    edge = Edge(rules=desk())
    assert command_of(edge.contact(form({"version": "11"}))).to_confirm == ("version", "device")
    assert edge.add(mail_bytes()).to_confirm == ("version", "device")
    assert command_of(edge.contact(PhoneContact(call="k", event="offered", caller="1234567"))).to_confirm == ()


def test_what_the_customer_would_not_say_needs_no_confirming() -> None:
    assert gates.to_confirm(RULES, "web", None, {"device": "refused"}) == ("version",)
    assert gates.to_confirm(RULES, "web", None, {}, confirmed={"version", "device"}) == ()


def test_an_urgent_case_asks_for_nothing_first() -> None:
    command = Edge(rules=desk()).add(mail_bytes("Ładowarka dymi się, gdzie moje zamówienie?"))
    assert (command.priority, command.missing_fields, command.to_confirm) == (Priority.URGENT, (), ())


class TestQuestion:
    """Who wrote by mail or form is asked by itself; calls, chats and urgent cases are not (S2-20, S2-21)."""

    QUESTION = Question(
        text={"en": "Please tell us:\n{facts}", "pl": "Prosimy o:\n{facts}"},
        names={"order": {"pl": "numer zamówienia"}},
    )

    def edge(self) -> Edge:
        rules = configuration().model_copy(update={"gates": RULES.model_copy(update={"question": self.QUESTION})})
        return Edge(rules=rules)

    def test_a_form_is_asked_in_its_own_language_for_all_that_is_missing(self) -> None:
        command, question = self.edge().contact(form({"email": "anna@example.com"})).emits
        assert isinstance(question, ReplyToCase)
        assert (question.case_id, question.purpose, question.actor.kind) == (command.case_id, "ask", "machine")
        assert question.text == "Prosimy o:\n- numer zamówienia\n- order_email"
        assert question.template == "missing-facts"

    def test_a_mail_is_asked_too_and_what_it_says_next_is_not(self) -> None:
        edge = self.edge()
        assert len(edge.mail(mail_bytes("Gdzie jest moje zamówienie?")).emits) == 2
        reply = mail_bytes("Nie mam numeru.", message_id="2@example.com", in_reply_to="1@example.com")
        assert len(edge.mail(reply).emits) == 1

    def test_a_machine_is_never_asked(self) -> None:
        decision = self.edge().mail(mail_bytes("Gdzie jest zamówienie?", headers=("Precedence: list",)))
        assert len(decision.emits) == 1

    @pytest.mark.parametrize(
        "contact",
        [
            PhoneContact(call="k", event="offered", caller="600555010", ivr={"choice": "order"}),
            form({"message": "Gdzie jest zamówienie?"}),
            form({"message": "Zamówienie dymi się!", "email": "anna@example.com"}),
            form({"email": "anna@example.com", "order": "none", "order_email": "refused"}),
        ],
        ids=["a call", "without an address", "urgent", "answered"],
    )
    def test_others_are_not_asked(self, contact: WebContact | PhoneContact) -> None:
        assert len(self.edge().contact(contact).emits) == 1

    def test_a_question_that_names_nothing_is_refused_at_the_start(self) -> None:
        with pytest.raises(ValueError, match="facts"):
            Question(text={"en": "Tell us more."})
