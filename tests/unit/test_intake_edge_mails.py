"""Each mail ends on the right case: joined, opened, repeated or parked (S1-03; wire.md, "Ids")."""

from __future__ import annotations

import hashlib

import pytest

from caseway.contracts.case_commands import AddContact
from caseway.kernel.ids import case_id
from caseway.kernel.signing import LOOP_HEADER, loop_mark, reply_address, sign_message_id
from tests.intake_edge import ANNA, KEY, SUPPORT, Edge, command_of, mail_bytes
from tests.unit.test_intake_mail_origin import REPORT


@pytest.fixture
def edge() -> Edge:
    return Edge()


def test_a_mail_that_joins_nothing_opens_a_case_with_all_that_is_known(edge: Edge) -> None:
    raw = mail_bytes(subject="=?utf-8?b?R2R6aWUgamVzdCBtb2plIHphbcOzd2llbmllPw==?=")
    command = edge.add(raw)
    assert command.opens
    assert command.case_id == case_id("1@example.com")
    assert command.source_key == command.message_id == "1@example.com"
    assert command.matched_by is None
    assert (command.channel, command.direction) == ("email", "inbound")
    assert command.subject == "Gdzie jest moje zamówienie?"
    assert command.text == "Dzień dobry, gdzie jest moja paczka?"
    assert command.language == "pl"
    assert (command.category, command.rules["category"]) == ("order", "order")
    assert (command.author.kind, command.author.address, command.author.name) == ("customer", ANNA, "Anna Nowak")
    assert command.reply_to == ANNA
    assert command.mailbox == SUPPORT
    assert command.received_at == edge.now
    assert command.raw == hashlib.sha256(raw).hexdigest()
    assert edge.blobs == [raw]


def test_a_reply_joins_the_case_of_what_it_replies_to(edge: Edge) -> None:
    edge.add(mail_bytes())
    reply = edge.add(mail_bytes("Nadal nic.", "2@example.com", in_reply_to="1@example.com"))
    assert reply.case_id == case_id("1@example.com")
    assert (reply.source_key, reply.matched_by) == ("2@example.com", "references")
    assert reply.in_reply_to == ("1@example.com",)


def test_a_reply_that_comes_before_its_original_meets_it_on_one_case(edge: Edge) -> None:
    reply = edge.add(mail_bytes("Nadal nic.", "2@example.com", in_reply_to="1@example.com"))
    original = edge.add(mail_bytes())
    assert reply.case_id == original.case_id == case_id("2@example.com")
    assert (original.source_key, original.matched_by) == ("1@example.com", "claim")


def test_our_own_signed_message_id_names_the_case(edge: Edge) -> None:
    ours = sign_message_id(KEY, case_id("chat:7"), "answer/1", "example.com").strip("<>")
    reply = edge.add(mail_bytes(in_reply_to=ours))
    assert (reply.case_id, reply.matched_by) == (case_id("chat:7"), "signed_id")


def test_a_forged_signature_names_no_case(edge: Edge) -> None:
    forged = sign_message_id(b"guessed", case_id("chat:7"), "answer/1", "example.com").strip("<>")
    assert edge.add(mail_bytes(in_reply_to=forged)).case_id == case_id("1@example.com")


def test_a_signed_reply_address_comes_before_everything(edge: Edge) -> None:
    edge.add(mail_bytes())
    address = reply_address(KEY, SUPPORT, case_id("chat:7"))
    ours = sign_message_id(KEY, case_id("chat:8"), "answer/1", "example.com").strip("<>")
    reply = edge.add(mail_bytes("x", "2@example.com", in_reply_to=ours, references=("1@example.com",)), rcptto=address)
    assert (reply.case_id, reply.matched_by, reply.mailbox) == (case_id("chat:7"), "reply_address", SUPPORT)


def test_a_mail_without_message_id_is_known_by_its_bytes(edge: Edge) -> None:
    raw = mail_bytes(message_id="")
    first = edge.add(raw)
    assert first.source_key == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert first.case_id == case_id(first.source_key)
    assert edge.add(raw).source_key == first.source_key


def test_the_same_mail_again_names_its_contact_again_and_stores_nothing(edge: Edge) -> None:
    first = edge.add(mail_bytes())
    edge.blobs.clear()
    again = edge.mail(mail_bytes(headers=("Received: by another way",)))
    assert command_of(again).source_key == first.source_key
    assert command_of(again).case_id == first.case_id
    assert again.changes == ()
    assert edge.blobs == []


def test_another_mail_under_the_same_message_id_is_not_swallowed(edge: Edge) -> None:
    edge.add(mail_bytes("jedna treść"))
    digest = hashlib.sha256("druga treść".encode()).hexdigest()
    other = edge.add(mail_bytes("druga treść"))
    assert other.source_key == f"1@example.com#{digest[:16]}"
    assert other.case_id == case_id("1@example.com")
    again = edge.mail(mail_bytes("druga treść"))
    assert command_of(again).source_key == other.source_key
    assert again.changes == ()


def test_an_attachment_more_makes_another_mail(edge: Edge) -> None:
    head = f"From: {ANNA}\nMessage-ID: <1@example.com>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntekst\n"
    edge.add(f"{head}--b--".encode())
    second = edge.add(f"{head}--b\nContent-Type: image/png\n\nPNG\n--b--".encode())
    assert second.source_key.startswith("1@example.com#")
    assert b"PNG" in edge.blobs


def test_an_automatic_mail_that_belongs_nowhere_is_parked(edge: Edge) -> None:
    decision = edge.mail(mail_bytes(headers=("Auto-Submitted: auto-replied",)))
    assert (decision.parks, decision.emits, decision.changes) == ("automatic", (), ())


def test_an_automatic_reply_joins_its_case_and_opens_none(edge: Edge) -> None:
    edge.add(mail_bytes())
    reply = edge.add(
        mail_bytes(
            "Jestem na urlopie.",
            "2@example.com",
            in_reply_to="1@example.com",
            headers=("Auto-Submitted: auto-replied",),
        )
    )
    assert (reply.case_id, reply.automatic, reply.author.kind) == (case_id("1@example.com"), True, "machine")


def test_a_mail_of_a_list_opens_a_case_that_is_not_answered_automatically(edge: Edge) -> None:
    assert edge.add(mail_bytes(headers=("Precedence: list",))).automatic


def test_what_a_no_reply_address_adds_to_a_case_may_be_a_persons(edge: Edge) -> None:
    edge.add(mail_bytes())
    relayed = edge.add(
        mail_bytes("x", "2@example.com", in_reply_to="1@example.com", sender="no-reply@market.example.com")
    )
    assert not relayed.automatic


def test_our_own_mail_coming_back_is_parked_as_a_loop(edge: Edge) -> None:
    decision = edge.mail(mail_bytes(headers=(f"{LOOP_HEADER}: {loop_mark(KEY)}",)))
    assert (decision.parks, decision.emits, decision.changes) == ("loop", (), ())


def test_a_bounce_is_told_to_the_case_of_what_bounced(edge: Edge) -> None:
    sent = sign_message_id(KEY, case_id("1@example.com"), "answer/1", "example.com")
    raw = REPORT.format(action="failed", status="5.1.1").replace("<sent.1@example.com>", sent)
    command = edge.add(raw.encode(), mailfrom="")
    assert command.case_id == case_id("1@example.com")
    assert not command.opens
    assert command.automatic
    assert command.bounce is not None
    assert command.bounce.address == ANNA
    assert command.bounce.permanent


def test_a_bounce_of_a_mail_that_claims_know_is_told_to_its_case(edge: Edge) -> None:
    edge.add(mail_bytes(message_id="sent.1@example.com"))
    bounce = edge.add(REPORT.format(action="failed", status="5.1.1").encode(), mailfrom="")
    assert bounce.case_id == case_id("sent.1@example.com")


def test_a_bounce_of_something_unknown_is_parked(edge: Edge) -> None:
    decision = edge.mail(REPORT.format(action="failed", status="5.1.1").encode(), mailfrom="")
    assert (decision.parks, decision.emits, decision.changes) == ("automatic", (), ())


def test_a_mail_that_nothing_can_be_made_of_still_opens_a_case(edge: Edge) -> None:
    command = edge.add(b"\x80\x00\x01garbage\xfe: \x80")
    assert command.opens
    assert "garbage" in command.text
    assert command.author.address == ANNA


def test_a_broken_mail_says_so_in_its_tags(edge: Edge) -> None:
    assert "mail-charset" in edge.add(mail_bytes(b"\xff\xffx", charset="utf-8")).tags


def test_a_text_beyond_what_facts_take_is_cut_and_stored_whole(edge: Edge) -> None:
    text = "荷物が届きません。" * 12_000
    command = edge.add(mail_bytes(text))
    assert len(command.text.encode()) <= 256 * 1024
    assert command.text_file is not None
    assert text.encode() in edge.blobs
    assert command.text_file.digest == hashlib.sha256(text.encode()).hexdigest()


def test_copies_are_others_than_ourselves(edge: Edge) -> None:
    raw = mail_bytes(headers=("Cc: Jan <jan@example.com>, help@example.com, support+x@example.com",))
    assert edge.add(raw).copies == ("jan@example.com",)


def test_the_mailbox_is_found_by_its_alias_and_its_language_counts_where_the_text_tells_none(edge: Edge) -> None:
    assert edge.add(mail_bytes(), rcptto="other@example.net,Pomoc@Example.com").mailbox == SUPPORT
    german = edge.add(mail_bytes("?", "2@example.com", subject="?"), rcptto="kundendienst@example.com")
    assert german.language == "de"


def test_a_contacts_id_is_its_own_and_the_same_in_each_replay() -> None:
    ids = [
        [edge.add(mail_bytes(), id_="a").contact, edge.add(mail_bytes("x", "2@example.com"), id_="b").contact]
        for edge in (Edge(), Edge())
    ]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_without_a_key_no_signature_is_believed() -> None:
    unsigned = sign_message_id(b"", case_id("chat:7"), "1", "example.com").strip("<>")
    command: AddContact = Edge(key=b"").add(mail_bytes(in_reply_to=unsigned))
    assert command.matched_by is None
