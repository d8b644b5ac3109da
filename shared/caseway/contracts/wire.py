"""What every message on the wire has in common."""

from __future__ import annotations

import datetime as dt
import math
from types import ModuleType
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

# within these, an instant of any offset can be turned into UTC, and stored
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)
_AWARE = core_schema.datetime_schema(tz_constraint="aware", ge=_FIRST, le=_LAST)
_AWARE_ONLY = core_schema.datetime_schema(strict=True, tz_constraint="aware", ge=_FIRST, le=_LAST)
_DATED = core_schema.str_schema(strict=True, pattern=r"^\d{4}-")

Instant = Annotated[
    dt.datetime,
    # pydantic by itself also takes seconds since 1970, as a number or as text
    GetPydanticSchema(
        lambda _source, _handler: core_schema.json_or_python_schema(
            json_schema=core_schema.chain_schema([_DATED, _AWARE]),
            python_schema=_AWARE_ONLY,
        )
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""RFC 3339 with an offset: a bare number is refused, and so is a text without an offset."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A length of time; never negative."""

_EXACT = 2**53
"""Up to here every JSON reader holds a whole number exactly; MongoDB holds more."""

Whole = Annotated[int, Field(ge=-_EXACT, le=_EXACT)]
"""A whole number."""

Count = Annotated[int, Field(ge=0, le=_EXACT)]
"""How many; never negative."""

Ordinal = Annotated[int, Field(ge=1, le=_EXACT)]
"""The how-manieth, from 1."""

Name = Annotated[str, Field(pattern=r"^[^\x00]*$")]
"""The key of a map: MongoDB takes no NUL in it."""

_MAX_DEPTH = 20
"""Levels in a free value; MongoDB refuses documents beyond 100."""


def _storable(values: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [values] if values else []
    for _ in range(_MAX_DEPTH):
        if not level:
            return values
        level = [inner for value in level for inner in _parts_of(value)]
    if level:
        raise ValueError("nested too deeply")
    return values


def _parts_of(value: Any) -> list[Any]:
    if isinstance(value, dict):
        if any("\x00" in name for name in value):
            raise ValueError("a name with a NUL")
        return list(value.values())
    if isinstance(value, list):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a number of JSON")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("a number beyond 64 bits")
    return []


Fields = Annotated[dict[str, Any], AfterValidator(_storable)]
"""Values whose names are not ours: a form's fields, attributes of a gateway. Anything JSON can say that can be stored."""

_CONFIGURATION = ConfigDict(
    frozen=True,
    use_attribute_docstrings=True,  # they become descriptions in the JSON Schemas
    allow_inf_nan=False,
    extra="ignore",
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
)


class Part(BaseModel):
    """A piece of a message, such as its actor."""

    model_config = _CONFIGURATION


class WireModel(BaseModel):
    """The data of one type of message."""

    model_config = _CONFIGURATION

    TYPE: ClassVar[str]
    """`ce_type`, with its version."""
    TOPIC: ClassVar[str]
    """Where it is published; ask `topic()` for one message."""
    KEY: ClassVar[str]
    """The field whose value decides the partition; ask `key()` for one message."""

    def key(self) -> str:
        """What decides the partition."""
        return str(getattr(self, self.KEY))

    def topic(self) -> str:
        """Where this message is published."""
        return self.TOPIC


class Fact(WireModel):
    """Something that happened."""

    at: Instant
    """When it happened; when it was recorded is the broker's time."""
    cause: str
    """The `ce_id` that led to it."""
    configuration: str
    """The version of the configuration by which it was decided."""


def models_in(*modules: ModuleType) -> tuple[type[WireModel], ...]:
    """The messages that the modules define, in their order; imported and merely shared ones are left out."""
    return tuple(
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, WireModel)
        and "TYPE" in vars(each)
        and each.__module__ == module.__name__
    )
