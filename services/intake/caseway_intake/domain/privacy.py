"""What a case knows of a person's rights to their data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from caseway.kernel.rules import Condition

Action = Literal["access", "correction", "erasure", "consent", "restriction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """A person's request about their data, and the officer's decision."""

    id: str
    action: Action
    at: dt.datetime
    customer: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    granted: bool | None = None
    """None until an officer decides."""
    decided_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What was asked, and what came of it."""

    requests: tuple[DataRequest, ...] = ()
    restricted_by: str | None = None
    """The request since which the case is only kept."""
    restricted_until: dt.datetime | None = None
    """When it is erased by itself."""
    erased_by: str | None = None
    erased_at: dt.datetime | None = None

    def request(self, id: str) -> DataRequest | None:  # noqa: A002 - the word of the wire
        """The request with this id."""
        return next((each for each in self.requests if each.id == id), None)


class Retention(Protocol):
    """A law that wants certain cases kept."""

    @property
    def name(self) -> str:
        """As it is told to the person."""
        ...

    @property
    def when(self) -> Condition:
        """Which cases."""
        ...

    @property
    def days(self) -> int:
        """For how long after the case's last fact."""
        ...


def kept_by(laws: Sequence[Retention], facts: Mapping[str, Any], since: dt.datetime) -> tuple[str, dt.datetime] | None:
    """The law that wants the case kept longest, and until when; none where there is no such law."""
    holding = [(since + dt.timedelta(days=law.days), law.name) for law in laws if law.when(facts)]
    if not holding:
        return None
    until, name = max(holding)
    return name, until


def purposes(fields: Mapping[str, Any]) -> Iterable[str]:
    """The purposes that a request about consent names: one, or several."""
    named = fields.get("purpose", fields.get("purposes", ()))
    many = [named] if isinstance(named, str) else named if isinstance(named, list | tuple) else []
    return [each for each in many if isinstance(each, str) and each]
