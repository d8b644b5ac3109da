"""A case, a voice, a call-back as people read them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from caseway_intake.case_settings import Life
from caseway_intake.domain.case import Case
from caseway_intake.domain.facts import facts_of

_ONLY_KEPT = ("case_id", "number", "version", "status", "turn", "channel", "category", "opened_at", "changed_at")
"""What is told of a case that a law or a request restricts."""


def shown(case: Case, life: Life | None = None) -> dict[str, Any]:
    """Everything that intake keeps of a case, and what may be done next."""
    return {**_nature(case), **_course(case), **_around(case), **(_offered(case, life) if life is not None else {})}


def shown_restricted(case: Case) -> dict[str, Any]:
    """A case whose data may not be used: that it is there, and until when."""
    told = shown(case)
    kept = {name: told[name] for name in _ONLY_KEPT}
    return {**kept, "restricted": True, "restricted_until": case.privacy.restricted_until}


def shown_voice(case: Case) -> dict[str, Any]:
    """What all employees see of a voice: nothing that names the customer (S0-03)."""
    voice = case.voice
    if voice is None or voice.sharing is None:
        return {}
    judgement, sharing = voice.judgement, voice.sharing
    return {
        "case_id": case.id,
        "number": case.number,
        "shapes": sharing.shapes,
        "title": sharing.title,
        "text": sharing.text,
        "edition": sharing.edition,
        "genre": voice.genre,
        "department": case.nature.department,
        "shared_at": sharing.at,
        "judgement": None
        if judgement is None
        else {
            "complaint": judgement.complaint,
            "incident": judgement.incident,
            "is_checked": judgement.checked_by is not None,
        },
    }


def shown_callback(case: Case) -> dict[str, Any]:
    """One line of the 対応シート: who is to be called back, and what they are to be asked (S2-14)."""
    escalation = case.help.escalation
    return {
        "case_id": case.id,
        "number": case.number,
        "priority": case.nature.priority,
        "customer": case.customer.name,
        "call": case.answer.to,
        "asked_for": case.circle.asked_for,
        "escalation": asdict(escalation) if escalation is not None else None,
        "questions": [asdict(each) for each in case.help.advices],
        "subject": case.nature.subject,
    }


def _nature(case: Case) -> dict[str, Any]:
    nature, customer = case.nature, case.customer
    return {
        "case_id": case.id,
        "number": case.number,
        "version": case.version,
        "record_type": case.record_type,
        "status": case.status,
        "state": nature.state,
        "turn": case.turn,
        "channel": case.channel,
        "subject": nature.subject,
        "language": nature.language,
        "category": nature.category,
        "product": nature.product,
        "priority": nature.priority,
        "class": nature.class_,
        "complexity": nature.complexity,
        "tags": nature.tags,
        "department": nature.department,
        "preferred_channel": nature.preferred_channel,
        "missing_fields": nature.missing_fields,
        "to_confirm": nature.to_confirm,
        "fields": nature.fields,
        "confirmed": nature.confirmed,
        "customer": {
            "state": customer.state,
            "id": customer.id,
            "candidates": customer.candidates,
            "name": customer.name,
        },
    }


def _course(case: Case) -> dict[str, Any]:
    return {
        "opened_at": case.opened_at,
        "changed_at": case.at,
        "answered_at": case.answered_at,
        "resolved_at": case.resolved_at,
        "closed_at": case.closed_at,
        "held_until": case.held_until,
        "is_held": case.is_held,
        "reopened_count": case.reopened_count,
        "incident": case.incident,
        "contacts_count": case.contacts_count,
        "source_keys": case.keys,
        "last": [
            {"at": each.at, "kind": each.kind, "author": each.author, "channel": each.channel, "text": each.text}
            for each in case.entries
        ],
    }


def _around(case: Case) -> dict[str, Any]:
    """What few cases have."""
    privacy = case.privacy
    return {
        "voice": asdict(case.voice) if case.voice is not None else None,
        "response": asdict(case.response) if case.response is not None else None,
        "help": asdict(case.help),
        **asdict(case.circle),
        **asdict(case.ties),
        "proposals": [asdict(each) for each in case.proposals],
        "data_requests": [
            {"id": each.id, "action": each.action, "at": each.at, "granted": each.granted} for each in privacy.requests
        ],
        "restricted": privacy.restricted_by is not None,
        "erased_at": privacy.erased_at,
    }


def _offered(case: Case, life: Life) -> dict[str, Any]:
    """In which of the situations remote support is to be offered now (S2-12), and the set phrases (S2-14)."""
    facts = facts_of(case)
    situations = [each.name for each in life.remote.situations if each.when(facts)] if life.remote.tools else []
    return {"remote": {"situations": situations, "purposes": life.remote.purposes}, "phrases": life.phrases}
