"""What is known of a customer beside the contact at hand.

Orders, entitlements and earlier cases are kept under a name: the customer's, an account's, or an order's number, so
that whatever a contact names finds them. Everything is bounded: a desk looks at the newest, CRM has the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import field

from caseway.kernel.values import dataclass, replace
from caseway_intake.domain.entitlement import Entitlement

MOST_ORDERS = 20
MOST_CASES = 10
MOST_ENTITLEMENTS = 50
SHOWN = 5
"""Of orders and of cases, in the fact that opens a case: what a screen shows before somebody scrolls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, as the shop last told."""

    order: str
    customer: str
    status: str
    at: dt.datetime
    """When the shop said so."""
    ordered_at: dt.datetime | None = None
    products: tuple[str, ...] = ()
    total: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """One case that the customer's contact opened."""

    case_id: str
    at: dt.datetime
    channel: str
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known under one name."""

    orders: tuple[Order, ...] = ()
    """The newest first."""
    cases: tuple[PastCase, ...] = ()
    """The newest first."""
    entitlements: tuple[Entitlement, ...] = field(default=())
    last_contact_at: dt.datetime | None = None
    last_channel: str | None = None


NOTHING = Known()


def of_customer(customer: str) -> str:
    """The name that a customer's background stands under."""
    return f"customer:{customer}"


def of_account(account: str) -> str:
    """The name that an account's background stands under."""
    return f"account:{account}"


def of_order(order: str) -> str:
    """The name that an order stands under: in any size of letters."""
    return f"order:{order.strip().casefold()[:100]}"


def with_order(known: Known, order: Order) -> Known:
    """What is known, with the order as it stands now; news that is older than what is known changes nothing."""
    before = next((each for each in known.orders if each.order == order.order), None)
    if before is not None and before.at > order.at:
        return known
    others = (each for each in known.orders if each.order != order.order)
    return replace(known, orders=_newest((order, *others), MOST_ORDERS))


def with_entitlement(known: Known, entitlement: Entitlement) -> Known:
    """What is known, with the entitlement as it stands now; older news changes nothing."""
    before = next((each for each in known.entitlements if each.id == entitlement.id), None)
    if before is not None and before.at > entitlement.at:
        return known
    others = (each for each in known.entitlements if each.id != entitlement.id)
    return replace(known, entitlements=(entitlement, *others)[:MOST_ENTITLEMENTS])


def with_contact(known: Known, at: dt.datetime, channel: str, opened: PastCase | None) -> Known:
    """What is known, after a contact of the customer, which may have opened a case."""
    cases = known.cases
    if opened is not None and all(each.case_id != opened.case_id for each in cases):
        cases = (opened, *cases)[:MOST_CASES]
    if known.last_contact_at is not None and known.last_contact_at > at:
        return replace(known, cases=cases)
    return replace(known, cases=cases, last_contact_at=at, last_channel=channel)


def together(backgrounds: Iterable[Known]) -> Known:
    """What is known under several names: of a registration, and of those that are merged into it."""
    total = NOTHING
    for each in backgrounds:
        for order in each.orders:
            total = with_order(total, order)
        for entitlement in each.entitlements:
            total = with_entitlement(total, entitlement)
        cases = {case.case_id: case for case in (*total.cases, *each.cases)}
        newest = sorted(cases.values(), key=lambda case: (case.at, case.case_id), reverse=True)
        last = max(total, each, key=_last)
        total = replace(
            total,
            cases=tuple(newest[:MOST_CASES]),
            last_contact_at=last.last_contact_at,
            last_channel=last.last_channel,
        )
    return total


def _last(known: Known) -> float:
    return known.last_contact_at.timestamp() if known.last_contact_at else 0.0


def _newest(orders: Iterable[Order], most: int) -> tuple[Order, ...]:
    return tuple(sorted(orders, key=lambda each: (each.ordered_at or each.at, each.order), reverse=True)[:most])
