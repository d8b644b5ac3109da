"""A contact in one form for all channels."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.contracts.case_commands import AddContact
from caseway.contracts.parts import Actor, Author
from caseway.kernel.ids import derived_id
from caseway_intake.domain.admission.bounds import LONGEST_NAME, cut_text, short
from caseway_intake.domain.admission.judging import find_out
from caseway_intake.domain.admission.knowledge import (
    CASES,
    CLAIMS,
    CONVERSATIONS,
    CUSTOMERS,
    POINTS,
    RECEIVED,
    Draft,
    Knowledge,
    MailboxRule,
    MailboxRules,
    Rules,
    Tools,
)
from caseway_intake.domain.admission.parties import link_of, needs_of_party, who
from caseway_intake.domain.names import unturned

__all__ = [
    "CASES",
    "CLAIMS",
    "CONVERSATIONS",
    "CUSTOMERS",
    "POINTS",
    "RECEIVED",
    "Draft",
    "Knowledge",
    "Rules",
    "Tools",
    "complete",
    "contact_id",
    "link_of",
    "mailbox_of",
    "needs_of_party",
    "who",
    "without_tag",
]

_LONGEST_SUBJECT = 1_000


def complete(draft: Draft, known: Knowledge) -> tuple[AddContact, tuple[bytes, ...]]:
    """The command, and content to be stored with it.

    Raises:
        Rejected: an entitlement nobody may call on, whose setting is to refuse.
    """
    found = find_out(draft, known)
    text, text_file, blobs = cut_text(draft.text)
    author = short(draft.author)
    command = AddContact(
        case_id=draft.case_id,
        actor=short(draft.actor) if draft.actor else _actor(author, draft.source_key),
        contact=contact_id(known),
        channel=draft.channel,
        source_key=draft.source_key,
        direction=draft.direction,
        author=author,
        party=short(draft.party),
        subject=unturned(draft.subject[:_LONGEST_SUBJECT]),
        text=text,
        text_file=text_file,
        language=found.tongue.language,
        language_confidence=found.tongue.confidence,
        reply_language=found.tongue.reply,
        received_at=known.time,
        opens=draft.opens,
        **draft.content,
        **found.judged,
    )
    return command, blobs


def contact_id(known: Knowledge) -> str:
    """The contact's own id, from the event that brought it."""
    return f"contact_{derived_id('contact', known.source, known.id)}"


def mailbox_of(addresses: Iterable[str], rules: MailboxRules) -> MailboxRule | None:
    """The first of our mailboxes that the addresses name, with or without something after a `+`."""
    ours = rules.by_address
    return next((ours[plain] for each in addresses if (plain := without_tag(each)) in ours), None)


def without_tag(address: str) -> str:
    """An address without what stands between `+` and `@`, in small letters."""
    local, at, domain = address.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _actor(author: Author, source_key: str) -> Actor:
    identity = author.id or author.address or source_key[:LONGEST_NAME]
    match author.kind:
        case "agent" | "customer" as kind:
            return Actor(kind=kind, id=identity, name=author.name)
        case "bot" | "machine":
            return Actor(kind="machine", id=identity, name=author.name)
        case "unknown":
            return Actor(kind="customer", id=identity, name=author.name)
