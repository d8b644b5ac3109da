"""What of a fact rules and templates may look at."""

from __future__ import annotations

import datetime as dt
import enum
import types
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_PLAIN = (str, int, float, bool, dt.datetime, dt.date, enum.Enum)

_KNOWN: dict[type[Any], frozenset[str]] = {}
"""Found once for each model: every fact asks."""


def name_of(event_type: str) -> str:
    """A fact's name in subscriptions.

    >>> name_of("caseway.case.incident-declared.v1")
    'case.incident-declared'
    """
    return event_type.removeprefix("caseway.").rpartition(".")[0]


def plain_fields(model: type[Any]) -> frozenset[str]:
    """The fields of a wire model that hold one plain value: those that conditions and templates may name."""
    if model not in _KNOWN:
        _KNOWN[model] = frozenset(name for name, field in model.model_fields.items() if _is_plain(field.annotation))
    return _KNOWN[model]


def shown(fact: Any, zone: zoneinfo.ZoneInfo) -> Mapping[str, Any]:
    """A fact's plain values, as texts, numbers and truths; instants as people of that zone read them."""
    return {name: _shown(getattr(fact, name), zone) for name in plain_fields(type(fact))}


def _shown(value: Any, zone: zoneinfo.ZoneInfo) -> Any:
    match value:
        case None:
            return ""
        case enum.Enum():
            return value.value
        case dt.datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case dt.date():
            return value.isoformat()
        case _:
            return value


def _is_plain(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Literal or annotation is type(None):
        return True
    if origin is Annotated:
        return _is_plain(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return _all_plain(get_args(annotation))
    return isinstance(annotation, type) and issubclass(annotation, _PLAIN)


def _all_plain(annotations: Iterable[Any]) -> bool:
    return all(map(_is_plain, annotations))
