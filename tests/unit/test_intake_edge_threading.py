"""Which test finds a mail's case, and what becomes of mails that show two cases to be one (S1-03; semantics 5.1)."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.case_commands import AddContact, MergeCase
from caseway.contracts.customers import CustomerRecorded, OrderChanged
from caseway.kernel.decision import Decision
from caseway.kernel.ids import case_id
from caseway.kernel.signing import sign_message_id
from tests.intake_edge import ANNA, KEY, SUPPORT, Edge, command_of, mail_bytes

JAN = "jan@example.org"
STRANGER = "mallory@example.net"
PARCEL, INVOICE = "Gdzie jest paczka A-7", "Faktura za listopad"


@pytest.fixture
def edge() -> Edge:
    return Edge()


def split(decision: Decision) -> tuple[AddContact, list[MergeCase]]:
    assert decision.parks == ""
    contact, *merges = decision.emits
    assert isinstance(contact, AddContact)
    assert all(isinstance(each, MergeCase) for each in merges)
    return contact, merges


def test_references_are_tried_the_newest_first(edge: Edge) -> None:
    edge.add(mail_bytes("jedna sprawa", "1@example.com", sender=ANNA))
    edge.add(mail_bytes("druga sprawa", "2@example.com", sender=JAN))
    reply, _ = split(edge.mail(mail_bytes("x", "3@example.com", references=("1@example.com", "2@example.com"))))
    assert (reply.case_id, reply.matched_by) == (case_id("2@example.com"), "references")


def test_a_new_subject_on_old_references_is_a_new_case_that_says_where_it_came_from(edge: Edge) -> None:
    edge.add(mail_bytes(subject=PARCEL))
    other = edge.add(
        mail_bytes("Proszę o fakturę", "2@example.com", subject=f"Re: {INVOICE}", in_reply_to="1@example.com")
    )
    assert (other.case_id, other.matched_by) == (case_id("2@example.com"), None)
    (link,) = other.related
    assert (link.case_id, link.relation) == (case_id("1@example.com"), "refers_to")
    back = edge.add(
        mail_bytes("x", "3@example.com", subject=f"Re: {PARCEL}", references=("1@example.com", "2@example.com"))
    )
    assert back.case_id == case_id("1@example.com")


@pytest.mark.parametrize(
    "subject",
    [
        f"Re: {PARCEL}",
        f"Odp: AW: FW: RE[3]: {PARCEL.upper()}",
        f"返信：[#12] {PARCEL}",
        f"[lista-klientow] {PARCEL}",
        f"{PARCEL} - pilne!",
        "paczka A-7",
        "",
        "Re:",
    ],
)
def test_a_subject_that_only_grew_or_shrank_is_the_same_matter(edge: Edge, subject: str) -> None:
    edge.add(mail_bytes(subject=PARCEL))
    reply = edge.add(mail_bytes("x", "2@example.com", subject=subject, in_reply_to="1@example.com"))
    assert (reply.case_id, reply.matched_by) == (case_id("1@example.com"), "references")


def test_an_original_of_another_subject_than_the_reply_that_overtook_it_is_a_case_of_its_own(edge: Edge) -> None:
    reply = edge.add(mail_bytes("x", "2@example.com", subject=INVOICE, in_reply_to="1@example.com"))
    original = edge.add(mail_bytes("y", "1@example.com", subject=PARCEL))
    assert (reply.case_id, original.case_id) == (case_id("2@example.com"), case_id("1@example.com"))
    assert original.related[0].case_id == reply.case_id


def test_a_signed_id_joins_whatever_the_subject_says(edge: Edge) -> None:
    ours = sign_message_id(KEY, case_id("chat:7"), "answer/1", "example.com").strip("<>")
    edge.add(mail_bytes(subject=PARCEL))
    reply = edge.add(mail_bytes("x", "2@example.com", subject=INVOICE, references=("1@example.com", ours)))
    assert (reply.case_id, reply.matched_by, reply.stranger) == (case_id("chat:7"), "signed_id", False)


def test_a_machines_answer_joins_its_case_under_any_subject(edge: Edge) -> None:
    edge.add(mail_bytes(subject=PARCEL))
    away = mail_bytes(
        "x", "2@example.com", subject="Urlop", in_reply_to="1@example.com", headers=("Auto-Submitted: auto-replied",)
    )
    assert edge.add(away).case_id == case_id("1@example.com")


def test_a_middle_that_comes_last_joins_the_two_cases_that_came_before_it(edge: Edge) -> None:
    """Without References each mail names its parent only: child and root cannot know of each other."""
    child = edge.add(mail_bytes("trzeci", "3@example.com", in_reply_to="2@example.com"))
    edge.now += dt.timedelta(seconds=1)
    root = edge.add(mail_bytes("pierwszy", "1@example.com"))
    assert child.case_id != root.case_id
    middle, merges = split(edge.mail(mail_bytes("drugi", "2@example.com", in_reply_to="1@example.com")))
    assert middle.case_id == child.case_id
    (merge,) = merges
    assert (merge.case_id, merge.other, merge.reason) == (child.case_id, root.case_id, "conversation")
    assert merge.other_opened_at is None, "the cores know, the edge does not"
    assert (merge.actor.kind, merge.actor.id) == ("machine", "intake.edge")
    after, merges = split(edge.mail(mail_bytes("x", "4@example.com", references=("1@example.com", "2@example.com"))))
    assert (after.case_id, merges) == (child.case_id, []), "joined once, not with every mail that follows"


def test_a_stranger_joins_no_two_cases_of_others(edge: Edge) -> None:
    edge.add(mail_bytes("jedna", "1@example.com", sender=ANNA))
    edge.add(mail_bytes("druga", "2@example.com", sender=JAN))
    forged = mail_bytes("x", "3@example.com", references=("1@example.com", "2@example.com"), sender=STRANGER)
    contact, merges = split(edge.mail(forged, mailfrom=STRANGER))
    assert (contact.stranger, merges) == (True, [])


def test_a_stranger_who_refers_to_a_mail_is_heard_and_marked(edge: Edge) -> None:
    edge.add(mail_bytes())
    reply = edge.add(mail_bytes("x", "2@example.com", in_reply_to="1@example.com", sender=STRANGER), mailfrom=STRANGER)
    assert (reply.case_id, reply.stranger) == (case_id("1@example.com"), True)


def test_who_had_a_copy_is_no_stranger(edge: Edge) -> None:
    edge.add(mail_bytes(headers=(f"Cc: Jan <{JAN}>",)))
    reply = edge.add(mail_bytes("x", "2@example.com", in_reply_to="1@example.com", sender=JAN), mailfrom=JAN)
    assert not reply.stranger


def numbered(edge: Edge, raw: bytes, number: int) -> AddContact:
    """A mail whose case the core has given a number."""
    command = edge.add(raw)
    edge.core_opens(command, number)
    return command


def test_a_number_in_the_subject_is_believed_of_somebody_who_took_part(edge: Edge) -> None:
    first = numbered(edge, mail_bytes(subject=PARCEL), 120)
    numbered(edge, mail_bytes("inna", "2@example.com", subject=INVOICE), 121)
    reply = edge.add(mail_bytes("Nadal nic", "3@example.com", subject="Moja sprawa [#120]"))
    assert (reply.case_id, reply.matched_by) == (first.case_id, "subject_tag")
    assert reply.related == ()


def test_a_tag_is_read_beside_other_mails_of_its_author_that_come_in_the_same_moment(edge: Edge) -> None:
    """What was loaded for the poll knows nothing of the case that the mail before opens."""
    first = edge.add(mail_bytes(subject=PARCEL))
    edge.core_opens(first, number=120)
    opened, tagged = edge.poll(
        mail_bytes("Inna sprawa", "2@example.com", subject=INVOICE),
        mail_bytes("Jeszcze coś", "3@example.com", subject="Coś jeszcze [#120]"),
    )
    assert command_of(opened).case_id == case_id("2@example.com")
    assert (command_of(tagged).case_id, command_of(tagged).matched_by) == (first.case_id, "subject_tag")


def test_a_customers_orders_outlive_a_record_and_a_mail_that_come_in_one_moment(edge: Edge) -> None:
    order = OrderChanged(order="A-1", customer="C-9", status="shipped")
    edge.contact(order)
    record = CustomerRecorded(customer="C-9", name="Anna", emails=(ANNA,))
    _, contact = edge.poll(record, mail_bytes(subject=PARCEL))
    assert command_of(contact).customer.id == "C-9"
    assert [each.order for each in edge.state("backgrounds", "customer:C-9").orders] == ["A-1"]


@pytest.mark.parametrize("tag", ["[#120]", "[# 120]", "(#120)", "【＃１２０】", "Re: [#120]"])
def test_tags_are_read_in_any_writing(edge: Edge, tag: str) -> None:
    first = numbered(edge, mail_bytes(subject=PARCEL), 120)
    assert edge.add(mail_bytes("x", "3@example.com", subject=f"{tag} coś innego")).case_id == first.case_id


def test_a_strangers_number_opens_a_case_that_mentions_it(edge: Edge) -> None:
    numbered(edge, mail_bytes(subject=PARCEL), 120)
    guess = edge.add(
        mail_bytes("Proszę o zmianę adresu", "3@example.com", subject="Re: [#120]", sender=STRANGER), mailfrom=STRANGER
    )
    assert (guess.case_id, guess.matched_by) == (case_id("3@example.com"), None)
    (link,) = guess.related
    assert (link.number, link.case_id, link.relation) == (120, None, "mentions")


def test_a_number_without_its_sign_is_only_a_number(edge: Edge) -> None:
    numbered(edge, mail_bytes(subject=PARCEL), 120)
    other = edge.add(mail_bytes("x", "3@example.com", subject="Zamówienie 120 i #120"))
    assert (other.matched_by, other.related) == (None, ())


def test_references_come_before_the_subjects_number(edge: Edge) -> None:
    numbered(edge, mail_bytes(subject=PARCEL), 120)
    second = numbered(edge, mail_bytes("inna", "2@example.com", subject=INVOICE), 121)
    reply = edge.add(mail_bytes("x", "3@example.com", subject=f"{INVOICE} [#120]", in_reply_to="2@example.com"))
    assert (reply.case_id, reply.matched_by) == (second.case_id, "references")


def test_one_mail_to_two_of_our_mailboxes_says_both(edge: Edge) -> None:
    command = edge.add(mail_bytes(), rcptto=f"{SUPPORT},partner@example.com,pomoc@example.com,jan@example.org")
    assert (command.mailbox, command.also_received_at) == (SUPPORT, ("partner@example.com",))


def test_the_second_copy_of_a_mail_says_where_it_came_to(edge: Edge) -> None:
    first = edge.add(mail_bytes())
    copy = edge.add(mail_bytes(headers=("Received: from elsewhere",)), rcptto="partner@example.com")
    assert (copy.case_id, copy.source_key) == (first.case_id, first.source_key)
    assert copy.mailbox == "partner@example.com"


def test_a_copy_to_us_is_a_contact_like_any(edge: Edge) -> None:
    raw = mail_bytes(headers=("Cc: rodo@example.com",))
    assert edge.add(raw).also_received_at == ("rodo@example.com",)


class TestLikeness:
    """S4-27: identical mails of one customer, within a window (semantics 5.12)."""

    TEXT = "Dzień dobry, gdzie jest moja paczka? Zamówienie A-2026-0042 miało przyjść w piątek, nadal nic nie ma."

    def test_the_same_mail_sent_again_is_merged_into_the_first(self, edge: Edge) -> None:
        first = edge.add(mail_bytes(self.TEXT))
        edge.now += dt.timedelta(minutes=59)
        again, merges = split(
            edge.mail(mail_bytes(f" {self.TEXT.upper()}\r\n\r\n-- \r\nAnna", "2@example.com", subject="RE: Pytanie"))
        )
        assert again.case_id == case_id("2@example.com") != first.case_id
        (merge,) = merges
        assert (merge.case_id, merge.other) == (again.case_id, first.case_id)
        assert merge.reason == "identical"
        assert again.related == ()

    def test_all_of_many_are_merged_into_the_oldest(self, edge: Edge) -> None:
        first = edge.add(mail_bytes(self.TEXT))
        for number in range(2, 6):
            edge.now += dt.timedelta(minutes=1)
            _, merges = split(edge.mail(mail_bytes(self.TEXT, f"{number}@example.com")))
            assert [each.other for each in merges] == [first.case_id]

    def test_after_the_window_it_is_another_matter(self, edge: Edge) -> None:
        edge.add(mail_bytes(self.TEXT))
        edge.now += dt.timedelta(minutes=61)
        _, merges = split(edge.mail(mail_bytes(self.TEXT, "2@example.com")))
        assert merges == []

    def test_the_same_words_of_another_customer_are_another_matter(self, edge: Edge) -> None:
        edge.add(mail_bytes(self.TEXT))
        other, merges = split(edge.mail(mail_bytes(self.TEXT, "2@example.com", sender=JAN), mailfrom=JAN))
        assert (merges, other.related) == ([], ())

    def test_nearly_the_same_is_only_proposed(self, edge: Edge) -> None:
        first = edge.add(mail_bytes(self.TEXT))
        near, merges = split(edge.mail(mail_bytes(f"{self.TEXT} Proszę o pilną odpowiedź!", "2@example.com")))
        assert merges == []
        (link,) = near.related
        assert (link.case_id, link.relation) == (first.case_id, "resembles")
        assert 0.7 <= (link.resemblance or 0) < 1

    def test_another_question_is_not_proposed(self, edge: Edge) -> None:
        edge.add(mail_bytes(self.TEXT))
        other, _ = split(edge.mail(mail_bytes("Chciałabym fakturę na firmę, NIP podam w odpowiedzi.", "2@example.com")))
        assert other.related == ()

    def test_an_attachment_more_is_not_the_same_mail(self, edge: Edge) -> None:
        head = (
            "From: {}\nSubject: x\nMessage-ID: <{}@example.com>\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
            + self.TEXT
        )
        edge.add((head.format(ANNA, 1) + "\n--b--").encode())
        other = (head.format(ANNA, 2) + "\n--b\nContent-Type: image/png\n\nPNG\n--b--").encode()
        assert split(edge.mail(other))[1] == []

    def test_a_reply_that_repeats_itself_stays_a_reply(self, edge: Edge) -> None:
        edge.add(mail_bytes(self.TEXT))
        reply, merges = split(edge.mail(mail_bytes(self.TEXT, "2@example.com", in_reply_to="1@example.com")))
        assert (reply.matched_by, merges) == ("references", [])


def test_what_claims_and_correspondents_keep_names_nobody(edge: Edge) -> None:
    """Only hashes: nothing to erase but the key (S4-05)."""
    edge.add(mail_bytes("Poufna treść", subject="Tajny temat"))
    kept = b"".join(edge.documents(each) for each in ("claims", "correspondents"))
    for word in (ANNA, "Anna", "Poufna", "Tajny", "tajny", "poufna"):
        assert word.encode() not in kept
