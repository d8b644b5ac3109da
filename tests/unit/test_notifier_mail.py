"""What stands in a mail's headers and body."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from caseway.kernel.signing import LOOP_HEADER, is_loop_mark, read_message_id, read_reply_address
from caseway_notifier.adapters.mail import Envelope, compose, message_id
from caseway_notifier.domain.case import bracketed
from caseway_notifier.domain.content import Content, one_line
from caseway_notifier.domain.delivery import Automatic, Mailing
from caseway_notifier.domain.subscription import Sender
from tests.notifier_builders import CASE_ID, CUSTOMER, delivery

KEY = b"a key of the tests"
SENDER = Sender(name="support", display="Example Shop", address="support@example.com")
CONTENT = Content(language="pl", subject="Mamy [#27]", text="Dzień dobry!\n")


def mailing(**changes: Any) -> Mailing:
    plain = Mailing(sender="support", to=CUSTOMER, name="Anna Nowak", automatic=Automatic.REPLIED)
    plain = replace(plain, message_id=message_id(KEY, delivery(), "desk.example.com"))
    return replace(plain, **changes)


def envelope(
    content: Content = CONTENT, sender: Sender = SENDER, recipient: str = CUSTOMER, **changes: Any
) -> Envelope:
    return compose(delivery(recipient=recipient, mailing=mailing(**changes)), content, sender, KEY)


def parsed(found: Envelope) -> EmailMessage:
    return message_from_bytes(found.content, policy=policy.default)


def test_an_automatic_answer_says_that_it_is_one() -> None:
    """Semantics 5.1 ("Sending"), RFC 3834."""
    mail = parsed(envelope())
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "DR, RN, OOF, AutoReply"
    assert mail["Precedence"] == "auto_reply"
    assert is_loop_mark(KEY, mail[LOOP_HEADER])


def test_a_broadcast_says_that_a_machine_made_it() -> None:
    mail = parsed(envelope(automatic=Automatic.GENERATED))
    assert (mail["Auto-Submitted"], mail["Precedence"]) == ("auto-generated", "bulk")


def test_a_persons_reply_does_not() -> None:
    mail = parsed(envelope(automatic=Automatic.NO))
    assert mail["Auto-Submitted"] is None
    assert mail["Precedence"] is None
    assert is_loop_mark(KEY, mail[LOOP_HEADER]), "but should it come back, we know it"


def test_the_message_id_names_the_case_and_is_ours() -> None:
    mail = parsed(envelope())
    signed = read_message_id(KEY, mail["Message-ID"])
    assert signed is not None
    assert signed.case_id == CASE_ID
    assert mail["Message-ID"].endswith("@desk.example.com>")


def test_the_message_id_stays_and_differs_as_it_must() -> None:
    one = message_id(KEY, delivery(), "desk.example.com")
    assert one == message_id(KEY, delivery(attempts=7, recipient="jan@example.net"), "desk.example.com")
    assert one != message_id(KEY, delivery(occurrence=f"{CASE_ID}/2"), "desk.example.com")
    assert one != message_id(KEY, delivery(subscription="other"), "desk.example.com")


def test_the_same_delivery_gives_the_same_bytes_but_for_its_boundary() -> None:
    assert envelope() == envelope()


def test_long_message_ids_are_folded_between_them_and_never_encoded() -> None:
    """The library would write a long id as =?utf-8?…?=, and every client would lose the conversation."""
    ids = tuple(f"<{'a' * 60}.{number}.{'b' * 60}@example.com>" for number in range(20))
    found = envelope(in_reply_to=ids[-1], references=ids)
    assert parsed(found)["References"].split() == list(ids)
    assert parsed(found)["In-Reply-To"] == ids[-1]
    assert b"=?utf-8?" not in found.content.lower()
    assert max(map(len, found.content.split(b"\r\n"))) < 998


@pytest.mark.parametrize(
    "hostile", ["x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\rBcc: all@example.com", "x\u2028Bcc: a"]
)
def test_no_word_of_a_customers_begins_a_header(hostile: str) -> None:
    content = replace(CONTENT, subject=hostile)
    found = envelope(content, replace(SENDER, display=hostile), name=hostile)
    mail = parsed(found)
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("x")
    assert "\r\nBcc" not in found.content.decode("ascii")
    assert [each.addr_spec for each in mail["To"].addresses] == [CUSTOMER]


def test_a_name_cannot_add_a_recipient() -> None:
    found = envelope(name='"Anna" <all@example.com>, x')
    assert [each.addr_spec for each in parsed(found)["To"].addresses] == [CUSTOMER]
    assert found.recipient == CUSTOMER


def test_text_is_readable_in_every_language() -> None:
    content = Content(
        language="ja", subject="インシデント一報 決済が止まる" * 5, text="三十分前から。\n.\nZażółć\n", html="<p>三</p>"
    )
    found = envelope(content, replace(SENDER, display="東京事務所"), name="Łukasz Żółw")
    mail = parsed(found)
    assert mail["Subject"] == content.subject
    assert mail["From"].addresses[0].display_name == "東京事務所"
    assert mail["To"].addresses[0].display_name == "Łukasz Żółw"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == content.text
    assert mail.get_body(("html",)).get_content().strip() == "<p>三</p>"
    assert found.content.isascii(), "no server needs 8BITMIME for it"


def test_whoever_gets_a_copy_reads_whose_mail_it_is() -> None:
    found = envelope(recipient="jan@example.net", to=CUSTOMER, copies=("jan@example.net", "ewa@example.net"))
    mail = parsed(found)
    assert found.recipient == "jan@example.net"
    assert [each.addr_spec for each in mail["To"].addresses] == [CUSTOMER]
    assert [each.addr_spec for each in mail["Cc"].addresses] == ["jan@example.net", "ewa@example.net"]


def test_a_reply_address_names_the_case_where_the_mailbox_takes_such() -> None:
    mail = parsed(envelope(sender=replace(SENDER, has_signed_reply=True)))
    assert read_reply_address(KEY, mail["Reply-To"].addresses[0].addr_spec) == CASE_ID
    assert parsed(envelope())["Reply-To"] is None


def test_an_international_domain_is_written_as_dns_has_it() -> None:
    found = envelope(recipient="anna@żółw.example", to="anna@żółw.example")
    assert found.recipient == "anna@xn--w-uga1v8h.example"
    assert not found.needs_utf8


def test_an_international_local_part_needs_a_server_that_takes_it() -> None:
    found = envelope(recipient="łukasz@example.com", to="łukasz@example.com")
    assert found.needs_utf8
    assert "łukasz@example.com" in found.content.decode()


def test_japanese_mail_is_readable_by_the_oldest_clients() -> None:
    """Japanese mail in ISO-2022-JP by setting; what it cannot write goes out in UTF-8."""
    old = Sender(name="desk", display="Desk", address="desk@example.com", charset="iso-2022-jp")
    words = Content(language="ja", subject="インシデント一報 決済が止まる", text="三十分前から止まっています。\n")
    raw = compose(delivery(), words, old, b"key").content
    assert raw.isascii()
    assert b"=?iso-2022-jp?" in raw
    assert b'charset="iso-2022-jp"' in raw
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == words.subject
    assert mail.get_content().strip() == words.text.strip()

    beyond = Content(language="ja", subject="髙橋さん 😀", text="😀\n")
    mail = message_from_bytes(compose(delivery(), beyond, old, b"key").content, policy=policy.default)
    assert mail["Subject"] == beyond.subject
    assert mail.get_content_charset() == "utf-8"


def test_mail_that_nobody_asked_for_says_how_it_is_stopped() -> None:
    sender = Sender(name="desk", display="Desk", address="desk@example.com", unsubscribe="mailto:stop@example.com")
    for automatic, expected in (
        (Automatic.GENERATED, "<mailto:stop@example.com>"),
        (Automatic.REPLIED, None),
        (Automatic.NO, None),
    ):
        row = delivery(mailing=Mailing(sender="desk", to=CUSTOMER, automatic=automatic, message_id="<a@example.com>"))
        content = Content(language="en", subject="s", text="t\n")
        mail = message_from_bytes(compose(row, content, sender, b"key").content, policy=policy.default)
        assert mail["List-Unsubscribe"] == expected


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp"])
@pytest.mark.parametrize(
    "hidden",
    [
        "=?utf-8?B?eA0KQmNjOiBldmlsQGV4YW1wbGUuY29tDQoNCmJvZHk=?=",
        "=?utf-8?q?a=0D=0ABcc:_evil@example.com?=",
        "一=?utf-8?q?=0ABcc:_evil@example.com?=",
    ],
)
def test_line_ends_in_encoded_words_begin_no_header(hidden: str, charset: str) -> None:
    """The library decodes such words as it sets a header, and would write their line ends out as they are."""
    mailing = Mailing(sender="s", to=CUSTOMER, name=hidden, automatic=Automatic.NO, message_id="<m@example.com>")
    content = Content(language="en", subject=one_line(hidden), text="x\n")
    sender = Sender(name="s", display="Support", address="support@example.com", charset=charset)
    raw = compose(delivery(mailing=mailing), content, sender, b"key").content
    headers = message_from_bytes(raw).keys()
    assert sorted(headers) == sorted(set(headers))
    assert "Bcc" not in headers
    assert b"\nBcc" not in raw.replace(b"\r\n ", b"")


def test_a_header_that_nobody_set_is_never_sent() -> None:
    """Should a value ever get through: an address that decodes into lines makes no mail, rather than a longer one."""
    hidden = "=?utf-8?q?x=0D=0ABcc:_evil?=@example.com"
    mailing = Mailing(sender="s", to=CUSTOMER, copies=(hidden,), automatic=Automatic.NO, message_id="<m@example.com>")
    sender = Sender(name="s", display="Support", address="support@example.com")
    with pytest.raises(ValueError):  # noqa: PT011 - whoever sees it first, the library or we
        compose(delivery(mailing=mailing), Content(language="en", subject="x", text="x"), sender, b"key")


@pytest.mark.parametrize("name", ["evil@example.com, " + "a" * 60 + " b", 'O"Brien \\ (x); ' + "z" * 70, "Nowak, Anna"])
def test_a_long_name_with_a_comma_is_one_recipient(name: str) -> None:
    """The library drops the quotes of what it folds, and one address would become two; for the sender's name as well."""
    mailing = Mailing(sender="s", to=CUSTOMER, name=name, automatic=Automatic.NO, message_id="<m@example.com>")
    sender = Sender(name="s", display=name, address="support@example.com")
    raw = compose(delivery(mailing=mailing), Content(language="en", subject="x", text="x"), sender, b"key").content
    mail = message_from_bytes(raw, policy=policy.default)
    assert [(each.display_name, each.addr_spec) for each in mail["To"].addresses] == [(name[:100], CUSTOMER)]
    assert [each.addr_spec for each in mail["From"].addresses] == ["support@example.com"]


def test_a_message_id_of_encoded_words_is_no_thread() -> None:
    assert bracketed("=?utf-8?q?a=0D=0ABcc:_evil?=@example.com") == ""
