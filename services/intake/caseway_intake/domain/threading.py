"""Which case a mail belongs to. Source: semantics 5.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseway.kernel.ids import case_id
from caseway_intake.domain.mail.mail import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A Message-ID belongs to a case: of a mail that came, or of one that a mail refers to."""

    case_id: str
    body: str = ""
    """The body's digest; empty while the mail itself has not come."""


ClaimOf = Callable[[str], Claim | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a mail goes."""

    case_id: str
    source_key: str
    matched_by: str | None
    """Which test found the case; None for one that the mail opens."""
    is_repeat: bool = False
    """The same mail came before."""


def second_key(mail: Mail) -> str:
    """The source key of a mail whose Message-ID another mail already has. Source: wire.md, "Ids"."""
    return f"{mail.source_key}#{mail.body_digest[:16]}"


def place(mail: Mail, claim_of: ClaimOf) -> Place:
    """The case that a mail belongs to: one that is there, or the one it opens."""
    own = claim_of(mail.source_key)
    if own is not None and own.body:
        return _met_again(mail, own, claim_of)
    found = _found(mail, claim_of, own)
    if found is None:
        return Place(case_id=case_id(mail.source_key), source_key=mail.source_key, matched_by=None)
    return Place(case_id=found[0], source_key=mail.source_key, matched_by=found[1])


def find(mail: Mail, claim_of: ClaimOf) -> str | None:
    """The case that a mail system's report is about: what it names, then what it refers to."""
    named = (mail.undelivered.message_id,) if mail.undelivered and mail.undelivered.message_id else ()
    if mail.own_cases:
        return mail.own_cases[0][0]
    claims = (claim_of(each) for each in (*named, *mail.replied_to))
    return next((claim.case_id for claim in claims if claim), None)


def claims_after(mail: Mail, at: Place, claim_of: ClaimOf) -> Mapping[str, Claim]:
    """What the mail claims: its own id, and each id it refers to that nobody has claimed; so a reply that comes before
    its original still meets it on one case. Source: delivery.md, "Claims".
    """
    if at.is_repeat:
        return {}
    referred = {each: Claim(case_id=at.case_id) for each in mail.replied_to if claim_of(each) is None}
    return {**referred, at.source_key: Claim(case_id=at.case_id, body=mail.body_digest)}


def _met_again(mail: Mail, own: Claim, claim_of: ClaimOf) -> Place:
    """A Message-ID that came before: the same mail again, or another one under its name, which is not swallowed."""
    if own.body == mail.body_digest:
        return Place(case_id=own.case_id, source_key=mail.source_key, matched_by="claim", is_repeat=True)
    second = second_key(mail)
    claimed = claim_of(second)
    at = claimed.case_id if claimed else own.case_id
    return Place(case_id=at, source_key=second, matched_by="claim", is_repeat=claimed is not None)


def _found(mail: Mail, claim_of: ClaimOf, own: Claim | None) -> tuple[str, str] | None:
    """Our own signatures, then an earlier reply's claim on this mail, then what it refers to, the newest first."""
    if mail.own_cases:
        return mail.own_cases[0]
    if own is not None:
        return own.case_id, "claim"
    claims = (claim_of(each) for each in mail.replied_to)
    return next(((claim.case_id, "references") for claim in claims if claim), None)
