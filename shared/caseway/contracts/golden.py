"""Examples of every type, which must stay readable for ever."""

from __future__ import annotations

import base64
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from caseway.contracts.codec import Envelope, decode, dump, encode
from caseway.contracts.samples import MAIL, SAMPLES
from caseway.contracts.story import MESSAGE_ID
from caseway.contracts.topology import TOPICS, Topic
from caseway.contracts.wire import Fact, WireModel
from caseway.kernel.errors import Rejected, Superseded
from caseway.kernel.ids import derived_id

FOLDER = Path(__file__).parent / "examples"
STRUCTURED = [("content-type", b"application/cloudevents+json")]

Json = dict[str, Any]


def examples() -> Iterator[tuple[str, list[Json]]]:
    """Of every type: its name, and a smallest and a full event in structured form."""
    seen: set[str] = set()
    for topic in TOPICS:
        for model in topic.models:
            if model.TYPE not in seen:
                seen.add(model.TYPE)
                yield (
                    model.TYPE,
                    [_event(topic, model, data) for data in (_data(model, full=False), _data(model, full=True))],
                )
        for type_ in topic.raw_types:
            yield type_, [_mail_event(type_)]


def _event(topic: Topic, model: type[WireModel], data: Json) -> Json:
    key = model.model_validate_json(json.dumps(data)).key()
    event: Json = {
        "specversion": "1.0",
        "id": derived_id("example", model.TYPE),
        "source": _source(topic),
        "type": model.TYPE,
        "time": "2026-11-22T09:00:05Z",
        "subject": key,
        "datacontenttype": "application/json",
    }
    if issubclass(model, Fact):
        event |= {"lane": f"{topic.writers[0]}/3/5c1d", "sequence": "1042"}
    return event | {"data": data}


def _source(topic: Topic) -> str:
    return "gateway://example" if topic.writers[0] == "outside" else f"caseway://{topic.writers[0]}"


def _mail_event(type_: str) -> Json:
    return {
        "specversion": "1.0",
        "id": derived_id("example", MESSAGE_ID),
        "source": "gateway://example",
        "type": type_,
        "time": "2026-11-22T09:00:03Z",
        "subject": "anna.nowak@example.com",
        "datacontenttype": "message/rfc822",
        "mailfrom": "anna.nowak@example.com",
        "rcptto": "support@example.com",
        "data_base64": base64.b64encode(MAIL).decode(),
    }


def _data(model: type[BaseModel], *, full: bool) -> Json:
    """The model's data, every field or only those that must be there."""
    wanted = {name: field for name, field in model.model_fields.items() if full or field.is_required()}
    return {field.alias or name: _value(model, field.alias or name, field, full=full) for name, field in wanted.items()}


def _value(model: type[BaseModel], name: str, field: FieldInfo, *, full: bool) -> Any:
    for owner in model.__mro__:
        if f"{owner.__name__}.{name}" in SAMPLES:
            return SAMPLES[f"{owner.__name__}.{name}"]
    part, repeated = _part(field.annotation)
    if part is not None and not (name in SAMPLES and isinstance(SAMPLES[name], list)):
        data = _data(part, full=full)
        return [data] if repeated else data
    if name not in SAMPLES:
        raise LookupError(f"{model.__name__}.{name} has no sample (caseway/contracts/samples.py)")
    return SAMPLES[name]


def _part(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The model that a field holds, if any, and whether it holds several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    inner = [_part(each) for each in typing.get_args(annotation)]
    found = next((part for part, _ in inner if part is not None), None)
    repeated = typing.get_origin(annotation) is tuple or any(several for part, several in inner if part is not None)
    return found, repeated


def write(folder: Path = FOLDER) -> list[str]:
    """Add the examples that are new; those that are there are never touched. Names the new files."""
    written = []
    for type_, events in examples():
        there = folder / type_
        there.mkdir(parents=True, exist_ok=True)
        known = [path.read_text("utf-8") for path in there.glob("*.json")]
        for text in (text_of(event) for event in events):
            if text not in known:
                known.append(text)
                path = there / f"{len(known):03}.json"
                path.write_text(text, "utf-8")
                written.append(f"{type_}/{path.name}")
    return written


def text_of(event: Json) -> str:
    """As it is written to its file."""
    return json.dumps(event, indent=1, ensure_ascii=False) + "\n"


def unreadable(folder: Path = FOLDER) -> list[str]:
    """Which examples cannot be read as they once could, and why."""
    places = {type_: topic for topic in TOPICS for type_ in topic.types}
    faults = []
    for path in sorted(folder.glob("*/*.json")):
        name = f"{path.parent.name}/{path.stem}"
        topic = places.get(path.parent.name)
        fault = "its type is gone" if topic is None else _fault(topic, path.read_bytes())
        if fault:
            faults.append(f"{name}: {fault}")
    return faults


def _fault(topic: Topic, text: bytes) -> str:
    try:
        envelope = decode(topic.name, None, text, STRUCTURED)
    except (Rejected, Superseded) as error:
        return f"is refused ({error})"
    event = json.loads(text)
    if isinstance(envelope.data, bytes):
        return "" if envelope.data == base64.b64decode(event["data_base64"]) else "its bytes changed"
    if lost := _lost(event["data"], json.loads(dump(envelope.data)), ""):
        return f"{lost} is lost or changed"
    return "" if _again(topic, envelope) == envelope.data else "is not the same when written and read again"


def _again(topic: Topic, envelope: Envelope) -> WireModel | bytes:
    assert isinstance(envelope.data, WireModel)
    value, headers = encode(
        envelope.data, id=envelope.id, source=envelope.source, time=envelope.time, subject=envelope.subject
    )
    return decode(topic.name, None, value, headers).data


def _lost(before: Any, after: Any, path: str) -> str:
    """The first place whose value did not survive; new fields beside it are welcome."""
    if isinstance(before, dict) and isinstance(after, dict):
        places = (
            (f"{path}.{key}".lstrip("."), value, after.get(key)) for key, value in before.items() if value is not None
        )
        return next((lost for place, value, there in places if (lost := _lost(value, there, place))), "")
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return next(
            (lost for index, (one, two) in enumerate(pairs) if (lost := _lost(one, two, f"{path}[{index}]"))), ""
        )
    return "" if before == after else path
