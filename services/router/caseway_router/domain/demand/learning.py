"""What a fact tells about its case, as far as routing minds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CallbackRecorded,
    CaseHeld,
    CaseMerged,
    CaseOpened,
    CaseReplied,
    CaseUnmerged,
    ContactAdded,
    ContactUpdated,
    CustomerLinked,
    EscalationRequested,
    FactsAssigned,
    FactsConfirmed,
)
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.vocabulary import CaseStatus, Channel
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Router

_ASSIGNABLE = (
    "category", "priority", "language", "complexity", "tags", "department", "preferred_channel", "product", "state",
    "missing_fields",
)  # fmt: skip
_PERSONAL = frozenset({"vip", "preferred_channel", "customer_state", "asked_for", "account_manager", "number"})
"""What says something about a person; the rest is about their matter."""
LEAVING = frozenset({"abandoned", "no_answer", "voicemail", "callback_requested", "ended"})
"""Events after which nobody is on the line."""
_ON_THE_LINE = {
    Channel.PHONE: frozenset({"offered", "dialled"}),
    Channel.CHAT: frozenset({"started", "message", "file"}),
}
"""By channel, the events with which somebody comes on the line and waits."""
_SAID_NO = frozenset({"false", "no", "off", "0"})
_SAID_YES = frozenset({"true", "yes", "on", "1"})


def opened(before: RoutedCase | None, fact: CaseOpened, router: Router) -> RoutedCase:
    """The case that begins; a milestone may have been heard of before it."""
    facts = {name: value for name, value in _opening(fact, router).items() if value is not None}
    return RoutedCase(
        case_id=fact.case_id,
        facts=facts,
        status=fact.status,
        turn=fact.turn,
        boost=before.boost if before else 0.0,
        promises=before.promises if before else {},
        since=fact.at,
        conversation=fact.source_key if facts.get("talk") == "waiting" else None,
    )


def _opening(fact: CaseOpened, router: Router) -> dict[str, Any]:
    event = fact.event or (fact.call.event if fact.call else "")
    on_the_line = event in _ON_THE_LINE.get(fact.channel, ()) and fact.direction == "inbound"
    return {
        "channel": fact.channel.value,
        "language": fact.language,
        "category": fact.category,
        "priority": fact.priority.value,
        "class": fact.class_,
        "tags": list(fact.tags) or None,
        "complexity": fact.complexity,
        "department": fact.department,
        "record_type": fact.record_type,
        "customer_state": fact.customer.state,
        "entitlement_state": fact.entitlement.state if fact.entitlement else None,
        "vip": fact.customer.vip or None,
        "preferred_channel": fact.preferred_channel.value if fact.preferred_channel else None,
        "mailbox": fact.mailbox,
        "form": fact.form,
        "platform": fact.platform,
        "number": fact.number,
        "product": fact.product,
        "state": fact.state,
        "missing_fields": list(fact.missing_fields) or None,
        "asked_for": _asked_for(fact, router),
        "account_manager": router.agent_named({**fact.attributes, **fact.fields}.get("account_manager")),
        "talk": "waiting" if on_the_line else None,
        "callback": event if fact.channel is Channel.PHONE and event in LEAVING - {"ended"} else None,
        "by_rules": _by_rules({**fact.attributes, **fact.fields}, router),
    }


def _asked_for(fact: CaseOpened | ContactAdded | ContactUpdated, router: Router) -> str | None:
    """The agent whom the customer asked for; None where nobody, or nobody in particular, is meant."""
    return router.agent_named((fact.call.asked_for if fact.call else None) or fact.attributes.get("asked_for"))


def _by_rules(given: Mapping[str, Any], router: Router) -> bool | None:
    """False: a person will route it. Source: S1-18."""
    field, usually = router.switch
    said = str(given.get(field, "")).strip().lower() if field else ""
    wanted = usually if said not in _SAID_NO | _SAID_YES else said in _SAID_YES
    return None if wanted else False


def after(case: RoutedCase, fact: CaseFact, router: Router) -> RoutedCase:
    """The case after a later fact."""
    held = isinstance(fact, CaseHeld) or (case.is_held and fact.turn is None and fact.status is None)
    changed = replace(case, status=fact.status or case.status, turn=fact.turn or case.turn, is_held=held)
    match fact:
        case CaseMerged():
            changed = replace(changed, is_merged=fact.into != case.case_id)
        case CaseUnmerged():
            changed = replace(changed, is_merged=False)
        case PersonalDataErased():
            changed = _erased(changed)
        case _:
            changed = _knowing(changed, _learnt(case, fact, router))
    if changed.is_wanted and not case.is_wanted:
        return replace(changed, since=fact.at)
    return changed if changed.is_wanted else replace(changed, since=None)


def _knowing(case: RoutedCase, learnt: Mapping[str, Any]) -> RoutedCase:
    """The case with what became known; None takes a fact away."""
    if not learnt:
        return case
    facts = {name: value for name, value in {**case.facts, **learnt}.items() if value is not None}
    conversation = case.conversation if facts.get("talk") == "waiting" else None
    return replace(case, facts=facts, conversation=conversation)


def _learnt(case: RoutedCase, fact: CaseFact, router: Router) -> dict[str, Any]:
    learnt: dict[str, Any] = {}
    match fact:
        case FactsAssigned():
            learnt = _assigned(fact, router)
        case FactsConfirmed() if fact.missing_fields is not None:
            learnt = {"missing_fields": list(fact.missing_fields)}
        case ContactAdded():
            learnt = _contact(case, fact, router)
        case ContactUpdated():
            learnt = _talk(case, fact, router)
        case CaseReplied():
            learnt = _answered(case, fact)
        case CallbackRecorded():
            learnt = {"callback": None if fact.outcome == "reached" else "failed", "callback_at": None}
        case EscalationRequested():
            learnt = {"escalated": True}
        case CustomerLinked():
            learnt = _linked(fact)
        case _:
            pass
    return learnt


def _assigned(fact: FactsAssigned, router: Router) -> dict[str, Any]:
    values = {name: getattr(fact, name) for name in _ASSIGNABLE} | {"class": fact.class_}
    learnt = {name: _plain(value) for name, value in values.items() if value is not None}
    if fact.entitlement is not None:
        learnt["entitlement_state"] = fact.entitlement.state
    if router.switch[0] in fact.fields:
        learnt["by_rules"] = _by_rules(fact.fields, router)
    return learnt


def _contact(case: RoutedCase, fact: ContactAdded, router: Router) -> dict[str, Any]:
    learnt: dict[str, Any] = {} if fact.priority is None else {"priority": fact.priority.value}
    asked_for = _asked_for(fact, router)
    if asked_for is not None:
        learnt["asked_for"] = asked_for
    if fact.author.kind == "agent" and case.is_on_the_line:
        learnt["talk"] = "answered"
    return learnt


def _talk(case: RoutedCase, fact: ContactUpdated, router: Router) -> dict[str, Any]:
    """How a call or chat goes on."""
    asked_for = _asked_for(fact, router)
    learnt = {} if asked_for is None else {"asked_for": asked_for}
    is_call = case.facts.get("channel") == Channel.PHONE.value
    if not case.is_on_the_line:
        # whoever was answered, or was gone already, may still ask to be called
        is_asked = is_call and fact.event in router.callbacks & {"voicemail", "callback_requested"}
        return learnt | (_callback(fact) if is_asked else {})
    if fact.event in {"answered", "transferred"}:
        return learnt | {"talk": "answered"}
    if fact.event not in LEAVING:
        return learnt
    return learnt | {"talk": "left"} | (_callback(fact) if is_call and fact.event != "ended" else {"callback": None})


def _callback(fact: ContactUpdated) -> dict[str, Any]:
    """Why the customer is to be called, and the time that they wish for, as it was written."""
    wished = fact.attributes.get("callback_at")
    return {"callback": fact.event, "callback_at": wished if isinstance(wished, str) else None}


def _answered(case: RoutedCase, fact: CaseReplied) -> dict[str, Any]:
    learnt: dict[str, Any] = {"talk": "answered"} if case.is_on_the_line else {}
    if fact.actor is not None and fact.actor.kind == "agent" and fact.actor.id:
        learnt["answered_by"] = fact.actor.id
    return learnt


def _linked(fact: CustomerLinked) -> dict[str, Any]:
    learnt: dict[str, Any] = {"customer_state": fact.customer.state, "vip": fact.customer.vip or None}
    if fact.entitlement is not None:
        learnt["entitlement_state"] = fact.entitlement.state
    return learnt


def _erased(case: RoutedCase) -> RoutedCase:
    """Without what says something about the person; of a case that is over, without anything."""
    is_over = case.status is CaseStatus.CLOSED
    kept = {} if is_over else {name: value for name, value in case.facts.items() if name not in _PERSONAL}
    return replace(case, facts=kept, conversation=None if is_over else case.conversation, told="")


def _plain(value: Any) -> Any:
    """As it is kept: enumerations by their value, tuples as lists."""
    return list(value) if isinstance(value, tuple) else getattr(value, "value", value)
