"""Four checks on every channel, three models, and what happens where nobody may call (S1-11 to S1-15)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.contacts import ChatContact, DeskContact, MessageContact, PhoneContact, WebContact
from caseway.contracts.customers import CustomerRecorded, EntitlementRecorded, PhoneNumber
from caseway.contracts.parts import Party
from caseway.contracts.wire import WireModel
from caseway.kernel.errors import Rejected
from caseway_intake.domain.entitlement import ABILITIES, Asked, Entitlement, Model, verdict
from caseway_intake.settings import Entitlements
from tests.intake_edge import NOW, Edge, configuration, mail_bytes

DAY = dt.timedelta(days=1)
ANNA = Asked(customer="C-1", account="A-1", service="warranty", product="chair-12")


def owed(**changes: Any) -> Entitlement:
    return Entitlement(
        **{
            "id": "E-1",
            "at": NOW,
            "plan": "gold",
            "customer": "C-1",
            "account": "A-1",
            "customers": ("C-1",),
            "services": ("warranty",),
            "asset": "chair-12",
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({}, "entitled", None),
        ({"account": "A-2", "customer": "C-2", "customers": ("C-2",)}, "not_entitled", "account-not-covered"),
        ({"customers": ("C-2",)}, "not_entitled", "contact-not-covered"),
        ({"services": ("training",)}, "not_entitled", "service-not-covered"),
        ({"asset": "table-7"}, "not_entitled", "product-not-covered"),
        ({"ends_at": NOW}, "expired", "ended"),
        ({"ends_at": NOW + DAY}, "entitled", None),
        ({"starts_at": NOW + DAY}, "expired", "not-yet"),
        ({"status": "inactive"}, "expired", "inactive"),
        ({"customers": ()}, "entitled", "no-contacts"),
        ({"services": (), "asset": None}, "entitled", None),
    ],
)
def test_each_check_fails_alone_and_is_named(changes: dict[str, Any], state: str, reason: str | None) -> None:
    found = verdict([owed(**changes)], ANNA, Model.ENTITLEMENT, NOW)
    assert (found.state, found.reason) == (state, reason)


def test_the_first_that_passes_decides_whatever_else_fails() -> None:
    found = verdict([owed(id="E-0", services=("x",)), owed(id="E-2")], ANNA, Model.ENTITLEMENT, NOW)
    assert found.entitlement is not None
    assert (found.state, found.entitlement.id) == ("entitled", "E-2")


def test_an_unknown_customer_is_not_refused_support_but_unknown() -> None:
    assert verdict([owed()], Asked(), Model.ENTITLEMENT, NOW).state == "unknown"


def test_nothing_owed_is_said_so() -> None:
    assert verdict([], ANNA, Model.ENTITLEMENT, NOW).state == "not_entitled"


@pytest.mark.parametrize(
    ("model", "changes", "state"),
    [
        (Model.CONTRACT, {}, "not_entitled"),
        (Model.CONTRACT, {"contract": "K-1"}, "entitled"),
        (Model.LINE_ITEM, {"contract": "K-1"}, "not_entitled"),
        (Model.LINE_ITEM, {"contract": "K-1", "line_item": "L-1"}, "entitled"),
    ],
)
def test_a_model_wants_what_it_is_named_for(model: Model, changes: dict[str, Any], state: str) -> None:
    assert verdict([owed(**changes)], ANNA, model, NOW).state == state


def test_the_table_of_abilities_is_the_sources_as_decided() -> None:
    """S1-14: one mark for the first ability, three for the second, two for the next four, one for the last."""
    assert [len(models) for models in ABILITIES.values()] == [1, 3, 2, 2, 2, 2, 1]


class TestEveryChannel:
    """The checks happen by themselves, on whatever channel the contact comes (S1-13)."""

    PARTY = Party(name="Anna", email="anna.nowak@example.com", phone="+48600555010")

    def edge(self, **changes: Any) -> Edge:
        edge = Edge()
        edge.contact(
            CustomerRecorded(
                customer="C-1",
                name="Anna",
                account="A-1",
                emails=("anna.nowak@example.com",),
                phones=(PhoneNumber(number="600555010"),),
            )
        )
        record = {"customer": "C-1", "entitlement": "E-1", "plan": "gold", "customers": ("C-1",), "calendar": "desk"}
        edge.contact(EntitlementRecorded.model_validate(record | changes))
        return edge

    @pytest.mark.parametrize(
        "contact",
        [
            ChatContact(conversation="c", event="message", sender={"kind": "customer"}, customer=PARTY, text="Hello"),
            PhoneContact(call="k", event="offered", caller="+48 600 555 010"),
            WebContact(form="contact", submission="s", fields={"message": "x", "email": "anna.nowak@example.com"}),
            MessageContact(
                platform="sms",
                conversation="m",
                message="1",
                sender={"id": "1", "phone": "+48600555010"},
                text="Gdzie paczka?",
            ),
            DeskContact(submission="d", actor="emp-1", customer=PARTY, text="Called about the chair."),
        ],
        ids=lambda contact: type(contact).__name__,
    )
    def test_who_is_entitled_is_so_on_each_channel(self, contact: WireModel) -> None:
        link = self.edge().contact(contact).emits[0].entitlement
        assert (link.state, link.id, link.plan, link.calendar) == ("entitled", "E-1", "gold", "desk")

    def test_a_mail_is_checked_too(self) -> None:
        assert self.edge().add(mail_bytes()).entitlement.state == "entitled"

    def test_what_an_account_is_owed_covers_its_people(self) -> None:
        edge = self.edge(customer="C-9", account="A-1", customers=())
        link = edge.add(mail_bytes()).entitlement
        assert (link.state, link.reason) == ("entitled", "no-contacts")

    def test_without_contacts_the_default_flags_and_loses_nothing(self) -> None:
        assert self.edge(customers=()).add(mail_bytes()).entitlement.reason == "no-contacts"

    def test_without_contacts_the_setting_refuses_and_the_contact_is_parked(self) -> None:
        with pytest.raises(Rejected) as refused:
            self.edge(customers=(), without_customers="refuse").mail(mail_bytes())
        assert refused.value.reason == "refused"

    def test_a_stranger_is_unknown(self) -> None:
        assert (
            self.edge().add(mail_bytes(sender="x@example.com"), mailfrom="x@example.com").entitlement.state == "unknown"
        )

    def test_older_news_of_an_entitlement_changes_nothing(self) -> None:
        edge = self.edge(at=NOW)
        edge.contact(
            EntitlementRecorded(customer="C-1", entitlement="E-1", plan="none", customers=("C-2",), at=NOW - DAY)
        )
        assert edge.add(mail_bytes()).entitlement.state == "entitled"

    def test_a_desk_without_entitlements_says_nothing_of_them(self) -> None:
        edge = Edge(rules=configuration().model_copy(update={"entitlements": Entitlements()}))
        assert edge.add(mail_bytes()).entitlement is None
