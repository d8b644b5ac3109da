"""What shop and CRM tell of orders and of support owed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from caseway.contracts.customers import EntitlementRecorded, OrderChanged
from caseway.kernel.decision import Decision, Put, Ref
from caseway_intake.domain import background
from caseway_intake.domain.admission.knowledge import BACKGROUNDS, Knowledge
from caseway_intake.domain.background import Known, Order
from caseway_intake.domain.entitlement import Entitlement

_MOST_PRODUCTS = 20
_MOST_CONTACTS = 200
_LONGEST = 200


def needs_of_order(record: OrderChanged) -> Iterable[Ref]:
    """Where the order stands: under its customer, and under its number."""
    return (Ref(BACKGROUNDS, name) for name in _names_of_order(record))


def needs_of_entitlement(record: EntitlementRecorded) -> Iterable[Ref]:
    """Where the entitlement stands: under all who may call on it, and under their account."""
    return (Ref(BACKGROUNDS, name) for name in _names_of_entitlement(record))


def record_order(record: OrderChanged, known: Knowledge) -> Decision:
    """The order as it stands now (S4-36)."""
    order = Order(
        order=record.order,
        customer=record.customer,
        status=record.status[:_LONGEST],
        at=record.at or known.time,
        ordered_at=record.ordered_at,
        products=tuple(each.product[:_LONGEST] for each in record.lines[:_MOST_PRODUCTS]),
        total=record.total,
    )
    return _put(_names_of_order(record), lambda before: background.with_order(before, order), known)


def record_entitlement(record: EntitlementRecorded, known: Knowledge) -> Decision:
    """What a customer, or everybody of an account, is owed (S1-12)."""
    entitlement = Entitlement(
        id=record.entitlement,
        at=record.at or known.time,
        plan=record.plan,
        customer=record.customer,
        holder=record.holder,
        account=record.account,
        contract=record.contract,
        line_item=record.line_item,
        asset=record.asset,
        services=record.services,
        customers=record.customers[:_MOST_CONTACTS],
        without_customers=record.without_customers,
        calendar=record.calendar,
        starts_at=record.starts_at,
        ends_at=record.ends_at,
        status=record.status,
    )
    return _put(_names_of_entitlement(record), lambda before: background.with_entitlement(before, entitlement), known)


def _put(names: Iterable[str], change: Callable[[Known], Known], known: Knowledge) -> Decision:
    changes = []
    for name in names:
        before: Known = known.states.get(BACKGROUNDS, name) or background.NOTHING
        after = change(before)
        if after is not before:
            changes.append(Put(collection=BACKGROUNDS, id=name, value=after))
    return Decision(changes=tuple(changes))


def _names_of_order(record: OrderChanged) -> tuple[str, ...]:
    return background.of_customer(record.customer), background.of_order(record.order)


def _names_of_entitlement(record: EntitlementRecorded) -> tuple[str, ...]:
    people = (record.customer, *record.customers[:_MOST_CONTACTS])
    names = (background.of_customer(each) for each in people)
    account = (background.of_account(record.account),) if record.account else ()
    return tuple(dict.fromkeys((*names, *account)))
