"""Whatever fits into a contact's record gives a command that fits into its own (delivery.md, "Sizes")."""

from __future__ import annotations

import pytest

from caseway.contracts.codec import dump
from caseway.contracts.contacts import ChatContact, DeskContact, MessageContact, PhoneContact, WebContact
from caseway.contracts.topology import topic_named
from caseway.contracts.wire import WireModel
from caseway.kernel.errors import Rejected
from tests.intake_edge import Edge, mail_bytes

LONG = "ż" * 450_000
MANY = {f"field-{number}": "x" * 9_000 for number in range(100)}
FILES = tuple({"name": "n" * 1_500, "media_type": "m" * 1_500, "url": "u" * 5_000} for _ in range(110))
CUSTOMER = {"kind": "customer"}

FULL: dict[str, WireModel] = {
    "chat text": ChatContact(conversation="c", event="message", sender=CUSTOMER, text=LONG),
    "chat names": ChatContact(
        conversation="c", event="message", sender={**CUSTOMER, "name": LONG}, customer={"email": "a@" + LONG[:9]}
    ),
    "chat address": ChatContact(
        conversation="c", event="message", sender=CUSTOMER, customer={"email": LONG, "phone": "1"}
    ),
    "chat attributes": ChatContact(conversation="c", event="message", sender=CUSTOMER, attributes=MANY),
    "call transcript": PhoneContact(call="k", event="offered", transcript=LONG),
    "call caller": PhoneContact(call="k", event="offered", caller=LONG),
    "call keys": PhoneContact(call="k", event="offered", ivr=MANY, agent=LONG[:1000]),
    "form fields": WebContact(form="f", submission="s", fields=MANY),
    "form text": WebContact(form="f", submission="s", fields={"message": LONG}),
    "form subject": WebContact(form="f", submission="s", fields={"subject": LONG}),
    "form name": WebContact(form="f", submission="s", fields={"name": LONG}),
    "form address": WebContact(form="f", submission="s", fields={"email": LONG + "@example.com"}),
    "message files": MessageContact(platform="p", conversation="c", message="m", sender={"id": "1"}, attachments=FILES),
    "message sender": MessageContact(platform="p", conversation="c", message="m", sender={"id": LONG}),
    "desk text": DeskContact(submission="d", actor="e", text=LONG),
    "desk subject": DeskContact(submission="d", actor="e", text="x", subject=LONG, attributes={"a": 1}),
    "desk department": DeskContact(submission="d", actor="e", text="x", department=LONG),
}


@pytest.mark.parametrize("name", FULL)
def test_a_contact_as_large_as_its_record_gives_commands_that_fit_theirs(name: str) -> None:
    most = topic_named("case.commands").max_bytes - 8192
    commands = Edge().contact(FULL[name]).emits
    assert commands
    for command in commands:
        assert len(dump(command)) < most


def test_an_incidents_subject_is_cut_too() -> None:
    contact = DeskContact(
        submission="d", actor="e", text=LONG, subject=LONG[:200_000], incident=True, cause_department="x"
    )
    assert all(len(dump(each)) < 1_000_000 for each in Edge().contact(contact).emits)


def test_a_mail_with_large_everything_fits() -> None:
    names = b"".join(b"--b\nContent-Disposition: attachment; filename=" + b"n" * 3000 + b"\n\nx\n" for _ in range(120))
    references = b" ".join(b"<" + b"r" * 400 + b"%d@example.com>" % number for number in range(70))
    quoted = "\n".join(["On 1 Nov 2026 at 10:00 A <a@example.com> wrote:", *["> ż" * 50] * 2_000]).encode()
    raw = (
        b"From: a@example.com\nReferences: " + references + b"\nCc: " + b", ".join(b"c%d@example.com" % each for each in range(900))
        + b"\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
        + LONG.encode() + b"\n\n" + quoted + b"\n" + names + b"--b--"
    )  # fmt: skip
    command = Edge().add(raw)
    assert len(dump(command)) < 1_000_000
    assert len(command.attachments) == 100


@pytest.mark.parametrize(
    "contact",
    [
        ChatContact(conversation="c" * 501, event="message", sender=CUSTOMER),
        PhoneContact(call="k" * 501, event="offered"),
        WebContact(form="f", submission="s" * 501, fields={}),
        WebContact(form="f" * 501, submission="s", fields={}),
        MessageContact(platform="p", conversation="c", message="m" * 501, sender={"id": "1"}),
        DeskContact(submission="d" * 501, actor="e", text="x"),
    ],
)
def test_an_id_that_is_none_is_malformed(contact: WireModel) -> None:
    with pytest.raises(Rejected) as refused:
        Edge().contact(contact)
    assert refused.value.reason == "malformed"


def test_a_mail_of_twenty_megabytes_is_read_and_kept() -> None:
    raw = mail_bytes() + b"x" * 20_000_000
    edge = Edge()
    assert edge.add(raw).text.startswith("Dzień dobry")
    assert edge.blobs[0] == raw
