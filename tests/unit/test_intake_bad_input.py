"""Input that means harm or nonsense, each with its one outcome; this file is those no other file has.

Poison records stand in `test_contracts_poison.py`, sizes in `test_intake_edge_bounds.py`, signatures in
`test_intake_doors_http.py`, roles and order of commands in `test_intake_core_commands.py`, floods in `test_intake_quota.py`.
"""

from __future__ import annotations

import base64
import io
import zipfile
from email.message import EmailMessage

import pytest

from caseway.contracts.case_commands import CloseCase, ReopenCase, ReplyToCase
from caseway.contracts.contacts import ChatContact, MessageContact, WebContact
from caseway.contracts.voice_commands import DecideDataAction, EraseCase, RequestDataAction
from caseway.kernel.ids import digest
from caseway.kernel.signing import sign_message_id
from caseway_intake.domain import life
from caseway_intake.domain.life.steps import ERASURE
from tests.intake_builders import AGENT, CASE_ID, EDGE, OFFICER, mail, step
from tests.intake_edge import KEY, SUPPORT, Edge, command_of

CLOSE = CloseCase(case_id=CASE_ID, actor=AGENT)
TURNED = "\u202e"
TEXT = "Hello, this is the picture of my order."
HEAD = f"From: Anna <anna@example.net>\r\nTo: {SUPPORT}\r\nMessage-ID: <bad.1@example.net>\r\nMIME-Version: 1.0\r\n"


def word(text: str) -> str:
    """An encoded word, which may hold anything."""
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def with_files(*heads: str, content: str = "x") -> bytes:
    """A mail with a text and files of these header fields."""
    parts = "".join(f"--q\r\n{head}\r\n\r\n{content}\r\n" for head in heads)
    return f"{HEAD}Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\n{TEXT}\r\n{parts}--q--\r\n".encode()


class TestNames:
    """What is shown as a name is what it is."""

    def test_marks_that_turn_the_direction_are_taken_out_of_names_and_subjects(self) -> None:
        """`photo[RLO]gnp.exe` reads `photoexe.png`, and an author's name like another's address."""
        head = "Content-Type: image/png\r\nContent-Disposition: attachment; filename*=utf-8''photo%E2%80%AEgnp.exe"
        raw = with_files(head).replace(b"From: Anna", f"From: {word(TURNED + 'moc.elpmaxe@troppus')}".encode())
        raw = raw.replace(b"To:", f"Subject: {word('invoice ' + TURNED + 'fdp')}\r\nTo:".encode(), 1)
        command = Edge().add(raw)
        assert (command.subject, command.author.name) == ("invoice fdp", "moc.elpmaxe@troppus")
        (file,) = command.attachments
        assert (file.name, file.withheld) == ("photognp.exe", "type")

    def test_they_are_taken_out_of_every_channels_names(self) -> None:
        said = {"event": "message", "sender": {"kind": "customer", "name": f"A{TURNED}nna"}, "text": f"x{TURNED}y"}
        file = {"name": f"a{TURNED}gpj.exe", "url": "https://files.example.com/1"}
        command = command_of(Edge().contact(ChatContact(conversation="c", file=file, **said)))
        assert (command.author.name, command.attachments[0].name) == ("Anna", "agpj.exe")
        assert command.text == f"x{TURNED}y", "what somebody wrote stays what they wrote"

    @pytest.mark.parametrize(
        ("written", "name"),
        [
            ("../../etc/passwd", "passwd"),
            (r"C:\\Windows\\evil.txt", "evil.txt"),
            ("a\x00b:c.txt", "ab_c.txt"),
            ("...", "part-1.txt"),
        ],
    )
    def test_a_files_name_is_no_path(self, written: str, name: str) -> None:
        command = Edge().add(
            with_files(f'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="{written}"')
        )
        assert [each.name for each in command.attachments] == [name]

    def test_a_linked_files_name_is_no_path_either(self) -> None:
        files = ({"name": "../../x\n.exe", "url": "https://files.example.com/1"},)
        contact = MessageContact(
            platform="sms", conversation="c", message="m", sender={"id": "1"}, text="hi", attachments=files
        )
        assert command_of(Edge().contact(contact)).attachments[0].name == "x_.exe"


class TestHeaders:
    """Nothing that a customer writes becomes a header field."""

    def test_a_mails_subject_and_names_are_one_line(self) -> None:
        raw = f"Subject: {word('hello' + chr(13) + chr(10) + 'Bcc: victim@example.org')}\r\n{HEAD}\r\nhi".encode()
        raw = raw.replace(b"From: Anna", b'From: "A\r\n Bcc: victim@example.org"')
        command = Edge().add(raw)
        assert command.subject == "hello Bcc: victim@example.org"
        assert command.author.name == "A Bcc: victim@example.org"

    @pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\u2028", "\x85"])
    def test_a_forms_fields_are_one_line_but_for_its_text(self, end: str) -> None:
        fields = {
            "subject": f"a{end}Bcc: v@example.org",
            "email": f"a@example.net{end}Bcc: v@example.org",
            "message": "x\ny",
        }
        command = command_of(Edge().contact(WebContact(form="contact", submission="s", fields=fields)))
        assert command.subject == "a Bcc: v@example.org"
        assert command.reply_to == "a@example.net Bcc: v@example.org", "no address: it is answered by nobody"
        assert command.text == "x\ny"
        assert "form-invalid" in command.tags


class TestShapes:
    """What is huge, deep or a lie is bounded, kept as it came, and says so."""

    def test_ten_thousand_parts_are_a_hundred_files_and_the_raw_mail(self) -> None:
        edge = Edge()
        heads = (
            f"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=f{n}.txt" for n in range(10_000)
        )
        raw = with_files(*heads)
        command = edge.add(raw)
        assert len(command.attachments) == 100
        assert sum(each.withheld is None for each in command.attachments) == 50
        assert {"mail-cut", "mail-broken"} <= set(command.tags)
        assert (command.text, raw in edge.blobs) == (TEXT, True)

    def test_parts_within_parts_without_end_are_one_file(self) -> None:
        deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(3_000))
        command = Edge().add(f"{HEAD}{deep}Content-Type: text/plain\r\n\r\ndeep".encode())
        assert (len(command.attachments), command.tags) == (1, ("mail-broken",))

    def test_an_archive_is_stored_as_it_is_and_never_opened(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", bytes(20_000_000))
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Message-ID"] = "anna@example.net", SUPPORT, "<zip@example.net>"
        letter.set_content(TEXT)
        letter.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="a.zip")
        edge = Edge()
        (file,) = edge.add(letter.as_bytes()).attachments
        assert (file.name, file.size, file.digest) == ("a.zip", len(packed.getvalue()), digest(packed.getvalue()))
        assert max(map(len, edge.blobs)) < 100_000

    @pytest.mark.parametrize(
        ("declared", "content"),
        [("us-ascii", "cp1250"), ("utf-8", "iso8859-2"), ("iso-2022-jp", "cp1250"), ("no-such-charset", "utf-8")],
    )
    def test_a_charset_that_is_a_lie_is_guessed_and_told(self, declared: str, content: str) -> None:
        text = "Zażółć gęślą jaźń, gdzie jest moja paczka?"
        raw = f"{HEAD}Content-Type: text/plain; charset={declared}\r\n\r\n".encode() + text.encode(content)
        command = Edge().add(raw)
        assert (command.text, command.tags) == (text, ("mail-charset",))

    def test_nuls_and_halves_of_letters_are_no_part_of_a_text(self) -> None:
        raw = (
            f"Subject: a\0b\r\n{HEAD}Content-Type: text/plain; charset=utf-8\r\n\r\nte\0xt ".encode() + b"\xed\xa0\x80"
        )
        command = Edge().add(raw)
        assert (command.subject, "\0" in command.text) == ("ab", False)
        assert command.text.encode().startswith(b"text ")


def our_answer(case: str) -> str:
    return sign_message_id(KEY, case, "notification_1", "desk.example.com")


REPORTS = {
    "Postfix": (
        "From: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\nSubject: Undelivered Mail Returned to Sender",
        "Content-Type: text/plain\r\n\r\nThis is the mail system at host mx.example.com.",
        "Content-Type: message/rfc822",
    ),
    "Exchange": (
        "From: postmaster@example.org\r\nSubject: Unzustellbar: Re: order\r\nX-MS-Exchange-Message-Is-Ndr:",
        "Content-Type: text/html\r\n\r\n<html><body>Fehler bei der Zustellung</body></html>",
        "Content-Type: text/rfc822-headers",
    ),
    "Gmail": (
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>\r\nSubject: Delivery Status Notification (Failure)",
        "Content-Type: multipart/related; boundary=rel\r\n\r\n--rel\r\n\r\n** Address not found **\r\n--rel\r\nContent-Type: image/png\r\n\r\nx\r\n--rel--",
        "Content-Type: message/rfc822",
    ),
}


@pytest.mark.parametrize("system", REPORTS)
def test_the_reports_of_the_usual_systems_attach_to_what_bounced(system: str) -> None:
    head, words, returned = REPORTS[system]
    edge = Edge()
    case = edge.add(f"{HEAD}\r\nwhere is my order?".encode()).case_id
    status = (
        "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; anna@example.net\r\nAction: failed\r\nStatus: 5.1.1"
    )
    parts = (
        words,
        f"Content-Type: message/delivery-status\r\n\r\n{status}",
        f"{returned}\r\n\r\nMessage-ID: {our_answer(case)}",
    )
    body = "".join(f"--r\r\n{part}\r\n" for part in parts)
    kind = "multipart/report; report-type=delivery-status; boundary=r"
    report = f"{head}\r\nMessage-ID: <report@mx.example.com>\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n{body}--r--\r\n"
    command = edge.add(report.encode(), mailfrom="")
    assert (command.case_id, command.opens, command.matched_by) == (case, False, "bounce")
    assert command.bounce is not None
    assert (command.bounce.address, command.bounce.permanent) == ("anna@example.net", True)


def test_a_case_that_was_erased_opens_again_as_nobodys_and_answers_nobody() -> None:
    """Reopening brings nothing back: there is no address left to write to."""
    case = life.open_case(mail(), step(), 1).case
    asked = RequestDataAction(case_id=CASE_ID, actor=AGENT, action="erasure")
    case = life.decide(case, asked, step("ask", actor=AGENT)).case
    request = case.privacy.requests[-1].id
    granted = DecideDataAction(case_id=CASE_ID, actor=OFFICER, request=request, granted=True, identity="called back")
    case = life.decide(case, granted, step("grant", actor=OFFICER)).case
    erase = EraseCase(case_id=CASE_ID, actor=EDGE, request=request, customer="k-1", action="erasure")
    case = life.decide(case, erase, step("erase", source=ERASURE)).case
    case = life.decide(case, CLOSE, step("close", actor=AGENT)).case
    again = life.decide(case, ReopenCase(case_id=CASE_ID, actor=AGENT), step("again", actor=AGENT))
    assert [fact.TYPE for fact in again.facts] == ["caseway.case.reopened.v1"]
    assert "jan@example.com" not in repr(again.case)
    reply = life.decide(again.case, ReplyToCase(case_id=CASE_ID, actor=AGENT, text="hi"), step("reply", actor=AGENT))
    assert [getattr(fact, "reason", "") for fact in reply.facts] == ["no-address"]
