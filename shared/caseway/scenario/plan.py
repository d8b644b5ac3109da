"""What a scenario's files say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from caseway.contracts.customers import CustomerRecorded
from caseway.runtime.configuration import load

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
Language = Literal["pl", "en", "de"]
Channel = Literal["email", "chat", "phone", "web", "message", "desk"]
Door = Literal["kafka", "smtp", "http"]
Texts = Annotated[tuple[str, ...], Field(min_length=1)]


class Part(BaseModel):
    """A piece of a file; a name that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """One matter in one language."""

    subject: Texts
    text: Texts
    question: str = ""
    """What an agent may have to ask first."""
    details: str = ""
    """What the customer answers."""
    answer: Texts


class Matter(Part):
    """Something customers write about."""

    name: str
    weight: Weight = 1
    channels: tuple[Channel, ...] = ("email", "chat", "phone", "web", "message", "desk")
    mailbox: str = "support@example.com"
    form: str = "contact"
    ivr: str | None = None
    """The key pressed on the telephone."""
    words: dict[Language, Words]


class Names(Part):
    """Of customers that nobody has registered, all invented."""

    first: Texts
    last: Texts


class MailHabits(Part):
    """How often a mail is so."""

    with_signature: Share
    with_html: Share
    with_attachment: Share
    sent_twice: Share
    """The same mail again, as mail systems do."""
    nudges: Share
    """A second mail before anybody answered."""
    out_of_office: Share
    """The customer's machine answers our answer."""
    bounces: Share
    """Our answer cannot be delivered."""


class CustomerHabits(Part):
    """How customers behave; durations are natural ones, divided by the speed."""

    registered: Share
    answers_a_question: Share
    answer_seconds: Seconds
    writes_again_when_resolved: Share
    hangs_up_after_seconds: Seconds
    asks_to_be_called_back: Share
    """Of those who hang up."""
    leaves_chat_after_seconds: Seconds
    chat_turns: int = Field(ge=1)


class AgentHabits(Part):
    """How agents behave; durations are natural ones, divided by the speed."""

    reaction_seconds: Seconds
    declines: Share
    misses: Share
    asks: Share
    notes: Share
    digs: Share
    """Has to find out more first: takes three times as long."""
    types_in_the_chat: Share
    """Answers in the chat's own window, not through the case."""
    handling_seconds: dict[Channel, Seconds]
    wrap_up_seconds: Seconds
    heartbeat_seconds: Seconds
    """Of real time: the router's patience knows no speed."""
    back_after_seconds: Seconds
    """How soon one who missed too many offers is back."""


class IncidentWords(Part):
    """What a coordinator declares, once."""

    after_contacts: int = Field(ge=1)
    categories: tuple[str, ...]
    """Of the case on which it is declared."""
    title: str
    text: str
    kind: str
    cause_department: str


class Odd(Part):
    """How often something comes that is no contact of a customer."""

    malformed: Share
    """Of all contacts: no JSON, an unknown type, a missing field, an empty mail."""
    machine_mail: Share
    """Of mails: a machine's that belongs to no case."""
    repeated_event: Share
    """Of contacts by Kafka: published twice under one id, as a gateway does that lost an acknowledgement."""


class Small(Part):
    """Words that every matter shares."""

    greeting: str
    closing: str
    thanks: Texts
    nudge: Texts
    again: Texts
    """To a case that was resolved."""
    out_of_office: str
    agent_hello: str
    agent_goodbye: str
    quoting: str
    """The line above what a mail quotes, with {who}."""


class Traffic(Part):
    """traffic.yaml"""

    contacts_per_minute: float = Field(gt=0)
    """At speed 1."""
    languages: dict[Language, Weight]
    channels: dict[Channel, Weight]
    doors: dict[Literal["email", "other"], dict[Door, Weight]]
    platforms: dict[str, Weight]
    numbers: dict[Language, str]
    """Ours, that customers of a language dial."""
    charsets: dict[Language, dict[str, Weight]]
    odd: Odd
    mail: MailHabits
    customers: CustomerHabits
    agents: AgentHabits
    incident: IncidentWords
    names: dict[Language, Names]
    small: dict[Language, Small]
    matters: tuple[Matter, ...] = Field(min_length=1)


class Customers(Part):
    """customers.yaml: what CRM knows."""

    customers: tuple[CustomerRecorded, ...] = Field(min_length=1)


class Colleague(Part):
    """One entry of the router's agents.yaml; what one can do is the router's to judge."""

    name: str
    pool: str
    role: str = "agent"
    profile: Any = None
    skills: Any = None
    queues: Any = None


class Staff(Part):
    """agents.yaml"""

    agents: dict[str, Colleague]
    profiles: Any = None


class Plan(BaseModel):
    """The files of the directory that a scenario reads."""

    model_config = ConfigDict(frozen=True)

    traffic: Traffic
    customers: Customers
    agents: Staff


def read_plan(directory: Path) -> Plan:
    """The scenario in that directory.

    Raises:
        BadConfiguration: naming every fault.
    """
    return load(directory, Plan).value
