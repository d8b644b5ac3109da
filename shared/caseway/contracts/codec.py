"""Turns records into messages, and messages into records.

CloudEvents 1.0, Kafka binding: binary mode, structured mode as JSON, and raw mail. Whatever a record holds, decoding it
gives an `Envelope` or raises `Rejected` (park it) or `Superseded` (skip it); never anything else.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from caseway.contracts.contacts import EMAIL_TYPE
from caseway.contracts.partitioning import partition_of
from caseway.contracts.structured import Attributes, media_type, structured_event
from caseway.contracts.topology import Topic, is_lane_source, model_of, topic_named
from caseway.contracts.wire import WireModel
from caseway.kernel.errors import Rejected, Superseded
from caseway.kernel.values import dataclass

__all__ = [
    "Envelope",
    "Headers",
    "decode",
    "dump",
    "dump_plain",
    "encode",
    "encode_mail",
    "event_headers",
    "partition_of",
]

Headers = Sequence[tuple[str, bytes | None]]

JSON = "application/json"
MAIL = "message/rfc822"
_MAIL_TYPES = frozenset({MAIL, "message/global", "application/octet-stream", ""})
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_VERSIONED = re.compile(r"(.+)\.v(\d+)", re.ASCII)
_OWN_ATTRIBUTES = frozenset({"specversion", "id", "type", "source", "time", "subject", "datacontenttype", "dataschema"})
_LANES_ATTRIBUTES = _OWN_ATTRIBUTES | {"lane", "sequence"}
_NONE: Mapping[str, str] = MappingProxyType({})
_MAX_FAULTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One event, decoded."""

    id: str
    source: str
    type: str
    time: dt.datetime
    """In UTC."""
    subject: str
    data: WireModel | bytes
    """Bytes for raw mail."""
    content_type: str
    """Of the data; `application/json` where nothing was said."""
    extensions: Mapping[str, str]
    """Without `ce_`; the lane's own two only where they do not count."""
    lane: str = ""
    """`stage/number/incarnation` of the lane of ours that sent it; empty for the outside."""
    sequence: int = 0


def decode(topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> Envelope:
    """Read one record of `topic` (named without a namespace).

    Raises:
        Rejected: it can never be read: `malformed`, `unknown-type`, `unknown-version`, `too-large`.
        Superseded: a type on a fact topic that this version does not know.
    """
    place = topic_named(topic)
    if value is None:
        raise Rejected("malformed", "no value: a tombstone means nothing here")
    if len(value) > place.max_bytes:
        raise Rejected("too-large", f"{len(value)} bytes")
    _check_key(key)
    found, content_type = _attributes(headers)
    if content_type.startswith("application/cloudevents") or _is_unmarked(found, value):
        event = structured_event(value, content_type)
        return _envelope(place, event.attributes, event.data, event.attributes.get("datacontenttype", ""))
    return _envelope(place, found, value, content_type)


def _is_unmarked(found: Attributes, value: bytes) -> bool:
    """Structured all the same: the Python SDK's releases before 2 put the data's content-type into the header."""
    return not found and value.startswith(b"{") and b'"specversion"' in value


def _check_key(key: bytes | None) -> None:
    if key is None:
        return
    try:
        key.decode()
    except UnicodeDecodeError:
        raise Rejected("malformed", "the key is not UTF-8") from None


def _attributes(headers: Headers) -> tuple[dict[str, str], str]:
    """The `ce_` headers without their prefix, and the content type. Other headers are nobody's business."""
    found: dict[str, str] = {}
    content_type: str | None = None
    for name, value in headers:
        if name.startswith("ce_"):
            short = name[3:]
            if short in found:
                raise Rejected("malformed", "a CloudEvents header stands twice")
            found[short] = _text(value)
        elif name == "content-type":
            if content_type is not None:
                raise Rejected("malformed", "content-type stands twice")
            content_type = _text(value)
    return found, content_type or ""


def _text(value: bytes | None) -> str:
    if value is None:
        raise Rejected("malformed", "a header without a value")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Rejected("malformed", "a header is not UTF-8") from None


def _envelope(place: Topic, found: Attributes, data: bytes, content_type: str) -> Envelope:
    if found.get("specversion") != "1.0":
        raise Rejected("malformed", "not a CloudEvent of version 1.0")
    id_, type_, source = (_required(found, name) for name in ("id", "type", "source"))
    model = model_of(place.name, type_)
    if model is None and type_ not in place.raw_types:
        raise _unknown(place, type_)
    lane, sequence, own = _lane(place.name, source, found)
    return Envelope(
        id=id_,
        source=source,
        type=type_,
        time=_time(_required(found, "time")),
        subject=found.get("subject", ""),
        data=_raw(data, content_type) if model is None else _parsed(model, data),
        content_type=content_type or JSON,
        extensions=_extensions(found, own),
        lane=lane,
        sequence=sequence,
    )


def _required(found: Attributes, name: str) -> str:
    value = found.get(name)
    if not value:
        raise Rejected("malformed", f"ce_{name} is missing")
    return value


def _unknown(place: Topic, type_: str) -> Rejected | Superseded:
    versioned = _VERSIONED.fullmatch(type_)
    stems = {known.rpartition(".v")[0] for known in place.types}
    if versioned and versioned[1] in stems:
        return Rejected("unknown-version", f"version {versioned[2][:9]} of {versioned[1]}")
    if place.may_skip_unknown:
        return Superseded(f"a type that is not known on {place.name}")
    return Rejected("unknown-type", f"not a type of {place.name}")


@lru_cache(maxsize=256)  # what follows from one batch has few instants
def _time(text: str) -> dt.datetime:
    try:
        if _RFC3339.fullmatch(text):
            return dt.datetime.fromisoformat(text.upper()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    raise Rejected("malformed", "ce_time is not an instant of RFC 3339 with an offset")


def _lane(topic: str, source: str, found: Attributes) -> tuple[str, int, bool]:
    """Lane, sequence, and whether they count: only from a lane that writes this topic."""
    lane = found.get("lane", "")
    if not lane or not is_lane_source(topic, source):
        return "", 0, False
    sequence = found.get("sequence", "")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 18):
        raise Rejected("malformed", "ce_sequence is not a number")
    return lane, int(sequence), True


def _extensions(found: Attributes, own: bool) -> Mapping[str, str]:
    hidden = _LANES_ATTRIBUTES if own else _OWN_ATTRIBUTES
    if found.keys() <= hidden:
        return _NONE
    rest = {name: value for name, value in found.items() if name not in hidden}
    return MappingProxyType(rest)


def _raw(data: bytes, content_type: str) -> bytes:
    if media_type(content_type) not in _MAIL_TYPES:
        raise Rejected("malformed", "raw mail with another content-type than message/rfc822")
    if not data.strip():
        raise Rejected("malformed", "an empty mail")
    return data


def _parsed(model: type[WireModel], data: bytes) -> WireModel:
    try:
        return model.__pydantic_validator__.validate_json(data)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise Rejected("malformed", _faults(model, error)) from None


def _faults(model: type[WireModel], error: ValidationError) -> str:
    """Which fields are wrong, and how; never what they hold, and no name that the sender made up."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{_place(model, fault['loc'])}: {fault['type']}" for fault in faults[:_MAX_FAULTS]]
    more = len(faults) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _place(model: type[WireModel], loc: tuple[int | str, ...]) -> str:
    if not loc:
        return model.TYPE
    aliases = {field.alias for field in model.model_fields.values()}
    first = loc[0] if loc[0] in model.model_fields or loc[0] in aliases else "?"
    return f"{first}{''.join(f'[{each}]' if isinstance(each, int) else '.…' for each in loc[1:])}"


_TYPE_HEADERS: dict[tuple[str, str], list[tuple[str, bytes]]] = {}


@lru_cache(maxsize=1024)
def _shared(name: str, value: str) -> tuple[str, bytes]:
    """A header that many records have alike: one object for all of them, while a batch of thousands is held."""
    return name, value.encode()


@lru_cache(maxsize=256)
def _time_header(text: str) -> tuple[str, bytes]:
    return "ce_time", text.replace("+00:00", "Z").encode()


def event_headers(
    type_: str,
    *,
    id: str,  # noqa: A002 - the attribute's name in CloudEvents
    source: str,
    time: dt.datetime,
    subject: str = "",
    content_type: str = JSON,
    extensions: Iterable[tuple[str, str]] = (),
) -> list[tuple[str, bytes]]:
    """The headers of an event in binary mode; for raw mail, and for doors that pass bytes on.

    Raises:
        ValueError: `time` has no offset.
    """
    if time.tzinfo is None:
        raise ValueError("an instant without an offset")
    fixed = _TYPE_HEADERS.get((type_, content_type))
    if fixed is None:
        fixed = _TYPE_HEADERS[type_, content_type] = [
            ("ce_specversion", b"1.0"),
            ("ce_type", type_.encode()),
            ("content-type", content_type.encode()),
        ]
    return [
        *fixed,
        ("ce_id", id.encode()),
        _shared("ce_source", source),
        _time_header(time.isoformat()),
        ("ce_subject", subject.encode()),
        *((f"ce_{name}", value.encode()) for name, value in extensions),
    ]


def encode(
    model: WireModel,
    *,
    id: str,  # noqa: A002 - the attribute's name in CloudEvents
    source: str,
    time: dt.datetime,
    subject: str = "",
    lane: str = "",
    sequence: int = 0,
    extensions: Iterable[tuple[str, str]] = (),
) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of a message in binary mode; lane and sequence only for what a lane sends."""
    headers = event_headers(model.TYPE, id=id, source=source, time=time, subject=subject, extensions=extensions)
    if lane:
        headers.append(_shared("ce_lane", lane))
        headers.append(("ce_sequence", str(sequence).encode()))
    return dump(model), headers


def encode_mail(
    raw: bytes,
    *,
    id: str,  # noqa: A002 - the attribute's name in CloudEvents
    source: str,
    time: dt.datetime,
    mail_from: str,
    rcpt_to: Iterable[str],
) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of a raw mail; `time` is when it was received."""
    extensions = [("mailfrom", mail_from), ("rcptto", ",".join(rcpt_to))]
    return raw, event_headers(
        EMAIL_TYPE, id=id, source=source, time=time, subject=mail_from, content_type=MAIL, extensions=extensions
    )


def dump(model: WireModel) -> bytes:
    """The model as JSON, without what is absent."""
    return model.__pydantic_serializer__.to_json(model, exclude_none=True)


def dump_plain(model: WireModel) -> dict[str, Any]:
    """The model as plain values of JSON, without what is absent."""
    plain: dict[str, Any] = model.__pydantic_serializer__.to_python(model, mode="json", exclude_none=True)
    return plain
