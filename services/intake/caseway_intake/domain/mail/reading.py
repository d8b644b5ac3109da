"""How raw bytes become a mail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.errors import MessageError
from typing import TypeVar

from caseway.kernel.ids import digest
from caseway.kernel.signing import read_message_id, read_reply_address
from caseway_intake.domain.mail.addresses import address_of, addresses_of, message_ids, newest_first, own_message_id
from caseway_intake.domain.mail.body import Body, HtmlToText, read_body
from caseway_intake.domain.mail.charsets import decode
from caseway_intake.domain.mail.likeness import fingerprint, sketch, topic
from caseway_intake.domain.mail.mail import Address, Mail, Origin, Undelivered
from caseway_intake.domain.mail.origin import origin_of
from caseway_intake.domain.mail.parts import Part, read_parts
from caseway_intake.domain.mail.quoting import Writing, part
from caseway_intake.domain.mail.reports import read_report

Result = TypeVar("Result")

UNREADABLE = "mail-unreadable"
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MessageError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What parsers raise on input nobody thought of; each step has its answer, so that no mail is lost by one."""
_NONE: tuple[str, ...] = ()
_LONGEST_SUBJECT = 1_000
_LONGEST_QUOTED = 16_000
_RECIPIENT_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the mail systems said when they handed the mail over."""

    mailfrom: str | None = None
    """Empty for none; None where it is not known."""
    rcptto: tuple[str, ...] = ()


def _nothing(_page: str) -> str:
    return ""


def read_mail(
    raw: bytes, envelope: Envelope, key: bytes, html_to_text: HtmlToText, sanitise: HtmlToText = _nothing
) -> Mail:
    """The mail that `raw` is; never an exception, whatever the bytes are.

    Args:
        raw: as received.
        envelope: sender and recipients in SMTP.
        key: the signing key, to know our own Message-IDs and reply addresses by.
        html_to_text: gives the text of a page that a mail is; may raise what parsers raise.
        sanitise: gives the page as it may be shown; none is kept, unless given.
    """
    reading = _Reading(html_to_text, sanitise)
    root = reading.tried(lambda: read_parts(raw), None)
    if root is None:
        return _unreadable(raw, envelope)
    return reading.mail(raw, root, envelope, key)


class _Reading:
    """One mail being read; remembers what went wrong."""

    def __init__(self, html_to_text: HtmlToText, sanitise: HtmlToText) -> None:
        self._html_to_text = html_to_text
        self._sanitise = sanitise
        self._faults: set[str] = set()

    def tried(self, step: Callable[[], Result], otherwise: Result) -> Result:
        """The step's result, or the other one where the step fails."""
        try:
            return step()
        except _FAULTS:
            self._faults.add(UNREADABLE)
            return otherwise

    def mail(self, raw: bytes, root: Part, envelope: Envelope, key: bytes) -> Mail:
        """The mail, step by step, each on its own."""
        fields, tried = root.fields, self.tried
        text, body = tried(lambda: read_body(root, self._html), None) or (_readable(raw), Body())
        writing = tried(lambda: part(text), Writing(new=text))
        sender = tried(lambda: _sender(root, envelope), Address(address=envelope.mailfrom or ""))
        references = tried(lambda: message_ids(fields.text("references")), _NONE)
        in_reply_to = tried(lambda: message_ids(fields.text("in-reply-to")), _NONE)
        origin = tried(lambda: origin_of(root, key, sender.address, envelope.mailfrom), Origin.PERSON)
        addressed = tried(lambda: _addressed(root), _NONE)
        replied_to = newest_first(in_reply_to, references)
        subject = tried(lambda: fields.text("subject")[:_LONGEST_SUBJECT], "")
        undelivered = tried(lambda: read_report(root, text), Undelivered()) if origin is Origin.REPORT else None
        return Mail(
            raw=raw,
            digest=digest(raw),
            body_digest=_body_digest(text, body),
            message_id=tried(lambda: own_message_id(fields.plain("message-id")), ""),
            replied_to=replied_to,
            references=references[-100:],
            sender=sender,
            reply_to=tried(lambda: _reply_to(root, sender), ""),
            recipients=envelope.rcptto or addressed,
            copies=tried(lambda: _copies(root, sender), _NONE),
            subject=subject,
            topic=tried(lambda: sketch(topic(subject)), b""),
            text=writing.new,
            sketch=tried(lambda: sketch(writing.new), b""),
            fingerprint=fingerprint(subject, writing.new, (each.digest for each in body.attachments)),
            html=tried(lambda: self._shown(body), b""),
            quoted=writing.quoted[:_LONGEST_QUOTED],
            signature=writing.signature,
            attachments=tuple(body.attachments),
            origin=origin,
            undelivered=undelivered,
            own_cases=_own_cases(key, (*envelope.rcptto, *addressed), _named_ids(replied_to, undelivered)),
            faults=tuple(sorted(self._faults | body.faults)),
        )

    def _shown(self, body: Body) -> bytes:
        """The pages of a mail, one below the other, as they may be shown."""
        return "\n<hr>\n".join(filter(None, map(self._sanitise, body.pages))).encode("utf-8", "replace")

    def _html(self, html: str) -> str:
        return self.tried(lambda: self._html_to_text(html), html)


def _named_ids(replied_to: tuple[str, ...], undelivered: Undelivered | None) -> tuple[str, ...]:
    return (undelivered.message_id, *replied_to) if undelivered and undelivered.message_id else replied_to


def _own_cases(key: bytes, addresses: Iterable[str], ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Cases that our signatures name: reply addresses first, then Message-IDs, the newest first."""
    by_address = (
        (case, "reply_address") for each in addresses if "+" in each and (case := read_reply_address(key, each))
    )
    by_id = ((signed.case_id, "signed_id") for each in ids if (signed := read_message_id(key, each)))
    return tuple(dict.fromkeys((*by_address, *by_id)))


def _sender(root: Part, envelope: Envelope) -> Address:
    """The author: From, else Sender, else who stands in the envelope."""
    for name in ("from", "sender", "return-path"):
        found = address_of(root.fields.plain(name))
        if found.address:
            return found
    named = address_of(root.fields.plain("from"))
    return Address(address=(envelope.mailfrom or "").lower(), name=named.name)


def _reply_to(root: Part, sender: Address) -> str:
    written = root.fields.plain("reply-to")
    address = address_of(written).address if written else ""
    return "" if address == sender.address else address


def _addressed(root: Part) -> tuple[str, ...]:
    """Every address of ours and others that the fields name as recipient, each once."""
    fields = root.fields
    found = (
        each.address for name in _RECIPIENT_FIELDS for value in fields.plains(name)[:10] for each in addresses_of(value)
    )
    return tuple(dict.fromkeys(found))


def _copies(root: Part, sender: Address) -> tuple[str, ...]:
    fields = root.fields
    found = (
        each.address for name in ("to", "cc") for value in fields.plains(name)[:10] for each in addresses_of(value)
    )
    return tuple(each for each in dict.fromkeys(found) if each != sender.address)


def _body_digest(text: str, body: Body) -> str:
    """Of the text as decoded, and of the files where there are any."""
    whole = hashlib.sha256(text.strip().encode())
    for each in body.attachments:
        whole.update(b"\0" + each.digest.encode())
    return whole.hexdigest()


def _readable(raw: bytes) -> str:
    """Whatever text can be read, when nothing else can."""
    return decode(raw[:20_000])[0]


def _unreadable(raw: bytes, envelope: Envelope) -> Mail:
    text = _readable(raw)
    return Mail(
        raw=raw,
        digest=digest(raw),
        body_digest=hashlib.sha256(text.encode()).hexdigest(),
        sender=Address(address=(envelope.mailfrom or "").lower()),
        recipients=envelope.rcptto,
        text=text,
        faults=(UNREADABLE,),
    )
