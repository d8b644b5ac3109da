"""Which language a text is in.

The words that every text has tell most texts at once; the others are left to a statistical model of n-grams, which
takes a second to load, 100 MB, and as long for one text as all the rest of triage.
"""

from __future__ import annotations

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
_WORDS = {language: frozenset(words.split()) for language, words in _USUAL_WORDS.items()}
_SIGNS = str.maketrans(dict.fromkeys('.,;:!?()[]"<>', " "))


def detect(text: str, known: tuple[str, ...]) -> tuple[str, float]:
    """The likeliest language and its probability; an empty language where it is none of the known."""
    words = frozenset(text.casefold().translate(_SIGNS).split())
    found = sorted(((len(words & usual), language) for language, usual in _WORDS.items()), reverse=True)
    most, language = found[0]
    if most >= _FEWEST_WORDS and most >= 3 * found[1][0]:
        return (language if language in known else "", _SURE)
    return _by_model(text, known)


def _by_model(text: str, known: tuple[str, ...]) -> tuple[str, float]:
    language, probability = _identifier(known).classify(text)
    return (language if language in known else "", float(probability))


@cache
def _identifier(known: tuple[str, ...]) -> LanguageIdentifier:
    """Loaded once for a desk's languages."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted({*known, *_NEIGHBOURS} & set(identifier.labels)))
    return identifier
