"""What intake reads from the configuration directory."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from caseway_intake.edge_settings import Mailboxes, Triage

MEBIBYTE = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FormField(_Part):
    """One field of a web form: the endpoint, the snippet and the event agree on it (S1-06)."""

    kind: Literal["text", "email", "phone", "choice"] = "text"
    required: bool = False
    longest: int = Field(default=255, gt=0, le=100_000)
    """Characters."""
    choices: tuple[str, ...] = ()
    matches: str | None = None
    """A regular expression that the whole value must match."""
    meaning: Literal["subject", "text", "name", "email", "phone", "order", "other"] = "other"
    """What intake takes the value for."""

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as wrong:
            raise ValueError(f"a regular expression; {wrong}") from wrong
        return pattern

    @model_validator(mode="after")
    def _has_choices(self) -> FormField:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("`choices` where, and only where, `kind` is choice")
        return self


class Form(_Part):
    """One web form."""

    title: str
    fields: dict[str, FormField]
    language: str | None = None
    """Of those who fill it in, where the submission does not say."""


class Forms(_Part):
    """forms.yaml: the forms that the HTTP door takes."""

    forms: dict[str, Form] = Field(default_factory=dict)


class Life(_Part):
    """life.yaml: how long a case lives, and who may do what with it."""

    reopen_days: int = Field(default=30, ge=0)
    """A closed case may be reopened by hand this long after it was closed; a customer's contact reopens it always."""
    may_declare_incident: tuple[str, ...] = ("agent", "employee", "supervisor", "officer", "manager")
    """Kinds of actors (S0-06: whoever records a voice may tick "incident")."""


class HttpDoor(_Part):
    """The HTTP door's switches."""

    contacts: bool = True
    commands: bool = True
    reading: bool = True


class SmtpDoor(_Part):
    """The SMTP door's switches; its port is `CASEWAY_SMTP_PORT`, and -1 there switches it off as well."""

    enabled: bool = True
    hostname: str = "caseway.example.com"
    largest: Annotated[int, Field(gt=0, le=26 * MEBIBYTE - 64 * 1024)] = 26 * MEBIBYTE - 64 * 1024
    """Bytes of one mail. The topic's largest record is 26 MiB; key and headers need some of it."""
    connections: int = Field(default=64, gt=0)
    """At once; each may hold one whole mail in memory."""
    only_our_domains: bool = True
    """Refuse recipients at domains that no mailbox has."""


class Doors(_Part):
    """doors.yaml: which doors are open."""

    http: HttpDoor = HttpDoor()
    smtp: SmtpDoor = SmtpDoor()


class Configuration(BaseModel):
    """Everything intake reads; each field is a file, `<field>.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mailboxes: Mailboxes
    triage: Triage
    forms: Forms = Forms()
    life: Life = Life()
    doors: Doors = Doors()
