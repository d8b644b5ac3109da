"""Forms, messages and what a desk writes down become cases (S1-04, S4-02, S4-12)."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from caseway.contracts.case_commands import AddContact
from caseway.contracts.contacts import DeskContact, MessageContact, WebContact
from caseway.contracts.customers import CustomerRecorded
from caseway.contracts.parts import Party
from caseway.contracts.voice_commands import DeclareIncident
from caseway.kernel.ids import case_id
from tests.intake_edge import Edge, command_of


@pytest.fixture
def edge() -> Edge:
    return Edge()


def form(fields: dict[str, Any], name: str = "contact", submission: str = "s-1", **more: Any) -> WebContact:
    return WebContact(form=name, submission=submission, fields=fields, **more)


def message(number: int = 1, text: str = "Paczka uszkodzona", **fields: Any) -> MessageContact:
    sender = {"id": "w1", "name": "Jan", "phone": "+48600555010"}
    return MessageContact.model_validate(
        {
            "platform": "whatsapp",
            "conversation": "wa-1",
            "message": f"m-{number}",
            "sender": sender,
            "text": text,
            **fields,
        }
    )


def desk(**fields: Any) -> DeskContact:
    return DeskContact.model_validate(
        {"submission": "d-1", "actor": "emp-1", "text": "Klient mówi, że krzesło się chwieje.", **fields}
    )


def test_a_forms_fields_become_subject_text_name_and_address(edge: Edge) -> None:
    fields = {
        "subject": "Return 12",
        "message": "I want to return order 12.",
        "email": "Jan@example.com",
        "name": "Jan Kowalski",
        "order": "12",
        "colour": "blue",
    }
    command = command_of(edge.contact(form(fields, language="en")))
    assert (command.case_id, command.source_key) == (case_id("web:contact:s-1"), "web:contact:s-1")
    assert (command.subject, command.text) == ("Return 12", "I want to return order 12.")
    assert (command.party.name, command.party.email, command.reply_to) == (
        "Jan Kowalski",
        "Jan@example.com",
        "Jan@example.com",
    )
    assert command.fields == {"order": "12", "colour": "blue"}
    assert (command.form, command.submission) == ("contact", "s-1")
    assert (command.language, command.category) == ("en", "return")


def test_what_the_sender_is_known_as_comes_before_what_the_form_says(edge: Edge) -> None:
    customer = Party(name="Known", email="known@example.com")
    command = command_of(
        edge.contact(form({"message": "x", "email": "typed@example.com", "name": "Typed"}, customer=customer))
    )
    assert (command.party.name, command.party.email) == ("Known", "known@example.com")


def test_a_form_that_nobody_declared_is_read_by_its_fields_names(edge: Edge) -> None:
    command = command_of(
        edge.contact(form({"Subject": "S", "Text": "T", "Mail": "a@example.com", "x": 1}, name="other"))
    )
    assert (command.subject, command.text, command.party.email, command.fields) == ("S", "T", "a@example.com", {"x": 1})


def test_a_form_without_a_text_shows_its_fields(edge: Edge) -> None:
    command = command_of(edge.contact(form({"size": "XL", "colour": None, "list": [1]}, name="other")))
    assert command.text == "size: XL\ncolour: None\nlist: [1]"


def test_the_customer_is_found_by_a_field_of_the_form(edge: Edge) -> None:
    edge.contact(CustomerRecorded(customer="C-1", emails=("jan@example.com",)))
    command = command_of(edge.contact(form({"message": "x", "email": " JAN@example.com "})))
    assert (command.customer.state, command.customer.id) == ("linked", "C-1")


def test_a_form_sent_again_is_the_same_contact(edge: Edge) -> None:
    first = edge.contact(form({"message": "x"}))
    again = edge.contact(form({"message": "x"}))
    assert command_of(again).source_key == command_of(first).source_key
    assert again.changes == ()


def test_a_form_of_strange_fields_is_admitted(edge: Edge) -> None:
    fields = {
        "email": " " * 500 + "a@example.com",
        "message": "x" * 900_000,
        "phone": "1" * 5000,
        "deep": {"a": [1, {"b": None}]},
    }
    command = command_of(edge.contact(form(fields, name="other")))
    assert len(json.dumps(command.model_dump(mode="json"))) < 900_000
    assert command.text_file is not None


def test_fields_beyond_bounds_are_cut_and_say_so(edge: Edge) -> None:
    command = command_of(
        edge.contact(form({"first": 1, **{f"f{number}": "x" * 10_000 for number in range(90)}}, name="other"))
    )
    assert command.fields["first"] == 1
    assert command.fields["cut"] is True
    assert len(json.dumps(command.fields)) < 140_000


def test_the_data_protection_form_is_above_all(edge: Edge) -> None:
    command = command_of(edge.contact(form({"message": "Bitte", "request": "erasure"}, name="data-protection")))
    assert (command.class_, command.priority, command.rules["class"]) == (
        "data_protection",
        "urgent",
        "data-protection-form",
    )


def test_a_message_opens_a_case_and_the_next_joins_it(edge: Edge) -> None:
    first = command_of(edge.contact(message()))
    second = command_of(edge.contact(message(2, "Halo?")))
    assert (first.source_key, first.case_id) == ("message:whatsapp:m-1", case_id("message:whatsapp:m-1"))
    assert (first.platform, first.conversation, first.reply_to) == ("whatsapp", "wa-1", "+48600555010")
    assert (first.language, first.category) == ("pl", "complaint")
    assert (second.case_id, second.source_key, second.matched_by) == (
        first.case_id,
        "message:whatsapp:m-2",
        "conversation",
    )


def test_a_message_after_long_silence_begins_a_new_case(edge: Edge) -> None:
    first = command_of(edge.contact(message()))
    edge.now += dt.timedelta(hours=71)
    assert command_of(edge.contact(message(2))).case_id == first.case_id
    edge.now += dt.timedelta(hours=73)
    assert command_of(edge.contact(message(3))).case_id == case_id("message:whatsapp:m-3")


def test_a_message_that_comes_again_after_long_silence_is_still_the_old_one(edge: Edge) -> None:
    first = command_of(edge.contact(message()))
    edge.now += dt.timedelta(days=30)
    again = edge.contact(message())
    assert (command_of(again).case_id, again.changes) == (first.case_id, ())


def test_conversations_of_two_platforms_never_meet(edge: Edge) -> None:
    assert command_of(edge.contact(message())).case_id != command_of(edge.contact(message(platform="sms"))).case_id


def test_a_public_post_is_flagged(edge: Edge) -> None:
    assert command_of(edge.contact(message(public=True, platform="social"))).public


def test_what_a_desk_writes_down_opens_a_case_in_its_name(edge: Edge) -> None:
    command = command_of(
        edge.contact(desk(channel="phone", department="sales", customer=Party(name="Jan", phone="600555010")))
    )
    assert (command.channel, command.source_key) == ("desk", "desk:d-1")
    assert (command.actor.kind, command.actor.id) == ("employee", "emp-1")
    assert (command.attributes["came_by"], command.attributes["written_by_department"]) == ("phone", "sales")
    assert command.party.phone == "600555010"


def test_a_voice_about_another_case_is_a_record_of_its_own(edge: Edge) -> None:
    other = case_id("1@example.com")
    command = command_of(edge.contact(desk(record_type="voice", about_case=other)))
    assert (command.record_type, command.about_case, command.case_id) == ("voice", other, case_id("desk:d-1"))


def test_an_incident_that_a_desk_writes_down_is_declared_once(edge: Edge) -> None:
    """S0-06: whoever records it may tick "incident"."""
    added, declared = edge.contact(desk(incident=True, cause_department="logistics")).emits
    assert isinstance(added, AddContact)
    assert isinstance(declared, DeclareIncident)
    assert declared.case_id == added.case_id
    assert (declared.actor.id, declared.cause_department) == ("emp-1", "logistics")
    assert len(edge.contact(desk(incident=True)).emits) == 1


@pytest.mark.parametrize(("platform", "hours"), [("whatsapp", 24), ("WhatsApp", 24), ("sms", None), ("own-app", None)])
def test_a_platforms_window_for_answers_is_told(edge: Edge, platform: str, hours: int | None) -> None:
    """S4-02: WhatsApp takes a free answer for a day."""
    command = command_of(edge.contact(message(platform=platform)))
    expected = edge.now + dt.timedelta(hours=hours) if hours else None
    assert command.reply_until == expected


def test_a_public_posts_case_is_tagged(edge: Edge) -> None:
    """S1-08."""
    assert "public" in command_of(edge.contact(message(platform="social", public=True))).tags
    assert "public" not in command_of(edge.contact(message(2, conversation="wa-2"))).tags


def test_what_may_stand_in_a_header_is_one_line(edge: Edge) -> None:
    """Bad input: a form that tries to add headers to our answer."""
    attack = "Anna\r\nBcc: everybody@example.com"
    fields = {"subject": attack, "name": attack, "email": "a@example.com\r\nBcc: x@example.com", "message": "a\nb"}
    command = command_of(edge.contact(form(fields)))
    assert "form-invalid" in command.tags
    written = (command.subject, command.party.name, command.party.email, command.reply_to, command.author.name)
    assert not [each for each in written if each and ("\r" in each or "\n" in each)]
    assert command.text == "a\nb"
