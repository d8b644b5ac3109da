"""What the notifier reads of senders and lists."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from caseway_notifier.domain import addresses
from caseway_notifier.domain.content import one_line

_LONGEST_LIST = 50_000
"""Members: a broadcast's frozen recipients are one document of at most 16 MB."""


def _address(text: str) -> str:
    found = addresses.normal(text)
    if not found:
        raise ValueError("a mail address")
    return found


def _line(text: str) -> str:
    if one_line(text) != text:
        raise ValueError("one line of text, without control characters")
    return text


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone, such as Europe/Warsaw") from None
    return text


Address = Annotated[str, AfterValidator(_address)]
Line = Annotated[str, AfterValidator(_line)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)?$")]


class Part(BaseModel):
    """A piece of a file; what it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SenderEntry(Part):
    """One address that mail is sent from."""

    name: Line
    """What the recipient's client shows."""
    address: Address
    signature: str = ""
    signed_reply: bool = False
    """Whether replies go to `mailbox+…@`, which names the case; the mailbox must accept such addresses."""
    verified: bool = False
    """Whether its owner has confirmed it (S1-21): no rule may use one that is not."""


class RetryEntry(Part):
    """How often and how long an attempt is repeated."""

    first: dt.timedelta = dt.timedelta(seconds=30)
    longest: dt.timedelta = dt.timedelta(hours=1)
    attempts: int = Field(default=20, ge=1, le=1000)
    give_up_after: dt.timedelta = dt.timedelta(days=2)


class BudgetEntry(Part):
    """How many automatic answers one address gets from one sender within a sliding window."""

    answers: int = Field(default=10, ge=1)
    window: dt.timedelta = dt.timedelta(hours=3)


class PaceEntry(Part):
    """How fast mail leaves, by process."""

    connections: int = Field(default=8, ge=1, le=200)
    per_destination: int = Field(default=4, ge=1, le=200)
    attempt: dt.timedelta = Field(default=dt.timedelta(seconds=30), gt=dt.timedelta(0), le=dt.timedelta(minutes=10))
    lease: dt.timedelta = Field(default=dt.timedelta(seconds=15), ge=dt.timedelta(seconds=1))


class SendersFile(Part):
    """senders.yaml: in whose name, and how patiently."""

    domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    """Behind the `@` of Message-IDs."""
    default_language: Language = "en"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """In which instants are written."""
    senders: dict[str, SenderEntry] = Field(min_length=1)
    retry: RetryEntry = RetryEntry()
    budget: BudgetEntry = BudgetEntry()
    pace: PaceEntry = PaceEntry()


class MemberEntry(Part):
    """One person on a list; a bare address will do."""

    address: Address
    name: Line = ""
    language: Language | Literal[""] = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        return {"address": raw} if isinstance(raw, str) else raw


Members = Annotated[tuple[MemberEntry, ...], Field(min_length=1, max_length=_LONGEST_LIST)]


class ListsFile(Part):
    """lists.yaml: groups of people, by name."""

    lists: dict[str, Members] = Field(default_factory=dict)
    roles: dict[str, Members] = Field(default_factory=dict)
