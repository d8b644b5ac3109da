"""What codes are called, in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from caseway.kernel.values import dataclass

Table = Mapping[str, Mapping[str, str]]
"""By language: each code's word."""


def fallback(wanted: str, default: str) -> tuple[str, ...]:
    """The languages to look in, in turn.

    >>> fallback("pt-BR", "pl")
    ('pt-BR', 'pt', 'pl')
    """
    return tuple(dict.fromkeys((wanted, wanted.partition("-")[0].lower(), default)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Tables of codes, such as an order's statuses."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    default_language: str = ""
    _found: dict[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict, compare=False, repr=False)

    def spoken(self, language: str) -> Mapping[str, Mapping[str, str]]:
        """Every table in one language; what it lacks in the default one."""
        if language not in self._found:
            order = tuple(reversed(fallback(language, self.default_language)))
            self._found[language] = {
                name: {code: word for each in order for code, word in table.get(each, {}).items()}
                for name, table in self.tables.items()
            }
        return self._found[language]

    def codes(self, table: str) -> frozenset[str]:
        """Every code that any language has a word for."""
        return frozenset(code for words in self.tables.get(table, {}).values() for code in words)

    def lacking(self, table: str, language: str) -> list[str]:
        """The codes that this language leaves to another."""
        own = fallback(language, language)
        there = {code for each in own for code in self.tables.get(table, {}).get(each, {})}
        return sorted(self.codes(table) - there)
