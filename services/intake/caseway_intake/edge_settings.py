"""What the edge reads: mailboxes, numbers and triage rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from caseway.kernel.rules import ALWAYS, Condition
from caseway.kernel.vocabulary import Channel, Priority
from caseway.runtime.configuration import condition_over
from caseway_intake.domain.words import beginning, fold

FIELDS = frozenset(
    {
        "channel",
        "subject",
        "text",
        "language",
        "mailbox",
        "dialled",
        "form",
        "platform",
        "public",
        "automatic",
        "event",
        "sender",
        "sender_domain",
        "attachments_count",
        "customer.state",
        "customer.id",
        "record_type",
        "department",
        "escalation",
        "incident",
        "cause_department",
        "fields.*",
        "ivr.*",
        "attributes.*",
    }
)
"""What a triage rule may look at: a contact in the one form that all channels share."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
"""ISO 639, such as `pl`."""


def folded_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Beginnings of words, as texts are searched for them."""
    folded = tuple(beginning(fold(word)) for word in words)
    if not all(each.strip() for each in folded):
        raise ValueError("words with letters or digits in them")
    return folded


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none: `priorities` is empty"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mailbox(_Part):
    """One of our addresses."""

    address: str = Field(pattern=r"^[^@\s]{1,64}@[^@\s]+$")
    aliases: tuple[str, ...] = ()
    """Further addresses that are delivered to it."""
    language: Language | None = None
    """Of those who write here, when a text does not tell."""
    department: str | None = None

    @field_validator("address", "aliases", mode="after")
    @classmethod
    def _folded(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        return value.casefold() if isinstance(value, str) else tuple(each.casefold() for each in value)


class DialledNumber(_Part):
    """One of our numbers."""

    number: str = Field(pattern=r"^\+[1-9]\d{5,14}$")
    """E.164."""
    language: Language | None = None
    department: str | None = None


class Mailboxes(_Part):
    """mailboxes.yaml: where customers reach us."""

    region: str = Field(default="PL", pattern=r"^[A-Z]{2}$")
    """ISO 3166: where a number without a country code is."""
    mailboxes: tuple[Mailbox, ...] = Field(min_length=1)
    numbers: tuple[DialledNumber, ...] = ()
    message_silence_hours: float = Field(default=72, gt=0)
    """After this long without a word, the next message of a conversation begins a new case."""
    chat_continues_hours: float = Field(default=48, ge=0, le=14 * 24)
    """So long after a chat, a mail of the same customer about the same matter joins its case."""

    @model_validator(mode="after")
    def _each_once(self) -> Mailboxes:
        addresses = [each for box in self.mailboxes for each in (box.address, *box.aliases)]
        twice = sorted({each for each in addresses if addresses.count(each) > 1})
        if twice:
            raise ValueError(f"each address once; twice: {', '.join(twice)}")
        return self

    @cached_property
    def by_address(self) -> Mapping[str, Mailbox]:
        """Our mailboxes by each of their addresses; asked for every mail, so found once."""
        return {each: box for box in self.mailboxes for each in (box.address, *box.aliases)}

    @property
    def domains(self) -> frozenset[str]:
        """The domains that our mailboxes are at."""
        return frozenset(each.rpartition("@")[2] for box in self.mailboxes for each in (box.address, *box.aliases))


class Languages(_Part):
    """Which languages the desk knows."""

    known: tuple[Language, ...] = Field(min_length=1)
    default: Language
    """Where nothing tells."""
    confidence: float = Field(default=0.6, ge=0, le=1)
    """Least probability at which the text's language is believed."""

    @model_validator(mode="after")
    def _default_is_known(self) -> Languages:
        if self.default not in self.known:
            raise ValueError(f"`default` among `known`: {', '.join(self.known)}")
        return self


_ASPECTS = (
    "category",
    "priority",
    "class_",
    "complexity",
    "preferred_channel",
    "department",
    "impact",
    "urgency",
    "product",
    "service",
)


class TriageRule(_Part):
    """What a contact is judged to be when its condition holds; what it leaves out, later rules may say."""

    name: str
    when: Annotated[Condition, condition_over(FIELDS)] = ALWAYS
    words: tuple[str, ...] = ()
    """Beginnings of words, or of phrases, of which subject or text must have one; in any size of letters, with or
    without accents: `zamowien` finds `Zamówienie`. Far cheaper than patterns, and what a desk can write itself."""
    category: str | None = None
    priority: Priority | None = None
    class_: str | None = Field(default=None, alias="class")
    complexity: Literal["basic", "advanced"] | None = None
    preferred_channel: Channel | None = None
    department: str | None = None
    impact: str | None = None
    """How many it concerns, in words of `priorities`."""
    urgency: str | None = None
    product: str | None = None
    service: str | None = None
    """What entitlements call it, where that is not the category."""
    tags: tuple[str, ...] = ()

    @cached_property
    def says(self) -> Mapping[str, Any]:
        """The aspects that it decides, by the names of the wire's `Triage`; asked for every contact, so found once."""
        return {name: value for name in _ASPECTS if (value := getattr(self, name)) is not None}

    @field_validator("words", mode="after")
    @classmethod
    def _are_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return folded_words(words)


class CampaignEntry(_Part):
    """One campaign: what a contact that came by it looks like."""

    tag: str = Field(min_length=1, max_length=100)
    """Exactly as it has to stand in the inquiry, such as `【DMをみた】`."""
    when: Annotated[Condition, condition_over(FIELDS)] = ALWAYS
    words: tuple[str, ...] = ()
    from_on: dt.date | None = None
    until_on: dt.date | None = None

    @field_validator("words", mode="after")
    @classmethod
    def _are_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return folded_words(words)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> CampaignEntry:
        if self.from_on and self.until_on and self.until_on < self.from_on:
            raise ValueError("`until_on` not before `from_on`")
        return self


class GuidanceEntry(_Part):
    """One text that helps the agent, and when."""

    name: str
    kind: str = "help"
    when: Annotated[Condition, condition_over(FIELDS | {"category", "product", "class", "state"})] = ALWAYS
    hides: tuple[str, ...] = ()
    """Kinds of texts that have no place beside it."""


class ClassEntry(_Part):
    """A class of cases that goes before every priority."""

    priority: Priority = Priority.URGENT
    statutory: str | None = None
    """The clock that a law sets, by name."""


class RecordTypeEntry(_Part):
    """The states of one type of record."""

    states: tuple[str, ...] = Field(min_length=1)
    moves: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _moves_between_states(self) -> RecordTypeEntry:
        named = {*self.moves, *(each for to in self.moves.values() for each in to)}
        strange = sorted(named - set(self.states))
        if strange:
            raise ValueError(f"`moves` between `states`; not among them: {', '.join(strange)}")
        return self


class Triage(_Part):
    """triage.yaml: what a contact is about, how urgent, in which language."""

    languages: Languages
    priorities: dict[str, dict[str, Priority]] = Field(default_factory=dict)
    """By impact, then urgency: where no rule names a priority."""
    classes: dict[str, ClassEntry] = Field(default_factory=lambda: {"data_protection": ClassEntry()})
    guidance: tuple[GuidanceEntry, ...] = ()
    campaigns: tuple[CampaignEntry, ...] = ()
    record_types: dict[Literal["case", "voice"], RecordTypeEntry] = Field(default_factory=dict)
    rules: tuple[TriageRule, ...] = ()
    """Tried in order: for each thing said, the first rule that says it decides; tags add up."""

    @model_validator(mode="after")
    def _in_known_words(self) -> Triage:
        urgencies = {urgency for row in self.priorities.values() for urgency in row}
        for rule in self.rules:
            if rule.impact is not None and rule.impact not in self.priorities:
                raise ValueError(f"{rule.name}: `impact` among {_list(self.priorities)}")
            if rule.urgency is not None and rule.urgency not in urgencies:
                raise ValueError(f"{rule.name}: `urgency` among {_list(urgencies)}")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> Triage:
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each rule's name once; twice: {', '.join(twice)}")
        return self
