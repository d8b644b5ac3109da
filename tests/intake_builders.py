"""Commands, steps and messages for the tests of intake's core."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.case_commands import AddContact
from caseway.contracts.parts import Actor, Author, Party
from caseway.kernel.decision import Message, Moment
from caseway.kernel.ids import case_id
from caseway_intake.case_settings import Life
from caseway_intake.domain import life
from caseway_intake.settings import Configuration, Forms

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
FIRST = "mail.1@example.com"
CASE_ID = case_id(FIRST)
EDGE = Actor(kind="machine", id="intake.edge")
AGENT = Actor(kind="agent", id="agent-07", name="Ewa")
SUPERVISOR = Actor(kind="supervisor", id="sv-1")
OTHER_SUPERVISOR = Actor(kind="supervisor", id="sv-2")
OFFICER = Actor(kind="officer", id="officer-1")
MANAGER = Actor(kind="manager", id="manager-1")
EMPLOYEE = Actor(kind="employee", id="sales-1", name="佐藤")
CUSTOMER = "jan@example.com"


def configuration(**parts: Any) -> Configuration:
    """A valid configuration, with what a test wants otherwise."""
    base = {
        "mailboxes": {"mailboxes": [{"address": "support@example.com"}]},
        "triage": {"languages": {"known": ["pl", "en"], "default": "pl"}},
        "forms": Forms().model_dump(),
        "life": Life().model_dump(),
    }
    return Configuration.model_validate({**base, **parts})


RULES = configuration()


def mail(key: str = FIRST, **changes: Any) -> AddContact:
    """A customer's mail."""
    return AddContact(
        **{
            "case_id": CASE_ID,
            "actor": EDGE,
            "contact": f"contact-{key}",
            "channel": "email",
            "source_key": key,
            "message_id": key,
            "author": Author(kind="customer", address=CUSTOMER, name="Jan Kowalski"),
            "party": Party(email=CUSTOMER, name="Jan Kowalski"),
            "subject": "Gdzie jest moja paczka?",
            "text": "Dzień dobry, paczka nie przyszła.",
            "language": "pl",
            "mailbox": "support@example.com",
            "category": "delivery",
            "priority": "high",
            "tags": ("parcel",),
            **changes,
        }
    )


def chat(event: str, text: str = "", **changes: Any) -> AddContact:
    """Something in a chat."""
    return mail(
        **{
            "key": "chat:c-1",
            "channel": "chat",
            "conversation": "c-1",
            "event": event,
            "text": text,
            "message_id": None,
            "mailbox": None,
            "party": Party(),
            "author": Author(kind="customer", id="visitor-1"),
            "platform": "chat",
            **changes,
        }
    )


def call(event: str, **changes: Any) -> AddContact:
    """Something about a call."""
    number = "+48225550123"
    return mail(
        **{
            "key": "phone:call-1",
            "channel": "phone",
            "event": event,
            "text": "",
            "message_id": None,
            "mailbox": None,
            "author": Author(kind="customer", address=number),
            "party": Party(phone=number),
            "reply_to": number,
            "call": {"call": "call-1", "event": event, "caller": number},
            **changes,
        }
    )


def step(cause: str = "cause-1", at: dt.datetime = NOW, now: dt.datetime | None = None, **changes: Any) -> life.Step:
    """The circumstances of a command."""
    return life.Step(
        **{
            "cause": cause,
            "at": at,
            "now": now or max(at, NOW),
            "configuration": "config-1",
            "rules": RULES,
            "actor": EDGE,
            **changes,
        }
    )


def message(data: CaseCommand, id_: str = "event-1", partition: int = 3, at: dt.datetime = NOW) -> Message[Any]:
    """The command as the lane hands it to a handler."""
    return Message(
        topic="case.commands",
        partition=partition,
        offset=0,
        key=data.case_id,
        id=id_,
        source="gateway://test",
        type=data.TYPE,
        data=data,
        time=at,
        recorded_at=max(at, NOW),
    )


def moment(at: dt.datetime = NOW, partitions: int = 12, **parts: Any) -> Moment:
    """When, and by which configuration."""
    return Moment(now=max(at, NOW), configuration=configuration(**parts), version="config-1", partitions=partitions)
