"""How a case looks in MongoDB."""

from __future__ import annotations

import json
from typing import Any

from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway.runtime.stage import Collection
from caseway_intake.domain.case import Answer, Case, Customer, Entry, Nature

Document = dict[str, Any]


def dump_case(case: Case) -> Document:
    """A case as a document: written at every fact, so without what can be derived."""
    return {
        "number": case.number,
        "version": case.version,
        "at": case.at,
        "opened_at": case.opened_at,
        "status": case.status.value,
        "turn": case.turn.value,
        "channel": case.channel.value,
        **_dump_nature(case.nature),
        "customer": _dump_customer(case.customer),
        "answer": _dump_answer(case.answer),
        "keys": list(case.keys),
        "contacts_count": case.contacts_count,
        "entries": [[each.at, each.kind, each.author, each.channel, each.text] for each in case.entries],
        "answered_at": case.answered_at,
        "resolved_at": case.resolved_at,
        "closed_at": case.closed_at,
        "is_held": case.is_held,
        "held_until": case.held_until,
        "reopened_count": case.reopened_count,
        "incident": case.incident,
    }


def load_case(document: Document) -> Case:
    """A document as a case."""
    return Case(
        id=document["_id"],
        number=document["number"],
        version=document["version"],
        at=document["at"],
        opened_at=document["opened_at"],
        status=CaseStatus(document["status"]),
        turn=Turn(document["turn"]),
        channel=Channel(document["channel"]),
        nature=_load_nature(document),
        customer=_load_customer(document["customer"]),
        answer=_load_answer(document["answer"]),
        keys=tuple(document["keys"]),
        contacts_count=document["contacts_count"],
        entries=tuple(map(_load_entry, document["entries"])),
        answered_at=document["answered_at"],
        resolved_at=document["resolved_at"],
        closed_at=document["closed_at"],
        is_held=document["is_held"],
        held_until=document["held_until"],
        reopened_count=document["reopened_count"],
        incident=document["incident"],
    )


CASES = Collection(
    name="cases",
    dump=dump_case,
    load=load_case,
    indexes=(
        (("number", 1),),
        (("customer.id", 1),),
        (("opened_at", -1), ("_id", -1)),
        (("status", 1), ("opened_at", -1)),
    ),
)
NUMBERS = Collection(name="numbers")
"""How many cases each lane has opened: `{count}` under the lane's number."""


def _dump_nature(nature: Nature) -> Document:
    channel = nature.preferred_channel
    return {
        "subject": nature.subject,
        "language": nature.language,
        "category": nature.category,
        "priority": nature.priority.value,
        "class": nature.class_,
        "complexity": nature.complexity,
        "tags": list(nature.tags),
        "department": nature.department,
        "preferred_channel": channel.value if channel else None,
        "missing_fields": list(nature.missing_fields),
        # as text: a sender's names and numbers need not be such as BSON takes
        "fields": json.dumps(dict(nature.fields), ensure_ascii=False) if nature.fields else "",
    }


def _load_nature(document: Document) -> Nature:
    channel = document["preferred_channel"]
    return Nature(
        subject=document["subject"],
        language=document["language"],
        category=document["category"],
        priority=Priority(document["priority"]),
        class_=document["class"],
        complexity=document["complexity"],
        tags=tuple(document["tags"]),
        department=document["department"],
        preferred_channel=Channel(channel) if channel else None,
        missing_fields=tuple(document["missing_fields"]),
        fields=json.loads(document["fields"] or "{}"),
    )


def _dump_customer(customer: Customer) -> Document:
    return {
        "state": customer.state,
        "id": customer.id,
        "candidates": list(customer.candidates),
        "name": customer.name,
    }


def _load_customer(document: Document) -> Customer:
    return Customer(**{**document, "candidates": tuple(document["candidates"])})


def _dump_answer(answer: Answer) -> Document:
    return {
        "channel": answer.channel.value,
        "to": answer.to,
        "email": answer.email,
        "copies": list(answer.copies),
        "mailbox": answer.mailbox,
        "message_id": answer.message_id,
        "references": list(answer.references),
        "conversation": answer.conversation,
        "platform": answer.platform,
    }


def _load_answer(document: Document) -> Answer:
    channel, copies, references = document["channel"], document["copies"], document["references"]
    return Answer(**{**document, "channel": Channel(channel), "copies": tuple(copies), "references": tuple(references)})


def _load_entry(row: list[Any]) -> Entry:
    at, kind, author, channel, text = row
    return Entry(at=at, kind=kind, author=author, channel=channel, text=text)
