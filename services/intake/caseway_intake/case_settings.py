"""What is configured of a case's life, voices and rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caseway.kernel.rules import ALWAYS, Condition
from caseway.runtime.configuration import condition_over
from caseway_intake.domain.facts import FIELDS
from caseway_intake.domain.roles import DEFAULTS, FIXED

Kind = Literal["agent", "supervisor", "officer", "manager", "employee", "machine"]
When = Annotated[Condition, condition_over(FIELDS)]
Span = Annotated[dt.timedelta, Field(gt=dt.timedelta(0))]
"""ISO 8601, such as `PT4H`."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class TeamRole(_Part):
    """One member of a predefined team."""

    agent: str
    role: str


class RemoteSituation(_Part):
    """One of the situations in which remote support is offered (S2-12)."""

    name: str
    title: str = ""
    when: When = ALWAYS


class RemoteTool(_Part):
    """What the customer fetches, so that we can see their screen."""

    name: str
    title: str
    url: str = Field(pattern=r"^https://")


class Remote(_Part):
    """Remote support: offered in which situations, for what, by which tool."""

    situations: tuple[RemoteSituation, ...] = ()
    purposes: tuple[str, ...] = ()
    tools: tuple[RemoteTool, ...] = ()
    """The first is taken where a command names none."""
    note: str = "『遠隔案内』"
    """What is written into the record when it begins (S2-13)."""


class Feed(_Part):
    """What a note may mention."""

    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """People, by the group's name: `@name` in a note tells them all."""
    topics: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Who knows about it, by the topic's name: `#name`."""


class Life(_Part):
    """life.yaml: how long a case lives, and who may do what with it."""

    reopen_days: int = Field(default=30, ge=0)
    """A closed case goes on this long after it was closed; later, the matter goes on in a new case beside it."""
    may_declare_incident: tuple[Kind, ...] = ("agent", "employee", "supervisor", "officer", "manager")
    """Kinds of actors (S0-06: whoever records a voice may tick "incident")."""
    roles: dict[str, frozenset[Kind]] = Field(default_factory=dict)
    """Who may say a command, by verb, where it is otherwise than usual."""
    departments: tuple[str, ...] = ()
    """Those that a case may be given to; any, where none is named."""
    teams: dict[str, tuple[TeamRole, ...]] = Field(default_factory=dict)
    feed: Feed = Feed()
    remote: Remote = Remote()
    phrases: dict[str, str] = Field(default_factory=dict)
    """Set phrases (S2-14), shown with a case: `hold`, `back` …"""

    @model_validator(mode="after")
    def _roles_are_verbs(self) -> Life:
        faults = [f"{verb} is no command" for verb in self.roles if verb not in DEFAULTS]
        faults += [f"{verb} cannot be given to others" for verb in self.roles if verb in FIXED]
        if faults:
            raise ValueError("; ".join(sorted(faults)))
        return self


class ApprovalStep(_Part):
    """Who is asked at one step."""

    approvers: tuple[str, ...] = Field(min_length=1)
    """The first is asked, unless the submitter names another; nobody approves what they wrote."""


class ApprovalProcess(_Part):
    """How voices of one kind are approved."""

    name: str
    when: When = ALWAYS
    steps: tuple[ApprovalStep, ...] = Field(min_length=1)


class Absence(_Part):
    """Somebody is away."""

    person: str
    deputy: str
    from_on: dt.date = Field(alias="from")
    until_on: dt.date = Field(alias="until")

    @model_validator(mode="after")
    def _has_days(self) -> Absence:
        if self.until_on < self.from_on:
            raise ValueError("`until` not before `from`")
        return self


class Voices(_Part):
    """voices.yaml: how voices are approved, judged and shared."""

    calendar: str | None = None
    """Of calendars.yaml: in which hours an approval's time passes. None: it always passes."""
    processes: tuple[ApprovalProcess, ...] = ()
    """Tried in order; a voice that none fits cannot be submitted."""
    absences: tuple[Absence, ...] = ()
    deputies: dict[str, str] = Field(default_factory=dict)
    """Who is asked beside somebody who does not answer."""
    managers: tuple[str, ...] = ()
    """Who is asked when nobody else answers."""
    remind_after: Span = dt.timedelta(hours=4)
    """Business time to each reminder: the approver, then the deputy, then the manager, then all again."""
    reminders: int = Field(default=10, ge=3, le=100)
    """At most so many; nothing is ever approved by silence."""
    incident_response: str = "incident-response"
    """Who takes over an incident that internal control found."""
    list: str | None = None
    """Of the notifier's lists: everybody."""


class Law(_Part):
    """A law that wants certain cases kept, whoever asks for erasure."""

    name: str
    when: When
    days: int = Field(gt=0, le=36_525)


class Privacy(_Part):
    """privacy.yaml: a person's rights, and where they end."""

    retention: tuple[Law, ...] = ()


def unknown_names(life: Life, voices: Voices, calendars: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What refers to nothing: where, and what was expected."""
    if voices.calendar is not None and voices.calendar not in calendars:
        known = ", ".join(sorted(calendars)) or "there is none"
        yield "voices.calendar", f"a calendar of calendars.yaml ({known})"
    names = [each.name for each in life.remote.situations]
    if len(set(names)) < len(names):
        yield "life.remote.situations", "each situation once"
