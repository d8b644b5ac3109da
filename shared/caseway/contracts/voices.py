"""Facts of voices, incidents and personal data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.wire import Fields, Instant, Ordinal, Whole


class IncidentDeclared(CaseFact):
    """It harms many."""

    TYPE = "caseway.case.incident-declared.v1"

    incident: str
    title: str = ""
    text: str = ""
    kind: str | None = None
    severity: str | None = None
    cause_department: str | None = None
    number: Whole | None = None
    late: bool = False
    """Internal control found it; nobody had declared it."""


class IncidentRoleSet(CaseFact):
    """Someone assumed or renounced a role."""

    TYPE = "caseway.case.incident-role-set.v1"

    role: str
    person: str
    renounced: bool = False


class IncidentUpdated(CaseFact):
    """How the incident stands."""

    TYPE = "caseway.case.incident-updated.v1"

    report: Literal["tactical", "executive"] = "tactical"
    conditions: str = ""
    actions: str = ""
    needs: str = ""


class IncidentContained(CaseFact):
    """It harms no further."""

    TYPE = "caseway.case.incident-contained.v1"

    text: str = ""


class IncidentEnded(CaseFact):
    """It is over."""

    TYPE = "caseway.case.incident-ended.v1"

    text: str = ""


class IncidentReviewed(CaseFact):
    """What was learnt."""

    TYPE = "caseway.case.incident-reviewed.v1"

    forum: str = ""
    text: str = ""
    improvements: tuple[str, ...] = ()


class CaseJudged(CaseFact):
    """Internal control judged the voice."""

    TYPE = "caseway.case.judged.v1"

    genre: str
    complaint: bool
    incident: bool
    text: str = ""
    content: str | None = None
    title: str | None = None
    edition: Ordinal | None = None


class CaseChecked(CaseFact):
    """The judgement was checked by another."""

    TYPE = "caseway.case.checked.v1"

    outcome: Literal["confirmed", "returned"]
    reason: str | None = None


class CaseSubmitted(CaseFact):
    """Approval was asked for; the record is locked."""

    TYPE = "caseway.case.submitted.v1"

    text: str = ""
    approver: str | None = None
    step: Ordinal = 1
    edition: Ordinal = 1
    process: str | None = None
    asked: tuple[str, ...] = ()
    """Who may decide: the approver, and who stands in for them."""


class CaseApproved(CaseFact):
    """Approved, at this step."""

    TYPE = "caseway.case.approved.v1"

    text: str = ""
    step: Ordinal = 1
    final: bool = True
    edition: Ordinal = 1
    on_behalf_of: str | None = None
    next_approver: str | None = None


class CaseRejected(CaseFact):
    """Sent back; the record is unlocked."""

    TYPE = "caseway.case.rejected.v1"

    reason: str = ""
    step: Ordinal = 1


class CaseShared(CaseFact):
    """Shared with all employees."""

    TYPE = "caseway.case.shared.v1"

    shape: Literal["incident", "escalation", "general"]
    edition: Ordinal = 1
    """Which text was shared; `version` is the case's."""
    list: str | None = None
    """The recipients' list, frozen at this moment."""
    title: str = ""
    text: str = ""


class DataActionRequested(CaseFact):
    """A customer claims a right to their data."""

    TYPE = "caseway.case.data-action-requested.v1"

    request: str
    action: Literal["access", "correction", "erasure", "consent", "restriction"]
    customer: str | None = None
    fields: Fields = Field(default_factory=dict)
    text: str = ""


class DataActionDecided(CaseFact):
    """What is done about it."""

    TYPE = "caseway.case.data-action-decided.v1"

    request: str
    granted: bool
    reason: str = ""
    identity: str = ""
    action: Literal["access", "correction", "erasure", "consent", "restriction"] | None = None
    customer: str | None = None
    fields: Fields = Field(default_factory=dict)
    """What was asked for: a correction's values go on to CRM."""


class PersonalDataErased(CaseFact):
    """A person's data is gone from the case; readers erase theirs."""

    TYPE = "caseway.case.personal-data-erased.v1"

    customer: str | None = None
    request: str | None = None
    erased: tuple[str, ...] = ()
    """Names of the fields, never their values."""
    digests: tuple[str, ...] = ()
    """Stored files that are gone."""


class ConsentChanged(CaseFact):
    """A customer allows or forbids something."""

    TYPE = "caseway.case.consent-changed.v1"

    customer: str | None = None
    purpose: str
    given: bool


class CaseHandedOver(CaseFact):
    """The incident was given to those who respond."""

    TYPE = "caseway.case.handed-over.v1"

    to: str
    text: str = ""


class HandOverAccepted(CaseFact):
    """They took it."""

    TYPE = "caseway.case.hand-over-accepted.v1"

    text: str = ""


class HandOverReturned(CaseFact):
    """They gave it back."""

    TYPE = "caseway.case.hand-over-returned.v1"

    reason: str = ""


class VoiceEdited(CaseFact):
    """The voice's text has another edition; nobody is told anew."""

    TYPE = "caseway.case.voice-edited.v1"

    edition: Ordinal
    title: str = ""
    text: str = ""
    genre: str | None = None


class ApprovalReminded(CaseFact):
    """An approval waits too long: whoever is asked is reminded, and more people are asked."""

    TYPE = "caseway.case.approval-reminded.v1"

    stage: Literal["reminder", "deputy", "manager"]
    approver: str
    asked: tuple[str, ...] = ()
    """Everybody who may decide from now on."""
    step: Ordinal = 1
    edition: Ordinal = 1
    submitted_at: Instant
    title: str = ""


class IncidentJoined(CaseFact):
    """The case is one more of an incident that is known already."""

    TYPE = "caseway.case.incident-joined.v1"

    incident: str


class IncidentCorrected(CaseFact):
    """It was no incident after all: whoever had the first report is told."""

    TYPE = "caseway.case.incident-corrected.v1"

    incident: str
    title: str = ""
    text: str = ""
    number: Whole | None = None


class PersonalDataRestricted(CaseFact):
    """A person's data is kept, and used for nothing else than what a law asks."""

    TYPE = "caseway.case.personal-data-restricted.v1"

    customer: str | None = None
    request: str | None = None
    reason: str = ""
    """The law, or the request."""
    until: Instant | None = None
    """When it is erased by itself; none: when somebody says so."""
