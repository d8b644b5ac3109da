"""What addresses and numbers find customers by."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.contracts.customers import CustomerMerged, CustomerRecorded
from caseway.kernel.decision import Arm, Decision, Due, Put, Ref
from caseway.kernel.errors import Superseded
from caseway_intake.domain.admission.draft import CUSTOMERS, POINTS, Knowledge
from caseway_intake.domain.customers import (
    Customer,
    Point,
    email_value,
    merged,
    phone_value,
    point_of_email,
    point_of_phone,
    point_of_value,
    with_customer,
)

REFRESH_POINTS = "refresh-contact-points"
"""A timer that is due at once: which points a record had, only the record tells, and so it needs a second look."""
MOST_VALUES = 200
"""Addresses and numbers of one record."""


def needs_of_record(record: CustomerRecorded) -> Iterable[Ref]:
    """The record as it was, and every point that it names now."""
    yield Ref(CUSTOMERS, record.customer)
    yield from (Ref(POINTS, point) for point in _points(record))


def needs_of_merge(record: CustomerMerged) -> Iterable[Ref]:
    """The registration that now stands for another."""
    yield Ref(CUSTOMERS, record.customer)


def needs_of_refresh(due: Due) -> Iterable[Ref]:
    """A customer, and the points that may be out of date."""
    yield Ref(CUSTOMERS, due.data["customer"])
    yield from (Ref(POINTS, point) for point in due.data["points"])


def record_customer(record: CustomerRecorded, known: Knowledge) -> Decision:
    """The customer is found by what the record says now; what it no longer says is forgotten.

    Raises:
        Superseded: a newer record is known.
    """
    before: Customer | None = known.states.get(CUSTOMERS, record.customer)
    at = record.at or known.time
    if before is not None and at < before.at:
        raise Superseded("an older record than the one that is known")
    points, values = _points(record), _values(record, known)
    after = Customer(
        id=record.customer,
        at=at,
        name=record.name,
        account=record.account,
        vip=record.vip,
        segment=record.segment,
        language=record.language,
        preferred_channel=record.preferred_channel,
        values=values,
        points=points,
        merged_into=before.merged_into if before else None,
        bounced=tuple(each for each in before.bounced if each in values) if before else (),
    )
    changes = (Put(collection=CUSTOMERS, id=after.id, value=after), *_put_points(after, points, known))
    stale = tuple(each for each in (before.points if before else ()) if each not in points)
    return Decision(changes=changes, timers=_refresh(after.id, stale, known))


def merge_customer(record: CustomerMerged, known: Knowledge) -> Decision:
    """Two registrations are one person's: contacts of either belong to the surviving one; it can be undone.

    Raises:
        Superseded: the registration is not known, so nothing is found by it.
    """
    before: Customer | None = known.states.get(CUSTOMERS, record.customer)
    if before is None:
        raise Superseded("a merge of a registration that is not known")
    after = merged(before, None if record.reverted else record.into)
    put = Put(collection=CUSTOMERS, id=after.id, value=after)
    return Decision(changes=(put,), timers=_refresh(after.id, after.points, known))


def refresh_points(due: Due, known: Knowledge) -> Decision:
    """The points as the customer's record now says."""
    customer: Customer | None = known.states.get(CUSTOMERS, due.data["customer"])
    return Decision(changes=tuple(_put_points(customer, due.data["points"], known)) if customer else ())


def _put_points(customer: Customer, points: Iterable[str], known: Knowledge) -> Iterable[Put]:
    for point in points:
        holders: Point | None = known.states.get(POINTS, point)
        yield Put(collection=POINTS, id=point, value=with_customer(holders, customer, point))


def _refresh(customer: str, points: tuple[str, ...], known: Knowledge) -> tuple[Arm, ...]:
    if not points:
        return ()
    data = {"customer": customer, "points": list(points)}
    return (Arm(key=f"{REFRESH_POINTS}/{customer}/{known.id}", kind=REFRESH_POINTS, due_at=known.now, data=data),)


def _points(record: CustomerRecorded) -> tuple[str, ...]:
    emails = (point_of_email(each) for each in record.emails[:MOST_VALUES])
    phones = (point_of_phone(each.number) for each in record.phones[:MOST_VALUES])
    return tuple(dict.fromkeys(each for each in (*emails, *phones) if each))


def _values(record: CustomerRecorded, known: Knowledge) -> tuple[str, ...]:
    """Addresses and numbers in the one writing that they are compared in."""
    region, to_e164 = known.rules.mailboxes.region, known.tools.to_e164
    emails = (email_value(each) for each in record.emails[:MOST_VALUES])
    phones = (phone_value(each.number, region, to_e164) for each in record.phones[:MOST_VALUES])
    named = set(_points(record))
    return tuple(dict.fromkeys(each for each in (*emails, *phones) if each and point_of_value(each) in named))
