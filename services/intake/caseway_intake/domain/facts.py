"""A case as conditions see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseway_intake.domain.case import Case

FIELDS = frozenset(
    {
        "channel",
        "subject",
        "category",
        "priority",
        "class",
        "language",
        "department",
        "complexity",
        "tags",
        "product",
        "state",
        "status",
        "turn",
        "record_type",
        "customer.state",
        "customer.id",
        "contacts_count",
        "reopened_count",
        "incident",
        "author",
        "genre",
        "title",
        "text",
        "escalation",
        "complaint",
        "fields.*",
        "confirmed.*",
    }
)
"""What rules about a case's life may look at: approval, retention, remote support."""


def facts_of(case: Case) -> Mapping[str, Any]:
    """The case's facts, by the names that rules use."""
    nature, voice = case.nature, case.voice
    judgement = voice.judgement if voice else None
    return {
        "channel": case.channel.value,
        "subject": nature.subject,
        "category": nature.category,
        "priority": nature.priority.value,
        "class": nature.class_,
        "language": nature.language,
        "department": nature.department,
        "complexity": nature.complexity,
        "tags": list(nature.tags),
        "product": nature.product,
        "state": nature.state,
        "status": case.status.value,
        "turn": case.turn.value,
        "record_type": case.record_type,
        "customer.state": case.customer.state,
        "customer.id": case.customer.id,
        "contacts_count": case.contacts_count,
        "reopened_count": case.reopened_count,
        "incident": case.incident is not None or bool(judgement and judgement.incident),
        "author": voice.author if voice else None,
        "genre": voice.genre if voice else None,
        "title": voice.title if voice else None,
        "text": voice.text if voice else None,
        "escalation": bool(voice and voice.escalation) or case.help.escalation is not None,
        "complaint": bool(judgement and judgement.complaint),
        "fields": nature.fields,
        "confirmed": nature.confirmed,
    }
