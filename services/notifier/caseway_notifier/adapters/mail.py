"""How a delivery becomes a mail."""

from __future__ import annotations

import email.policy
import re
from collections import OrderedDict
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, MessageIDHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, cast

from caseway.kernel.ids import derived_id
from caseway.kernel.signing import LOOP_HEADER, loop_mark, reply_address, sign_message_id
from caseway.kernel.values import replace
from caseway_notifier.domain.content import Content, one_line
from caseway_notifier.domain.delivery import Automatic, Delivery, Mailing
from caseway_notifier.domain.subscription import Sender

_PRECEDENCE = {Automatic.REPLIED: "auto_reply", Automatic.GENERATED: "bulk"}
_SUPPRESS = "DR, RN, OOF, AutoReply"
"""So that Exchange answers with none of its own automatic mails. Source: semantics.md 5.1 ("Sending")."""


class _MessageIds(UnstructuredHeader):
    """Message-IDs, folded between them: the library would encode a long one as words, and break the thread."""

    def fold(self, *, policy: Any) -> str:
        ids = f"{policy.linesep} ".join(str(self).split())
        return f"{self.name}: {ids}{policy.linesep}"  # type: ignore[attr-defined]  # the registry adds the base class


class _Registry(HeaderRegistry):
    """The library's, but it makes each header's class once.

    Made for each header of each mail, classes took 0.2 ms a mail, and only the collector takes them away.
    """

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        key = name.lower()
        if key not in self._made:
            self._made[key] = super().__getitem__(name)
        return self._made[key]


def _policy() -> EmailPolicy[EmailMessage]:
    registry = _Registry()
    # typeshed asks for whole header classes; the registry makes them of these parts
    registry.map_to_type("in-reply-to", cast("type[BaseHeader]", MessageIDHeader))
    registry.map_to_type("references", cast("type[BaseHeader]", _MessageIds))
    return email.policy.SMTP.clone(header_factory=registry, cte_type="7bit")


_POLICY = _policy()
_UTF8_POLICY = _POLICY.clone(utf8=True)
_PLACE_NAME, _PLACE_VALUE = "X-Recipient-Stands-Here", "1"
_PLACE = f"{_PLACE_NAME}: {_PLACE_VALUE}\r\n".encode()
_MOST_LETTERS = 64
"""Letters kept written: a broadcast has one a language."""
_LONGEST_LINE = 900
"""Bytes; SMTP takes 998 (RFC 5321 §4.5.3.1.6)."""
_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9]*( [A-Za-z0-9]+)*")
"""A name that needs neither quotes nor encoding."""
_HEADERS = re.compile(
    rb"(?:(?:From|To|Cc|Subject|Date|Message-ID|Reply-To|In-Reply-To|References|Auto-Submitted|X-Auto-Response-Suppress|"
    rb"Precedence|List-Unsubscribe|MIME-Version|Content-Type|Content-Transfer-Encoding|"
    + re.escape(LOOP_HEADER.encode())
    + rb"):(?:[^\r\n]|\r\n[ \t])*\r\n)*"
)
"""What a mail of ours may begin with, each on lines of its own: whatever the library makes of a value, nothing else."""
_LONGEST_NAMED = 69
"""A name and its address on one line; more goes on the next."""
_FROM = re.compile(rb"^From: .*\r\n(?:[ \t].*\r\n)*", re.MULTILINE)
_SUBJECT = re.compile(rb"^Subject: .*\r\n(?:[ \t].*\r\n)*", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A mail as SMTP carries it."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool
    """An address outside ASCII before its `@`: only some servers take it."""


def message_id(key: bytes, delivery: Delivery, domain: str) -> str:
    """For what the lane could not sign: a notice that goes on by mail where another channel failed."""
    if not delivery.case_id.startswith("case_"):
        return f"<{derived_id('message-id', delivery.id)}@{domain}>"
    return sign_message_id(
        key, delivery.case_id, f"{delivery.occurrence}/{delivery.subscription}/{delivery.id}", domain
    )


class Composing:
    """Writes mails; what many recipients read is written once, and each gets a `To` of their own."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._letters: OrderedDict[tuple[Any, ...], tuple[bytes, bytes]] = OrderedDict()

    def envelope(self, delivery: Delivery, content: Content, sender: Sender) -> Envelope:
        """The same bytes for the same delivery.

        Raises:
            ValueError: an address or header that cannot be written.
        """
        mailing = delivery.mailing
        if mailing is None:
            raise ValueError("a delivery that is no mail")
        from_address, recipient, to = map(ascii_domain, (sender.address, delivery.recipient, mailing.to))
        copies = tuple(map(ascii_domain, mailing.copies))
        needs_utf8 = not "".join((from_address, recipient, to, *copies)).isascii()
        policy = _UTF8_POLICY if needs_utf8 else _POLICY
        if from_address != sender.address:
            sender = replace(sender, address=from_address)
        head, tail = self._around(delivery, mailing, content, sender, copies, policy)
        line = _sound(_mailbox_line("To", to, _name_in(mailing, delivery), sender.charset))
        return Envelope(sender=from_address, recipient=recipient, content=head + line + tail, needs_utf8=needs_utf8)

    def _around(
        self,
        delivery: Delivery,
        mailing: Mailing,
        content: Content,
        sender: Sender,
        copies: tuple[str, ...],
        policy: EmailPolicy[EmailMessage],
    ) -> tuple[bytes, bytes]:
        """What stands before and after the line that names the recipient."""
        shared = (
            content, sender, copies, policy.utf8, delivery.case_id, delivery.requested_at, mailing.message_id,
            mailing.automatic, mailing.in_reply_to, mailing.references,
        )  # fmt: skip
        letter = self._letters.get(shared)
        if letter is None:
            mail = _written(delivery, mailing, content, sender, copies, policy, self._key)
            before, _, after = mail.as_bytes().partition(_PLACE)
            headers, _, _ = after.partition(b"\r\n\r\n")
            _sound(headers + b"\r\n")
            head = _subject_in(_from_in(before, sender), content, sender.charset)
            letter = self._letters[shared] = (_sound(head), after)
            while len(self._letters) > _MOST_LETTERS:
                self._letters.popitem(last=False)
        return letter


def compose(delivery: Delivery, content: Content, sender: Sender, key: bytes) -> Envelope:
    """One mail by itself."""
    return Composing(key).envelope(delivery, content, sender)


def _written(
    delivery: Delivery,
    mailing: Mailing,
    content: Content,
    sender: Sender,
    copies: tuple[str, ...],
    policy: EmailPolicy[EmailMessage],
    key: bytes,
) -> EmailMessage:
    """The mail, with a place for its `To`."""
    mail = EmailMessage(policy=policy)
    charset = _charset(sender.charset, content)
    mail["From"] = _address(sender.address, one_line(sender.display, 100))
    if copies:
        mail["Cc"] = tuple(map(_address, copies))
    mail["Subject"] = one_line(content.subject)
    mail["Date"] = format_datetime(delivery.requested_at)
    mail["Message-ID"] = mailing.message_id
    if sender.has_signed_reply and delivery.case_id:
        mail["Reply-To"] = _address(reply_address(key, sender.address, delivery.case_id))
    _thread(mail, mailing)
    _mark(mail, mailing, key)
    if sender.unsubscribe and mailing.automatic is Automatic.GENERATED:
        mail["List-Unsubscribe"] = f"<{sender.unsubscribe}>"
    mail[_PLACE_NAME] = _PLACE_VALUE
    _fill(mail, content, charset)
    return mail


def _sound(headers: bytes) -> bytes:
    """The headers, where they are all ours.

    Raises:
        ValueError: a value has become a header of its own.
    """
    if _HEADERS.fullmatch(headers) is None:
        raise ValueError("a header that nobody set")
    return headers


def _fill(mail: EmailMessage, content: Content, charset: str) -> None:
    longest = max((len(line) for line in content.text.encode(charset).split(b"\n")), default=0)
    if charset == "utf-8":
        mail.set_content(content.text, charset=charset)
    else:  # seven bits already: left to itself, the library would hide them from the oldest clients
        mail.set_content(content.text, charset=charset, cte="7bit" if longest <= _LONGEST_LINE else "base64")
    if content.html:
        mail.add_alternative(content.html, subtype="html", charset="utf-8")
    for each in content.attachments:
        kind, _, subtype = each.media_type.partition("/")
        mail.add_attachment(
            each.content, maintype=kind or "application", subtype=subtype or "octet-stream", filename=each.name
        )
    for place, part in enumerate(each for each in mail.walk() if each.is_multipart()):
        # the library draws it by chance; a repeat must be the same mail, byte for byte
        part.set_boundary("=_" + derived_id("boundary", str(place), content.text, content.html))


def _charset(wanted: str, content: Content) -> str:
    """The sender's, where it can write all of it."""
    try:
        (content.text + content.subject).encode(wanted)
    except UnicodeEncodeError:
        return "utf-8"
    return wanted


def _from_in(head: bytes, sender: Sender) -> bytes:
    """The head with the sender as we write it."""
    line = _mailbox_line("From", sender.address, one_line(sender.display, 100), sender.charset)
    return _FROM.sub(lambda _: line, head, count=1)


def _subject_in(head: bytes, content: Content, charset: str) -> bytes:
    """The head with a subject that a client without UTF-8 can read."""
    subject = one_line(content.subject)
    if charset == "utf-8" or subject.isascii() or _charset(charset, content) == "utf-8":
        return head
    encoded = Header(subject, charset, header_name="Subject", maxlinelen=75).encode(linesep="\r\n").encode("ascii")
    return _SUBJECT.sub(lambda _: b"Subject: " + encoded + b"\r\n", head, count=1)


def _mailbox_line(header: str, address: str, name: str, charset: str) -> bytes:
    """`To` or `From`, by hand: it is all that differs in a broadcast; and what the library folds loses its quotes.

    A long name with a comma would come out as two addresses.
    """
    if not name:
        return f"{header}: {address}\r\n".encode()
    if name.isascii():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        shown = name if _SIMPLE.fullmatch(name) else f'"{escaped}"'
    else:
        wanted = _charset(charset, Content(language="", subject=name, text=""))
        shown = Header(name, wanted, header_name=header, maxlinelen=75).encode(linesep="\r\n")
    between = "\r\n " if "\n" in shown or len(shown) + len(address) > _LONGEST_NAMED else " "
    return f"{header}: {shown}{between}<{address}>\r\n".encode()


def _address(address: str, name: str = "") -> Address:
    """In its parts: as one text, the library refuses letters beyond ASCII."""
    local, _, domain = address.rpartition("@")
    return Address(name, username=local, domain=domain)


def _name_in(mailing: Mailing, delivery: Delivery) -> str:
    """The recipient's name; none where a copy's `To` names another."""
    return one_line(mailing.name, 100) if mailing.to == delivery.recipient else ""


def _thread(mail: EmailMessage, mailing: Mailing) -> None:
    if mailing.in_reply_to:
        mail["In-Reply-To"] = mailing.in_reply_to
    if mailing.references:
        mail["References"] = " ".join(mailing.references)


def _mark(mail: EmailMessage, mailing: Mailing, key: bytes) -> None:
    """Tell other machines that a machine wrote this; and ourselves, should it come back."""
    mail[LOOP_HEADER] = loop_mark(key)
    if mailing.automatic is not Automatic.NO:
        mail["Auto-Submitted"] = mailing.automatic.value
        mail["X-Auto-Response-Suppress"] = _SUPPRESS
        mail["Precedence"] = _PRECEDENCE[mailing.automatic]


def ascii_domain(address: str) -> str:
    """The address with its domain as DNS has it.

    Raises:
        ValueError: a domain that DNS cannot have.
    """
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}" if not domain.isascii() else address
