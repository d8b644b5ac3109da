"""Raw mails, as the programs of many customers write them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from html import escape

from caseway.scenario.chance import Chance
from caseway.scenario.people import Person

_POLICY = compat32.clone(linesep="\r\n", max_line_length=76)
_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0f01f0005050201"
    "5fc8f1d20000000049454e44ae426082"
)
"""A PNG of one pixel."""
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What stands in a mail, before it is bytes."""

    sender: Person
    to: str
    subject: str
    text: str
    message_id: str
    """Without brackets."""
    at: dt.datetime
    charset: str = "utf-8"
    in_reply_to: str = ""
    references: Sequence[str] = ()
    quoted: str = ""
    """What is answered, with the line above it."""
    signature: str = ""
    has_html: bool = False
    attachment: str = ""
    """A file's name; its ending says what it is."""
    automatic: str = ""
    """The value of Auto-Submitted; empty for a person's mail."""


def write(letter: Letter) -> bytes:
    """The mail's bytes, as they go over the wire."""
    charset = _charset(letter)
    mail = _body(letter, charset)
    if letter.attachment:
        mail = _mixed(mail, _file(letter.attachment), _boundary(letter, "mixed"))
    _head(mail, letter, charset)
    return mail.as_bytes(policy=_POLICY)


def _charset(letter: Letter) -> str:
    """The one wanted, where every character is in it."""
    try:
        f"{_plain(letter)}{letter.subject}{letter.sender.name}".encode(letter.charset)
    except UnicodeEncodeError:
        return "utf-8"
    return letter.charset


def _plain(letter: Letter) -> str:
    signature = f"\n-- \n{letter.signature}\n" if letter.signature else ""
    quoted = "".join(f"\n> {line}" for line in letter.quoted.splitlines()[1:])
    quoted = f"\n\n{letter.quoted.splitlines()[0]}{quoted}\n" if letter.quoted else ""
    return f"{letter.text}\n{signature}{quoted}"


def _body(letter: Letter, charset: str) -> Message:
    plain = MIMEText(_plain(letter), "plain", charset)
    if not letter.has_html:
        return plain
    both = MIMEMultipart("alternative", boundary=_boundary(letter, "alternative"))
    both.attach(plain)
    paragraphs = "".join(f"<p>{escape(each)}</p>" for each in _plain(letter).split("\n") if each)
    both.attach(MIMEText(f"<html><body>{paragraphs}</body></html>", "html", charset))
    return both


def _boundary(letter: Letter, what: str) -> str:
    """The library would draw one, and the same seed would not send the same bytes."""
    return f"=_{what}_{hashlib.sha256(letter.message_id.encode()).hexdigest()[:24]}"


def _mixed(body: Message, file: Message, boundary: str) -> Message:
    mixed = MIMEMultipart("mixed", boundary=boundary)
    mixed.attach(body)
    mixed.attach(file)
    return mixed


def _file(name: str) -> Message:
    part: Message = MIMEImage(_PICTURE, "png") if name.endswith(".png") else MIMEApplication(_PDF, "pdf")
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part


def _head(mail: Message, letter: Letter, charset: str) -> None:
    address = letter.sender.email
    mail["From"] = formataddr((letter.sender.name, address), charset)
    mail["To"] = letter.to
    mail["Subject"] = str(Header(letter.subject, charset).encode())
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{letter.message_id}>"
    if letter.in_reply_to:
        mail["In-Reply-To"] = f"<{letter.in_reply_to}>"
        mail["References"] = " ".join(f"<{each}>" for each in (*letter.references, letter.in_reply_to))
    if letter.automatic:
        mail["Auto-Submitted"] = letter.automatic
        mail["X-Auto-Response-Suppress"] = "All"


def undelivered(*, message_id: str, about: str, address: str, at: dt.datetime) -> bytes:
    """A mail system's report that a mail of the desk's did not arrive.

    Args:
        message_id: the report's own, without brackets.
        about: the Message-ID of the desk's mail, without brackets.
        address: who did not get it.
        at: when.
    """
    report = MIMEMultipart("report", boundary=f"=_report_{hashlib.sha256(message_id.encode()).hexdigest()[:24]}")
    report.set_param("report-type", "delivery-status")
    report["From"] = "Mail Delivery System <mailer-daemon@mx.example.com>"
    report["To"] = "support@example.com"
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(at)
    report["Message-ID"] = f"<{message_id}>"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"The mail could not be delivered.\n\n<{address}>: mailbox is full\n", "plain", "us-ascii"))
    status = MIMEBase("message", "delivery-status")
    fields = Message()
    fields["Reporting-MTA"] = "dns; mx.example.com"
    recipient = Message()
    recipient["Final-Recipient"] = f"rfc822; {address}"
    recipient["Action"] = "failed"
    recipient["Status"] = "5.2.2"
    recipient["Diagnostic-Code"] = "smtp; 552 5.2.2 mailbox is full"
    status.set_payload([fields, recipient])
    report.attach(status)
    report.attach(MIMEText(f"Message-ID: <{about}>\nTo: {address}\n", "rfc822-headers", "us-ascii"))
    return report.as_bytes(policy=_POLICY)


def machine_mail(*, message_id: str, at: dt.datetime, chance: Chance) -> tuple[bytes, str]:
    """A mail that no person wrote and that belongs to no case; and its envelope's sender."""
    sender, subject, marks = chance.one_of((
        ("newsletter@news.example.com", "The autumn offers are here", {"Precedence": "bulk", "Auto-Submitted": "auto-generated"}),
        ("monitor@status.example.com", "[OK] nightly backup finished", {"Auto-Submitted": "auto-generated"}),
        ("kalendarz@example.com", "Automatyczna odpowiedź: urlop", {"Auto-Submitted": "auto-replied"}),
    ))  # fmt: skip
    mail = MIMEText("This mail was written by a machine.\n", "plain", "us-ascii")
    mail["From"], mail["To"] = sender, "support@example.com"
    mail["Subject"] = Header(subject, "utf-8").encode()
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{message_id}>"
    for name, value in marks.items():
        mail[name] = value
    return mail.as_bytes(policy=_POLICY), sender
