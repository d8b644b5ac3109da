"""What one customer has to say about one matter."""

from __future__ import annotations

from dataclasses import dataclass

from caseway.scenario.chance import Chance
from caseway.scenario.people import Person
from caseway.scenario.plan import Channel, Matter, Small, Traffic, Words

_PRODUCTS = {
    "pl": ("czajnik Ogrzewek 17", "plecak Wędrowiec", "lampa Księżyc", "ekspres Poranek", "kurtka Halny"),
    "en": ("Ogrzewek 17 kettle", "Rambler backpack", "Moonbeam lamp", "Morning coffee maker", "Gale jacket"),
    "de": ("Wasserkocher Ogrzewek 17", "Rucksack Wandervogel", "Lampe Mondschein", "Kaffeemaschine Frühstück"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words of one matter, filled in."""

    matter: Matter
    order: str
    subject: str
    text: str
    question: str
    details: str
    answer: str
    small: Small

    @property
    def can_be_asked(self) -> bool:
        """Whether an agent may need to know more."""
        return bool(self.question and self.details)


def draw_matter(traffic: Traffic, channel: Channel, chance: Chance) -> Matter:
    """What somebody writes or calls about on this channel."""
    fitting = [each for each in traffic.matters if channel in each.channels]
    return fitting[chance.weighed({place: each.weight for place, each in enumerate(fitting)})]


def say(matter: Matter, traffic: Traffic, person: Person, chance: Chance) -> Said:
    """The matter in this person's words."""
    words: Words = matter.words[person.language]
    order = f"RT-{chance.digits(6)}"
    values = {
        "order": order,
        "product": chance.one_of(_PRODUCTS[person.language]),
        "city": person.city,
        "amount": f"{chance.whole(19, 899)},{chance.digits(2)} {'zł' if person.language == 'pl' else 'EUR'}",
        "name": person.name,
    }
    return Said(
        matter=matter,
        order=order,
        subject=chance.one_of(words.subject).format_map(values),
        text=chance.one_of(words.text).format_map(values),
        question=words.question.format_map(values),
        details=words.details.format_map(values),
        answer=chance.one_of(words.answer).format_map(values),
        small=traffic.small[person.language],
    )
