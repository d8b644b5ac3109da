"""What the files that escalation reads are made of."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator

from caseway.contracts import milestones
from caseway.contracts.topology import topics_read_by
from caseway.contracts.wire import models_in
from caseway.kernel.rules import Condition, ConditionError, Fault, compile_condition
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway_escalation.domain.case import PROMISE_FIELDS, STANDING_FIELDS

_VALUES: Mapping[str, Any] = {"channel": Channel, "priority": Priority, "turn": Turn, "status": CaseStatus}
STANDING = {name: frozenset(map(str, _VALUES[name])) if name in _VALUES else None for name in STANDING_FIELDS}
PROMISING = {name: STANDING[name] for name in PROMISE_FIELDS}
_LONGEST = dt.timedelta(hours=100_000)
"""The longest target, about eleven years round the clock: a longer one is a slip of the pen."""

_UNITS = (3600, 60, 1)
"""Seconds in what `_DURATION` finds."""
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)


def _duration(raw: Any) -> dt.timedelta:
    found = _DURATION.fullmatch(raw) if isinstance(raw, str) and raw and len(raw) <= 20 else None
    if found is None:
        raise ValueError("a length such as 8h, 15m, 20s or 1h30m (no days: their business hours differ)")
    seconds = sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS, strict=True) if number)
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"at most {_LONGEST // dt.timedelta(hours=1)}h")
    return dt.timedelta(seconds=seconds)


def _target(raw: Any) -> dt.timedelta:
    length = _duration(raw)
    if not length:
        raise ValueError("more than nothing")
    return length


def _several(raw: Any) -> Any:
    return raw if isinstance(raw, list | tuple) else [raw]


Duration = Annotated[dt.timedelta, BeforeValidator(_duration)]
Target = Annotated[dt.timedelta, BeforeValidator(_target)]
Durations = Annotated[tuple[Duration, ...], BeforeValidator(_several)]
"""One length, or a list."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


class Written(BaseModel):
    """A piece of YAML: nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WrittenTrigger(Written):
    """Which fact, and when: `{fact: case.replied, when: {field: actor.kind, equals: agent}}`."""

    fact: str
    """A type of the topics that escalation reads, without `caseway.` and version."""
    when: Any = True
    """Over the fact's own fields, and the case's below `case`: `case.channel`."""

    @model_validator(mode="after")
    def _is_known(self) -> WrittenTrigger:
        known = self.known()
        if self.fact not in known:
            raise ValueError(f"a fact of cases or work; {self.fact!r} is none of {', '.join(sorted(known))}")
        self.condition()
        return self

    @classmethod
    def known(cls) -> Mapping[str, Mapping[str, Any]]:
        """The facts that it may name, and the fields of each."""
        return FACTS

    def condition(self) -> Condition:
        """When it applies."""
        try:
            return compile_condition(self.when, self.known()[self.fact])
        except ConditionError as wrong:
            faults = [Fault(path=("when", *fault.path), expected=fault.expected) for fault in wrong.faults]
            raise ConditionError(faults) from None


def _fields(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, Any]]:
    """The names that a condition over such a fact may use."""
    for name, field in model.model_fields.items():
        full = f"{above}{name.rstrip('_')}"
        yield full, None
        for kind in _kinds(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _fields(kind, f"{full}.")
            elif get_origin(kind) is dict:
                yield f"{full}.*", None


def _kinds(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _known(*models: type[BaseModel]) -> Mapping[str, Mapping[str, Any]]:
    """By the fact's name, the fields that a condition over it may use: its own, and the case's below `case`."""
    below = {f"case.{name}": values for name, values in STANDING.items()}
    return {".".join(model.TYPE.split(".")[1:3]): dict(_fields(model)) | below for model in models}  # type: ignore[attr-defined]  # wire models have it


FACTS: Mapping[str, Mapping[str, Any]] = _known(
    *(
        model
        for topic in topics_read_by("escalation")
        for model in topic.models
        if topic.name in {"cases", "work"} and "case_id" in model.model_fields
    )
)
"""The fields of every fact that a trigger may name."""
PROMISED: Mapping[str, Mapping[str, Any]] = {
    **FACTS,
    **_known(*(model for model in models_in(milestones) if issubclass(model, milestones.MilestoneFact))),
}
"""Also of what escalation itself tells of promises: for ladders."""
