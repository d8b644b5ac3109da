"""What a template looks like, before anybody gets it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway_notifier.adapters.templates import Templates
from caseway_notifier.domain.content import Content

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


def previewed(words: Templates, name: str, language: str) -> Content:
    """The template with sample data; raises UnrenderableError."""
    return words.render(name, language, sample(words.names(name)))


def remarks(words: Templates, used: Iterable[str]) -> list[str]:
    """What is no fault and yet worth a look: templates that nothing uses, and languages that some lack."""
    there = set(used)
    lines = [f"{name}: no rule uses it" for name in words.all_names() if name not in there]
    missing = (
        name for name in sorted(there & set(words.all_names())) if words.default_language not in words.languages(name)
    )
    return [*lines, *(f"{name}: not in the default language, {words.default_language}" for name in missing)]
