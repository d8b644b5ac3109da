"""Customers, their orders and contracts, as CRM and shop tell."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from pydantic import Field

from caseway.contracts.wire import Count, Fields, Instant, Name, Part, Whole, WireModel


class Consent(Part):
    """What a customer allowed."""

    purpose: str
    given: bool
    at: Instant | None = None


class PhoneNumber(Part):
    """A number in whatever writing, and the field it stands in."""

    number: str
    label: str = "phone"


class _CustomerRecord(WireModel):
    TOPIC: ClassVar[str] = "customers"
    KEY: ClassVar[str] = "customer"

    customer: str = Field(min_length=1)
    at: Instant | None = None


class CustomerRecorded(_CustomerRecord):
    """A customer is registered, or registered anew: the whole record."""

    TYPE = "caseway.customer.recorded.v1"

    name: str = ""
    company: str | None = None
    account: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[PhoneNumber, ...] = ()
    """Every phone-like field."""
    language: str | None = None
    preferred_channel: str | None = None
    segment: str | None = None
    """`store`, `customer`, `partner` …"""
    vip: bool = False
    named_agent: str | None = None
    consents: tuple[Consent, ...] = ()
    handles: dict[Name, str] = Field(default_factory=dict)
    """The customer's id on each platform."""
    url: str | None = None
    """The record in CRM."""
    attributes: Fields = Field(default_factory=dict)


class CustomerMerged(_CustomerRecord):
    """Two registrations are one person's; reversible, nothing is deleted."""

    TYPE = "caseway.customer.merged.v1"

    into: str
    """The registration that `customer` now stands for."""
    reverted: bool = False


class OrderLine(Part):
    """One product of an order."""

    product: str
    quantity: Count = 1
    status: str | None = None


class OrderChanged(_CustomerRecord):
    """An order, or its status, changed."""

    TYPE = "caseway.order.changed.v1"

    order: str = Field(min_length=1)
    status: str
    previous_status: str | None = None
    ordered_at: Instant | None = None
    expected_on: dt.date | None = None
    email: str | None = None
    """The address given with the order."""
    lines: tuple[OrderLine, ...] = ()
    total: str | None = None
    """Amount and currency, as printed."""
    tracking: str | None = None


class EntitlementRecorded(_CustomerRecord):
    """What support a customer is owed."""

    TYPE = "caseway.entitlement.recorded.v1"

    entitlement: str = Field(min_length=1)
    plan: str
    holder: Literal["account", "customer", "asset", "contract"] = "customer"
    account: str | None = None
    contract: str | None = None
    line_item: str | None = None
    asset: str | None = None
    services: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    """Entitlement contacts: who may call on it."""
    without_customers: Literal["flag", "refuse"] = "flag"
    calendar: str | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    cases_per_entitlement: Whole | None = None
    status: Literal["active", "inactive", "expired"] = "active"
