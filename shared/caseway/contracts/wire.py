"""What every message on the wire has in common."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

_AWARE = core_schema.datetime_schema(tz_constraint="aware")
_AWARE_ONLY = core_schema.datetime_schema(strict=True, tz_constraint="aware")
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

_CONFIGURATION = ConfigDict(
    frozen=True,
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


def instant(text: str) -> dt.datetime:
    """The instant that an RFC 3339 text names.

    Raises:
        ValueError: the text has no offset, or is no instant.
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant without an offset")
    return moment
