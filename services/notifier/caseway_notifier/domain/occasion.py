"""What of a fact rules and templates may look at."""

from __future__ import annotations

import datetime as dt
import enum
import types
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_AS_IT_IS = frozenset({str, int, float, bool})
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


def shown(fact: Any, zone: zoneinfo.ZoneInfo, names: Iterable[str] | None = None) -> Mapping[str, Any]:
    """A fact's plain values, as texts, numbers and truths; instants as people of that zone read them.

    Args:
        fact: the wire model.
        zone: whose clock.
        names: those that anybody looks at; all of them where it is not known.
    """
    return {name: _shown(getattr(fact, name), zone) for name in (plain_fields(type(fact)) if names is None else names)}


class Plain(Mapping[str, Any]):
    """A fact's plain values as they are, read only where somebody asks."""

    def __init__(self, fact: Any) -> None:
        self._fact = fact

    def __getitem__(self, name: str) -> Any:
        """The value; KeyError for what is none, or not plain."""
        if name not in plain_fields(type(self._fact)):
            raise KeyError(name)
        return getattr(self._fact, name)

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(plain_fields(type(self._fact)))

    def __len__(self) -> int:
        """How many there are."""
        return len(plain_fields(type(self._fact)))


def pairs(value: Mapping[str, Any]) -> list[dict[str, str]]:
    """Free fields as a template goes through them."""
    return [{"name": name, "value": str(each)} for name, each in sorted(value.items()) if each not in (None, "")]


def _shown(value: Any, zone: zoneinfo.ZoneInfo) -> Any:  # noqa: PLR0911 - one line a kind
    if type(value) in _AS_IT_IS:
        return value
    match value:
        case None:
            return ""
        case enum.Enum():
            return value.value
        case dt.datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case dt.date():
            return value.isoformat()
        case Mapping():
            return pairs(value)
        case tuple() | list():
            return [_shown(each, zone) for each in value]
        case _:
            return value


def _is_plain(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is dict:
        return True
    if origin is tuple:
        return _all_plain(each for each in get_args(annotation) if each is not ...)
    if origin is Literal or annotation is type(None):
        return True
    if origin is Annotated:
        return _is_plain(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return _all_plain(get_args(annotation))
    return isinstance(annotation, type) and issubclass(annotation, _PLAIN)


def _all_plain(annotations: Iterable[Any]) -> bool:
    return all(map(_is_plain, annotations))
