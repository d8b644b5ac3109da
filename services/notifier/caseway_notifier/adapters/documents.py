"""How the notifier's states are kept in MongoDB."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from enum import Enum
from typing import Any

from caseway.runtime.stage import Collection, Document
from caseway_notifier.domain.addressing import Target
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.case import KnownCase, Thread
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.customer import KnownCustomer
from caseway_notifier.domain.delivery import Automatic, Delivery, Mailing, State, Urgency
from caseway_notifier.domain.kept import BROADCASTS, BUDGETS, CASES, CONTENTS, CUSTOMERS, DELIVERIES
from caseway_notifier.domain.request import Broadcast, Request

KEPT = dt.timedelta(days=90)
"""Deliveries and what they said hold personal data: no longer than the topic `notifications` keeps it."""


def plain(value: Any) -> Any:
    """A value of the domain as BSON takes it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def _dump(value: Any) -> Document:
    """All fields but the id, which stands as `_id`."""
    document: Document = plain(value)
    document.pop("id", None)
    return document


def _fields(kind: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a document the class knows: what an older version did not write takes its default."""
    return {field.name: document[field.name] for field in dataclasses.fields(kind) if field.name in document}


def _with_id(kind: Any, document: Document) -> dict[str, Any]:
    return {**_fields(kind, document), "id": document["_id"]}


def load_case(document: Document) -> KnownCase:
    """A document of `cases`."""
    fields = _with_id(KnownCase, document)
    return KnownCase(
        **{**fields, "thread": _thread(document.get("thread", {})), "told": frozenset(fields.get("told", ()))}
    )


def _thread(document: Mapping[str, Any]) -> Thread:
    return Thread(in_reply_to=document.get("in_reply_to", ""), references=tuple(document.get("references", ())))


def load_customer(document: Document) -> KnownCustomer:
    """A document of `customers`."""
    return KnownCustomer(**_with_id(KnownCustomer, document))


def load_delivery(document: Document) -> Delivery:
    """A document of `deliveries`."""
    fields = _with_id(Delivery, document)
    mailing = document.get("mailing")
    return Delivery(
        **{
            **fields,
            "urgency": Urgency(document["urgency"]),
            "state": State(document["state"]),
            "mailing": _mailing(mailing) if mailing else None,
        }
    )


def _mailing(document: Mapping[str, Any]) -> Mailing:
    fields = _fields(Mailing, document)
    tuples = {name: tuple(fields.get(name, ())) for name in ("copies", "references")}
    return Mailing(**{**fields, **tuples, "automatic": Automatic(document["automatic"])})


def load_content(document: Document) -> Content:
    """A document of `contents`."""
    return Content(**_fields(Content, document))


def load_budget(document: Document) -> Budget:
    """A document of `budgets`."""
    return Budget(id=document["_id"], spent_at=tuple(document["spent_at"]))


def load_broadcast(document: Document) -> Broadcast:
    """A document of `broadcasts`."""
    return Broadcast(
        id=document["_id"],
        request=_request(document["request"]),
        contents=document["contents"],
        targets=tuple((Target(**_fields(Target, target)), language) for target, language in document["targets"]),
    )


def _request(document: Mapping[str, Any]) -> Request:
    fields = {
        **_fields(Request, document),
        "urgency": Urgency(document["urgency"]),
        "automatic": Automatic(document["automatic"]),
        "thread": _thread(document["thread"]),
        "copies": tuple(document["copies"]),
    }
    return Request(**fields)


COLLECTIONS = (
    Collection(name=CASES, dump=_dump, load=load_case),
    Collection(name=CUSTOMERS, dump=_dump, load=load_customer, shared=True),
    Collection(
        name=DELIVERIES,
        dump=_dump,
        load=load_delivery,
        shared=True,
        indexes=(
            [("bucket", 1), ("urgency", 1), ("due_at", 1)],
            [("case_id", 1), ("requested_at", 1)],
        ),
        expires_after=KEPT,
    ),
    Collection(name=CONTENTS, dump=_dump, load=load_content, shared=True, expires_after=KEPT),
    Collection(name=BROADCASTS, dump=_dump, load=load_broadcast, expires_after=KEPT),
    Collection(name=BUDGETS, dump=_dump, load=load_budget, shared=True, expires_after=dt.timedelta(days=14)),
)
