"""How a delivery becomes a mail."""

from __future__ import annotations

import email.policy
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, MessageIDHeader, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, cast

from caseway.kernel.signing import LOOP_HEADER, loop_mark, reply_address, sign_message_id
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


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    # typeshed asks for whole header classes; the registry makes them of these parts
    registry.map_to_type("in-reply-to", cast("type[BaseHeader]", MessageIDHeader))
    registry.map_to_type("references", cast("type[BaseHeader]", _MessageIds))
    return email.policy.SMTP.clone(header_factory=registry, cte_type="7bit")


_POLICY = _policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A mail as SMTP carries it."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool
    """An address outside ASCII before its `@`: only some servers take it."""


def message_id(key: bytes, delivery: Delivery, domain: str) -> str:
    """All copies of one notification have one id, on every attempt; a repeat is known by it."""
    return sign_message_id(key, delivery.case_id, f"{delivery.occurrence}/{delivery.subscription}", domain)


def compose(delivery: Delivery, content: Content, sender: Sender, key: bytes) -> Envelope:
    """The same bytes for the same delivery.

    Raises:
        ValueError: an address or header that cannot be written.
    """
    mailing = delivery.mailing
    if mailing is None:
        raise ValueError("a delivery that is no mail")
    from_address, recipient, to = map(ascii_domain, (sender.address, delivery.recipient, mailing.to))
    copies = [ascii_domain(each) for each in mailing.copies]
    needs_utf8 = not "".join((from_address, recipient, to, *copies)).isascii()
    mail = EmailMessage(policy=_POLICY.clone(utf8=needs_utf8))
    mail["From"] = _address(from_address, one_line(sender.display, 100))
    mail["To"] = _address(to, _name_in(mailing, delivery))
    if copies:
        mail["Cc"] = tuple(map(_address, copies))
    mail["Subject"] = one_line(content.subject)
    mail["Date"] = format_datetime(delivery.requested_at)
    mail["Message-ID"] = mailing.message_id
    if sender.has_signed_reply:
        mail["Reply-To"] = _address(reply_address(key, from_address, delivery.case_id))
    _thread(mail, mailing)
    _mark(mail, mailing, key)
    mail.set_content(content.text, charset="utf-8")
    if content.html:
        mail.add_alternative(content.html, subtype="html", charset="utf-8")
    return Envelope(sender=from_address, recipient=recipient, content=mail.as_bytes(), needs_utf8=needs_utf8)


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
