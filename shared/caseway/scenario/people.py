"""Customers: those that CRM knows, and strangers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from caseway.contracts.customers import CustomerRecorded
from caseway.contracts.parts import Party
from caseway.scenario.chance import Chance
from caseway.scenario.plan import Language, Plan

_CITIES: dict[Language, tuple[str, ...]] = {
    "pl": ("Poznań", "Łódź", "Gdańsk", "Wrocław", "Rzeszów"),
    "en": ("Leeds", "Norwich", "Galway", "Swansea"),
    "de": ("Köln", "Münster", "Görlitz", "Lübeck"),
}
_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One customer, with their telephone and their mailbox."""

    name: str
    email: str
    phone: str
    language: Language
    city: str
    customer: str | None = None
    """Their id in CRM, where a gateway knows it."""

    def party(self, *, with_id: bool = False) -> Party:
        """As a gateway names them."""
        return Party(id=self.customer if with_id else None, name=self.name, email=self.email, phone=self.phone)


def draw_person(plan: Plan, language: Language, chance: Chance) -> Person:
    """Somebody who speaks the language."""
    known = [each for each in plan.customers.customers if each.language == language and each.emails and each.phones]
    city = chance.one_of(_CITIES[language])
    if known and chance.happens(plan.traffic.customers.registered):
        return _registered(chance.one_of(known), language, city, chance)
    names = plan.traffic.names[language]
    name = f"{chance.one_of(names.first)} {chance.one_of(names.last)}"
    return Person(
        name=name, email=f"{plain(name)}.{chance.digits(4)}@example.com", phone=_number(language, chance),
        language=language, city=city,
    )  # fmt: skip


def _registered(record: CustomerRecorded, language: Language, city: str, chance: Chance) -> Person:
    return Person(
        name=record.name,
        email=chance.one_of(record.emails),
        phone=chance.one_of(record.phones).number,
        language=language,
        city=city,
        customer=record.customer,
    )


def _number(language: Language, chance: Chance) -> str:
    """In one of the writings that people and telephone systems use; always of the invented 555-01 block."""
    last = f"01{chance.digits(2)}"
    writings: dict[Language, tuple[str, ...]] = {
        "pl": (f"+4822555{last}", f"+48 22 555 {last[:2]} {last[2:]}", f"22 555 {last}", f"0048 22 555{last}"),
        "en": (f"+44207555{last}", f"+44 20 7555 {last}"),
        "de": (f"+49305550{last}", f"+49 30 5550{last}", f"0049 30 5550 {last}"),
    }
    return chance.one_of(writings[language])


def plain(name: str) -> str:
    """A name as it stands in an address: `Róża Śliwa` is `roza.sliwa`."""
    apart = unicodedata.normalize("NFKD", name.translate(_PLAIN))
    return ".".join("".join(each for each in apart if not unicodedata.combining(each)).lower().split())
