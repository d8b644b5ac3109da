"""What agents say, from what they can see of a case.

An agent does not know which matter the scenario drew: only the case's language, category and text.
"""

from __future__ import annotations

from typing import get_args

from caseway.scenario.chance import Chance
from caseway.scenario.plan import Colleague, Language, Matter, Small, Words
from caseway.scenario.scene import Scene
from caseway.scenario.sight import CaseSeen

_MATTERS = {
    "order": "where-is-my-order",
    "return": "return",
    "complaint": "complaint",
    "safety": "danger",
    "store": "opening-hours",
    "invoice": "invoice",
    "product": "product",
    "partner": "marketplace-partner",
    "data-protection": "data-protection",
}
"""By the case's category, what it is most likely about; else a friendly word."""
_UNKNOWN = {"order": "…", "product": "…", "city": "…", "amount": "…", "name": "…"}


def language_of(seen: CaseSeen) -> Language:
    """The language to answer in."""
    told = seen.opened.language if seen.opened else None
    return next((each for each in get_args(Language) if each == told), "pl")


def question_for(scene: Scene, seen: CaseSeen) -> str:
    """What to ask the customer; empty where there is nothing to ask."""
    return _words(scene, seen).question


def solution_for(scene: Scene, seen: CaseSeen, who: Colleague, chance: Chance) -> str:
    """The answer, greeted and signed."""
    small = _small(scene, seen)
    answer = chance.one_of(_words(scene, seen).answer).format_map(_known(seen))
    return f"{small.greeting}\n\n{answer}\n\n{small.closing}\n{who.name}"


def spoken_line(scene: Scene, seen: CaseSeen, who: Colleague, turn: int) -> str:
    """What an agent says in a chat, turn by turn."""
    small, words = _small(scene, seen), _words(scene, seen)
    if turn == 0:
        hello = small.agent_hello.format(agent=who.name.split()[0])
        return f"{hello} {words.question}".strip()
    if turn == 1:
        return words.answer[0].format_map(_known(seen))
    return small.agent_goodbye


def _words(scene: Scene, seen: CaseSeen) -> Words:
    category = (seen.opened.category if seen.opened else None) or ""
    matters: dict[str, Matter] = {each.name: each for each in scene.plan.traffic.matters}
    matter = matters.get(_MATTERS.get(category, "praise")) or scene.plan.traffic.matters[0]
    return matter.words[language_of(seen)]


def _small(scene: Scene, seen: CaseSeen) -> Small:
    return scene.plan.traffic.small[language_of(seen)]


def _known(seen: CaseSeen) -> dict[str, str]:
    """What stands in the case: an order's number, if the customer gave one."""
    text = f"{seen.opened.subject} {seen.opened.text}" if seen.opened else ""
    order = next((each.strip(".,:;?! ") for each in text.split() if each.startswith("RT-")), None)
    return {**_UNKNOWN, **({"order": order} if order else {})}
