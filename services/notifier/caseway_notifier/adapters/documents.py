"""How the notifier's states are kept in MongoDB.

A field that has its default is not written: ten thousand recipients are ten thousand times what a delivery does not
need, and what an older version did not write takes its default in the same way.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import zoneinfo
from collections.abc import Hashable, Mapping
from enum import Enum
from typing import Any, cast

from caseway.runtime.stage import Collection, Document
from caseway_notifier.domain.acknowledgement import Awaited
from caseway_notifier.domain.addressing import Target
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.case import KnownCase, Thread
from caseway_notifier.domain.content import Attachment, Content, LinkedFile
from caseway_notifier.domain.customer import KnownCustomer
from caseway_notifier.domain.delivery import Automatic, Delivery, Hop, Mailing, State, Urgency
from caseway_notifier.domain.errand import Errand
from caseway_notifier.domain.flood import Flood
from caseway_notifier.domain.kept import (
    BROADCASTS,
    BUDGETS,
    CASES,
    CONTENTS,
    CUSTOMERS,
    DELIVERIES,
    ERRANDS,
    FLOODS,
    JOINED,
    OBSTACLES,
)
from caseway_notifier.domain.obstacle import Obstacle
from caseway_notifier.domain.request import Broadcast, Request
from caseway_notifier.domain.restraint import Quiet

KEPT = dt.timedelta(days=90)
"""Deliveries and what they said hold personal data: no longer than the topic `notifications` keeps it."""
_MADE = dt.timedelta(days=30)
"""How long an address stays marked: longer than any mail is under way, shorter than a mailbox stays away for good."""

_AS_IT_IS = frozenset({str, int, bool, float, dt.datetime, type(None)})


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    """A value of the domain as BSON takes it."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        return {
            name: plain(held)
            for name, default in _defaults(cast("Hashable", type(value)))
            if (held := getattr(value, name)) is not default and held != default
        }
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, dt.time | dt.timedelta):
        return value.isoformat() if isinstance(value, dt.time) else value.total_seconds()
    return str(value) if isinstance(value, zoneinfo.ZoneInfo) else value


@functools.cache
def _defaults(kind: Hashable) -> tuple[tuple[str, Any], ...]:
    """A class's fields with what need not be written."""
    return tuple((field.name, field.default) for field in dataclasses.fields(cast("type[Any]", kind)))


def _dump(value: Any) -> Document:
    """All fields but the id, which stands as `_id`."""
    document: Document = plain(value)
    document.pop("id", None)
    return document


@functools.cache
def _names(kind: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(kind))


def _fields(kind: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a document the class knows: what is not written takes its default."""
    names = _names(kind)
    return {name: tuple(each) if type(each) is list else each for name, each in document.items() if name in names}


def _with_id(kind: Any, document: Document) -> dict[str, Any]:
    return {**_fields(kind, document), "id": document["_id"]}


def load_case(document: Document) -> KnownCase:
    """A document of `cases`."""
    fields = _with_id(KnownCase, document)
    sets = {name: frozenset(fields.get(name, ())) for name in ("told", "causes", "watches")}
    return KnownCase(
        **{
            **fields,
            **sets,
            "thread": _thread(document.get("thread", {})),
            "roles": tuple(map(tuple, fields.get("roles", ()))),
            "awaiting": tuple(map(_awaited, fields.get("awaiting", ()))),
        }
    )


def _awaited(document: Mapping[str, Any]) -> Awaited:
    fields = _fields(Awaited, document)
    return Awaited(**{**fields, "target": _target(document["target"]), "request": _request(document["request"])})


def _thread(document: Mapping[str, Any]) -> Thread:
    return Thread(in_reply_to=document.get("in_reply_to", ""), references=tuple(document.get("references", ())))


def load_customer(document: Document) -> KnownCustomer:
    """A document of `customers`."""
    return KnownCustomer(**_with_id(KnownCustomer, document))


_NESTED = ("words", "hops", "mentions", "obstacles")
_FLAT = tuple(
    pair
    for pair in _defaults(Delivery)
    if pair[0] not in {"id", "due_at", "state", "urgency", "bucket", "destination", "mailing", *_NESTED}
)
_FLAT_MAILING = tuple(pair for pair in _defaults(Mailing) if pair[0] not in {"automatic", "copies", "references"})
"""By hand, and not field by field through `plain`: a broadcast writes each recipient three times."""


def dump_delivery(delivery: Delivery) -> Document:
    """A delivery as a document; what senders look for is always written."""
    document = {name: held for name, default in _FLAT if (held := getattr(delivery, name)) != default}
    for name in _NESTED:
        if held := getattr(delivery, name):
            document[name] = plain(held)
    if delivery.mailing is not None:
        document["mailing"] = _dump_mailing(delivery.mailing)
    return {
        **document,
        "due_at": delivery.due_at,
        "state": delivery.state.value,
        "urgency": delivery.urgency.value,
        "bucket": delivery.bucket,
        "destination": delivery.destination,
    }


def _dump_mailing(mailing: Mailing) -> Document:
    document = {name: held for name, default in _FLAT_MAILING if (held := getattr(mailing, name)) != default}
    for name in ("copies", "references"):
        if held := getattr(mailing, name):
            document[name] = list(held)
    return {**document, "automatic": mailing.automatic.value}


def load_delivery(document: Document) -> Delivery:
    """A document of `deliveries`."""
    fields = _with_id(Delivery, document)
    mailing, words = document.get("mailing"), document.get("words")
    return Delivery(
        **{
            **fields,
            "urgency": Urgency(document["urgency"]),
            "state": State(document["state"]),
            "due_at": document.get("due_at"),
            "words": load_content(words) if words else None,
            "mailing": _mailing(mailing) if mailing else None,
            "hops": tuple(map(_hop, fields.get("hops", ()))),
        }
    )


def _hop(document: Mapping[str, Any]) -> Hop:
    return Hop(**_fields(Hop, document))


def _mailing(document: Mapping[str, Any]) -> Mailing:
    return Mailing(**{**_fields(Mailing, document), "automatic": Automatic(document["automatic"])})


def load_content(document: Document) -> Content:
    """A document of `contents`."""
    files = tuple(Attachment(**_fields(Attachment, each)) for each in document.get("attachments", ()))
    links = tuple(LinkedFile(**_fields(LinkedFile, each)) for each in document.get("files", ()))
    return Content(**{**_fields(Content, document), "attachments": files, "files": links})


def load_budget(document: Document) -> Budget:
    """A document of `budgets`."""
    return Budget(id=document["_id"], spent_at=tuple(document.get("spent_at", ())))


def load_flood(document: Document) -> Flood:
    """A document of `floods`."""
    return Flood(**_with_id(Flood, document))


def load_obstacle(document: Document) -> Obstacle:
    """A document of `obstacles`."""
    return Obstacle(**_with_id(Obstacle, document))


def load_errand(document: Document) -> Errand:
    """A document of `errands`."""
    return Errand(**_with_id(Errand, document))


_PLAIN_TARGET = ("reference", "channel", "recipient", "name", "language")
"""What every recipient of a broadcast has: written as a row, since fifty thousand times their names are half of it."""


def dump_broadcast(broadcast: Broadcast) -> Document:
    """A broadcast as a document: recipients as rows, with the hours and ways that many share written once."""
    shared: dict[str, int] = {}
    kept: list[Document] = []
    quiets: dict[Quiet | None, Document] = {None: {}}
    rows = [_row(target, language, shared, kept, quiets) for target, language in broadcast.targets]
    request: Document = plain(broadcast.request)
    return {"request": request, "contents": broadcast.contents, "targets": rows, "shared": kept}


def _row(
    target: Target, language: str, shared: dict[str, int], kept: list[Document], quiets: dict[Quiet | None, Document]
) -> list[Any]:
    """Plain fields, the language, and the place among `kept` of all that is not plain."""
    if target.quiet not in quiets:
        quiets[target.quiet] = {"quiet": plain(target.quiet)}
    rest = quiets[target.quiet]
    if target.to or target.platform or target.endpoint or target.hops or target.mentions or target.is_customer:
        whole: Document = plain(target)
        rest = {name: held for name, held in whole.items() if name not in _PLAIN_TARGET}
    place = shared.get(mark := repr(rest))
    if place is None:
        place = shared[mark] = len(kept)
        kept.append(rest)
    return [target.reference, target.channel, target.recipient, target.name, target.language, language, place]


def load_broadcast(document: Document) -> Broadcast:
    """A document of `broadcasts`; also as it was written when each recipient stood there with all names."""
    shared = [_fields_of_target(each) for each in document.get("shared", ())]
    return Broadcast(
        id=document["_id"],
        request=_request(document["request"]),
        contents=document["contents"],
        targets=tuple(_recipient(each, shared) for each in document["targets"]),
    )


def _recipient(row: list[Any], shared: list[dict[str, Any]]) -> tuple[Target, str]:
    if len(row) == 2:
        return _target(row[0]), row[1]
    *simple, language, place = row
    return Target(**dict(zip(_PLAIN_TARGET, simple, strict=True)), **shared[place]), language


def _target(document: Mapping[str, Any]) -> Target:
    return Target(**_fields_of_target(document))


def _fields_of_target(document: Mapping[str, Any]) -> dict[str, Any]:
    fields = _fields(Target, document)
    if "hops" in fields:
        fields["hops"] = tuple(map(_hop, fields["hops"]))
    if fields.get("quiet"):
        fields["quiet"] = _quiet(fields["quiet"])
    return fields


def _quiet(document: Mapping[str, Any]) -> Quiet:
    return Quiet(
        begins=dt.time.fromisoformat(document["begins"]),
        ends=dt.time.fromisoformat(document["ends"]),
        zone=zoneinfo.ZoneInfo(document["zone"]),
    )


def _request(document: Mapping[str, Any]) -> Request:
    fields = {
        **_fields(Request, document),
        "urgency": Urgency(document["urgency"]),
        "automatic": Automatic(document["automatic"]),
        "thread": _thread(document["thread"]),
        "window": dt.timedelta(seconds=document.get("window", 0.0)),
    }
    return Request(**fields)


COLLECTIONS = (
    Collection(name=CASES, dump=_dump, load=load_case),
    Collection(name=JOINED, dump=_dump, load=load_case, shared=True, expires_after=KEPT),
    Collection(name=FLOODS, dump=_dump, load=load_flood),
    Collection(name=CUSTOMERS, dump=_dump, load=load_customer, shared=True),
    Collection(
        name=DELIVERIES,
        dump=dump_delivery,
        load=load_delivery,
        shared=True,
        indexes=(
            [("bucket", 1), ("urgency", 1), ("due_at", 1)],
            [("case_id", 1), ("requested_at", 1)],
            [("broadcast", 1), ("state", 1)],
        ),
        expires_after=KEPT,
    ),
    Collection(name=CONTENTS, dump=_dump, load=load_content, shared=True, expires_after=KEPT),
    Collection(name=BROADCASTS, dump=dump_broadcast, load=load_broadcast, expires_after=KEPT),
    Collection(name=BUDGETS, dump=_dump, load=load_budget, shared=True, expires_after=dt.timedelta(days=14)),
    Collection(name=OBSTACLES, dump=_dump, load=load_obstacle, shared=True, expires_after=_MADE),
    Collection(name=ERRANDS, dump=_dump, load=load_errand, shared=True, indexes=([("bucket", 1)],), expires_after=KEPT),
)
