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
    joined: str = ""
    """The case that this one was joined with; where the mail itself is, stays: it is known by it when it comes again."""
    others: tuple[Claim, ...] = ()
    """Claims of mails that refer to the same under other subjects: further matters that begin here."""

    @property
    def goes_on_at(self) -> str:
        """The case of whatever refers to it."""
        return self.joined or self.case_id

    @property
    def each(self) -> tuple[Claim, ...]:
        """It, and the others."""
        return (self, *self.others)


MOST_OTHERS = 5
"""Matters that begin at one mail, beside its own; more are an attack, and open cases that are only not linked."""

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
        refers_to=claims[0][0].goes_on_at if claims else "",
    )


def find(mail: Mail, claim_of: ClaimOf) -> str | None:
    """The case that a mail system's report is about: what it names, then what it refers to."""
    named = (mail.undelivered.message_id,) if mail.undelivered and mail.undelivered.message_id else ()
    if mail.own_cases:
        return mail.own_cases[0][0]
    claims = (claim_of(each) for each in (*named, *mail.replied_to))
    return next((claim.goes_on_at for claim in claims if claim), None)


def claims_after(arrival: Arrival, at: Place) -> Mapping[str, Claim]:
    """What the mail claims: its own id, and each id it refers to that nobody has claimed under its subject; so a reply
    that comes before its original still meets it on one case. What it joins, it joins once. Source: delivery.md, "Claims".
    """
    if at.is_repeat:
        return {}
    mail, claim_of = arrival.mail, arrival.claim_of
    mine = Claim(case_id=at.case_id, topic=mail.topic, people=arrival.people)
    claims: dict[str, Claim] = {}
    for each in mail.replied_to:
        known = claim_of(each)
        after = _referred(known, mine, mail, at) if known else mine
        if after is not known:
            claims[each] = after
    own = claim_of(at.source_key) if at.source_key == mail.source_key else None
    others = tuple(each for each in _alone(own) if not is_same_matter(each.topic, mail.topic)) if own else ()
    return {**claims, at.source_key: replace(mine, body=mail.body_digest, others=others[:MOST_OTHERS])}


def _referred(known: Claim, mine: Claim, mail: Mail, at: Place) -> Claim:
    """A claim, after a mail has referred to it: with that mail's matter, or joined with its case."""
    if mail.origin is Origin.MACHINE:
        return known
    if not any(is_same_matter(each.topic, mail.topic) for each in known.each):
        return replace(known, others=(*known.others, mine)) if len(known.others) < MOST_OTHERS else known
    if not any(each.goes_on_at in at.joins for each in known.each):
        return known
    first, *others = (
        replace(each, joined=at.case_id) if each.goes_on_at in at.joins else each for each in _alone(known)
    )
    return replace(first, others=tuple(others))


def _alone(claim: Claim) -> tuple[Claim, ...]:
    """Each for itself."""
    return (replace(claim, others=()), *claim.others)


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
        yield from ((each, "claim") for each in own.each)
    for message_id in arrival.mail.replied_to:
        if claim := arrival.claim_of(message_id):
            yield from ((each, "references") for each in claim.each)


def _fits(mail: Mail, claim: Claim) -> bool:
    """Whether the claim is on the same matter; a machine's subject says nothing."""
    return mail.origin is Origin.MACHINE or is_same_matter(mail.topic, claim.topic)


def _joined(arrival: Arrival, fitting: tuple[tuple[Claim, str], ...]) -> Place:
    """The case of the first claim; the others' too, where author or readers took part in them."""
    first, matched_by = fitting[0]
    met = {each.goes_on_at for each, _ in fitting if not each.people or meet(each.people, arrival.people)}
    others = dict.fromkeys(each.goes_on_at for each, _ in fitting if each.goes_on_at != first.goes_on_at)
    is_known = first.goes_on_at in met
    may_join = is_known and arrival.mail.origin is not Origin.MACHINE
    return Place(
        case_id=first.goes_on_at,
        source_key=arrival.mail.source_key,
        matched_by=matched_by,
        is_stranger=not is_known,
        joins=tuple(each for each in others if each in met) if may_join else (),
    )
