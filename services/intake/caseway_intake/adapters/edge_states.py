"""How the edge's states look in MongoDB."""

from __future__ import annotations

import datetime as dt

from caseway.runtime.stage import Collection, Document
from caseway_intake.domain.conversations import Conversation
from caseway_intake.domain.customers import Customer, Holder, Point
from caseway_intake.domain.threading import Claim
from caseway_intake.handlers.edge import CLAIMS, CONVERSATIONS, CUSTOMERS, POINTS, RECEIVED

_REMEMBERED = dt.timedelta(days=730)
"""How long a mail may be answered and still meet its case by its Message-ID; later it opens a new one."""


def _dump_claim(claim: Claim) -> Document:
    return {"case_id": claim.case_id, "body": claim.body}


def _load_claim(document: Document) -> Claim:
    return Claim(case_id=document["case_id"], body=document["body"])


def _dump_received(case_id: str) -> Document:
    return {"case_id": case_id}


def _load_received(document: Document) -> str:
    return str(document["case_id"])


def _dump_conversation(conversation: Conversation) -> Document:
    return {
        "case_id": conversation.case_id,
        "source_key": conversation.source_key,
        "has_ended": conversation.has_ended,
        "is_reused": conversation.is_reused,
        "at": conversation.at,
        "waiting": [dict(each) for each in conversation.waiting],
    }


def _load_conversation(document: Document) -> Conversation:
    return Conversation(
        case_id=document["case_id"],
        source_key=document["source_key"],
        has_ended=document["has_ended"],
        is_reused=document["is_reused"],
        at=document["at"],
        waiting=tuple(document["waiting"]),
    )


def _dump_customer(customer: Customer) -> Document:
    return {
        "at": customer.at,
        "name": customer.name,
        "account": customer.account,
        "vip": customer.vip,
        "language": customer.language,
        "preferred_channel": customer.preferred_channel,
        "values": list(customer.values),
        "points": list(customer.points),
        "merged_into": customer.merged_into,
    }


def _load_customer(document: Document) -> Customer:
    return Customer(
        id=document["_id"],
        at=document["at"],
        name=document["name"],
        account=document["account"],
        vip=document["vip"],
        language=document["language"],
        preferred_channel=document["preferred_channel"],
        values=tuple(document["values"]),
        points=tuple(document["points"]),
        merged_into=document["merged_into"],
    )


def _dump_point(point: Point) -> Document:
    return {
        "holders": [
            {
                "customer": each.customer,
                "record": each.record,
                "value": each.value,
                "name": each.name,
                "account": each.account,
                "vip": each.vip,
                "language": each.language,
                "preferred_channel": each.preferred_channel,
            }
            for each in point
        ]
    }


def _load_point(document: Document) -> Point:
    return tuple(Holder(**each) for each in document["holders"])


COLLECTIONS = (
    Collection(name=CLAIMS, dump=_dump_claim, load=_load_claim, shared=True, expires_after=_REMEMBERED),
    Collection(name=RECEIVED, dump=_dump_received, load=_load_received, shared=True, expires_after=_REMEMBERED),
    Collection(
        name=CONVERSATIONS, dump=_dump_conversation, load=_load_conversation, shared=True, expires_after=_REMEMBERED
    ),
    Collection(name=CUSTOMERS, dump=_dump_customer, load=_load_customer, shared=True),
    Collection(name=POINTS, dump=_dump_point, load=_load_point, shared=True),
)
"""Shared by all edge lanes: a customer writes from many addresses, and a reply comes from another than the one asked."""
