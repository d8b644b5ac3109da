"""What a contact is about, how urgent, in which language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from caseway.kernel.rules import Condition
from caseway_intake.domain.words import fold, has_any

Detect = Callable[[str, tuple[str, ...]], tuple[str, float]]
"""Gives the likeliest of the known languages of a text and its probability; an empty language where it is another."""

LONGEST_LOOKED_AT = 8_000
"""Characters of a text that rules look at: bounds what a customer's text can cost."""
_DETECTED_ON = 200
"""Characters that tell a language; twice as many take twice the time, and tell no more."""
_FEWEST_LETTERS = 8
"""A text of fewer letters, such as `OK`, tells no language."""
_ASPECTS = ("category", "priority", "class_", "complexity", "preferred_channel", "department")


class Rule(Protocol):
    """One rule of triage.yaml; what it leaves out is None. Its further attributes are the aspects it decides."""

    @property
    def name(self) -> str:
        """As the case names it."""
        ...

    @property
    def when(self) -> Condition:
        """When it applies."""
        ...

    @property
    def words(self) -> tuple[str, ...]:
        """Folded beginnings of words, of which one must stand in subject or text; none: any text."""
        ...

    @property
    def tags(self) -> tuple[str, ...]:
        """Added where it applies."""
        ...


class Languages(Protocol):
    """What the configuration says about languages."""

    @property
    def known(self) -> tuple[str, ...]:
        """The desk's languages."""
        ...

    @property
    def default(self) -> str:
        """Where nothing tells."""
        ...

    @property
    def confidence(self) -> float:
        """Least probability that is believed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules say."""

    aspects: Mapping[str, Any] = field(default_factory=dict)
    """By the names of the wire's `Triage`; only those that a rule decided."""
    tags: tuple[str, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    """For each aspect, the rule that decided it."""


def judge(rules: Iterable[Rule], facts: Mapping[str, Any]) -> Judgement:
    """Each aspect by the first rule that says something about it; tags of all that apply."""
    folded = fold(f"{facts['subject']} \n {facts['text'][:LONGEST_LOOKED_AT]}")
    aspects: dict[str, Any] = {}
    deciding: dict[str, str] = {}
    tags: dict[str, None] = {}
    for rule in rules:
        said = {name: value for name in _ASPECTS if name not in aspects and (value := getattr(rule, name)) is not None}
        if not said and not rule.tags:
            continue
        if (rule.words and not has_any(folded, rule.words)) or not rule.when(facts):
            continue
        aspects |= said
        deciding |= dict.fromkeys((name.rstrip("_") for name in said), rule.name)
        tags |= dict.fromkeys(rule.tags)
    return Judgement(aspects=aspects, tags=tuple(tags), rules=deciding)


def language_of(text: str, hints: Iterable[str | None], languages: Languages, detect: Detect) -> str:
    """The text's language where it tells; else the first hint that the desk knows; else the default.

    Args:
        text: subject and text.
        hints: what gateway, keys of a call, customer's record and mailbox say, the nearest first.
        languages: of the desk.
        detect: the detector.
    """
    sample = text[:_DETECTED_ON]
    if sum(map(str.isalpha, sample)) >= _FEWEST_LETTERS:
        detected, probability = detect(sample, languages.known)
        if detected and probability >= languages.confidence:
            return detected
    known = (each.lower()[:2] for each in hints if each)
    return next((each for each in known if each in languages.known), languages.default)
