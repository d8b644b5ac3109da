"""Which customer an address or a number belongs to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from caseway.kernel.values import dataclass, replace
from caseway_intake.domain.phones import ToE164, plain, same_number
from caseway_intake.domain.words import fold

MOST_HOLDERS = 50
"""Customers that one point is kept for; a number that more share says nothing about who calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What the edge keeps of a customer's record."""

    id: str
    at: dt.datetime
    """When CRM or shop said so."""
    name: str = ""
    account: str | None = None
    vip: bool = False
    segment: str | None = None
    language: str | None = None
    preferred_channel: str | None = None
    values: tuple[str, ...] = ()
    """Addresses as `email:…`, numbers as `phone:` and E.164."""
    points: tuple[str, ...] = ()
    """Ids of the contact points that name this customer."""
    merged_into: str | None = None
    """The registration that this one stands for."""
    bounced: tuple[str, ...] = ()
    """Of `values`: addresses where nothing arrives, as a mail system told, and nothing has come from since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One customer at a contact point, with what a match needs of the record."""

    customer: str
    """The registration that counts: after a merge, the surviving one."""
    record: str
    """The registration that has the address or number."""
    value: str
    name: str = ""
    account: str | None = None
    vip: bool = False
    segment: str | None = None
    language: str | None = None
    preferred_channel: str | None = None


Point = tuple[Holder, ...]
"""Everybody who has an address, or a number that ends like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Who it is. "Unlinked" is not "unregistered": only that nothing here names one customer."""

    state: Literal["linked", "candidates", "unlinked"] = "unlinked"
    holder: Holder | None = None
    candidates: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    """What is known of the candidates, in the same order."""
    by: str | None = None


def email_value(address: str) -> str:
    """An address as a value to be compared; empty for none."""
    folded = address.strip().casefold()
    return f"email:{folded[:320]}" if "@" in folded else ""


def phone_value(number: str, region: str, to_e164: ToE164) -> str:
    """A number as a value to be compared; empty for none."""
    same = same_number(number, region, to_e164)
    return f"phone:{same}" if same else ""


def point_of_email(address: str) -> str:
    """The id of the contact point that an address is found by; empty for none."""
    return email_value(address)


def point_of_phone(number: str) -> str:
    """The id of the contact point that a number is found by, whatever its country; empty for none."""
    written = plain(number)
    return f"phone:{written.tail}" if written else ""


def point_of_value(value: str) -> str:
    """The contact point at which a customer's value is kept."""
    return point_of_phone(value.removeprefix("phone:")) if value.startswith("phone:") else value


def holders_of(customer: Customer, point: str) -> Iterable[Holder]:
    """What the contact point says about this customer."""
    for value in customer.values:
        if point_of_value(value) == point:
            yield Holder(
                customer=customer.merged_into or customer.id,
                record=customer.id,
                value=value,
                name=customer.name,
                account=customer.account,
                vip=customer.vip,
                segment=customer.segment,
                language=customer.language,
                preferred_channel=customer.preferred_channel,
            )


def with_customer(holders: Point | None, customer: Customer, point: str) -> Point:
    """The contact point as the customer's record now says."""
    others = tuple(each for each in holders or () if each.record != customer.id)
    return (*others, *holders_of(customer, point))[-MOST_HOLDERS:]


def follow(record: Customer) -> Match:
    """The match of a contact that names its customer by id."""
    holder = Holder(
        customer=record.merged_into or record.id,
        record=record.id,
        value="",
        name=record.name,
        account=record.account,
        vip=record.vip,
        segment=record.segment,
        language=record.language,
        preferred_channel=record.preferred_channel,
    )
    return Match(state="linked", holder=holder, by="id")


def match(evidence: Iterable[tuple[str, Point]]) -> Match:
    """Who it is, by the points at which the contact's values stand: one strong, or several for a person to choose from.

    Where address and number name different customers, those that both name count first. Source: semantics 5.10.

    Args:
        evidence: values, each with the holders at its point.
    """
    named = [(value, {each.customer: each for each in point if each.value == value}) for value, point in evidence]
    told = [(value.partition(":")[0], holders) for value, holders in named if holders]
    if not told:
        return Match()
    shared = set.intersection(*(set(holders) for _, holders in told))
    everybody = {customer: holder for _, holders in told for customer, holder in holders.items()}
    customers = sorted(shared or everybody)
    if len(customers) == 1:
        by = next(kind for kind, holders in told if customers[0] in holders)
        return Match(state="linked", holder=everybody[customers[0]], by=by)
    holders = tuple(everybody[each] for each in customers[:MOST_HOLDERS])
    return Match(state="candidates", candidates=tuple(each.customer for each in holders), holders=holders)


def twins(holders: Iterable[Holder]) -> tuple[str, ...]:
    """Registrations that share an address or number and also a name: probably one person's, for an SV to decide."""
    by_name: dict[str, list[str]] = {}
    for each in holders:
        if each.name.strip():
            by_name.setdefault(fold(each.name), []).append(each.customer)
    return next((tuple(found) for found in by_name.values() if len(found) > 1), ())


def with_bounced(customer: Customer, value: str) -> Customer:
    """Nothing arrives there."""
    return (
        customer if value in customer.bounced else replace(customer, bounced=(*customer.bounced, value)[-MOST_HOLDERS:])
    )


def without_bounced(customer: Customer, value: str) -> Customer:
    """Something came from there: it works again."""
    return replace(customer, bounced=tuple(each for each in customer.bounced if each != value))


def merged(customer: Customer, into: str | None) -> Customer:
    """The record, standing for another one; or, undone, for itself."""
    return replace(customer, merged_into=into)
