"""What intake reads from the configuration directory."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from caseway.kernel.business_hours import BusinessHours
from caseway.kernel.vocabulary import Channel
from caseway.runtime.calendars import WrittenCalendar
from caseway_intake.case_settings import Life, Privacy, Voices, unknown_names
from caseway_intake.domain.entitlement import Model
from caseway_intake.domain.forms import OWN_FIELDS
from caseway_intake.edge_settings import Mailboxes, Triage
from caseway_intake.mail_settings import Mails

MEBIBYTE = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FormField(_Part):
    """One field of a web form: the endpoint, the snippet and the event agree on it (S1-06)."""

    kind: Literal["text", "email", "phone", "choice"] = "text"
    label: str = ""
    """What people read beside it; its name where it has none."""
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
    bypasses_quota: bool = False
    """Taken at any hour, and not counted: requests that the law wants heard at once."""
    submit: str = "Send"
    """What stands on the snippet's button."""

    @field_validator("fields")
    @classmethod
    def _no_own_fields(cls, fields: dict[str, FormField]) -> dict[str, FormField]:
        if own := sorted(OWN_FIELDS & set(fields)):
            raise ValueError(f"other names: the snippet has fields of its own, {', '.join(own)}")
        return fields


class Quota(_Part):
    """How many forms a day; what is beyond waits until the release hour of the next day that has room (S1-05)."""

    daily: int = Field(default=5_000, gt=0)
    waiting: int = Field(default=50_000, ge=0)
    release_at: dt.time = dt.time(9)
    """On the wall clock of `zone`."""
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as wrong:
            raise ValueError("a time zone such as Europe/Warsaw") from wrong
        return name

    @field_validator("release_at")
    @classmethod
    def _is_wall_time(cls, at: dt.time) -> dt.time:
        if at.tzinfo is not None:
            raise ValueError('a time without an offset, such as "09:00"; the zone is in `zone`')
        return at


class Forms(_Part):
    """forms.yaml: the forms that the HTTP door takes."""

    forms: dict[str, Form] = Field(default_factory=dict)
    quota: Quota | None = None
    """None: every form is worked on at once."""


class ConfirmFirst(_Part):
    """Which declared facts are confirmed with the customer before anybody guides (S2-08)."""

    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.WEB)
    categories: tuple[str, ...] = ()
    """None: every category."""
    facts: tuple[str, ...] = Field(default=("version", "device"), min_length=1)


class Question(_Part):
    """How a machine asks for what is missing, by language."""

    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.WEB)
    """Where nobody else asks at once."""
    text: dict[str, str] = Field(min_length=1)
    """By language; `{facts}` stands for the names of what is missing, one a line."""
    names: dict[str, dict[str, str]] = Field(default_factory=dict)
    """By fact, then language: what customers call it."""

    @field_validator("text")
    @classmethod
    def _names_what_is_missing(cls, texts: dict[str, str]) -> dict[str, str]:
        if without := sorted(language for language, text in texts.items() if "{facts}" not in text):
            raise ValueError(f"`{{facts}}` in each text; not in {', '.join(without)}")
        return texts


class Gates(_Part):
    """gates.yaml: what a case needs before it goes on."""

    required: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By category: the facts that the first line takes, and without which the second line gets no case (S2-20, S2-21)."""
    confirm_first: ConfirmFirst | None = None
    question: Question | None = None
    """None: only people ask."""


class Entitlements(_Part):
    """entitlements.yaml: how support that is owed is found (S1-11, S1-14)."""

    enabled: bool = False
    model: Model = Model.ENTITLEMENT
    services: dict[str, str] = Field(default_factory=dict)
    """By category: the service that entitlements name."""


class Platform(_Part):
    """What a platform of messages allows."""

    answer_hours: float | None = Field(default=None, gt=0)
    """How long after the customer's last word a free answer is taken; none: always."""


class HttpDoor(_Part):
    """The HTTP door's switches."""

    contacts: bool = True
    commands: bool = True
    reading: bool = True
    forms: bool = False
    """Forms straight from browsers: unsigned, so the quota is what bounds them."""


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
    voices: Voices = Voices()
    privacy: Privacy = Privacy()
    calendars: dict[str, WrittenCalendar] = Field(default_factory=dict)
    doors: Doors = Doors()
    mails: Mails = Mails()
    gates: Gates = Gates()
    entitlements: Entitlements = Entitlements()
    platforms: dict[str, Platform] = Field(default_factory=lambda: {"whatsapp": Platform(answer_hours=24)})

    @model_validator(mode="after")
    def _names_are_known(self) -> Configuration:
        faults = list(unknown_names(self.life, self.voices, frozenset(self.calendars)))
        if faults:
            raise ValueError("; ".join(f"{place}: {expected}" for place, expected in faults))
        return self

    @property
    def voices_hours(self) -> BusinessHours | None:
        """In which hours an approval's time passes; none: it always does."""
        name = self.voices.calendar
        return self.calendars[name].built(name) if name is not None else None
