"""Facts, rules and deliveries for the tests of the notifier."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from caseway.contracts.cases import CaseOpened, CaseReplied
from caseway.contracts.parts import Author, Party
from caseway.contracts.voices import IncidentDeclared
from caseway.kernel.decision import Message, Moment, Put
from caseway.kernel.ids import case_id
from caseway_notifier.domain.delivery import Automatic, Delivery, Mailing
from caseway_notifier.settings import Configuration

NOW = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
FIRST = "20261122.1001.anna@example.com"
CASE_ID = case_id(FIRST)
CUSTOMER = "anna.nowak@example.com"
RETAIL = Path(__file__).parents[1] / "deploy" / "scenarios" / "retail"

TEMPLATES = {
    "opened.en.txt": '---\nsubject: "We have it [#{{ case.number }}]"\n---\nHello {{ customer.name }}, it is {{ case.number }}.\n',
    "opened.pl.txt": '---\nsubject: "Mamy [#{{ case.number }}]"\n---\nDzień dobry {{ customer.name }}, to {{ case.number }}.\n',
    "reply.en.txt": '---\nsubject: "Re: {{ fact.subject|topic }}"\n---\n{{ fact.text }}\n',
    "incident.en.txt": '---\nsubject: "インシデント一報 {{ fact.title }}"\n---\n{{ fact.text }}\n',
    "incident.ja.txt": '---\nsubject: "インシデント一報 {{ fact.title }}"\n---\n{{ fact.text }}\n',
}
SENDERS: dict[str, Any] = {
    "domain": "desk.example.com",
    "senders": {
        "support": {"name": "Support", "address": "support@example.com", "verified": True},
        "desk": {"name": "Desk", "address": "desk@example.com", "verified": True},
    },
    "retry": {"first": "PT30S", "longest": "PT10M", "attempts": 5, "give_up_after": "PT2H"},
    "budget": {"answers": 2, "window": "PT1H"},
}
LISTS: dict[str, Any] = {
    "lists": {"staff": ["one@example.com", {"address": "two@example.com", "name": "二", "language": "ja"}]},
    "roles": {"coordinators": ["boss@example.com"]},
}
OPENED = {
    "name": "opened",
    "fact": "case.opened",
    "to": ["customer"],
    "channel": "reply",
    "template": "opened",
    "sender": "support",
    "automatic": "replied",
}
REPLY = {
    "name": "reply",
    "fact": "case.replied",
    "to": ["customer"],
    "channel": "reply",
    "template": "reply",
    "sender": "support",
    "automatic": "none",
}
INCIDENT = {
    "name": "incident",
    "fact": "case.incident-declared",
    "to": [{"list": "staff"}],
    "template": "incident",
    "sender": "desk",
    "urgency": "bulk",
    "once": "case",
}


def configuration(*subscriptions: dict[str, Any], **parts: Any) -> Configuration:
    """A valid configuration, with what a test wants otherwise."""
    base = {
        "templates": TEMPLATES,
        "senders": SENDERS,
        "lists": LISTS,
        "subscriptions": {"subscriptions": list(subscriptions or (OPENED, REPLY, INCIDENT))},
    }
    return Configuration.model_validate({**base, **parts})


def moment(rules: Configuration | None = None, now: dt.datetime = NOW) -> Moment:
    """When a test's decision is taken."""
    return Moment(now=now, configuration=rules or configuration(), version="v1", lane="notifier/3", partitions=12)


def message(fact: Any, id: str = "cause-1") -> Message[Any]:  # noqa: A002 - the field's word
    """A fact as it comes from the log."""
    return Message(
        topic=fact.topic(), partition=3, offset=7, key=fact.key(), id=id, source="caseway://intake.core", type=fact.TYPE,
        data=fact, time=NOW, recorded_at=NOW,
    )  # fmt: skip


def opened(**changes: Any) -> CaseOpened:
    """A case that begins with a customer's mail."""
    return CaseOpened(
        **{
            "at": NOW, "cause": "mail", "configuration": "i1", "case_id": CASE_ID, "version": 1, "number": 27,
            "contact": "contact-1", "channel": "email", "source_key": FIRST, "message_id": FIRST,
            "references": ("first@example.com",), "author": Author(kind="customer", address=CUSTOMER, name="Anna Nowak"),
            "party": Party(email=CUSTOMER, name="Anna Nowak"), "subject": "Gdzie paczka?", "text": "Dzień dobry!",
            "language": "pl", "mailbox": "support@example.com",
            **changes,
        }
    )  # fmt: skip


def chat_opened(**changes: Any) -> CaseOpened:
    """A case that begins in a chat, by somebody without an address."""
    chat = {"channel": "chat", "conversation": "conv-1", "platform": "chat", "message_id": None, "references": ()}
    return opened(**{**chat, "author": Author(name="Anna"), "party": Party(name="Anna"), "language": "en", **changes})


def replied(**changes: Any) -> CaseReplied:
    """An agent's answer."""
    return CaseReplied(
        **{
            "at": NOW, "cause": "desk", "configuration": "i1", "case_id": CASE_ID, "version": 2, "contact": "reply-1",
            "text": "It is on its way.", "channel": "email", "to": CUSTOMER, "mailbox": "support@example.com",
            "subject": "Re: Gdzie paczka?", "language": "en", "in_reply_to": FIRST, "references": (FIRST,), "number": 27,
            **changes,
        }
    )  # fmt: skip


def declared(**changes: Any) -> IncidentDeclared:
    """An incident's first report."""
    return IncidentDeclared(
        **{
            "at": NOW, "cause": "desk", "configuration": "i1", "case_id": CASE_ID, "version": 3, "incident": "incident-1",
            "title": "決済が止まる", "text": "三十分前から。", "number": 27,
            **changes,
        }
    )  # fmt: skip


def delivery(**changes: Any) -> Delivery:
    """A mail that waits for its first attempt."""
    plain = Delivery(
        id="notification_1", case_id=CASE_ID, occurrence=f"{CASE_ID}/1", cause="cause-1", subscription="opened",
        reference="customer:C-1", recipient=CUSTOMER, channel="email", template="opened", content="content_1",
        destination="example.com", bucket=9, requested_at=NOW, due_at=NOW,
        mailing=Mailing(sender="support", to=CUSTOMER, name="Anna Nowak", automatic=Automatic.REPLIED),
    )  # fmt: skip
    return replace(plain, **changes)


def put(changes: tuple[Any, ...], collection: str) -> list[Any]:
    """The values that a decision puts into a collection."""
    return [each.value for each in changes if isinstance(each, Put) and each.collection == collection]


def written(changes: tuple[Any, ...]) -> list[Any]:
    """The words that a decision keeps: by themselves, or with the only delivery that says them."""
    return [*put(changes, "contents"), *(each.words for each in put(changes, "deliveries") if each.words is not None)]
