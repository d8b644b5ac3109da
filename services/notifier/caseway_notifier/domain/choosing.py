"""Which rules need to be asked about a fact at all.

Of two hundred rules most ask for one value of one field, such as a category. Rules are filed by the first such question
they hold: a fact's own value then finds the few whose answer can be yes, and only these are asked in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from caseway.kernel.rules import Facts, Rule, value_of
from caseway.kernel.values import dataclass

AnyRule = TypeVar("AnyRule", bound=Rule)
_Question = tuple[str, frozenset[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed(Generic[AnyRule]):
    """Rules in the order written, with where each is found."""

    rules: tuple[AnyRule, ...]
    always: tuple[int, ...]
    """Those that ask nothing by which they could be filed."""
    by_field: Mapping[str, Mapping[Any, tuple[int, ...]]]

    def holding(self, facts: Facts) -> list[AnyRule]:
        """The rules whose condition holds, in the order written."""
        places = list(self.always)
        for field, by_value in self.by_field.items():
            value = value_of(facts, field)
            if isinstance(value, str | int):
                places += by_value.get(_key(value), ())
        places.sort()
        return [rule for rule in (self.rules[place] for place in places) if rule.when.test(facts)]


def filed(rules: Iterable[AnyRule]) -> Filed[AnyRule]:
    """The rules, filed."""
    every = tuple(rules)
    always: list[int] = []
    by_field: dict[str, dict[Any, list[int]]] = {}
    for place, rule in enumerate(every):
        question = question_of(rule.when.raw)
        if question is None:
            always.append(place)
            continue
        field, values = question
        for value in values:
            by_field.setdefault(field, {}).setdefault(value, []).append(place)
    return Filed(
        rules=every,
        always=tuple(always),
        by_field={
            field: {value: tuple(places) for value, places in found.items()} for field, found in by_field.items()
        },
    )


def question_of(raw: Any) -> _Question | None:
    """A field and the values of which it must have one, where a condition cannot hold otherwise.

    >>> question_of({"all": [{"field": "a", "exists": True}, {"field": "b", "in": ["x"]}]})
    ('b', frozenset({(<class 'str'>, 'x')}))
    >>> question_of({"any": [{"field": "b", "equals": "x"}]}) is None
    True
    """
    match raw:
        case {"all": [*parts]} | [*parts]:
            return next((found for part in parts if (found := question_of(part)) is not None), None)
        case {"field": str() as field, "equals": str() | int() as value}:
            return field, frozenset({_key(value)})
        case {"field": str() as field, "in": [*values]} if values and all(
            isinstance(each, str | int) for each in values
        ):
            return field, frozenset(map(_key, values))
        case _:
            return None


def _key(value: str | int) -> tuple[type, str | int]:
    """`1` is not `True`, as conditions have it."""
    return type(value), value
