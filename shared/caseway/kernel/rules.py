"""How a rule's condition is read, checked and asked.

A condition is plain data, as it stands in YAML, over fields that the caller declares:

    {field: channel, equals: email}
    {all: [{field: language, in: [pl, en]}, {not: {field: subject, matches: "invoice|faktura"}}]}

It is compiled once, when the configuration is loaded; every fault is found then, each with its path. Asked later, it
is a pure function of the facts and cannot fail: a missing field is simply not equal, not above, not contained.

    equals, in        the very value (text exactly as written)
    contains          a part of a text, in any case of letters; or one element of a list
    matches           a regular expression anywhere in a text, in any case of letters
    above, below      numbers, and texts that are numbers; the bound itself is outside
    exists            true: there is a value and it is not empty; false: there is none
    all, any, not     combine conditions; several operators beside one `field` must all hold
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from caseway.kernel.operators import OPERATORS

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool]
Path = tuple[str | int, ...]
Fields = Collection[str] | Mapping[str, Collection[Any] | None]
"""The names a condition may use; a name ending in `.*` stands for all below it. As a mapping: to the values it may
take, or None for any."""

_DEEPEST = 20
"""Conditions within conditions; more is a mistake, and would exhaust the stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake in a condition."""

    path: Path
    expected: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or '(here)'}: {self.expected}"


class ConditionError(ValueError):
    """A condition that cannot be compiled; `faults` has every mistake with its path."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A compiled condition; equal to another when it was written the same."""

    raw: Any
    fields: frozenset[str]
    """Every field it looks at."""
    test: Test = field(compare=False, repr=False)

    def __call__(self, facts: Facts) -> bool:
        """Whether it holds."""
        return self.test(facts)


ALWAYS = Condition(raw=True, fields=frozenset(), test=lambda _: True)
"""What a rule without a condition has; written `true` in YAML."""


class Rule(Protocol):
    """Anything with a condition."""

    @property
    def when(self) -> Condition:
        """When the rule applies."""
        ...


AnyRule = TypeVar("AnyRule", bound=Rule)


def first_match(rules: Iterable[AnyRule], facts: Facts) -> AnyRule | None:
    """The first rule whose condition holds, in the order written; None when none does."""
    for rule in rules:
        if rule.when.test(facts):
            return rule
    return None


def compile_condition(raw: Any, fields: Fields) -> Condition:
    """Read a condition.

    Args:
        raw: as YAML gives it.
        fields: the names it may use.

    Raises:
        ConditionError: with every fault.

    >>> urgent = compile_condition({"all": [{"field": "channel", "equals": "phone"}]}, {"channel"})
    >>> urgent({"channel": "phone"}), urgent({"channel": "web"})
    (True, False)
    >>> try:
    ...     compile_condition({"field": "chanel", "equals": "phone"}, {"channel"})
    ... except ConditionError as wrong:
    ...     print(wrong)
    field: unknown field 'chanel'; expected one of channel
    """
    reading = _Reading(fields)
    test = reading.condition(raw, ())
    if reading.faults:
        raise ConditionError(reading.faults)
    return Condition(raw=raw, fields=frozenset(reading.used), test=test)


def value_of(facts: Facts, name: str) -> Any:
    """What the facts say under a dotted name: given flat, or as mappings and objects in each other; None for nothing.

    >>> value_of({"customer": {"id": "C-1"}}, "customer.id")
    'C-1'
    """
    if name in facts:
        return facts[name]
    value: Any = facts
    for part in name.split("."):
        # `dict` by its name first: whether a value is any mapping takes as long as all the rest
        is_mapping = type(value) is dict or isinstance(value, Mapping)
        value = value.get(part) if is_mapping else getattr(value, part, None)
        if value is None:
            return None
    return value


def _never(_: Facts) -> bool:
    return False


class _Reading:
    """One compilation: collects the faults and the fields used."""

    def __init__(self, fields: Fields) -> None:
        self.faults: list[Fault] = []
        self.used: set[str] = set()
        self._fields = fields

    def fault(self, path: Path, expected: str) -> Test:
        self.faults.append(Fault(path=path, expected=expected))
        return _never

    def condition(self, raw: Any, path: Path) -> Test:
        if raw is True:
            return ALWAYS.test
        if len(path) > 2 * _DEEPEST:
            return self.fault(path, f"at most {_DEEPEST} conditions within each other")
        if isinstance(raw, Sequence) and not isinstance(raw, str):
            return self._joined("all", raw, path)
        if not isinstance(raw, Mapping) or not raw:
            return self.fault(path, "a condition, such as {field: channel, equals: email}; leave it out for always")
        if "field" in raw:
            return self._leaf(raw, path)
        return self._combined(raw, path)

    def _combined(self, raw: Mapping[Any, Any], path: Path) -> Test:
        (name, inner), *more = raw.items()
        if more:
            return self.fault(path, f"either 'field' with operators, or one of all, any, not; found {_list(raw)}")
        if name == "not":
            test = self.condition(inner, (*path, "not"))
            return lambda facts: not test(facts)
        if name in {"all", "any"}:
            return self._joined(name, inner, (*path, name))
        return self.fault((*path, name), f"unknown: {name!r}; expected field, all, any or not")

    def _joined(self, name: str, inner: Any, path: Path) -> Test:
        if not isinstance(inner, Sequence) or isinstance(inner, str) or not inner:
            return self.fault(path, "a list of at least one condition")
        tests = tuple(self.condition(each, (*path, index)) for index, each in enumerate(inner))
        if len(tests) == 1:
            return tests[0]
        return _all(tests) if name == "all" else _any(tests)

    def _leaf(self, raw: Mapping[Any, Any], path: Path) -> Test:
        name = raw["field"]
        if not isinstance(name, str) or not _is_declared(name, self._fields):
            known = f"; expected one of {_list(self._fields)}"
            return self.fault((*path, "field"), f"unknown field {name!r}{known}")
        self.used.add(name)
        tests = tuple(self._operator(name, key, raw[key], (*path, key)) for key in raw if key != "field")
        if not tests:
            return self.fault(path, f"an operator: {_list(OPERATORS)}")
        return tests[0] if len(tests) == 1 else _all(tests)

    def _operator(self, name: str, operator: Any, operand: Any, path: Path) -> Test:
        build = OPERATORS.get(operator)
        if build is None:
            return self.fault(path, f"unknown operator {operator!r}; expected one of {_list(OPERATORS)}")
        try:
            asks = build(operand)
        except ValueError as wrong:
            return self.fault(path, str(wrong))
        if operator in {"equals", "in"} and (strange := self._strange(name, operand)):
            return self.fault(path, strange)
        if "." in name:
            return lambda facts: asks(value_of(facts, name))
        if operator == "equals" and isinstance(operand, str):
            return lambda facts: bool(facts.get(name) == operand)  # most conditions: asked without a further call
        return lambda facts: asks(facts.get(name))

    def _strange(self, name: str, operand: Any) -> str:
        """What is wrong with the operand where the field's values are declared; empty when nothing is."""
        allowed = self._fields.get(name) if isinstance(self._fields, Mapping) else None
        given = operand if isinstance(operand, list | tuple) else [operand]
        wrong = [value for value in given if allowed is not None and value not in allowed]
        return f"{name} is never {_list(wrong)}; expected one of {_list(allowed or ())}" if wrong else ""


def _all(tests: Sequence[Test]) -> Test:
    def test(facts: Facts) -> bool:
        return all(each(facts) for each in tests)

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(facts: Facts) -> bool:
        return any(each(facts) for each in tests)

    return test


def _is_declared(name: str, fields: Collection[str]) -> bool:
    return name in fields or any(f"{above}.*" in fields for above in _above(name))


def _above(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _list(values: Iterable[Any]) -> str:
    return ", ".join(sorted(map(str, values)))
