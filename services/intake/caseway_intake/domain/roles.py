"""Who may want what done with a case."""

from __future__ import annotations

from collections.abc import Mapping

STAFF = frozenset({"agent", "supervisor", "officer", "manager"})
EVERYBODY = STAFF | {"employee"}
MACHINES = frozenset({"machine"})
SUPERIORS = frozenset({"supervisor", "manager"})

DEFAULTS: Mapping[str, frozenset[str]] = {
    "open": EVERYBODY | MACHINES,
    "reply": STAFF | MACHINES,
    "note": EVERYBODY | MACHINES,
    "assign-facts": EVERYBODY | MACHINES,
    "confirm-facts": STAFF | MACHINES,
    "hold": STAFF | MACHINES,
    "release": STAFF | MACHINES,
    "resolve": EVERYBODY | MACHINES,
    "close": EVERYBODY | MACHINES,
    "reopen": EVERYBODY | MACHINES,
    "request-escalation": EVERYBODY | MACHINES,
    "record-callback": STAFF,
    "declare-incident": EVERYBODY,
    "hand-over": EVERYBODY,
    "accept-hand-over": EVERYBODY,
    "return-hand-over": EVERYBODY,
    "set-incident-role": EVERYBODY,
    "update-incident": EVERYBODY,
    "contain-incident": EVERYBODY,
    "end-incident": EVERYBODY,
    "review-incident": frozenset({"supervisor", "officer", "manager"}),
    "judge": frozenset({"officer"}),
    "check": SUPERIORS,
    "submit": EVERYBODY,
    "edit-voice": EVERYBODY,
    "approve": STAFF,
    "reject": STAFF,
    "merge": STAFF | MACHINES,
    "unmerge": STAFF | MACHINES,
    "link": EVERYBODY | MACHINES,
    "link-customer": STAFF | MACHINES,
    "propose-customer-merge": EVERYBODY | MACHINES,
    "decide-customer-merge": SUPERIORS,
    "stamp": EVERYBODY,
    "whisper": SUPERIORS | {"agent"},
    "watch": SUPERIORS,
    "follow": EVERYBODY,
    "set-team": EVERYBODY | MACHINES,
    "escalate-to-department": STAFF | MACHINES,
    "return-from-department": EVERYBODY | MACHINES,
    "ask-advice": EVERYBODY,
    "advise": EVERYBODY,
    "request-remote": STAFF,
    "request-data-action": EVERYBODY | MACHINES,
    "decide-data-action": frozenset({"officer"}),
    "absorb": MACHINES,
    "erase": MACHINES,
    "add-contact": MACHINES,
}
"""By verb. A person who says `add-contact` would forge a customer's words; the edge's own are never asked for a role."""

FIXED = frozenset({"judge", "check", "decide-data-action", "absorb", "erase", "add-contact", "whisper", "watch"})
"""No setting widens these: four eyes, a person's rights, and what only stages say."""


def verb_of(type_: str) -> str:
    """`reply` of `caseway.case.reply.v1`."""
    return type_.split(".")[2]


def may(kind: str, verb: str, settings: Mapping[str, frozenset[str]]) -> bool:
    """Whether this kind of actor may say this verb, by the settings, else by the defaults."""
    return kind in settings.get(verb, DEFAULTS.get(verb, frozenset()))
