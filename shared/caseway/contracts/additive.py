"""Whether one JSON Schema may follow another.

A change is additive when whoever reads by the old schema can go on, and whoever writes by the old one is still
understood: fields come, none goes; nothing becomes required, narrower, or something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

_AT_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_AT_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "uniqueItems")
_IDENTITY = ("x-topics", "x-key", "$id", "contentMediaType")
_WIDER = {"integer": "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One schema, at one place, with the document that its references point into."""

    root: Schema
    here: Schema

    def at(self, schema: Schema) -> _Side:
        """Another place of the same document, its reference followed."""
        here = schema
        while "$ref" in here:
            target: Any = self.root
            for step in here["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            here = target | {key: value for key, value in here.items() if key != "$ref"}
        return _Side(root=self.root, here=here)


def breaks(old: Schema, new: Schema, *, written_by_us: bool = False) -> list[str]:
    """What of `new` breaks a reader or a writer of `old`, a sentence each; empty when it is additive.

    Args:
        old: the committed schema.
        new: the model's present schema.
        written_by_us: others read it, so what was always there must stay so.
    """
    changed = [f"{name} changed" for name in _IDENTITY if old.get(name) != new.get(name)]
    left = _Side(root=old, here={}).at(old)
    right = _Side(root=new, here={}).at(new)
    return changed + list(_compare(left, right, "", written_by_us))


def _compare(old: _Side, new: _Side, path: str, written: bool) -> Iterator[str]:
    place = path or "the data"
    if branches := _branches(old):
        yield from _compare_branches(branches, new, place)
        return
    if wider := _branches(new):
        if not any(_accepts(old, branch) for branch in wider):
            yield f"{place}: none of its types is the former one"
        return
    yield from (f"{place}: {fault}" for fault in _type_faults(old.here, new.here))
    yield from (f"{place}: {fault}" for fault in _bound_faults(old.here, new.here))
    yield from _compare_fields(old, new, path, written)
    yield from _compare_items(old, new, path, written)


def _branches(side: _Side) -> list[_Side]:
    branches: list[Schema] = side.here.get("anyOf") or side.here.get("oneOf") or []
    return [side.at(branch) for branch in branches]


def _compare_branches(branches: list[_Side], new: _Side, place: str) -> Iterator[str]:
    candidates = _branches(new) or [new]
    for branch in branches:
        faults = [list(_compare(branch, candidate, place, written=False)) for candidate in candidates]
        if all(faults):
            closest = min(faults, key=len)
            yield f"{place}: what was {_kind(branch)} is refused ({closest[0]})"


def _accepts(old: _Side, new: _Side) -> bool:
    return not list(_compare(old, new, "", written=False))


def _kind(side: _Side) -> str:
    return str(side.here.get("title") or side.here.get("type") or "anything")


def _type_faults(old: Schema, new: Schema) -> Iterator[str]:
    before, after = _types(old), _types(new)
    if after and not before:
        yield f"only {', '.join(sorted(after))} is taken now"
    elif after and not all(name in after or _WIDER.get(name) in after for name in before):
        yield f"{', '.join(sorted(before))} became {', '.join(sorted(after))}"
    allowed_before, allowed_after = _values(old), _values(new)
    if allowed_after is not None and allowed_before is None:
        yield "only certain values are taken now"
    elif allowed_after is not None:
        for gone in (value for value in allowed_before or [] if value not in allowed_after):
            yield f"the value {gone!r} is taken no more"


def _types(schema: Schema) -> set[str]:
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def _values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _bound_faults(old: Schema, new: Schema) -> Iterator[str]:
    for name in _AT_LEAST:
        if name in new and (name not in old or new[name] > old[name]):
            yield f"{name} is stricter"
    for name in _AT_MOST:
        if name in new and (name not in old or new[name] < old[name]):
            yield f"{name} is stricter"
    for name in _EXACT:
        if name in new and new[name] != old.get(name):
            yield f"{name} changed"


def _plain_default(schema: Schema) -> Any:
    """The default, where it is a single value; one with fields of its own may gain fields."""
    default = schema.get("default")
    return None if isinstance(default, dict | list) else default


def _compare_fields(old: _Side, new: _Side, path: str, written: bool) -> Iterator[str]:
    before, after = old.here.get("properties", {}), new.here.get("properties", {})
    required_before, required_after = set(old.here.get("required", [])), set(new.here.get("required", []))
    for name in sorted(required_after - required_before):
        yield f"{_join(path, name)}: became required" if name in before else f"{_join(path, name)}: new, and required"
    for name, schema in before.items():
        here = _join(path, name)
        if name not in after:
            yield f"{here}: is gone"
            continue
        if written and name in required_before - required_after:
            yield f"{here}: was always there, and need not be now"
        if _plain_default(schema) != _plain_default(after[name]):
            yield f"{here}: its absence means something else (default)"
        yield from _compare(old.at(schema), new.at(after[name]), here, written)


def _compare_items(old: _Side, new: _Side, path: str, written: bool) -> Iterator[str]:
    for name, suffix in (("items", "[]"), ("additionalProperties", ".*"), ("propertyNames", " (its names)")):
        before, after = old.here.get(name), new.here.get(name)
        if isinstance(after, dict) and isinstance(before, dict):
            yield from _compare(old.at(before), new.at(after), path + suffix, written)
        elif isinstance(after, dict) and after and before is not False:
            yield f"{path}{suffix}: is restricted now"
        elif after is False and before is not False:
            yield f"{path}: further fields are refused now"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
