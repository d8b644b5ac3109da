"""The JSON Schema of every type, as written beside the code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from caseway.contracts.additive import breaks
from caseway.contracts.topology import OUTSIDE, TOPICS
from caseway.contracts.wire import WireModel

FOLDER = Path(__file__).parent / "schemas"

Schema = dict[str, Any]


class _Generator(GenerateJsonSchema):
    """Leaves out what repeats the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False


def current() -> dict[str, Schema]:
    """The schema of every type of the topology, from the models as they are."""
    schemas: dict[str, Schema] = {}
    for topic in TOPICS:
        for model in topic.models:
            schemas.setdefault(model.TYPE, _of(model))["x-topics"].append(topic.name)
        for type_ in topic.raw_types:
            schemas[type_] = _raw(type_, topic.name)
    return schemas


def _of(model: type[WireModel]) -> Schema:
    schema = model.model_json_schema(schema_generator=_Generator)
    _tidy(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{model.TYPE.replace('.', ':')}",
        "x-topics": [],
        "x-key": getattr(model, "KEY", ""),
        **schema,
    }


def _tidy(schema: Any) -> None:
    """Drop the base class's words where a model has none of its own, and wrap nothing twice."""
    if isinstance(schema, dict):
        if schema.get("description") == BaseModel.__doc__:
            del schema["description"]
        for value in schema.values():
            _tidy(value)
    elif isinstance(schema, list):
        for value in schema:
            _tidy(value)


def _raw(type_: str, topic: str) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{type_.replace('.', ':')}",
        "x-topics": [topic],
        "x-key": "mailfrom",
        "title": "EmailContact",
        "description": "A raw mail; its envelope stands in the extensions mailfrom and rcptto (comma separated).",
        "type": "string",
        "contentMediaType": "message/rfc822",
    }


def committed(folder: Path = FOLDER) -> dict[str, Schema]:
    """The schemas as they stand in the folder, by type."""
    return {
        path.name.removesuffix(".json"): json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))
    }


def broken(old: dict[str, Schema], new: dict[str, Schema]) -> list[str]:
    """Every change from `old` to `new` that is not additive."""
    return list(_broken(old, new))


def _broken(old: dict[str, Schema], new: dict[str, Schema]) -> Iterator[str]:
    for type_, schema in old.items():
        if type_ not in new:
            yield f"{type_}: the type is gone"
            continue
        for fault in breaks(schema, new[type_], written_by_us=_is_ours(schema)):
            yield f"{type_}: {fault}"


def _is_ours(schema: Schema) -> bool:
    """Whether only services of ours write the type, so that its readers may rely on what is always there."""
    names = schema.get("x-topics", [])
    return bool(names) and not any(OUTSIDE in topic.writers for topic in TOPICS if topic.name in names)


def text_of(schema: Schema) -> str:
    """As it is written to its file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> list[str]:
    """Write every schema that is new or changed; names them."""
    folder.mkdir(exist_ok=True)
    written = []
    for type_, schema in current().items():
        path = folder / f"{type_}.json"
        if not path.exists() or path.read_text("utf-8") != text_of(schema):
            path.write_text(text_of(schema), "utf-8")
            written.append(type_)
    return written
