"""What a template looks like, before anybody gets it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from caseway_notifier.adapters.compiling import SENDERS_LAYOUT
from caseway_notifier.adapters.templates import Templates
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.terms import Terms
from caseway_notifier.subscription_settings import SubscriptionEntry

_SAMPLE: dict[str, Any] = {
    "case.number": 27,
    "case.subject": "AW: Zamówienie A-2026-0042",
    "case.priority": "urgent",
    "case.channel": "email",
    "case.agent": "agent-07",
    "case.language": "pl",
    "case.status": "open",
    "customer.id": "C-7",
    "customer.name": "Anna Nowak",
    "sender.name": "Example Shop",
    "sender.brand": "Example Shop",
    "sender.address": "support@example.com",
    "sender.signature": "Example Shop · support@example.com",
    "link.case": "https://desk.example.com/cases/27",
    "link.acknowledge": "https://desk.example.com/v1/acknowledgements/…",
    "fact.text": "Paczka nie przyszła.\n{{ 7*7 }} <b>fett</b>",
    "fact.title": "決済システムの停止",
    "fact.severity": "高",
    "fact.at": "2026-11-22 11:00",
    "fact.cause_department": "システム部",
    "fact.reason": "Klient prosi o przełożonego",
    "fact.kind": "first_response",
    "fact.due_at": "2026-11-22 12:00",
    "fact.expires_at": "2026-11-22 12:00",
    "fact.since": "2026-11-22 12:00",
    "fact.subject": "Re: Zamówienie A-2026-0042",
    "fact.order": "A-2026-0042",
    "fact.status": "shipped",
    "fact.expected_on": "2026-11-25",
    "fact.tracking": "EX-555-0142",
    "fact.department": "warehouse",
    "fact.person": "jonas.feld",
    "fact.area": "returns",
    "fact.tool": "https://remote.example.com/get",
    "fact.action": "erasure",
    "fact.granted": True,
    "fact.step": 1,
    "fact.rung": 2,
    "fact.count": 1,
    "fact.edition": 2,
    "fact.shape": "general",
    "fact.watch": "hand-over-unanswered",
    "fact.forum": "Council",
    "fact.to": "incident-office",
    "fact.conditions": "Payments fail since 10:30.",
    "fact.actions": "The provider is called.",
    "fact.needs": "A decision about refunds.",
    "fact.fields": [{"name": "name", "value": "Anna Nowak"}, {"name": "phone", "value": "+48 22 555 01 42"}],
    "fact.attributes": [
        {"name": "agent", "value": "agent-07"},
        {"name": "elapsed_minutes", "value": "25"},
        {"name": "link", "value": "https://desk.example.com/cases/27"},
    ],
    "fact.improvements": ["A second payment provider"],
    "fact.starts_at": "2026-11-16 00:00",
    "fact.ends_at": "2026-11-23 00:00",
    "fact.summary": "Cases opened: 412\nWithin 20 seconds: 83 %",
    "bundle.count": 3,
    "bundle.more": 1,
}
"""One value for each name that the ready templates look at; any other stands as its own name."""
_NOTICES = [
    {"subject": "Promise not kept: case #27", "text": "Case 27 (urgent): resolution was due at 12:00."},
    {"subject": "Two registrations, one customer?", "text": "The same phone."},
]


_FILES = [{"name": "etykieta.pdf", "url": "https://desk.example.com/v1/files/…/etykieta.pdf"}]


def speechless(words: Templates, terms: Terms, rules: Iterable[SubscriptionEntry]) -> list[str]:
    """Codes without a word: in a language that a template is written in, or asked for by a rule and in no table at all."""
    return sorted({*_untranslated(words, terms), *_unheard_of(words, terms, rules)})


def _untranslated(words: Templates, terms: Terms) -> Iterator[str]:
    for name in words.all_names():
        for table, language in itertools.product({table for _, table in words.terms(name)}, words.languages(name)):
            if lacking := terms.lacking(table, language):
                yield f"{name}.{language}: terms.yaml, {table}: no word for {', '.join(lacking)}"


def _unheard_of(words: Templates, terms: Terms, rules: Iterable[SubscriptionEntry]) -> Iterator[str]:
    for rule in rules:
        for field, table in words.terms(rule.template):
            if unknown := sorted(values_asked(rule.when.raw, field) - terms.codes(table)):
                yield f"{rule.name}: terms.yaml, {table}: no word for {', '.join(unknown)} in any language"


def values_asked(raw: Any, field: str) -> frozenset[str]:
    """The values of a field that a condition names.

    >>> sorted(values_asked({"all": [{"field": "a", "in": ["x", "y"]}, {"not": {"field": "a", "equals": "z"}}]}, "a"))
    ['x', 'y', 'z']
    """
    match raw:
        case list():
            return frozenset(value for each in raw for value in values_asked(each, field))
        case {"field": name} if name == field:
            return frozenset(map(str, (*raw.get("in", ()), *([raw["equals"]] if "equals" in raw else ()))))
        case dict():
            return values_asked(list(raw.values()), field)
        case _:
            return frozenset()


def sample(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Data for these dotted names.

    >>> sample(["case.number", "fact.odd"])["fact"]
    {'odd': '<fact.odd>'}
    """
    data: dict[str, Any] = {"notices": _NOTICES, "files": _FILES}
    for name in sorted(names):
        group, _, field = name.partition(".")
        if field:
            data.setdefault(group, {})[field] = _SAMPLE.get(name, f"<{name}>")
    return data


def previewed(words: Templates, name: str, language: str, layout: str = "") -> Content:
    """The template with sample data, in the first of its layouts; raises UnrenderableError."""
    data = sample(words.names(name))
    if SENDERS_LAYOUT in words.names(name):
        data["sender"]["layout"] = layout or min(words.layouts())
    return words.render(name, language, data)


def remarks(words: Templates, used: Iterable[str]) -> list[str]:
    """What is no fault and yet worth a look: templates that nothing uses, and languages that some lack."""
    there = set(used)
    lines = [f"{name}: no rule uses it" for name in words.all_names() if name not in there]
    missing = (
        name for name in sorted(there & set(words.all_names())) if words.default_language not in words.languages(name)
    )
    return [*lines, *(f"{name}: not in the default language, {words.default_language}" for name in missing)]
