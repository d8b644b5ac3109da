"""How the edge's states look in MongoDB."""

from __future__ import annotations

import dataclasses
import datetime as dt

from caseway.runtime.stage import Collection, Document
from caseway_intake.adapters.mail_states import CORRESPONDENTS_COLLECTION, REMEMBERED, dump_claim, load_claim
from caseway_intake.domain.background import Known, Order, PastCase
from caseway_intake.domain.continuing import Ended
from caseway_intake.domain.conversations import Conversation
from caseway_intake.domain.customers import Customer, Holder, Point
from caseway_intake.domain.entitlement import Entitlement
from caseway_intake.domain.quota import Block, Pool
from caseway_intake.handlers.edge import (
    BACKGROUNDS,
    CLAIMS,
    CONVERSATIONS,
    CUSTOMERS,
    ENDED_CHATS,
    FORM_BLOCKS,
    FORM_POOLS,
    POINTS,
    RECEIVED,
)

_CONTINUED = dt.timedelta(days=14)
"""Longer than any chat is continued by mail."""


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
        "lines": list(conversation.lines),
        "wants_transcript": conversation.wants_transcript,
        "email": conversation.email,
    }


def _load_conversation(document: Document) -> Conversation:
    return Conversation(
        case_id=document["case_id"],
        source_key=document["source_key"],
        has_ended=document["has_ended"],
        is_reused=document["is_reused"],
        at=document["at"],
        waiting=tuple(document["waiting"]),
        lines=tuple(document.get("lines", ())),
        wants_transcript=document.get("wants_transcript", False),
        email=document.get("email", ""),
    )


def _dump_ended(ended: Ended) -> Document:
    return {"case_id": ended.case_id, "at": ended.at, "names": list(ended.names), "words": list(ended.words)}


def _load_ended(document: Document) -> Ended:
    return Ended(
        case_id=document["case_id"],
        at=document["at"],
        names=tuple(document["names"]),
        words=tuple(document["words"]),
    )


def _dump_customer(customer: Customer) -> Document:
    return {
        "at": customer.at,
        "name": customer.name,
        "account": customer.account,
        "vip": customer.vip,
        **({"segment": customer.segment} if customer.segment else {}),
        "language": customer.language,
        "preferred_channel": customer.preferred_channel,
        "values": list(customer.values),
        "points": list(customer.points),
        "merged_into": customer.merged_into,
        **({"bounced": list(customer.bounced)} if customer.bounced else {}),
    }


def _load_customer(document: Document) -> Customer:
    return Customer(
        id=document["_id"],
        at=document["at"],
        name=document["name"],
        account=document["account"],
        vip=document["vip"],
        segment=document.get("segment"),
        language=document["language"],
        preferred_channel=document["preferred_channel"],
        values=tuple(document["values"]),
        points=tuple(document["points"]),
        merged_into=document["merged_into"],
        bounced=tuple(document.get("bounced", ())),
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
                **({"segment": each.segment} if each.segment else {}),
                "language": each.language,
                "preferred_channel": each.preferred_channel,
            }
            for each in point
        ]
    }


def _load_point(document: Document) -> Point:
    return tuple(Holder(**each) for each in document["holders"])


def _dump_known(known: Known) -> Document:
    return {
        "orders": [_dump_order(each) for each in known.orders],
        "cases": [[each.case_id, each.at, each.channel, each.category] for each in known.cases],
        "entitlements": [_dump_entitlement(each) for each in known.entitlements],
        "last_contact_at": known.last_contact_at,
        "last_channel": known.last_channel,
    }


def _load_known(document: Document) -> Known:
    return Known(
        orders=tuple(Order(**{**each, "products": tuple(each["products"])}) for each in document["orders"]),
        cases=tuple(
            PastCase(case_id=case_id, at=at, channel=channel, category=category)
            for case_id, at, channel, category in document["cases"]
        ),
        entitlements=tuple(map(_load_entitlement, document["entitlements"])),
        last_contact_at=document["last_contact_at"],
        last_channel=document["last_channel"],
    )


def _dump_order(order: Order) -> Document:
    return {
        "order": order.order,
        "customer": order.customer,
        "status": order.status,
        "at": order.at,
        "ordered_at": order.ordered_at,
        "products": list(order.products),
        "total": order.total,
    }


def _dump_entitlement(entitlement: Entitlement) -> Document:
    plain = {field.name: getattr(entitlement, field.name) for field in dataclasses.fields(Entitlement)}
    return plain | {"services": list(entitlement.services), "customers": list(entitlement.customers)}


def _load_entitlement(document: Document) -> Entitlement:
    return Entitlement(
        **{**document, "services": tuple(document["services"]), "customers": tuple(document["customers"])}
    )


def _dump_pool(pool: Pool) -> Document:
    return {
        "booked": {day.isoformat(): count for day, count in pool.booked.items()},
        "waiting": {day.isoformat(): count for day, count in pool.waiting.items()},
        "refused": pool.refused,
        "noticed_on": pool.noticed_on.isoformat() if pool.noticed_on else None,
    }


def load_pool(document: Document) -> Pool:
    """How many forms are booked, by day."""
    noticed_on = document["noticed_on"]
    return Pool(
        booked={dt.date.fromisoformat(day): count for day, count in document["booked"].items()},
        waiting={dt.date.fromisoformat(day): count for day, count in document["waiting"].items()},
        refused=document["refused"],
        noticed_on=dt.date.fromisoformat(noticed_on) if noticed_on else None,
    )


def _dump_block(block: Block) -> Document:
    return {"day": block.day.isoformat(), "left": block.left}


def _load_block(document: Document) -> Block:
    return Block(day=dt.date.fromisoformat(document["day"]), left=document["left"])


COLLECTIONS = (
    Collection(name=BACKGROUNDS, dump=_dump_known, load=_load_known, shared=True),
    Collection(name=ENDED_CHATS, dump=_dump_ended, load=_load_ended, shared=True, expires_after=_CONTINUED),
    Collection(name=FORM_POOLS, dump=_dump_pool, load=load_pool, shared=True),
    Collection(name=FORM_BLOCKS, dump=_dump_block, load=_load_block),
    Collection(name=CLAIMS, dump=dump_claim, load=load_claim, shared=True, expires_after=REMEMBERED),
    CORRESPONDENTS_COLLECTION,
    Collection(name=RECEIVED, dump=_dump_received, load=_load_received, shared=True, expires_after=REMEMBERED),
    Collection(
        name=CONVERSATIONS, dump=_dump_conversation, load=_load_conversation, shared=True, expires_after=REMEMBERED
    ),
    Collection(name=CUSTOMERS, dump=_dump_customer, load=_load_customer, shared=True),
    Collection(name=POINTS, dump=_dump_point, load=_load_point, shared=True),
)
"""Shared by all edge lanes: a customer writes from many addresses, and a reply comes from another than the one asked."""
