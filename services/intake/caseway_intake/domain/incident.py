"""What is remembered of how an incident is answered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """How far an incident has come. Source: semantics 5.8."""

    DECLARED = "declared"
    CONTAINED = "contained"
    ENDED = "ended"
    REVIEWED = "reviewed"
    CORRECTED = "corrected"
    """It was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One person's role in an incident."""

    role: str
    person: str
    since_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Who is to respond, and whether they took it (S0-07)."""

    to: str
    by: str
    accepted_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One incident, on the case that declared it."""

    declared_by: str
    stage: Stage = Stage.DECLARED
    title: str = ""
    parts: tuple[Part, ...] = ()
    hand_over: HandOver | None = None

    def holds(self, role: str, person: str) -> bool:
        """Whether the person has the role."""
        return any((each.role, each.person) == (role, person) for each in self.parts)


def incident_id(case_id: str) -> str:
    """The id of the incident that a case declares; from it, the case is found again."""
    return f"incident_{case_id.removeprefix('case_')}"


def declaring_case(incident: str) -> str | None:
    """The case that declared an incident; none where the id is somebody else's."""
    return f"case_{incident.removeprefix('incident_')}" if incident.startswith("incident_") else None
