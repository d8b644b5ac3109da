"""Which case a mail belongs to. Source: semantics 5.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from caseway.kernel.ids import case_id
from caseway_intake.domain.correspondents import meet
from caseway_intake.domain.mail.likeness import is_same_matter
from caseway_intake.domain.mail.mail import Mail, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A Message-ID belongs to a case: of a mail that came, or of one that a mail refers to."""

    case_id: str
    body: str = ""
    """The body's digest; empty while the mail itself has not come."""
    topic: bytes = b""
    """Hashes of the subject's words, of the mail that claimed."""
    people: bytes = b""
    """By and to whom the mail that claimed was."""


ClaimOf = Callable[[str], Claim | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail, and what is known where it arrives."""

    mail: Mail
    claim_of: ClaimOf
    people: bytes = b""
    """By and to whom it is, without ourselves."""
    tagged: str = ""
    """The case that its subject's tag names, if its author took part in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a mail goes."""

    case_id: str
    source_key: str
    matched_by: str | None
    """Which test found the case; None for one that the mail opens."""
    is_repeat: bool = False
    """The same mail came before."""
    is_stranger: bool = False
    """The author took no part in the conversation, and nothing signed shows that we wrote to them."""
    refers_to: str = ""
    """The case that the mail refers to under another subject: not joined, only linked."""
    joins: tuple[str, ...] = ()
    """Further cases that the mail shows to be the same conversation."""


def second_key(mail: Mail) -> str:
    """The source key of a mail whose Message-ID another mail already has. Source: wire.md, "Ids"."""
    return f"{mail.source_key}#{mail.body_digest[:16]}"


def place(arrival: Arrival) -> Place:
    """The case that a mail belongs to: one that is there, or the one it opens."""
    mail, claim_of = arrival.mail, arrival.claim_of
    own = claim_of(mail.source_key)
    if own is not None and own.body:
        return _met_again(mail, own, claim_of)
    if mail.own_cases:
        case, matched_by = mail.own_cases[0]
        return Place(case_id=case, source_key=mail.source_key, matched_by=matched_by)
    claims = tuple(_claims(arrival, own))
    fitting = tuple(each for each in claims if _fits(mail, each[0]))
    if fitting:
        return _joined(arrival, fitting)
    if arrival.tagged:
        return Place(case_id=arrival.tagged, source_key=mail.source_key, matched_by="subject_tag")
    return Place(
        case_id=case_id(mail.source_key),
        source_key=mail.source_key,
        matched_by=None,
        refers_to=claims[0][0].case_id if claims else "",
    )


def find(mail: Mail, claim_of: ClaimOf) -> str | None:
    """The case that a mail system's report is about: what it names, then what it refers to."""
    named = (mail.undelivered.message_id,) if mail.undelivered and mail.undelivered.message_id else ()
    if mail.own_cases:
        return mail.own_cases[0][0]
    claims = (claim_of(each) for each in (*named, *mail.replied_to))
    return next((claim.case_id for claim in claims if claim), None)


def claims_after(arrival: Arrival, at: Place) -> Mapping[str, Claim]:
    """What the mail claims: its own id, and each id it refers to that nobody has claimed; so a reply that comes before
    its original still meets it on one case. Of two cases that it joins, what it refers to belongs to the one it is on,
    so that they are joined once. Source: delivery.md, "Claims".
    """
    if at.is_repeat:
        return {}
    mail, claim_of = arrival.mail, arrival.claim_of
    mine = Claim(case_id=at.case_id, topic=mail.topic, people=arrival.people)
    claims: dict[str, Claim] = {}
    for each in mail.replied_to:
        known = claim_of(each)
        if known is None:
            claims[each] = mine
        elif known.case_id in at.joins:
            claims[each] = replace(known, case_id=at.case_id)
    return {**claims, at.source_key: replace(mine, body=mail.body_digest)}


def _met_again(mail: Mail, own: Claim, claim_of: ClaimOf) -> Place:
    """A Message-ID that came before: the same mail again, or another one under its name, which is not swallowed."""
    if own.body == mail.body_digest:
        return Place(
            case_id=own.case_id,
            source_key=mail.source_key,
            matched_by="claim",
            is_repeat=True,
        )
    second = second_key(mail)
    claimed = claim_of(second)
    at = claimed or own
    return Place(
        case_id=at.case_id,
        source_key=second,
        matched_by="claim",
        is_repeat=claimed is not None,
    )


def _claims(arrival: Arrival, own: Claim | None) -> Iterable[tuple[Claim, str]]:
    """An earlier reply's claim on this mail, then the claims on what it refers to, the newest first."""
    if own is not None:
        yield own, "claim"
    for each in arrival.mail.replied_to:
        if claim := arrival.claim_of(each):
            yield claim, "references"


def _fits(mail: Mail, claim: Claim) -> bool:
    """Whether the claim is on the same matter; a machine's subject says nothing."""
    return mail.origin is Origin.MACHINE or is_same_matter(mail.topic, claim.topic)


def _joined(arrival: Arrival, fitting: tuple[tuple[Claim, str], ...]) -> Place:
    """The case of the first claim; the others' too, where author or readers took part in them."""
    first, matched_by = fitting[0]
    met = {each.case_id for each, _ in fitting if not each.people or meet(each.people, arrival.people)}
    others = dict.fromkeys(each.case_id for each, _ in fitting if each.case_id != first.case_id)
    is_known = first.case_id in met
    may_join = is_known and arrival.mail.origin is not Origin.MACHINE
    return Place(
        case_id=first.case_id,
        source_key=arrival.mail.source_key,
        matched_by=matched_by,
        is_stranger=not is_known,
        joins=tuple(each for each in others if each in met) if may_join else (),
    )
