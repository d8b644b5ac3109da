"""Which language a text is in."""

from __future__ import annotations

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_NEIGHBOURS = ("cs", "sk", "uk", "ru", "fr", "es", "it", "nl", "pt", "sv", "ja", "zh", "ko", "pl", "en", "de")
"""Compared with the desk's own: so that a French letter is not taken for bad Polish."""


def detect(text: str, known: tuple[str, ...]) -> tuple[str, float]:
    """The likeliest language and its probability; an empty language where it is none of the known."""
    language, probability = _identifier(known).classify(text)
    return (language if language in known else "", float(probability))


@cache
def _identifier(known: tuple[str, ...]) -> LanguageIdentifier:
    """Loaded once for a desk's languages: takes a second, and some 30 MB."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    taught = set(identifier.labels)
    identifier.set_languages(sorted({*known, *_NEIGHBOURS} & taught))
    return identifier
