"""Facts about those who stand around a case.

Stamps, followers, teams, departments, advice and remote support; `cases` has the rest of a case's life, and these names.
"""

from __future__ import annotations

from pydantic import Field

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.parts import TeamMember
from caseway.contracts.wire import Fields
from caseway.kernel.vocabulary import Turn


class CaseStamped(CaseFact):
    """A stamp was put, or taken off."""

    TYPE = "caseway.case.stamped.v1"

    stamp: str
    occurrence: str
    removed: bool = False
    by: str | None = None
    """The name, or id, of who put it or took it off."""


class CaseWhispered(CaseFact):
    """A supervisor spoke to the agent."""

    TYPE = "caseway.case.whispered.v1"

    text: str
    to: str | None = None


class CaseWatched(CaseFact):
    """A supervisor looked into the conversation; `actor` says who."""

    TYPE = "caseway.case.watched.v1"

    reason: str = ""


class CaseFollowed(CaseFact):
    """Someone follows the case, or no longer does."""

    TYPE = "caseway.case.followed.v1"

    follower: str
    stopped: bool = False


class TeamChanged(CaseFact):
    """Who works on the case."""

    TYPE = "caseway.case.team-changed.v1"

    members: tuple[TeamMember, ...]
    team: str | None = None


class EscalatedToDepartment(CaseFact):
    """A department or person must act."""

    TYPE = "caseway.case.escalated-to-department.v1"

    turn: Turn = Turn.DEPARTMENT
    department: str
    person: str | None = None
    text: str = ""
    fields: Fields = Field(default_factory=dict)


class ReturnedFromDepartment(CaseFact):
    """The department answered."""

    TYPE = "caseway.case.returned-from-department.v1"

    turn: Turn = Turn.DESK
    department: str
    text: str = ""
    solved: bool = False


class AdviceAsked(CaseFact):
    """A question to those who know."""

    TYPE = "caseway.case.advice-asked.v1"

    advice: str
    area: str
    text: str = ""
    of: str | None = None


class CaseAdvised(CaseFact):
    """Their answer."""

    TYPE = "caseway.case.advised.v1"

    advice: str
    text: str
    questions: tuple[str, ...] = ()


class RemoteRequested(CaseFact):
    """Remote support was offered."""

    TYPE = "caseway.case.remote-requested.v1"

    situation: str
    purpose: str = ""
    tool: str | None = None
    to: str | None = None
    title: str | None = None
    """What the tool is called."""
    url: str | None = None
    """Where the customer fetches it."""
    language: str | None = None
