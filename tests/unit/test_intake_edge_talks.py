"""Chats and calls: which of their events opens a case, and which joins it (S1-02, S4-02; wire.md, "Ids")."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.case_commands import AddContact, AssignFacts, NoteCase
from caseway.contracts.contacts import ChatContact, LinkedFile, PhoneContact
from caseway.contracts.customers import CustomerRecorded, PhoneNumber
from caseway.contracts.parts import Party
from caseway.kernel.decision import Decision
from caseway.kernel.ids import case_id
from tests.intake_edge import Edge, command_of, mail_bytes

JAN = Party(name="Jan Kowalski", email="jan@example.com")
CALLER = "+48 600 555 010"


@pytest.fixture
def edge() -> Edge:
    return Edge()


def chat(
    event: str = "message", text: str | None = "Hello, where is my order?", kind: str = "customer", **fields: Any
) -> ChatContact:
    sender = {"kind": kind, "id": f"{kind}-1", "name": kind.title()}
    return ChatContact.model_validate({"conversation": "c-1", "event": event, "sender": sender, "text": text, **fields})


def call(event: str = "offered", **fields: Any) -> PhoneContact:
    return PhoneContact.model_validate(
        {"call": "k-1", "event": event, "caller": CALLER, "dialled": "+48225550199", **fields}
    )


def commands(decision: Decision) -> list[AddContact]:
    assert all(isinstance(each, AddContact) for each in decision.emits)
    return list(decision.emits)


def test_a_customers_first_word_opens_the_chats_case(edge: Edge) -> None:
    command = command_of(edge.contact(chat(customer=JAN, attributes={"page": "/cart"})))
    assert (command.case_id, command.source_key) == (case_id("chat:c-1"), "chat:c-1")
    assert command.opens
    assert command.matched_by is None
    assert (command.conversation, command.event, command.text) == ("c-1", "message", "Hello, where is my order?")
    assert (command.language, command.category) == ("en", "order")
    assert (command.party.email, command.attributes) == ("jan@example.com", {"page": "/cart"})


def test_a_chats_start_waits_for_the_first_word_and_lends_it_what_it_knew(edge: Edge) -> None:
    edge.contact(CustomerRecorded(customer="C-1", name="Jan Kowalski", emails=("jan@example.com",)))
    started = edge.contact(chat("started", None, customer=JAN, language="de", attributes={"page": "/cart"}))
    assert (started.emits, started.parks) == ((), "")
    command = command_of(edge.contact(chat(text="?")))
    assert command.source_key == "chat:c-1"
    assert (command.party.email, command.language, command.attributes) == ("jan@example.com", "de", {"page": "/cart"})
    assert (command.customer.state, command.customer.id) == ("linked", "C-1")


def test_a_bots_greeting_waits_too_and_is_added_after_the_opening(edge: Edge) -> None:
    assert edge.contact(chat(text="How can I help?", kind="bot"), "greeting").emits == ()
    opening, greeting = commands(edge.contact(chat()))
    assert opening.text == "Hello, where is my order?"
    assert (greeting.text, greeting.author.kind, greeting.direction) == ("How can I help?", "bot", "outbound")
    assert greeting.case_id == opening.case_id
    assert greeting.contact != opening.contact


def test_later_words_files_and_answers_are_added_to_the_chats_case(edge: Edge) -> None:
    opening = command_of(edge.contact(chat()))
    answer = command_of(edge.contact(chat(text="One moment.", kind="agent")))
    file = LinkedFile(name="photo.jpg", media_type="image/jpeg", size=10, url="https://example.com/p")
    photo = command_of(edge.contact(chat("file", None, file=file)))
    end, _ = edge.contact(chat("ended", None)).emits
    assert {each.case_id for each in (answer, photo, end)} == {opening.case_id}
    assert {each.source_key for each in (answer, photo, end)} == {"chat:c-1"}
    assert [each.matched_by for each in (answer, photo, end)] == ["conversation"] * 3
    assert (answer.direction, answer.author.kind, answer.actor.kind) == ("outbound", "agent", "agent")
    assert (photo.attachments[0].name, photo.attachments[0].url) == ("photo.jpg", "https://example.com/p")
    assert end.event == "ended"


def test_a_chats_id_used_again_after_its_end_opens_a_new_case(edge: Edge) -> None:
    edge.contact(chat())
    edge.contact(chat("ended", None))
    edge.contact(chat("started", None), "again-0")
    again = command_of(edge.contact(chat(), "again-1"))
    assert again.source_key == "chat:c-1#again-1"
    assert again.case_id == case_id("chat:c-1#again-1")
    assert command_of(edge.contact(chat(text="more"))).case_id == again.case_id


def test_what_an_agent_says_after_the_end_still_belongs_to_the_chat(edge: Edge) -> None:
    opening = command_of(edge.contact(chat()))
    edge.contact(chat("ended", None))
    assert command_of(edge.contact(chat(text="Bye.", kind="agent"))).case_id == opening.case_id


def test_a_chat_in_which_the_customer_said_nothing_is_parked_at_its_end(edge: Edge) -> None:
    edge.contact(chat("started", None))
    end = edge.contact(chat("ended", None))
    assert (end.parks, end.emits) == ("nothing-said", ())
    assert command_of(edge.contact(chat())).source_key == "chat:c-1"


def test_an_offered_call_opens_a_case_with_what_the_keys_told(edge: Edge) -> None:
    edge.contact(CustomerRecorded(customer="C-2", name="Ewa", phones=(PhoneNumber(number="600-555-010"),)))
    command = command_of(edge.contact(call(ivr={"language": "de", "choice": "complaint"})))
    assert (command.case_id, command.source_key) == (case_id("phone:k-1"), "phone:k-1")
    assert (command.language, command.category, command.priority) == ("de", "complaint", "high")
    assert (command.author.address, command.reply_to, command.mailbox) == (
        "+48600555010",
        "+48600555010",
        "+48225550199",
    )
    assert command.call is not None
    assert (command.call.event, command.call.caller) == ("offered", CALLER)
    assert (command.customer.id, command.customer.matched_by) == ("C-2", "phone")
    assert command.preferred_channel == "phone"


def test_a_german_number_hints_at_german(edge: Edge) -> None:
    assert command_of(edge.contact(call(dialled="+49 30 5550199"))).language == "de"


@pytest.mark.parametrize("event", ["abandoned", "no_answer", "voicemail", "callback_requested"])
def test_a_call_that_nobody_took_opens_a_case_even_unannounced(edge: Edge, event: str) -> None:
    assert command_of(edge.contact(call(event))).opens


def test_later_events_of_a_call_join_its_case(edge: Edge) -> None:
    opening = command_of(edge.contact(call()))
    answered = command_of(edge.contact(call("answered", agent="agent-07")))
    ended = command_of(edge.contact(call("ended", duration_seconds=12.5, transcript="Dzień dobry")))
    assert {answered.case_id, ended.case_id} == {opening.case_id}
    assert (answered.event, answered.source_key) == ("answered", "phone:k-1")
    assert answered.call is not None
    assert answered.call.agent == "agent-07"
    assert (ended.text, ended.call and ended.call.duration_seconds) == ("Dzień dobry", 12.5)


def test_events_that_overtake_the_offer_wait_for_it(edge: Edge) -> None:
    assert edge.contact(call("dialled")).emits == ()
    assert edge.contact(call("answered", agent="agent-07")).emits == ()
    events = [each.event for each in commands(edge.contact(call()))]
    assert events == ["offered", "dialled", "answered"]


def test_a_call_back_belongs_to_the_case_it_names(edge: Edge) -> None:
    about = case_id("1@example.com")
    dialled = command_of(
        edge.contact(call("dialled", direction="outbound", case_id=about, caller="+48225550199", dialled=CALLER))
    )
    assert (dialled.case_id, dialled.opens, dialled.direction) == (about, False, "outbound")
    assert dialled.reply_to == "+48600555010"
    assert command_of(edge.contact(call("answered", direction="outbound"))).case_id == about


def test_a_case_that_is_none_is_not_taken_from_a_call(edge: Edge) -> None:
    assert command_of(edge.contact(call(case_id="case_1'; drop"))).case_id == case_id("phone:k-1")


def test_an_outbound_call_about_nothing_is_parked_at_its_end(edge: Edge) -> None:
    edge.contact(call("dialled", direction="outbound"))
    assert edge.contact(call("ended", direction="outbound")).parks == "nothing-said"


def test_a_call_from_nobody_opens_a_case_too(edge: Edge) -> None:
    command = command_of(edge.contact(call(caller="", dialled="")))
    assert (command.opens, command.reply_to, command.customer.state) == (True, None, "unlinked")


def test_waiting_events_are_bounded(edge: Edge) -> None:
    for _ in range(80):
        edge.contact(call("held"))
    assert len(commands(edge.contact(call()))) == 51


class TestAfterTheChat:
    """The transcript on the case, and to the customer on request; a mail about the same matter joins (S1-46)."""

    TALK = (("Gdzie jest zamówienie A-2026-0042?", "customer"), ("Sprawdzam przesyłkę u przewoźnika.", "agent"))

    def ended(self, edge: Edge, **last: Any) -> tuple[AddContact, list[Any]]:
        opening, *_ = [edge.contact(chat(text=text, kind=kind, customer=JAN)).emits[0] for text, kind in self.TALK]
        return opening, list(edge.contact(chat("ended", None, **last)).emits)

    def test_the_transcript_stands_on_the_case(self, edge: Edge) -> None:
        opening, (_, note) = self.ended(edge)
        assert isinstance(note, NoteCase)
        assert (note.case_id, note.shown_to_customer) == (opening.case_id, False)
        assert note.text.splitlines() == [
            "2026-11-22 10:00 Customer: Gdzie jest zamówienie A-2026-0042?",
            "2026-11-22 10:00 Agent: Sprawdzam przesyłkę u przewoźnika.",
        ]

    @pytest.mark.parametrize("wish", [True, "yes", "TRUE", 1])
    def test_it_is_shown_to_a_customer_who_asks(self, edge: Edge, wish: Any) -> None:
        _, (_, note) = self.ended(edge, attributes={"transcript": wish})
        assert note.shown_to_customer

    def test_a_second_end_writes_no_second_transcript(self, edge: Edge) -> None:
        self.ended(edge)
        assert len(edge.contact(chat("ended", None)).emits) == 1

    def test_a_chat_of_a_million_letters_keeps_the_first_of_them(self, edge: Edge) -> None:
        for _ in range(12):
            edge.contact(chat(text="x" * 10_000))
        _, note = edge.contact(chat("ended", None)).emits
        assert 50_000 < len(note.text) <= 60_100

    def test_a_mail_about_the_same_matter_joins_the_chats_case(self, edge: Edge) -> None:
        opening, _ = self.ended(edge)
        mail = mail_bytes("Czy coś wiadomo o A-2026-0042?", sender="Jan <jan@example.com>")
        joined = edge.add(mail, mailfrom="jan@example.com")
        assert (joined.case_id, joined.matched_by) == (opening.case_id, "ended_chat")

    @pytest.mark.parametrize(
        ("text", "sender", "later"),
        [
            ("Poproszę fakturę za krzesło.", "jan@example.com", dt.timedelta(hours=1)),
            ("Czy coś wiadomo o A-2026-0042?", "ola@example.com", dt.timedelta(hours=1)),
            ("Czy coś wiadomo o A-2026-0042?", "jan@example.com", dt.timedelta(hours=49)),
        ],
        ids=["another matter", "another person", "too late"],
    )
    def test_other_mails_open_cases_of_their_own(self, edge: Edge, text: str, sender: str, later: dt.timedelta) -> None:
        opening, _ = self.ended(edge)
        edge.now += later
        own = edge.add(mail_bytes(text, sender=sender), mailfrom=sender)
        assert own.case_id != opening.case_id
        assert own.matched_by is None

    def test_what_is_kept_to_know_the_matter_by_names_nobody(self, edge: Edge) -> None:
        self.ended(edge)
        kept = edge.documents("ended_chats") + edge.documents("conversations")
        assert b"jan" not in kept
        assert "zamówienie".encode() not in kept


class TestCallBack:
    """Whoever was not spoken to is called back: the case says whom, why and since when (S1-40, S4-07)."""

    @pytest.mark.parametrize("event", ["abandoned", "no_answer", "voicemail", "callback_requested"])
    def test_an_offered_call_that_ends_so_is_tagged(self, edge: Edge, event: str) -> None:
        opening = command_of(edge.contact(call()))
        assert "callback" not in opening.tags
        _, assign = edge.contact(call(event)).emits
        assert isinstance(assign, AssignFacts)
        assert (assign.case_id, assign.add_tags) == (opening.case_id, ("callback",))
        assert (assign.fields["callback_number"], assign.fields["callback_reason"]) == ("+48600555010", event)

    def test_a_call_that_opens_its_case_so_is_tagged_at_once(self, edge: Edge) -> None:
        opening = command_of(edge.contact(call("voicemail", transcript="Proszę o telefon.")))
        assert "callback" in opening.tags
        assert opening.fields["callback_number"] == "+48600555010"
        assert opening.text == "Proszę o telefon."

    def test_recording_consent_talk_and_wrap_up_time_and_keys_are_told(self, edge: Edge) -> None:
        """S1-41, S1-43, S1-44."""
        opening = command_of(edge.contact(call(ivr={"choice": "order", "language": "de"}, asked_for="Ewa")))
        recording = {"url": "https://calls.example.com/1", "sides": "customer", "consent": True}
        end = command_of(
            edge.contact(call("ended", duration_seconds=312, wrap_up_seconds=45, recording=recording, agent="agent-1"))
        )
        assert opening.call is not None
        assert (opening.call.ivr, opening.call.asked_for, opening.language) == (
            {"choice": "order", "language": "de"},
            "Ewa",
            "de",
        )
        assert end.call is not None
        assert end.call.recording is not None
        assert (end.call.recording.sides, end.call.recording.consent) == ("customer", True)
        assert (end.call.duration_seconds, end.call.wrap_up_seconds) == (312, 45)
