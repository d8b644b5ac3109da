"""An event in structured mode: everything in one JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from caseway.kernel.errors import Rejected

Attributes = Mapping[str, str]

STRUCTURED = "application/cloudevents+json"


def media_type(content_type: str) -> str:
    """The type alone, without parameters."""
    return content_type.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class StructuredEvent:
    """Attributes and extensions by name, and the data's bytes."""

    attributes: Attributes
    data: bytes


def structured_event(value: bytes, content_type: str) -> StructuredEvent:
    """Take one `application/cloudevents+json` apart. Source: CloudEvents JSON format 1.0.

    Raises:
        Rejected: it is `malformed`.
    """
    if content_type.startswith("application/cloudevents") and media_type(content_type) != STRUCTURED:
        raise Rejected("malformed", "a CloudEvents format other than JSON")
    try:
        event = from_json(value, allow_inf_nan=False)
    except ValueError:
        raise Rejected("malformed", "not JSON") from None
    if not isinstance(event, dict):
        raise Rejected("malformed", "not a JSON object")
    data = _data(event)
    return StructuredEvent(
        attributes={name: _attribute(each) for name, each in event.items() if each is not None}, data=data
    )


def _data(event: dict[str, Any]) -> bytes:
    """Remove and return the data, in whichever of its two forms."""
    plain = event.pop("data", None)
    encoded = event.pop("data_base64", None)
    if plain is not None and encoded is not None:
        raise Rejected("malformed", "both data and data_base64")
    if encoded is not None:
        return _decoded(encoded)
    if plain is None:
        raise Rejected("malformed", "no data")
    if isinstance(plain, str) and not _is_json(event.get("datacontenttype")):
        return plain.encode()
    return to_json(plain)


def _decoded(encoded: Any) -> bytes:
    try:
        if isinstance(encoded, str):
            return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise Rejected("malformed", "data_base64 is not Base64")


def _is_json(content_type: Any) -> bool:
    named = media_type(str(content_type or "application/json"))
    return named in {"application/json", "text/json"} or named.endswith("+json")


def _attribute(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case _:
            raise Rejected("malformed", "an attribute that is neither text, number nor boolean")
