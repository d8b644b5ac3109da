"""What the gateways say came in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from caseway.contracts.parts import Direction, Party, Recording, RecordType
from caseway.contracts.wire import Count, Fields, Part, Seconds, WireModel

EMAIL_TYPE = "caseway.contact.email.v1"
"""Its data is the raw mail, so it has no model."""
EMAIL_TOPIC = "contacts.email"


class LinkedFile(Part):
    """A file at a gateway's address."""

    name: str = ""
    media_type: str = "application/octet-stream"
    size: Count = 0
    url: str = ""


class ChatSender(Part):
    """Who speaks in a chat."""

    kind: Literal["customer", "agent", "bot"]
    id: str = ""
    name: str | None = None


class MessageSender(Part):
    """Who sent a message, as the platform knows them."""

    id: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None


class ChatContact(WireModel):
    """Something happened in a chat."""

    TYPE = "caseway.contact.chat.v1"
    TOPIC = "contacts.chat"
    KEY = "conversation"

    conversation: str = Field(min_length=1)
    event: Literal["started", "message", "file", "ended"]
    sender: ChatSender
    customer: Party = Party()
    text: str | None = None
    file: LinkedFile | None = None
    language: str | None = None
    attributes: Fields = Field(default_factory=dict)


class PhoneContact(WireModel):
    """Something happened to a call."""

    TYPE = "caseway.contact.phone.v1"
    TOPIC = "contacts.phone"
    KEY = "caller"

    call: str = Field(min_length=1)
    event: Literal[
        "dialled",
        "offered",
        "answered",
        "held",
        "resumed",
        "transferred",
        "ended",
        "abandoned",
        "no_answer",
        "voicemail",
        "callback_requested",
    ]
    direction: Direction = "inbound"
    case_id: str | None = None
    caller: str = ""
    """E.164 or as dialled; empty when withheld."""
    dialled: str = ""
    ivr: Fields = Field(default_factory=dict)
    asked_for: str | None = None
    agent: str | None = None
    duration_seconds: Seconds | None = None
    wrap_up_seconds: Seconds | None = None
    recording: Recording | None = None
    transcript: str | None = None
    attributes: Fields = Field(default_factory=dict)

    def key(self) -> str:
        """The caller; the call where the number is withheld."""
        return self.caller or self.call


class WebContact(WireModel):
    """A form was sent."""

    TYPE = "caseway.contact.web.v1"
    TOPIC = "contacts.web"
    KEY = "submission"

    form: str = Field(min_length=1)
    submission: str = Field(min_length=1)
    fields: Fields
    customer: Party = Party()
    language: str | None = None

    def key(self) -> str:
        """The sender where known, else the submission."""
        return (self.customer.email or "").lower() or self.submission


class MessageContact(WireModel):
    """A message came: SMS, WhatsApp, Messenger, a social post, or an integration of one's own."""

    TYPE = "caseway.contact.message.v1"
    TOPIC = "contacts.message"
    KEY = "conversation"

    platform: str = Field(min_length=1)
    conversation: str = Field(min_length=1)
    message: str = Field(min_length=1)
    sender: MessageSender
    text: str = ""
    attachments: tuple[LinkedFile, ...] = ()
    public: bool = False
    language: str | None = None
    attributes: Fields = Field(default_factory=dict)

    def key(self) -> str:
        """The sender."""
        return self.sender.id


class DeskContact(WireModel):
    """Written down by hand."""

    TYPE = "caseway.contact.desk.v1"
    TOPIC = "contacts.desk"
    KEY = "submission"

    submission: str = Field(min_length=1)
    actor: str
    department: str = ""
    record_type: RecordType = "case"
    about_case: str | None = None
    channel: str = "desk"
    customer: Party = Party()
    text: str
    subject: str = ""
    escalation: bool = False
    incident: bool = False
    cause_department: str | None = None
    language: str | None = None
    attributes: Fields = Field(default_factory=dict)
