"""Which customer a contact is of: linked, candidates, unlinked; never made, never guessed (semantics 5.10)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.case_commands import AddContact, MergeCase
from caseway.contracts.contacts import ChatContact, PhoneContact
from caseway.contracts.customers import CustomerMerged, CustomerRecorded, PhoneNumber
from caseway.contracts.parts import CustomerLink, Party
from caseway.kernel.errors import Superseded
from tests.intake_edge import ANNA, NOW, Edge, command_of, mail_bytes


@pytest.fixture
def edge() -> Edge:
    return Edge()


def customer(name: str, emails: tuple[str, ...] = (), phones: tuple[str, ...] = (), **more: Any) -> CustomerRecorded:
    numbers = tuple(PhoneNumber(number=each) for each in phones)
    return CustomerRecorded(customer=name, name=f"Name of {name}", emails=emails, phones=numbers, **more)


def link_of_party(edge: Edge, **party: str) -> CustomerLink:
    edge_id = f"party-{sorted(party.items())}"
    contact = ChatContact(
        conversation=edge_id, event="message", sender={"kind": "customer"}, customer=Party(**party), text="x"
    )
    return command_of(edge.contact(contact)).customer


def link_of_call(edge: Edge, caller: str) -> CustomerLink:
    return command_of(edge.contact(PhoneContact(call=f"call-{caller}", event="offered", caller=caller))).customer


def test_one_customer_with_the_address_is_linked_with_what_is_known(edge: Edge) -> None:
    edge.contact(customer("C-1", ("Anna.Nowak@Example.com",), account="A-1", vip=True, segment="store"))
    link = edge.add(mail_bytes()).customer
    assert (link.state, link.id, link.matched_by) == ("linked", "C-1", "email")
    assert (link.name, link.account, link.vip, link.segment) == ("Name of C-1", "A-1", True, "store")


def test_nobody_with_the_address_is_unlinked_and_nobody_is_made(edge: Edge) -> None:
    decision = edge.mail(mail_bytes())
    assert command_of(decision).customer == CustomerLink()
    assert not {each.collection for each in decision.changes} & {"customers", "contact_points", "backgrounds"}


def test_several_with_the_address_are_candidates(edge: Edge) -> None:
    edge.contact(customer("C-2", ("anna.nowak@example.com",)))
    edge.contact(customer("C-1", ("anna.nowak@example.com",)))
    link = edge.add(mail_bytes()).customer
    assert (link.state, link.id, link.candidates) == ("candidates", None, ("C-1", "C-2"))


@pytest.mark.parametrize(
    "registered",
    [
        "+48 600 555 010",
        "600555010",
        "600-555-010",
        "0048600555010",
        "(600) 555 010",
        "６００５５５０１０",
        "+48600555010 wew. 12",
    ],
)
@pytest.mark.parametrize("caller", ["+48600555010", "600 555 010", "0048 600 555 010", "tel:+48-600-555-010"])
def test_a_number_is_found_in_any_writing(edge: Edge, registered: str, caller: str) -> None:
    edge.contact(customer("C-1", phones=(registered,)))
    link = link_of_call(edge, caller)
    assert (link.state, link.id, link.matched_by) == ("linked", "C-1", "phone")


@pytest.mark.parametrize(
    "caller",
    [
        "03-1234-5678",
        "+81 3-1234-5678",
        "+81(0)312345678",
        "03－1234－5678",
        "０３ー１２３４ー５６７８",
        "03‐1234‐5678 内線 9",
    ],
)
def test_japanese_numbers_with_zero_or_country_are_one(caller: str) -> None:
    from caseway_intake.adapters.numbers import to_e164
    from caseway_intake.domain.phones import same_number

    assert same_number(caller, "JP", to_e164) == "+81312345678"


def test_numbers_of_two_countries_that_end_alike_are_two(edge: Edge) -> None:
    edge.contact(customer("C-1", phones=("+49 22 5550100",)))
    assert link_of_call(edge, "+48 22 5550100").state == "unlinked"


@pytest.mark.parametrize("number", ["", "anonymous", "12", "+", "9" * 60])
def test_what_is_no_number_finds_nobody(edge: Edge, number: str) -> None:
    edge.contact(customer("C-1", phones=(number, "600555010")))
    assert link_of_call(edge, number or "withheld").state == "unlinked"


def test_every_phone_of_a_record_counts(edge: Edge) -> None:
    edge.contact(customer("C-1", phones=("600555010", "22 555 01 00")))
    assert link_of_call(edge, "+48225550100").id == "C-1"


def test_address_and_number_that_one_customer_has_both_decide(edge: Edge) -> None:
    edge.contact(customer("C-1", ("a@example.com",), ("600555010",)))
    edge.contact(customer("C-2", ("a@example.com",)))
    assert link_of_party(edge, email="a@example.com", phone="600555010").id == "C-1"


def test_address_and_number_of_two_customers_are_for_a_person_to_decide(edge: Edge) -> None:
    edge.contact(customer("C-1", ("a@example.com",)))
    edge.contact(customer("C-2", phones=("600555010",)))
    link = link_of_party(edge, email="a@example.com", phone="600555010")
    assert (link.state, link.candidates) == ("candidates", ("C-1", "C-2"))


def test_an_id_that_is_registered_links_at_once_and_another_does_not(edge: Edge) -> None:
    edge.contact(customer("C-1"))
    assert link_of_party(edge, id="C-1").matched_by == "id"
    assert link_of_party(edge, id="C-404").state == "unlinked"


def test_the_customers_language_counts_where_the_text_tells_none(edge: Edge) -> None:
    edge.contact(customer("C-1", ("anna.nowak@example.com",), language="en"))
    assert edge.add(mail_bytes("?", subject="?")).language == "en"
    assert edge.add(mail_bytes(message_id="2@example.com")).language == "pl"


def test_the_customers_preferred_channel_is_the_cases(edge: Edge) -> None:
    edge.contact(customer("C-1", ("anna.nowak@example.com",), preferred_channel="chat"))
    assert edge.add(mail_bytes()).preferred_channel == "chat"


def test_what_a_new_record_leaves_out_is_forgotten(edge: Edge) -> None:
    edge.contact(customer("C-1", ("anna.nowak@example.com",), ("600555010",)))
    edge.contact(customer("C-2", ("anna.nowak@example.com",)))
    edge.contact(customer("C-1", ("other@example.com",), ("600555010",)))
    edge.ring()
    assert edge.add(mail_bytes()).customer.id == "C-2"
    assert link_of_party(edge, email="other@example.com").id == "C-1"
    assert link_of_call(edge, "600555010").id == "C-1"


def test_a_value_that_moved_away_and_back_is_kept(edge: Edge) -> None:
    edge.contact(customer("C-1", ("anna.nowak@example.com",)))
    edge.contact(customer("C-1", ()))
    edge.contact(customer("C-1", ("anna.nowak@example.com",)))
    edge.ring()
    assert edge.add(mail_bytes()).customer.id == "C-1"


def test_an_older_record_changes_nothing(edge: Edge) -> None:
    edge.contact(customer("C-1", ("anna.nowak@example.com",), at=NOW))
    with pytest.raises(Superseded):
        edge.contact(customer("C-1", (), at=NOW - dt.timedelta(seconds=1)))
    assert edge.add(mail_bytes()).customer.id == "C-1"


def test_merged_registrations_are_one_and_the_merge_can_be_undone(edge: Edge) -> None:
    edge.contact(customer("C-1", ("anna.nowak@example.com",)))
    edge.contact(customer("C-2", ("anna.nowak@example.com",)))
    edge.contact(CustomerMerged(customer="C-2", into="C-1"))
    edge.ring()
    assert edge.add(mail_bytes()).customer.id == "C-1"
    assert link_of_party(edge, id="C-2").id == "C-1"
    edge.contact(CustomerMerged(customer="C-2", into="C-1", reverted=True))
    edge.ring()
    assert edge.add(mail_bytes("Czy jest zielone?", message_id="2@example.com")).customer.state == "candidates"


def test_a_merge_survives_a_new_record(edge: Edge) -> None:
    edge.contact(customer("C-2", ("anna.nowak@example.com",)))
    edge.contact(CustomerMerged(customer="C-2", into="C-1"))
    edge.contact(customer("C-2", ("anna.nowak@example.com",)))
    edge.ring()
    assert edge.add(mail_bytes()).customer.id == "C-1"


def test_a_merge_of_somebody_unknown_changes_nothing(edge: Edge) -> None:
    with pytest.raises(Superseded):
        edge.contact(CustomerMerged(customer="C-404", into="C-1"))


def test_a_number_that_a_crowd_shares_stays_bounded(edge: Edge) -> None:
    for number in range(80):
        edge.contact(customer(f"C-{number:03}", phones=("600555010",)))
    assert len(link_of_call(edge, "600555010").candidates) == 50


def test_the_same_mail_from_two_addresses_of_one_customer_is_one_matter(edge: Edge) -> None:
    """S4-27: by the registration, not by the address; strangers who write the same stay apart."""
    edge.contact(customer("C-1", (ANNA, "anna@work.example.org")))
    said = "Regał przyszedł bez śrub, proszę o dosłanie."
    first = edge.add(mail_bytes(said, "1@example.com"))
    again = edge.mail(mail_bytes(said, "2@work.example.org", sender="Anna <anna@work.example.org>"))
    opened, merge = again.emits
    assert isinstance(merge, MergeCase)
    assert (merge.case_id, merge.other, merge.reason) == (opened.case_id, first.case_id, "identical")
    (stranger,) = edge.mail(mail_bytes(said, "3@example.net", sender="Eve <eve@example.net>")).emits
    assert isinstance(stranger, AddContact)


def bounce(address: str, status: str = "5.1.1") -> bytes:
    """A mail system's report about a mail that answered the first one."""
    return (
        "From: MAILER-DAEMON@example.com\nMessage-ID: <bounce.1@example.com>\nSubject: Undelivered\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nYour mail was not delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\n"
        "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@example.com>\n--b--\n"
    ).encode()


def test_an_address_where_nothing_arrives_is_marked_on_its_customer_until_it_writes(edge: Edge) -> None:
    edge.contact(customer("C-1", (ANNA,)))
    edge.add(mail_bytes())
    edge.mail(bounce(ANNA), mailfrom="")
    assert edge.state("customers", "C-1").bounced == (f"email:{ANNA}",)
    edge.contact(customer("C-1", (ANNA, "anna@work.example.org")))
    assert edge.state("customers", "C-1").bounced == (f"email:{ANNA}",), "a new record does not mend it"
    edge.add(mail_bytes("Jestem", "4@example.com"))
    assert edge.state("customers", "C-1").bounced == ()


def test_what_only_waits_or_is_nobodys_marks_nobody(edge: Edge) -> None:
    edge.contact(customer("C-1", (ANNA,)))
    edge.add(mail_bytes())
    edge.mail(bounce(ANNA, status="4.2.2"), mailfrom="")
    edge.mail(bounce("nobody@example.net"), mailfrom="")
    assert edge.state("customers", "C-1").bounced == ()
