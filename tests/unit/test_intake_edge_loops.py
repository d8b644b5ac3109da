"""Two machines that answer each other come to rest, and nothing that was sent is lost (semantics 5.1)."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage

import pytest

from caseway.contracts.case_commands import AddContact
from caseway.kernel.decision import Decision
from caseway.kernel.signing import LOOP_HEADER, loop_mark, sign_message_id
from caseway_intake.domain.mail.likeness import has_grown
from caseway_notifier.domain.case import has_grown as notifier_says_grown
from tests.intake_edge import ANNA, SUPPORT, Edge, mail_bytes

OTHER_DESK = "help@desk.example.org"


class Desk:
    """An edge, and a machine that answers whatever opens a case or joins one, unless that is automatic.

    Args:
        address: where it is written to, which is one of the edge's mailboxes in either desk.
        is_honest: it says that a machine answers, as ours do; the others say nothing, and thread nothing.
    """

    def __init__(self, address: str, key: bytes, *, is_honest: bool = True) -> None:
        self.address, self.key, self.is_honest = address, key, is_honest
        self.edge = Edge(key)
        self.decisions: list[Decision] = []
        self._count = 0

    def take(self, raw: bytes, sender: str) -> bytes | None:
        """Its answer, if it gives one."""
        decision = self.edge.mail(raw, mailfrom=sender, rcptto=SUPPORT)
        self.decisions.append(decision)
        if decision.parks:
            return None
        contact = decision.emits[0]
        assert isinstance(contact, AddContact)
        return None if contact.automatic else self._answer(contact, sender)

    def _answer(self, contact: AddContact, to: str) -> bytes:
        self._count += 1
        mail = EmailMessage()
        mail["From"], mail["To"] = self.address, to
        mail["Subject"] = "We have your request"
        mail["Message-ID"] = f"<{self._count}@{self.address}>"
        if self.is_honest:
            mail.replace_header(
                "Message-ID", sign_message_id(self.key, contact.case_id, str(self._count), "desk.example.org")
            )
            mail["In-Reply-To"] = f"<{contact.message_id}>"
            mail["Auto-Submitted"] = "auto-replied"
            mail[LOOP_HEADER] = loop_mark(self.key)
        mail.set_content(f"Thank you. Your request has the number {self._count}.")
        return bytes(mail)


def exchange(one: Desk, other: Desk, *, seconds: float = 20.0, most: int = 500) -> int:
    """Mails until both are at rest, after a customer of `one` wrote with the other desk's address."""
    raw: bytes | None = mail_bytes("Where is my parcel?", sender=other.address)
    takes, gives, count = one, other, 0
    while raw is not None and count < most:
        count += 1
        raw = takes.take(raw, gives.address)
        takes, gives = gives, takes
        for desk in (one, other):
            desk.edge.now += dt.timedelta(seconds=seconds)
    return count


def test_two_desks_of_this_kind_stop_at_the_first_answer() -> None:
    one, other = Desk(SUPPORT, b"one key of one desk"), Desk(OTHER_DESK, b"another key")
    assert exchange(one, other) == 2
    assert other.decisions[-1].parks == "automatic"


@pytest.mark.parametrize("seconds", [0.1, 20.0, 100.0])
def test_a_desk_and_a_machine_that_tells_nothing_come_to_rest_with_nothing_lost(seconds: float) -> None:
    """The worst there is: no header, no reference, another text each time."""
    one, rude = Desk(SUPPORT, b"one key of one desk"), Desk(OTHER_DESK, b"", is_honest=False)
    one.is_honest = False
    count = exchange(one, rude, seconds=seconds)
    assert count < 60, "the budget ends it"
    assert len(one.decisions) + len(rude.decisions) == count
    contacts = [each.emits[0] for desk in (one, rude) for each in desk.decisions]
    assert all(isinstance(each, AddContact) for each in contacts), "each mail is on a case"
    assert "mail-flood" in contacts[-1].tags or "mail-flood" in contacts[len(one.decisions) - 1].tags


def test_the_budget_is_a_window_that_slides() -> None:
    edge = Edge()

    def automatic(number: int) -> bool:
        return edge.add(
            mail_bytes(f"text number {number * 7919}", f"{number}@example.com", subject=f"subject {number}")
        ).automatic

    assert [automatic(number) for number in range(21)] == [False] * 20 + [True]
    edge.now += dt.timedelta(minutes=30)
    assert automatic(21), "midnight or not, the window holds the twenty"
    edge.now += dt.timedelta(minutes=31)
    assert not automatic(22)


def test_the_budget_is_one_for_each_mailbox_and_address() -> None:
    edge = Edge()
    for number in range(25):
        edge.mail(mail_bytes(f"text {number * 7919}", f"{number}@example.com", subject=f"subject {number}"))
    other_box = mail_bytes("x", "x@example.com", subject="other")
    assert not edge.add(other_box, rcptto="partner@example.com").automatic
    other_person = mail_bytes("x", "y@example.com", subject="other", sender="jan@example.org")
    assert not edge.add(other_person, mailfrom="jan@example.org").automatic
    assert edge.add(mail_bytes("y", "z@example.com", subject="other"), mailfrom=ANNA).automatic


@pytest.mark.parametrize(
    "subject",
    [
        "Re: [#7] Re: [#7] x",
        "[#7] answer to [#7]",
        "Re: Re: Re: Re: x",
        "AW: AW: AW: AW: x",
        "Re: [#7] x",
        "Re: Re: x",
        "#7 and #8",
    ],
)
def test_intake_and_notifier_agree_on_which_subjects_have_grown(subject: str) -> None:
    assert has_grown(subject) == notifier_says_grown(subject)
