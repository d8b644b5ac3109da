"""Commands of voices, incidents and personal data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.wire import Fields, Ordinal


class DeclareIncident(CaseCommand):
    """This harms many."""

    TYPE = "caseway.case.declare-incident.v1"

    title: str = ""
    text: str = ""
    kind: str | None = None
    severity: str | None = None
    cause_department: str | None = None
    incident: str | None = None
    """An incident already known, which this case joins."""


class HandOverCase(CaseCommand):
    """Give the case's incident to those who respond to it."""

    TYPE = "caseway.case.hand-over.v1"

    to: str
    text: str = ""


class AcceptHandOver(CaseCommand):
    """Take what was handed over."""

    TYPE = "caseway.case.accept-hand-over.v1"

    text: str = ""


class ReturnHandOver(CaseCommand):
    """Give back what was handed over."""

    TYPE = "caseway.case.return-hand-over.v1"

    reason: str = ""


class JudgeCase(CaseCommand):
    """Internal control's judgement of a voice."""

    TYPE = "caseway.case.judge.v1"

    genre: str
    complaint: bool
    incident: bool
    text: str = ""
    """Why."""
    content: str | None = None
    """The voice's text as internal control corrects it."""
    title: str | None = None


class CheckCase(CaseCommand):
    """The second pair of eyes on the judgement."""

    TYPE = "caseway.case.check.v1"

    outcome: Literal["confirmed", "returned"]
    reason: str | None = None


class SubmitCase(CaseCommand):
    """Ask for approval; the record is locked until it is decided."""

    TYPE = "caseway.case.submit.v1"

    text: str = ""
    approver: str | None = None


class ApproveCase(CaseCommand):
    """Approve the submitted record."""

    TYPE = "caseway.case.approve.v1"

    text: str = ""
    on_behalf_of: str | None = None
    step: Ordinal | None = None
    edition: Ordinal | None = None
    """With the step: what was looked at. An approval of something else is refused."""


class RejectCase(CaseCommand):
    """Send the submitted record back."""

    TYPE = "caseway.case.reject.v1"

    reason: str = ""
    step: Ordinal | None = None
    edition: Ordinal | None = None


class RequestDataAction(CaseCommand):
    """A customer's right to their data: see, correct, erase, consent."""

    TYPE = "caseway.case.request-data-action.v1"

    action: Literal["access", "correction", "erasure", "consent", "restriction"]
    customer: str | None = None
    fields: Fields = Field(default_factory=dict)
    text: str = ""


class DecideDataAction(CaseCommand):
    """What is done about the request."""

    TYPE = "caseway.case.decide-data-action.v1"

    request: str
    granted: bool
    reason: str = ""
    identity: str = ""
    """How it was made sure that the person is who they say; nothing is granted without it."""


class SetIncidentRole(CaseCommand):
    """Assume or renounce a role in an incident."""

    TYPE = "caseway.case.set-incident-role.v1"

    role: Literal[
        "reporter", "commander", "liaison", "scribe", "participant", "observer", "assignee", "judge", "checker"
    ]
    person: str
    renounced: bool = False


class UpdateIncident(CaseCommand):
    """How the incident stands."""

    TYPE = "caseway.case.update-incident.v1"

    report: Literal["tactical", "executive"] = "tactical"
    conditions: str = ""
    actions: str = ""
    needs: str = ""


class ContainIncident(CaseCommand):
    """It harms no further."""

    TYPE = "caseway.case.contain-incident.v1"

    text: str = ""


class EndIncident(CaseCommand):
    """It is over."""

    TYPE = "caseway.case.end-incident.v1"

    text: str = ""


class ReviewIncident(CaseCommand):
    """What was learnt, and what is to be improved."""

    TYPE = "caseway.case.review-incident.v1"

    forum: str = ""
    text: str = ""
    improvements: tuple[str, ...] = ()


class EditVoice(CaseCommand):
    """Write the voice's text anew; what is absent stays."""

    TYPE = "caseway.case.edit-voice.v1"

    title: str | None = None
    text: str | None = None
    genre: str | None = None


class EraseCase(CaseCommand):
    """From intake itself: a person's data must go from this case, or be kept for the law alone."""

    TYPE = "caseway.case.erase.v1"

    request: str
    """The request that was granted."""
    customer: str | None = None
    action: Literal["erasure", "restriction"] = "erasure"
