"""What is known of a customer stands in the fact, before anybody answers (S1-02, S2-03 to S2-07, S4-03, S4-36)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.case_commands import ProposeCustomerMerge
from caseway.contracts.contacts import PhoneContact, WebContact
from caseway.contracts.customers import CustomerMerged, CustomerRecorded, OrderChanged, OrderLine, PhoneNumber
from caseway_intake.domain import background
from caseway_intake.domain.background import Known, Order, PastCase
from tests.intake_edge import NOW, Edge, command_of, mail_bytes

HOUR = dt.timedelta(hours=1)
EMAIL = "anna.nowak@example.com"


@pytest.fixture
def edge() -> Edge:
    edge = Edge()
    edge.contact(registered("C-1", "Anna Nowak"))
    return edge


def registered(customer: str, name: str, **more: Any) -> CustomerRecorded:
    told = {"emails": (EMAIL,), "phones": (PhoneNumber(number="600555010"),)}
    return CustomerRecorded.model_validate({"customer": customer, "name": name, **told, **more})


def order(number: str = "A-1", status: str = "shipped", **more: Any) -> OrderChanged:
    told = {"customer": "C-1", "order": number, "status": status, "lines": (OrderLine(product="chair-12"),)}
    return OrderChanged.model_validate(told | more)


def offered(call: str = "k-1") -> PhoneContact:
    return PhoneContact(call=call, event="offered", caller="+48 600-555-010", dialled="+48225550199")


def test_an_offered_call_pops_up_customer_open_cases_last_contacts_and_orders(edge: Edge) -> None:
    edge.contact(order("A-1", ordered_at=NOW - 3 * HOUR))
    edge.contact(order("A-2", "delivered", ordered_at=NOW - 2 * HOUR))
    first = edge.add(mail_bytes())
    edge.core_opens(first, 120)
    edge.now = NOW + HOUR
    told = command_of(edge.contact(offered()))
    assert (told.customer.state, told.customer.id, told.customer.matched_by) == ("linked", "C-1", "phone")
    assert told.background is not None
    assert [(each.order, each.status) for each in told.background.orders] == [("A-2", "delivered"), ("A-1", "shipped")]
    (earlier,) = told.background.cases
    assert (earlier.case_id, earlier.number, earlier.status, earlier.subject) == (first.case_id, 120, "open", "Pytanie")
    assert told.background.open_cases_count == 1
    assert (told.background.last_contact_at, told.background.last_channel) == (NOW, "email")


def test_a_case_that_the_core_has_not_opened_yet_is_told_without_how_it_stands(edge: Edge) -> None:
    first = edge.add(mail_bytes())
    told = command_of(edge.contact(offered())).background
    assert told is not None
    assert [(each.case_id, each.status) for each in told.cases] == [(first.case_id, None)]
    assert told.open_cases_count == 0


def test_a_form_that_names_an_order_knows_how_it_stands_whoever_wrote(edge: Edge) -> None:
    edge.contact(order())
    fields = {"subject": "?", "message": "Where is it?", "email": "stranger@example.com", "order": " a-1 "}
    told = command_of(edge.contact(WebContact(form="contact", submission="s", fields=fields)))
    assert told.customer.state == "unlinked"
    assert told.background is not None
    assert [each.order for each in told.background.orders] == ["A-1"]
    assert told.background.cases == ()


def test_older_news_of_an_order_changes_nothing(edge: Edge) -> None:
    edge.contact(order(status="delivered", at=NOW))
    edge.contact(order(status="packed", at=NOW - HOUR))
    (shown,) = command_of(edge.contact(offered())).background.orders
    assert shown.status == "delivered"


def test_candidates_are_shown_with_their_names_and_nobodys_orders(edge: Edge) -> None:
    edge.contact(registered("C-2", "Jan Nowak"))
    edge.contact(order())
    decision = edge.contact(offered())
    told = command_of(decision)
    assert (told.customer.state, told.customer.candidates) == ("candidates", ("C-1", "C-2"))
    assert told.background is not None
    assert [(each.customer, each.name) for each in told.background.candidates] == [
        ("C-1", "Anna Nowak"),
        ("C-2", "Jan Nowak"),
    ]
    assert told.background.orders == ()


def test_registrations_alike_are_proposed_to_be_one_and_never_merged(edge: Edge) -> None:
    """S2-17: an SV decides."""
    edge.contact(registered("C-2", "ANNA NOWAK"))
    decision = edge.contact(offered())
    command, proposal = decision.emits
    assert isinstance(proposal, ProposeCustomerMerge)
    assert (proposal.case_id, proposal.customers) == (command.case_id, ("C-1", "C-2"))
    assert edge.state("customers", "C-2").merged_into is None


def test_a_merged_registrations_orders_and_cases_are_the_survivors_too(edge: Edge) -> None:
    edge.contact(registered("C-2", "Anna Nowak", emails=("old@example.com",), phones=()))
    edge.contact(order("A-9", customer="C-2"))
    edge.contact(CustomerMerged(customer="C-2", into="C-1"))
    edge.ring()
    told = edge.add(mail_bytes(sender="old@example.com"), mailfrom="old@example.com")
    assert told.customer.id == "C-1"
    assert told.background is not None
    assert [each.order for each in told.background.orders] == ["A-9"]


def test_a_stranger_has_no_background(edge: Edge) -> None:
    assert edge.add(mail_bytes(sender="x@example.com"), mailfrom="x@example.com").background is None


def test_a_contact_that_joins_a_case_is_told_nothing_anew(edge: Edge) -> None:
    edge.add(mail_bytes())
    again = edge.add(mail_bytes("Nadal nic.", message_id="2@example.com", in_reply_to="1@example.com"))
    assert again.matched_by is not None
    stored = edge.state("backgrounds", "customer:C-1")
    assert len(stored.cases) == 1


def test_what_is_kept_is_bounded() -> None:
    known = Known()
    for number in range(50):
        at = NOW + number * HOUR
        known = background.with_order(known, Order(order=f"A-{number}", customer="C", status="x", at=at))
        known = background.with_contact(known, at, "email", PastCase(case_id=f"case-{number}", at=at, channel="email"))
    assert [each.order for each in known.orders[:2]] == ["A-49", "A-48"]
    assert (len(known.orders), len(known.cases)) == (background.MOST_ORDERS, background.MOST_CASES)
    assert known.cases[0].case_id == "case-49"


def test_a_contact_that_comes_late_is_not_the_last() -> None:
    known = background.with_contact(Known(), NOW, "phone", None)
    late = background.with_contact(known, NOW - HOUR, "email", PastCase(case_id="c", at=NOW - HOUR, channel="email"))
    assert (late.last_contact_at, late.last_channel, len(late.cases)) == (NOW, "phone", 1)
