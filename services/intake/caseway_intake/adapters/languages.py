"""Which language a text is in.

The words that every text has tell most texts at once; the others are left to a statistical model of n-grams, which
takes a second to load, 100 MB, and as long for one text as all the rest of triage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_NEIGHBOURS = ("cs", "sk", "uk", "ru", "fr", "es", "it", "nl", "pt", "sv", "ja", "zh", "ko", "pl", "en", "de")
"""Compared with the desk's own: so that a French letter is not taken for bad Polish."""
_SURE = 0.99
_FEWEST_WORDS = 3
"""Of one language's words; and three times as many as of any other's."""

_USUAL_WORDS = {
    "pl": "nie się jest proszę dzień dobry moje mój moja czy oraz które który przez jak że już dziękuję mam pozdrawiam "
    "dla jestem był była było gdzie kiedy moją mojego proszę witam od chcę mogę",
    "en": "the and is my have you please this with not was for that hello your are been would where it has can i thank "
    "thanks regards from what when did received",
    "de": "ich und nicht ist das die der bitte mein meine sie habe mit eine einen guten tag auf wir noch von dem den "
    "wurde haben freundlichen grüßen danke wo wann zu",
    "cs": "není jsem se na je že prosím dobrý den děkuji jak mám ale objednávka kde máte byl byla",
    "fr": "je ne pas le la les est et vous mon ma une un bonjour merci pour que avec dans où commande",
    "es": "el la los que no es mi y por favor hola gracias una un con para dónde está pedido se",
    "it": "il la che non è mio per favore grazie una un con di dove ordine sono ho buongiorno",
    "nl": "ik het een niet is de mijn en van dat heb graag bedankt waar bestelling met voor te wij",
}
_WORD = re.compile(r"[^\s.,;:!?()\[\]\"<>]+")


def _languages_by_word() -> Mapping[str, tuple[str, ...]]:
    """Every usual word with the languages that have it."""
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _USUAL_WORDS.items():
        for word in dict.fromkeys(words.split()):
            found[word] = (*found.get(word, ()), language)
    return found


_LANGUAGES_OF = _languages_by_word()
_USUAL = frozenset(_LANGUAGES_OF)


def detect(text: str, known: tuple[str, ...]) -> tuple[str, float]:
    """The likeliest language and its probability; an empty language where it is none of the known."""
    counts: dict[str, int] = {}
    for word in _USUAL.intersection(_WORD.findall(text.casefold())):
        for language in _LANGUAGES_OF[word]:
            counts[language] = counts.get(language, 0) + 1
    most, next_most = sorted((0, 0, *counts.values()))[:-3:-1]
    if most < _FEWEST_WORDS or most < 3 * next_most:
        return _by_model(text, known)
    language = max(counts, key=counts.__getitem__)
    return (language if language in known else "", _SURE)


def _by_model(text: str, known: tuple[str, ...]) -> tuple[str, float]:
    language, probability = _identifier(known).classify(text)
    return (language if language in known else "", float(probability))


@cache
def _identifier(known: tuple[str, ...]) -> LanguageIdentifier:
    """Loaded once for a desk's languages."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({*known, *_NEIGHBOURS} & set(identifier.labels)))
    return identifier
