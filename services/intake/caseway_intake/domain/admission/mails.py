"""How a mail is admitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.parts import Author, Bounce, FileReference, Party
from caseway.kernel.decision import Decision, Put, Ref
from caseway.kernel.vocabulary import Channel
from caseway_intake.domain.admission.draft import (
    CLAIMS,
    Draft,
    Knowledge,
    complete,
    mailbox_of,
    needs_of_party,
    without_tag,
)
from caseway_intake.domain.mail.mail import Mail, Origin
from caseway_intake.domain.threading import Claim, Place, claims_after, find, place, second_key


def needs_of_mail(mail: Mail) -> Iterable[Ref]:
    """Every claim that the mail may meet, and who its author may be."""
    if mail.origin is Origin.OWN:
        return
    ids = (mail.source_key, second_key(mail), *mail.replied_to)
    yield from (Ref(CLAIMS, each) for each in ids)
    if mail.undelivered and mail.undelivered.message_id:
        yield Ref(CLAIMS, mail.undelivered.message_id)
    yield from (Ref(*each) for each in needs_of_party((mail.sender.address,), (), None))


def admit_mail(mail: Mail, known: Knowledge) -> Decision:
    """The mail on its case; or parked, where it is a machine's and belongs nowhere. Source: semantics 5.1."""

    def claim_of(message_id: str) -> Claim | None:
        claim: Claim | None = known.states.get(CLAIMS, message_id)
        return claim

    if mail.origin is Origin.OWN:
        return Decision(parks="loop")
    if mail.origin is Origin.REPORT:
        about = find(mail, claim_of)
        at = Place(case_id=about, source_key=mail.source_key, matched_by="bounce") if about else None
    else:
        at = place(mail, claim_of)
    if at is None or (mail.origin is Origin.MACHINE and at.matched_by is None):
        return Decision(parks="automatic")
    claims = claims_after(mail, at, claim_of)
    changes = tuple(Put(collection=CLAIMS, id=each, value=claim) for each, claim in claims.items())
    command, blobs = complete(_draft(mail, at, known), known)
    stored = () if at.is_repeat else (mail.raw, *(each.content for each in mail.attachments))
    return Decision(emits=(command,), changes=changes, blobs=(*blobs, *stored))


def _draft(mail: Mail, at: Place, known: Knowledge) -> Draft:
    mailbox = mailbox_of(mail.recipients, known.rules.mailboxes)
    is_machine = mail.origin in {Origin.MACHINE, Origin.REPORT}
    sender = mail.sender
    return Draft(
        case_id=at.case_id,
        source_key=at.source_key,
        channel=Channel.EMAIL,
        author=Author(
            kind="machine" if is_machine else "customer", name=sender.name or None, address=sender.address or None
        ),
        party=Party(name=sender.name or None, email=sender.address or None),
        subject=mail.subject,
        text=mail.text,
        opens=mail.origin is not Origin.REPORT,
        content=_content(mail, at, known, mailbox.address if mailbox else None),
        facts={
            "mailbox": mailbox.address if mailbox else None,
            "sender": sender.address,
            "sender_domain": sender.address.rpartition("@")[2],
            "attachments_count": len(mail.attachments),
            "automatic": mail.origin is not Origin.PERSON,
        },
        tags=mail.faults,
    )


def _content(mail: Mail, at: Place, known: Knowledge, mailbox: str | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "quoted": mail.quoted or None,
        "signature": mail.signature or None,
        "attachments": _files(mail),
        "automatic": _is_automatic(mail, at),
        "raw": mail.digest,
        "mailbox": mailbox,
        "reply_to": mail.reply_to or mail.sender.address or None,
        "copies": _copies(mail, known),
        "message_id": mail.message_id or None,
        "in_reply_to": mail.replied_to[:1],
        "references": mail.references,
        "matched_by": at.matched_by,
    }
    return content | {"bounce": _bounce(mail)} if mail.undelivered else content


def _is_automatic(mail: Mail, at: Place) -> bool:
    """Whether it must not be answered by a machine; what a list or no-reply address adds to a case may be a person's."""
    if mail.origin is Origin.QUIET:
        return at.matched_by is None
    return mail.origin is not Origin.PERSON


def _files(mail: Mail) -> tuple[FileReference, ...]:
    return tuple(
        FileReference(
            name=each.name,
            media_type=each.media_type,
            size=len(each.content),
            digest=each.digest,
            content_id=each.content_id or None,
        )
        for each in mail.attachments
    )


def _copies(mail: Mail, known: Knowledge) -> tuple[str, ...]:
    """Whom else the sender wrote to: none of our own mailboxes."""
    return tuple(each for each in mail.copies if mailbox_of((without_tag(each),), known.rules.mailboxes) is None)


def _bounce(mail: Mail) -> Bounce | None:
    told = mail.undelivered
    if told is None:
        return None
    return Bounce(
        message_id=told.message_id or None,
        address=told.address or None,
        reason=told.reason,
        permanent=told.is_permanent,
    )
