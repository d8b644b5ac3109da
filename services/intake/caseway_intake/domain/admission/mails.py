"""How a mail is admitted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from caseway.contracts.case_commands import MergeCase
from caseway.contracts.parts import Actor, Author, Bounce, Party, RelatedCase
from caseway.kernel.decision import Decision, Put, Ref, States
from caseway.kernel.values import dataclass, replace
from caseway.kernel.vocabulary import Channel
from caseway_intake.domain.admission.addressees import (
    CORRESPONDENTS,
    follows_of_addresses,
    mark_alive,
    mark_bounced,
    needs_of_report,
    written_by_customer,
)
from caseway_intake.domain.admission.draft import complete, mailbox_of, without_tag
from caseway_intake.domain.admission.files import Filed, filed
from caseway_intake.domain.admission.knowledge import CASES, CLAIMS, ENDED_CHATS, Draft, Knowledge
from caseway_intake.domain.admission.parties import needs_of_party
from caseway_intake.domain.continuing import Ended, ended_id, goes_on
from caseway_intake.domain.correspondents import (
    Correspondent,
    Seen,
    correspondent_id,
    is_echo,
    is_flooding,
    people_of,
    resembling,
    twin,
    with_seen,
)
from caseway_intake.domain.mail.likeness import has_grown, numbers_named
from caseway_intake.domain.mail.mail import Mail, Origin
from caseway_intake.domain.threading import Arrival, Claim, Place, claims_after, find, place, second_key

_WE = Actor(kind="machine", id="intake.edge")
_MOST_LOOKED_AT = 20
"""Cases of one correspondent of which the numbers are looked up, where a subject names one."""
_MOST_RELATED = 5


def needs_of_mail(mail: Mail) -> Iterable[Ref]:
    """Every claim that the mail may meet, what its author wrote before, and who that may be."""
    if mail.origin is Origin.OWN:
        return
    ids = (mail.source_key, second_key(mail), *mail.replied_to)
    yield from (Ref(CLAIMS, each) for each in ids)
    if mail.undelivered and mail.undelivered.message_id:
        yield Ref(CLAIMS, mail.undelivered.message_id)
    yield from needs_of_report(mail)
    yield Ref(CORRESPONDENTS, correspondent_id(mail.sender.address))
    yield Ref(ENDED_CHATS, ended_id(mail.sender.address))
    yield from (Ref(*each) for each in needs_of_party((mail.sender.address,), (), None))


def follows_of_mail(mail: Mail, states: States) -> Iterable[Ref]:
    """Who the author is; where the subject names a number: the cases that they took part in, one of which may have it."""
    if mail.origin is Origin.OWN:
        return
    yield from follows_of_addresses(mail, states)
    if numbers_named(mail.subject):
        cases = _correspondent(mail, states).cases[:_MOST_LOOKED_AT]
        yield from (Ref(CASES, each) for each in cases)


def admit_mail(mail: Mail, known: Knowledge) -> Decision:
    """The mail on its case; or parked, where it is a machine's and belongs nowhere. Source: semantics 5.1."""
    if mail.origin is Origin.OWN:
        return Decision(parks="loop")
    letter = _letter(mail, known)
    at = _place(letter)
    if at is None or (mail.origin is Origin.MACHINE and at.matched_by is None):
        return Decision(parks="automatic")
    files, same = filed(mail, known.rules.mails.files), _same_before(letter, at)
    command, blobs = complete(_draft(letter, at, files, same), known)
    stored = () if at.is_repeat else (mail.raw, *files.blobs)
    return Decision(
        emits=(command, *_merges(at, same)),
        changes=tuple(_changes(letter, at)),
        blobs=(*blobs, *stored),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """A mail, and what is known about it."""

    mail: Mail
    known: Knowledge
    arrival: Arrival
    author: Correspondent
    customer: str
    """Under which name the mails of the linked customer stand; empty where nobody is linked."""
    by_customer: Correspondent
    """What that customer wrote, from whichever address."""
    mailboxes: tuple[str, ...]
    """Ours that it came to, the one that answers first."""
    copies: tuple[str, ...]
    """Whom else it was sent to, without ourselves."""
    is_flooding: bool

    @property
    def mailbox(self) -> str | None:
        """The one that answers."""
        return self.mailboxes[0] if self.mailboxes else None


def _letter(mail: Mail, known: Knowledge) -> _Letter:
    author = _correspondent(mail, known.states)
    customer, by_customer = written_by_customer(mail, known)
    mailboxes = _mailboxes(mail, known)
    copies = tuple(each for each in mail.copies if mailbox_of((without_tag(each),), known.rules.mailboxes) is None)

    def claim_of(message_id: str) -> Claim | None:
        claim: Claim | None = known.states.get(CLAIMS, message_id)
        return claim

    return _Letter(
        mail=mail,
        known=known,
        arrival=Arrival(
            mail=mail,
            claim_of=claim_of,
            people=people_of((mail.sender.address, *copies)),
            tagged=_tagged(mail, author, known),
        ),
        author=author,
        customer=customer,
        by_customer=by_customer,
        mailboxes=mailboxes,
        copies=copies,
        is_flooding=_is_flooding(mail, author, mailboxes[0] if mailboxes else "", known),
    )


def _is_flooding(mail: Mail, author: Correspondent, mailbox: str, known: Knowledge) -> bool:
    if not author.seen:
        return False
    now, rules = known.now, known.rules.mails
    return is_flooding(author, mailbox, now, rules) or is_echo(author, mailbox, mail.sketch, now, rules)


def _correspondent(mail: Mail, states: States) -> Correspondent:
    found: Correspondent | None = states.get(CORRESPONDENTS, correspondent_id(mail.sender.address))
    return found or Correspondent()


def _mailboxes(mail: Mail, known: Knowledge) -> tuple[str, ...]:
    """By the envelope, then by what the fields say: one mail to two of ours may come only once."""
    addresses = (*mail.recipients, *mail.copies)
    boxes = (mailbox_of((each,), known.rules.mailboxes) for each in addresses)
    return tuple(dict.fromkeys(box.address for box in boxes if box))


def _tagged(mail: Mail, author: Correspondent, known: Knowledge) -> str:
    """The case that the subject's tag names, if the author took part in it: a number alone proves nothing."""
    numbers = numbers_named(mail.subject)
    if not numbers:
        return ""
    cases = (known.states.get(CASES, each) for each in author.cases[:_MOST_LOOKED_AT])
    found = {case.number: case.id for case in cases if case is not None}
    return next((found[each] for each in numbers if each in found), "")


def _place(letter: _Letter) -> Place | None:
    mail = letter.mail
    if mail.origin is not Origin.REPORT:
        return _after_chat(letter, place(letter.arrival))
    about = find(mail, letter.arrival.claim_of)
    return Place(case_id=about, source_key=mail.source_key, matched_by="bounce") if about else None


def _after_chat(letter: _Letter, at: Place) -> Place:
    """A mail that refers to nothing may go on with a chat of its author that has ended (S1-46)."""
    mail, known = letter.mail, letter.known
    if at.matched_by is not None or at.is_repeat or at.refers_to or mail.origin is not Origin.PERSON:
        return at
    before: Ended | None = known.states.get(ENDED_CHATS, ended_id(mail.sender.address))
    within = dt.timedelta(hours=known.rules.mailboxes.chat_continues_hours)
    if before is None or not goes_on(before, f"{mail.subject} {mail.text}", known.now, within):
        return at
    return replace(at, case_id=before.case_id, matched_by="ended_chat")


def _changes(letter: _Letter, at: Place) -> Iterable[Put]:
    """Claims on Message-IDs; and what is remembered of the author, unless the same mail came before."""
    mail, known = letter.mail, letter.known
    for each, claim in claims_after(letter.arrival, at).items():
        yield Put(collection=CLAIMS, id=each, value=claim)
    if mail.origin is Origin.REPORT:
        yield from mark_bounced(mail, known)
    if at.is_repeat or mail.origin is Origin.REPORT or not mail.sender.address:
        return
    seen = Seen(
        at=known.now,
        case_id=at.case_id,
        mailbox=letter.mailbox or "",
        fingerprint=mail.fingerprint,
        sketch=mail.sketch,
    )
    after = with_seen(letter.author, seen)
    yield Put(collection=CORRESPONDENTS, id=correspondent_id(mail.sender.address), value=after)
    if letter.customer:
        yield Put(collection=CORRESPONDENTS, id=letter.customer, value=with_seen(letter.by_customer, seen))
    yield from mark_alive(mail, known)


def _merges(at: Place, same: Seen | None) -> Iterable[MergeCase]:
    """Cases that this mail shows to be one: it refers to both, or says what another mail said. Merging can be undone, and
    the cores find out which of the two is the older.
    """
    for each in at.joins:
        yield MergeCase(case_id=at.case_id, actor=_WE, other=each, reason="conversation")
    if same is not None:
        yield MergeCase(case_id=at.case_id, actor=_WE, other=same.case_id, reason="identical")


def _same_before(letter: _Letter, at: Place) -> Seen | None:
    """Of a mail that opens a case: the same mail a short while ago, of the same author, or of the same customer from
    another address. Source: S4-27.
    """
    if at.matched_by is not None or at.is_repeat:
        return None
    mail, known = letter.mail, letter.known
    wrote = (letter.author, letter.by_customer)
    return next((same for each in wrote if (same := twin(each, mail.fingerprint, known.now, known.rules.mails))), None)


def _related(letter: _Letter, at: Place, same: Seen | None) -> tuple[RelatedCase, ...]:
    """Other cases that a person should look at."""
    if at.is_repeat:
        return ()
    found = [RelatedCase(case_id=at.refers_to, relation="refers_to")] if at.refers_to else []
    numbers = numbers_named(letter.mail.subject)
    if at.matched_by is None:
        found += [RelatedCase(number=each, relation="mentions") for each in numbers]
        found += _resembling(letter) if same is None else []
    return tuple(found[:_MOST_RELATED])


def _resembling(letter: _Letter) -> list[RelatedCase]:
    alike = resembling(letter.author, letter.mail.sketch, letter.known.now, letter.known.rules.mails)
    return [
        RelatedCase(case_id=each.case_id, relation="resembles", resemblance=round(share, 2)) for each, share in alike
    ]


def _draft(letter: _Letter, at: Place, files: Filed, same: Seen | None) -> Draft:
    mail, sender = letter.mail, letter.mail.sender
    is_machine = mail.origin in {Origin.MACHINE, Origin.REPORT}
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
        content=_content(letter, at, files, same),
        facts={
            "mailbox": letter.mailbox,
            "sender": sender.address,
            "sender_domain": sender.address.rpartition("@")[2],
            "attachments_count": len(mail.attachments),
            "automatic": mail.origin is not Origin.PERSON,
        },
        tags=(*mail.faults, *files.tags, *(("mail-flood",) if letter.is_flooding else ())),
    )


def _content(letter: _Letter, at: Place, files: Filed, same: Seen | None) -> dict[str, Any]:
    mail = letter.mail
    content: dict[str, Any] = {
        "quoted": mail.quoted or None,
        "signature": mail.signature or None,
        "html_file": files.page,
        "attachments": files.references,
        "automatic": _is_automatic(letter, at),
        "raw": mail.digest,
        "mailbox": letter.mailbox,
        "also_received_at": letter.mailboxes[1:],
        "reply_to": mail.reply_to or mail.sender.address or None,
        "copies": letter.copies,
        "message_id": mail.message_id or None,
        "in_reply_to": mail.replied_to[:1],
        "references": mail.references,
        "matched_by": at.matched_by,
        "related": _related(letter, at, same),
        "stranger": at.is_stranger,
    }
    return content | {"bounce": _bounce(mail)} if mail.undelivered else content


def _is_automatic(letter: _Letter, at: Place) -> bool:
    """Whether it must not be answered by a machine; what a list or no-reply address adds to a case may be a person's."""
    if letter.is_flooding or has_grown(letter.mail.subject):
        return True
    if letter.mail.origin is Origin.QUIET:
        return at.matched_by is None
    return letter.mail.origin is not Origin.PERSON


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
