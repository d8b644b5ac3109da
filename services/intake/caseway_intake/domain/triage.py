"""What a contact is about, how urgent, in which language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Protocol

from caseway.kernel.rules import Condition
from caseway.kernel.values import dataclass
from caseway.kernel.vocabulary import Priority
from caseway_intake.domain.words import fold, has_any

Detect = Callable[[str, tuple[str, ...]], tuple[str, float]]
"""Gives the likeliest of the known languages of a text and its probability; an empty language where it is another."""

LONGEST_LOOKED_AT = 8_000
"""Characters of a text that rules look at: bounds what a customer's text can cost."""
_DETECTED_ON = 200
"""Characters that tell a language; twice as many take twice the time, and tell no more."""
_FEWEST_LETTERS = 8
"""A text of fewer letters, such as `OK`, tells no language."""


class Rule(Protocol):
    """One rule of triage.yaml."""

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
    def says(self) -> Mapping[str, Any]:
        """The aspects that it decides, by the names of the wire's `Triage`."""
        ...

    @property
    def tags(self) -> tuple[str, ...]:
        """Added where it applies."""
        ...


class ClassRule(Protocol):
    """What belonging to a class means, such as `data_protection`."""

    @property
    def priority(self) -> Priority:
        """Of every case of the class."""
        ...

    @property
    def statutory(self) -> str | None:
        """The clock that the law sets, by name."""
        ...


class RecordTypeRule(Protocol):
    """The states of one type of record (S1-25)."""

    @property
    def states(self) -> tuple[str, ...]:
        """In order; a new record has the first."""
        ...

    @property
    def moves(self) -> Mapping[str, tuple[str, ...]]:
        """From each state, where it may go; a state that is not named may go anywhere."""
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
    folded: str = ""
    """Subject and text, as words were looked for in them."""


def judge(rules: Iterable[Rule], facts: Mapping[str, Any]) -> Judgement:
    """Each aspect by the first rule that says something about it; tags of all that apply."""
    folded = fold(f"{facts['subject']} \n {facts['text'][:LONGEST_LOOKED_AT]}")
    aspects: dict[str, Any] = {}
    deciding: dict[str, str] = {}
    tags: dict[str, None] = {}
    for rule in rules:
        if not rule.tags and rule.says.keys() <= aspects.keys():
            continue
        if (rule.words and not has_any(folded, rule.words)) or not rule.when.test(facts):
            continue
        said = {name: value for name, value in rule.says.items() if name not in aspects}
        aspects |= said
        deciding |= dict.fromkeys((name.rstrip("_") for name in said), rule.name)
        tags |= dict.fromkeys(rule.tags)
    return Judgement(aspects=aspects, tags=tuple(tags), rules=deciding, folded=folded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """Which language routes a contact, and in which it is answered."""

    language: str
    confidence: float | None
    """Of the text's language; none where the text did not tell."""
    reply: str


def priority_of(
    judgement: Judgement, class_: ClassRule | None, priorities: Mapping[str, Mapping[str, Priority]]
) -> tuple[Priority, str | None]:
    """The priority and what decided it: the class, else a rule, else impact and urgency together (S4-05, S4-20)."""
    named: Priority | None = judgement.aspects.get("priority")
    if class_ is not None and (named is None or class_.priority.rank > named.rank):
        return class_.priority, "class"
    if named is not None:
        return named, judgement.rules.get("priority")
    impact, urgency = judgement.aspects.get("impact"), judgement.aspects.get("urgency")
    found = priorities.get(impact or "", {}).get(urgency or "")
    return (found, "impact-and-urgency") if found else (Priority.NORMAL, None)


def may_move(rule: RecordTypeRule | None, before: str | None, after: str) -> bool:
    """Whether a record of this type may go from one of its own states to another."""
    if rule is None or after not in rule.states:
        return False
    return before is None or after in rule.moves.get(before, rule.states)


def tongue_of(
    text: str, hints: Iterable[str | None], preferred: str | None, languages: Languages, detect: Detect
) -> Tongue:
    """The text's language where it tells, else the first hint; and the customer's own for the answer (S4-10)."""
    found, confidence = _detected(text, languages, detect)
    language = found or _hinted(hints, languages)
    wanted = (preferred or "").lower()[:2]
    return Tongue(
        language=language,
        confidence=confidence if found else None,
        reply=wanted if wanted in languages.known else language,
    )


def language_of(text: str, hints: Iterable[str | None], languages: Languages, detect: Detect) -> str:
    """The text's language where it tells; else the first hint that the desk knows; else the default.

    Args:
        text: subject and text.
        hints: what gateway, keys of a call, customer's record and mailbox say, the nearest first.
        languages: of the desk.
        detect: the detector.
    """
    return tongue_of(text, hints, None, languages, detect).language


def _detected(text: str, languages: Languages, detect: Detect) -> tuple[str, float]:
    sample = text[:_DETECTED_ON]
    if not _has_letters(sample):
        return "", 0.0
    detected, probability = detect(sample, languages.known)
    return (detected, round(probability, 3)) if detected and probability >= languages.confidence else ("", 0.0)


def _has_letters(sample: str) -> bool:
    """Enough of them; most texts show it by their first words."""
    few = 4 * _FEWEST_LETTERS
    return any(sum(map(str.isalpha, part)) >= _FEWEST_LETTERS for part in (sample[:few], sample))


def _hinted(hints: Iterable[str | None], languages: Languages) -> str:
    known = (each.lower()[:2] for each in hints if each)
    return next((each for each in known if each in languages.known), languages.default)
