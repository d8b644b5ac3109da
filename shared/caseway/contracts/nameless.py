"""A fact about a case without the person it tells of.

What is kept longer than the topics keep it must name nobody, and must still be such that replay and figures can read it.
So nothing is looked for and taken out: only what is known to be harmless is kept. A new field is left out until somebody
says here that it may stay.
"""

from __future__ import annotations

from typing import Any

from caseway.contracts.codec import dump_plain
from caseway.contracts.wire import WireModel
from caseway.kernel.ids import digest

KEPT = frozenset(
    [
        "at",
        "cause",
        "configuration",
        "case_id",
        "turn",
        "status",
        "record_type",
        "about_case",
        "other",
        "relation",
        "into",
        "parent",
        "child",
        "incident",
        "kind",
        "occurrence",
        "template",
        "contact",
        "channel",
        "direction",
        "category",
        "priority",
        "class",
        "complexity",
        "department",
        "preferred_channel",
        "language",
        "reply_language",
        "product",
        "state",
        "plan",
        "calendar",
        "impact",
        "urgency",
        "statutory",
        "matched_by",
        "event",
        "form",
        "platform",
        "mailbox",
        "outcome",
        "medium",
        "shape",
        "edition",
        "list",
        "genre",
        "severity",
        "cause_department",
        "step",
        "stage",
        "process",
        "approver",
        "asked",
        "next_approver",
        "on_behalf_of",
        "report",
        "role",
        "stamp",
        "situation",
        "purpose",
        "tool",
        "advice",
        "area",
        "action",
        "request",
        "granted",
        "proposal",
        "command",
        "opened_at",
        "received_at",
        "submitted_at",
        "until",
        "next_attempt_at",
        "child_opened_at",
        "child_answered_at",
        "child_turn",
        "child_priority",
        "follower",
        "agent",
        "id",
        "customer",
        "actor",
        "author",
    ]
)
"""Fields whose texts are ids of ours, words of the configuration, or instants."""
HASHED = frozenset({"source_key", "conversation", "message_id", "contact", "cause"})
"""Ids that senders chose, by which repeats are known: they may hold a name."""
_PEOPLE = frozenset({"author", "party", "sender"})
"""Parts about whoever wrote: only what kind of person it was is kept."""
_OURS = frozenset({"agent", "supervisor", "officer", "manager", "employee", "machine"})


def nameless(model: WireModel) -> dict[str, Any]:
    """The fact's data without names, words, addresses and files; its model still reads it."""
    told = dump_plain(model)
    required = {field.alias or name for name, field in type(model).model_fields.items() if field.is_required()}
    left = _left(told)
    return left | {name: type(told[name])() for name in required if name not in left and name in told}


def _left(told: dict[str, Any]) -> dict[str, Any]:
    left = {name: value for name, whole in told.items() if (value := _kept(name, whole)) is not None}
    if told.get("kind") == "customer":
        left.pop("id", None)
    return left


def _kept(name: str, value: Any) -> Any:
    """What may stay of a value; None for nothing."""
    if name in HASHED and isinstance(value, str):
        return f"sha256:{digest(value.encode())[:32]}"
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if name in KEPT else None
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)] if name == "asked" else None
    if isinstance(value, dict):
        return _person(name, value)
    return None


def _person(name: str, value: dict[str, Any]) -> dict[str, Any] | None:
    """Who acted, where it is one of ours; of a customer, that it was one, and which registration."""
    if name in _PEOPLE:
        return {"kind": value["kind"]} if "kind" in value else None
    if name == "actor":
        return {"kind": value.get("kind"), "id": value.get("id") if value.get("kind") in _OURS else "customer"}
    if name == "customer":
        return {key: value[key] for key in ("state", "id", "vip", "segment") if key in value}
    return _left(value) if name == "entitlement" else None
