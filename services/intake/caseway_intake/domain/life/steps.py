"""What every step in a case's life has in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from caseway.contracts.about_cases import CaseCommand, CaseFact
from caseway.contracts.customers import CustomerMerged, CustomerRecorded
from caseway.contracts.parts import Actor
from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.decision import Arm, Disarm
from caseway.kernel.vocabulary import Turn
from caseway_intake.domain.approvals import Process, Waits
from caseway_intake.domain.case import Case
from caseway_intake.domain.gates import Gates

CORE = "caseway://intake.core"
"""The `ce_source` of what one case says to another."""
ERASURE = "caseway://intake.erasure"
"""The `ce_source` of the loop that erases."""
EDGE = "caseway://intake.edge"
"""The `ce_source` of what contacts come to."""
OURS = frozenset({CORE, ERASURE})
LONGEST_TEXT_BYTES = 256 * 1024
"""Of a text in a fact. Source: delivery.md, "Sizes"."""


class LifeRules(Protocol):
    """What the configuration says about a case's life (life.yaml)."""

    @property
    def reopen_days(self) -> int:
        """How long after closing a case goes on; later, a new one does."""
        ...

    @property
    def may_declare_incident(self) -> Sequence[str]:
        """Kinds of actors."""
        ...

    @property
    def roles(self) -> Mapping[str, frozenset[Any]]:
        """Kinds of actors by verb, where it is otherwise than usual."""
        ...

    @property
    def departments(self) -> Sequence[str]:
        """To which a case may be given; none named: to any."""
        ...

    @property
    def teams(self) -> Mapping[str, Sequence[Any]]:
        """Predefined ones: members with `agent` and `role`."""
        ...

    @property
    def feed(self) -> Any:
        """Groups and topics that a note may mention: `groups`, `topics`."""
        ...

    @property
    def remote(self) -> Any:
        """Remote support: `situations`, `purposes`, `tools`, `note`."""
        ...


class VoiceRules(Waits, Protocol):
    """What the configuration says about voices (voices.yaml)."""

    @property
    def processes(self) -> Sequence[Process]:
        """How voices are approved; the first that fits."""
        ...

    @property
    def remind_after(self) -> dt.timedelta:
        """Business time to each reminder."""
        ...

    @property
    def reminders(self) -> int:
        """At most so many."""
        ...

    @property
    def incident_response(self) -> str:
        """Who takes over an incident that internal control found."""
        ...

    @property
    def list(self) -> str | None:
        """Of everybody in the company."""
        ...


class Rules(Protocol):
    """What the core needs of the configuration."""

    @property
    def life(self) -> LifeRules:
        """life.yaml."""
        ...

    @property
    def voices(self) -> VoiceRules:
        """voices.yaml."""
        ...

    @property
    def voices_hours(self) -> BusinessHours | None:
        """In which hours an approval's time passes."""
        ...

    @property
    def triage(self) -> Any:
        """triage.yaml: `record_types`, with their own states."""
        ...

    @property
    def gates(self) -> Gates:
        """gates.yaml: what a case needs before it goes on."""
        ...

    @property
    def privacy(self) -> Any:
        """privacy.yaml: `retention`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The circumstances of one command."""

    cause: str
    at: dt.datetime
    """As the sender says."""
    now: dt.datetime
    configuration: str
    """The configuration's version."""
    rules: Rules
    actor: Actor | None = None
    source: str = ""
    """Who sent it: what intake itself says of other cases is believed of nobody else."""

    def at_after(self, last: dt.datetime | None) -> dt.datetime:
        """When the fact happened: never in the future, never before the case's last."""
        at = min(self.at, self.now)
        return at if last is None else max(at, last)

    @property
    def is_ours(self) -> bool:
        """Whether a stage or loop of intake says it."""
        return self.source in OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a person left outside their cases, to be removed: a note for the loop that does it."""

    id: str
    case_id: str
    keys: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Whose cases are to be looked for: a note for the loop that does it."""

    id: str
    """Of the request that was granted."""
    case_id: str
    action: Literal["erasure", "restriction"]
    customer: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The case after a step, and what is told."""

    case: Case
    facts: tuple[CaseFact, ...]
    timers: tuple[Arm | Disarm, ...] = ()
    commands: tuple[CaseCommand, ...] = ()
    """To other cases."""
    records: tuple[CustomerRecorded | CustomerMerged, ...] = ()
    """About the customer."""
    errands: tuple[Trace | Search, ...] = ()
    """For the loop that erases."""


class Refused(Exception):
    """A command that cannot be in the case's present state; becomes the fact `refused`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def advance(case: Case, step: Step, **changes: Any) -> Case:
    """The case one version later."""
    return replace(case, version=case.version + 1, at=step.at_after(case.at), **changes)


def head(case: Case, step: Step) -> dict[str, Any]:
    """What each fact about `case`, as it stands after the fact, begins with."""
    return {
        "case_id": case.id,
        "version": case.version,
        "at": case.at,
        "cause": step.cause,
        "configuration": step.configuration,
        "actor": step.actor,
    }


def changed_turn(before: Case, after: Case) -> Turn | None:
    """The turn, where it changed: facts say it then, and only then."""
    return after.turn if after.turn is not before.turn else None


def check_length(text: str) -> None:
    """Refuse a text that no fact can carry."""
    if len(text) * 4 > LONGEST_TEXT_BYTES and len(text.encode()) > LONGEST_TEXT_BYTES:
        raise Refused("too-long", f"more than {LONGEST_TEXT_BYTES} bytes of text")


def actor_id(step: Step) -> str:
    """Who it is."""
    return step.actor.id if step.actor is not None else ""


def check_room(count: int, most: int, what: str) -> None:
    """Refuse one more of what a case has enough of."""
    if count >= most:
        raise Refused("too-many", f"a case has at most {most} {what}")
