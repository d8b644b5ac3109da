"""How a case looks in MongoDB."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway.runtime.stage import Collection
from caseway_intake.adapters.records import dump_record, load_record
from caseway_intake.domain.case import Answer, Case, Customer, Entry, Nature
from caseway_intake.domain.company import Circle, Help
from caseway_intake.domain.incident import Response
from caseway_intake.domain.privacy import Privacy
from caseway_intake.domain.registrations import Proposal
from caseway_intake.domain.ties import Ties
from caseway_intake.domain.voice import Voice

Document = dict[str, Any]

CALLBACKS, VOICES, UNJUDGED, UNCHECKED = "callbacks", "voices", "unjudged", "unchecked"
INCIDENTS, REQUESTS, MERGED = "incidents", "data-requests", "merged"
"""Names of the lists that people look at."""


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
        **_dump_rest(case),
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
        **_load_rest(document),
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
        (("views", 1),),
        (("files", 1),),
    ),
)
NUMBERS = Collection(name="numbers")
"""How many cases each lane has opened: `{count}` under the lane's number."""

_PARTS: Mapping[str, type[Any]] = {"help": Help, "circle": Circle, "ties": Ties, "privacy": Privacy}
"""What every case has, and most have empty: not written then."""
_MAYBE: Mapping[str, type[Any]] = {"voice": Voice, "response": Response}


def _dump_rest(case: Case) -> Document:
    """What few cases have, and where each is found again."""
    rest: Document = {name: told for name in _PARTS if (told := dump_record(getattr(case, name)))}
    rest |= {name: dump_record(part) for name in _MAYBE if (part := getattr(case, name)) is not None}
    if case.proposals:
        rest["proposals"] = [dump_record(each) for each in case.proposals]
    if case.files:
        rest["files"] = list(case.files)
    if case.record_type != "case":
        rest["record_type"] = case.record_type
    if found := views_of(case):
        rest["views"] = found
    return rest


def _load_rest(document: Document) -> Document:
    rest: Document = {name: load_record(part, document.get(name)) for name, part in _PARTS.items()}
    rest |= {name: load_record(part, document[name]) for name, part in _MAYBE.items() if name in document}
    rest["proposals"] = tuple(load_record(Proposal, each) for each in document.get("proposals", ()))
    rest["files"] = tuple(document.get("files", ()))
    rest["record_type"] = document.get("record_type", "case")
    return rest


def views_of(case: Case) -> list[str]:
    """The lists that the case stands on: one index for all of them, and nothing in it for most cases."""
    voice = case.voice
    named = {
        CALLBACKS: case.help.awaits_callback,
        VOICES: voice is not None and voice.sharing is not None,
        UNJUDGED: voice is not None and voice.judgement is None,
        UNCHECKED: voice is not None and voice.judgement is not None and voice.judgement.checked_by is None,
        INCIDENTS: case.response is not None,
        MERGED: case.ties.merged_into is not None,
    }
    approval = voice.approval if voice else None
    about = [f"about:{case.ties.about}"] if case.ties.about else []
    joined = [f"incident:{case.incident}"] if case.incident else []
    asked = [f"approval:{each}" for each in approval.asked] if approval else []
    requested = [REQUESTS] if any(each.granted is None for each in case.privacy.requests) else []
    followed = [f"follower:{each}" for each in case.circle.followers]
    transferred = [f"department:{case.help.transfer.department}"] if case.help.transfer else []
    there = [name for name, is_there in named.items() if is_there]
    return [*there, *about, *joined, *asked, *requested, *followed, *transferred]


def _dump_nature(nature: Nature) -> Document:
    channel = nature.preferred_channel
    return {
        "subject": nature.subject,
        "language": nature.language,
        "reply_language": nature.reply_language,
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
        **_dump_confirmed(nature),
    }


def _dump_confirmed(nature: Nature) -> Document:
    """What few cases have."""
    confirmed = json.dumps(dict(nature.confirmed), ensure_ascii=False) if nature.confirmed else None
    told = {
        "confirmed": confirmed,
        "to_confirm": list(nature.to_confirm),
        "product": nature.product,
        "state": nature.state,
    }
    return {name: value for name, value in told.items() if value}


def _load_nature(document: Document) -> Nature:
    channel = document["preferred_channel"]
    return Nature(
        subject=document["subject"],
        language=document["language"],
        reply_language=document.get("reply_language"),
        category=document["category"],
        priority=Priority(document["priority"]),
        class_=document["class"],
        complexity=document["complexity"],
        tags=tuple(document["tags"]),
        department=document["department"],
        preferred_channel=Channel(channel) if channel else None,
        missing_fields=tuple(document["missing_fields"]),
        fields=json.loads(document["fields"] or "{}"),
        confirmed=json.loads(document.get("confirmed", "{}")),
        to_confirm=tuple(document.get("to_confirm", ())),
        product=document.get("product"),
        state=document.get("state"),
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
        "until": answer.until,
    }


def _load_answer(document: Document) -> Answer:
    channel, copies, references = document["channel"], document["copies"], document["references"]
    return Answer(**{**document, "channel": Channel(channel), "copies": tuple(copies), "references": tuple(references)})


def _load_entry(row: list[Any]) -> Entry:
    at, kind, author, channel, text = row
    return Entry(at=at, kind=kind, author=author, channel=channel, text=text)
