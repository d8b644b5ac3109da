"""Small dataclasses as documents, without what is as usual."""

from __future__ import annotations

import datetime as dt
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

Record = TypeVar("Record")
Document = dict[str, Any]
_Code = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""To what BSON takes, and back."""
_KNOWN: dict[type[Any], tuple[tuple[str, Any, _Code], ...]] = {}
"""By class: how each of its fields is written."""


def dump_record(record: Any) -> Document:
    """The fields of a frozen dataclass that differ from their defaults; most cases have none."""
    return {
        name: encode(value)
        for name, default, (encode, _) in _fields(type(record))
        if (value := getattr(record, name)) != default
    }


def load_record(cls: type[Record], document: Mapping[str, Any] | None) -> Record:
    """The record; what is not said is as usual, so that a new field needs no migration."""
    told = document or {}
    return cls(**{name: decode(told[name]) for name, _, (_, decode) in _fields(cls) if name in told})


def _fields(cls: Any) -> tuple[tuple[str, Any, _Code], ...]:
    known = _KNOWN.get(cls)
    if known is None:
        hints = typing.get_type_hints(cls)
        known = _KNOWN[cls] = tuple((each.name, _default(each), _code(hints[each.name])) for each in fields(cls))
    return known


def _default(field: Field[Any]) -> Any:
    """The default; for a field that must be given, nothing that any value equals."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _code(hint: Any) -> _Code:
    """How values of a type are written and read."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _optional(_code(next(each for each in inner if each is not type(None))))
    if origin is tuple:
        return _many(_code(inner[0]))
    if origin is Mapping:
        # as text: a sender's names and numbers need not be such as BSON takes
        return _as_text, json.loads
    if is_dataclass(hint) and isinstance(hint, type):
        return dump_record, lambda document: load_record(hint, document)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda value: value.value, hint
    return _plain(hint)


def _plain(hint: Any) -> _Code:
    if hint in {str, int, float, bool, dt.datetime} or typing.get_origin(hint) is typing.Literal:
        return (lambda value: value), (lambda value: value)
    raise TypeError(f"no way to store a {hint}")


def _optional(code: _Code) -> _Code:
    encode, decode = code
    return (lambda value: None if value is None else encode(value)), (
        lambda value: None if value is None else decode(value)
    )


def _many(code: _Code) -> _Code:
    encode, decode = code
    return (lambda values: [encode(each) for each in values]), (lambda values: tuple(decode(each) for each in values))


def _as_text(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)
