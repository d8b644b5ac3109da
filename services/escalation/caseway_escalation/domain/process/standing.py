"""What facts say about a case."""

from __future__ import annotations

from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CaseOpened,
    CaseStamped,
    ContactAdded,
    CustomerLinked,
    EscalatedToDepartment,
    FactsAssigned,
)
from caseway.contracts.parts import CustomerLink, EntitlementLink
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.values import replace
from caseway_escalation.domain.case import Standing

_ASSIGNED = ("priority", "category", "class_", "language", "complexity", "department", "tags")
_OPENED = (*_ASSIGNED, "channel", "record_type")
_CHANGED: dict[type[Any], tuple[str, ...]] = {ContactAdded: ("priority",), EscalatedToDepartment: ("department",)}


def after(standing: Standing, fact: Any) -> Standing:
    """The standing once the fact is known."""
    changes = _stamped(standing, fact) if isinstance(fact, CaseStamped) else _changes(fact)
    if isinstance(fact, CaseFact):
        changes |= {name: value for name in ("turn", "status") if (value := getattr(fact, name)) is not None}
    return replace(standing, **changes) if changes else standing


def _changes(fact: Any) -> dict[str, Any]:
    match fact:
        case CaseOpened():
            return (
                {name: getattr(fact, name) for name in _OPENED}
                | _customer(fact.customer)
                | _entitlement(fact.entitlement)
            )
        case FactsAssigned():
            assigned = {name: value for name in _ASSIGNED if (value := getattr(fact, name)) is not None}
            return assigned | _entitlement(fact.entitlement)
        case CustomerLinked():
            return _customer(fact.customer) | _entitlement(fact.entitlement)
        case PersonalDataErased():
            return {"customer": None, "account": None}
        case _:
            return {
                name: getattr(fact, name) for name in _CHANGED.get(type(fact), ()) if getattr(fact, name) is not None
            }


def _stamped(standing: Standing, fact: CaseStamped) -> dict[str, Any]:
    others = tuple(stamp for stamp in standing.stamps if stamp != fact.stamp)
    return {"stamps": others if fact.removed else (*others, fact.stamp)}


def _customer(link: CustomerLink) -> dict[str, Any]:
    return {"customer": link.id, "account": link.account, "vip": link.vip}


def _entitlement(link: EntitlementLink | None) -> dict[str, Any]:
    return {"plan": link.plan, "entitled": link.state, "calendar": link.calendar} if link is not None else {}
