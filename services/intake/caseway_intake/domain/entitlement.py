"""Which support a customer is owed.

Four checks, in this order, on every channel by itself: is the account covered, the contact, the service, the product
(S1-11, S1-13). Which of them an entitlement has to pass follows from what it names: one that names no service covers
every service. How far entitlements are elaborated is one of three models (S1-14).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal, Protocol

from caseway.kernel.values import dataclass

Check = Literal["account", "contact", "service", "product"]
CHECKS: tuple[Check, ...] = ("account", "contact", "service", "product")


class Model(StrEnum):
    """How far entitlements are elaborated. Source: S1-14, as requirements.md decides."""

    ENTITLEMENT = "entitlement"
    """On its own."""
    CONTRACT = "contract"
    """It belongs to a service contract."""
    LINE_ITEM = "line_item"
    """It belongs to a line of a service contract."""


ABILITIES: Mapping[str, frozenset[Model]] = {
    "bundle_with_warranty": frozenset({Model.ENTITLEMENT}),
    "show_details": frozenset(Model),
    "manage_renewals": frozenset({Model.CONTRACT, Model.LINE_ITEM}),
    "sell_separately": frozenset({Model.CONTRACT, Model.LINE_ITEM}),
    "long_term_support": frozenset({Model.CONTRACT, Model.LINE_ITEM}),
    "manage_contract_details": frozenset({Model.CONTRACT, Model.LINE_ITEM}),
    "track_line_items": frozenset({Model.LINE_ITEM}),
}
"""Which models allow what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What CRM says somebody is owed."""

    id: str
    at: dt.datetime
    """When CRM said so."""
    plan: str
    customer: str
    holder: str = "customer"
    """`account`, `customer`, `asset` or `contract`."""
    account: str | None = None
    contract: str | None = None
    line_item: str | None = None
    asset: str | None = None
    services: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    """Entitlement contacts: who may call on it."""
    without_customers: str = "flag"
    calendar: str | None = None
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    status: str = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a contact asks support for, as far as is known."""

    customer: str | None = None
    account: str | None = None
    service: str | None = None
    """The category, or what the configuration makes of it."""
    product: str | None = None


class Rules(Protocol):
    """entitlements.yaml."""

    @property
    def model(self) -> Model:
        """How far entitlements are elaborated here."""
        ...

    @property
    def services(self) -> Mapping[str, str]:
        """The service that a category is, where it has another name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the checks say."""

    state: Literal["entitled", "not_entitled", "expired", "unknown"]
    entitlement: Entitlement | None = None
    failed: tuple[Check, ...] = ()
    """The checks that the nearest entitlement did not pass, in order."""
    reason: str | None = None
    refuses: bool = False
    """Nobody may call on it, and its setting says that then no case is made (S1-15)."""


def verdict(entitlements: Iterable[Entitlement], asked: Asked, model: Model, now: dt.datetime) -> Verdict:
    """Whether support is owed: by the first entitlement that passes all four checks; else the nearest says why not."""
    if asked.customer is None and asked.account is None:
        return Verdict(state="unknown", reason="customer-unknown")
    candidates = [each for each in entitlements if _fits(each, model)]
    if not candidates:
        return Verdict(state="not_entitled", failed=("account",), reason="none")
    judged = [(each, failed_checks(each, asked)) for each in candidates]
    judged.sort(key=lambda pair: (len(pair[1]), not _is_in_force(pair[0], now), pair[0].id))
    nearest, failed = judged[0]
    if not nearest.customers and nearest.without_customers == "refuse" and failed in {(), ("contact",)}:
        return Verdict(
            state="not_entitled", entitlement=nearest, failed=("contact",), reason="no-contacts", refuses=True
        )
    if failed:
        return Verdict(state="not_entitled", entitlement=nearest, failed=failed, reason=f"{failed[0]}-not-covered")
    if not _is_in_force(nearest, now):
        return Verdict(state="expired", entitlement=nearest, reason=_why_not_in_force(nearest, now))
    return Verdict(state="entitled", entitlement=nearest, reason=None if nearest.customers else "no-contacts")


def failed_checks(entitlement: Entitlement, asked: Asked) -> tuple[Check, ...]:
    """Which of the four checks fail; what a contact does not say (no product named) is not held against it."""
    passed = {
        "account": _account_covered(entitlement, asked),
        "contact": not entitlement.customers or asked.customer in entitlement.customers,
        "service": not entitlement.services or asked.service is None or asked.service in entitlement.services,
        "product": entitlement.asset is None or asked.product is None or asked.product == entitlement.asset,
    }
    return tuple(check for check in CHECKS if not passed[check])


def _account_covered(entitlement: Entitlement, asked: Asked) -> bool:
    if entitlement.account is not None and entitlement.account == asked.account:
        return True
    return asked.customer is not None and asked.customer in {entitlement.customer, *entitlement.customers}


def _fits(entitlement: Entitlement, model: Model) -> bool:
    """Whether the entitlement is as elaborate as the model wants."""
    match model:
        case Model.ENTITLEMENT:
            return True
        case Model.CONTRACT:
            return entitlement.contract is not None
        case Model.LINE_ITEM:
            return entitlement.contract is not None and entitlement.line_item is not None


def _is_in_force(entitlement: Entitlement, now: dt.datetime) -> bool:
    return _why_not_in_force(entitlement, now) is None


def _why_not_in_force(entitlement: Entitlement, now: dt.datetime) -> str | None:
    if entitlement.status != "active":
        return entitlement.status
    if entitlement.starts_at is not None and now < entitlement.starts_at:
        return "not-yet"
    if entitlement.ends_at is not None and now >= entitlement.ends_at:
        return "ended"
    return None
