"""What a service reads and writes, as an AsyncAPI 3 document.

`python -m caseway.runtime.asyncapi FOLDER [SERVICE …]` writes `<service>.yaml`. What is received comes from FastStream's
own document of the service's real subscriptions, so it cannot promise what is not wired; what is sent, and the shape of
each message, comes from the topology and the JSON Schemas beside the contracts.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from faststream.asgi import AsgiFastStream
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from caseway.contracts.topology import PARTITIONS, SERVICES, Topic, topic_named, topics_written_by
from caseway.runtime.service import Service
from caseway.runtime.subscribing import Subscription

Document = dict[str, Any]

SCHEMAS = "../../shared/caseway/contracts/schemas"
"""From docs/asyncapi."""

_TEXT = {"type": "string"}
_HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binding, binary mode; structured mode is read too.",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_TEXT, "description": "Unique per ce_source; the same pair again is the same event."},
        "ce_type": _TEXT,
        "ce_source": _TEXT,
        "ce_time": {**_TEXT, "format": "date-time"},
        "ce_subject": _TEXT,
        "content-type": _TEXT,
        "ce_lane": {**_TEXT, "description": "Of a service's lane: stage, number, incarnation."},
        "ce_sequence": {**_TEXT, "description": "Rises by lane; readers drop what is not above the highest seen."},
    },
}
_PARKED_HEADERS: Document = {
    "type": "object",
    "description": "The record's own headers, and:",
    "required": ["caseway_reason", "caseway_topic", "caseway_partition", "caseway_offset"],
    "properties": dict.fromkeys(("caseway_reason", "caseway_topic", "caseway_partition", "caseway_offset"), _TEXT),
}


def document(service: Service) -> Document:
    """The service's AsyncAPI document."""
    received = _received(service)
    sent = {topic.name: _types(topic) for topic in _written(service)}
    topics = sorted(received.keys() | sent.keys())
    types_by_topic = {name: {*received.get(name, ("", ()))[1], *sent.get(name, ())} for name in topics}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"caseway-{service.name}",
            "version": "1.0.0",
            "description": f"What {service.name} reads and writes. Written by `python -m caseway.runtime.asyncapi`.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(topic_named(name), types) for name, types in types_by_topic.items()},
        "operations": dict(sorted([*_receiving(received), *_sending(sent)])),
        "components": {
            "messages": _messages(types_by_topic),
            "schemas": {"CloudEventHeaders": _HEADERS, "ParkedHeaders": _PARKED_HEADERS},
        },
    }


def _received(service: Service) -> dict[str, tuple[str, tuple[str, ...]]]:
    """By topic: the stage that FastStream has subscribed to it, and the types that the stage decides."""
    broker = KafkaBroker()
    stages = {stage.name: stage for stage in service.stages}
    for stage in service.stages:
        Subscription(broker, stage, "", 10.0)
    app = AsgiFastStream(broker, specification=AsyncAPI(title=service.name, schema_version="3.0.0"))
    subscribed: Document = app.schema.to_specification().to_jsonable()
    received = {}
    for name, channel in subscribed["channels"].items():
        stage = stages[name.partition(":")[0]]
        types = {getattr(handled, "TYPE", handled) for handled in stage.handles}
        topic = topic_named(channel["address"])
        received[topic.name] = (stage.name, tuple(type_ for type_ in _types(topic) if type_ in types))
    return received


def _written(service: Service) -> Iterator[Topic]:
    writers = {stage.name for stage in service.stages} | {f"{service.name}.doors", f"{service.name}.senders"}
    seen = set()
    for writer in sorted(writers):
        for topic in topics_written_by(writer):
            if topic.name not in seen:
                seen.add(topic.name)
                yield topic


def _types(topic: Topic) -> tuple[str, ...]:
    return topic.types or ("parked",)


def _channel(topic: Topic, types: Iterable[str]) -> Document:
    return {
        "address": topic.name,
        "description": f"{topic.carries}; key: {topic.key}",
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"} for type_ in sorted(types)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": int(topic.settings["retention.ms"]),
                    "max.message.bytes": topic.max_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _receiving(received: dict[str, tuple[str, tuple[str, ...]]]) -> Iterator[tuple[str, Document]]:
    for topic, (stage, types) in received.items():
        yield f"{stage}.receive.{topic}", _operation("receive", topic, types, f"Consumer group {stage}.")


def _sending(sent: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, Document]]:
    for topic, types in sent.items():
        yield f"send.{topic}", _operation("send", topic, types, "")


def _operation(action: str, topic: str, types: Iterable[str], summary: str) -> Document:
    messages = [{"$ref": f"#/channels/{topic}/messages/{type_}"} for type_ in sorted(types)]
    about = {"summary": summary} if summary else {}
    return {"action": action, "channel": {"$ref": f"#/channels/{topic}"}, **about, "messages": messages}


def _messages(types_by_topic: Mapping[str, Collection[str]]) -> Document:
    messages: Document = {}
    for topic, types in ((topic_named(name), types) for name, types in types_by_topic.items()):
        for model in (model for model in topic.models if model.TYPE in types):
            messages[model.TYPE] = _message(model.TYPE, model.__name__, str(model.__doc__).partition("\n")[0])
        for type_ in topic.raw_types:
            messages[type_] = _message(type_, "EmailContact", "A raw mail.") | {"contentType": "message/rfc822"}
        if not topic.types:
            messages["parked"] = {"title": "Parked", "summary": topic.carries, "headers": _reference("ParkedHeaders")}
    return dict(sorted(messages.items()))


def _reference(schema: str) -> Document:
    return {"$ref": f"#/components/schemas/{schema}"}


def _message(type_: str, title: str, summary: str) -> Document:
    return {
        "name": type_,
        "title": title,
        "summary": summary,
        "contentType": "application/json",
        "headers": _reference("CloudEventHeaders"),
        "payload": {"$ref": f"{SCHEMAS}/{type_}.json"},
        "bindings": {"kafka": {"key": _TEXT, "bindingVersion": "0.5.0"}},
    }


class _Plain(yaml.SafeDumper):
    """Repeats what is repeated: anchors would hide it from readers."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def text_of(service: Service) -> str:
    """The document as it is written to its file."""
    return yaml.dump(document(service), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def built(name: str) -> Service:
    """The service of this name, as its `app` module builds it."""
    service: Service = importlib.import_module(f"caseway_{name}.app").build()
    return service


def main(arguments: list[str]) -> int:
    """Write the documents; the exit status."""
    if not arguments:
        sys.stderr.write("python -m caseway.runtime.asyncapi FOLDER [SERVICE …]\n")
        return 2
    folder, *names = arguments
    for name in names or SERVICES:
        path = Path(folder) / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(built(name)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
