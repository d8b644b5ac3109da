"""How cases belong together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

MOST_TIES = 1_000
"""Children, or cases beside one; more would make each write heavy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another case that belongs beside this one."""

    other: str
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Another case that a contact has to do with; whether they belong together, a person says."""

    relation: str
    case_id: str | None = None
    number: int | None = None
    resemblance: float | None = None


MOST_HINTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What a case knows of others."""

    merged_into: str | None = None
    """Its parent: what still comes is sent on there."""
    children: tuple[str, ...] = ()
    """Those that it took in, and those that they had."""
    continued_in: str | None = None
    """The case in which the matter went on, after this one was closed for long."""
    about: str | None = None
    """The case that this one speaks of, or goes on with."""
    links: tuple[Link, ...] = ()
    related: tuple[Hint, ...] = ()
    """What its contacts refer to, mention or resemble; the newest last."""

    def linked(self, other: str, relation: str) -> bool:
        """Whether this is known already."""
        return any((each.other, each.relation) == (other, relation) for each in self.links)

    def with_children(self, children: tuple[str, ...]) -> Ties:
        """These have come."""
        return replace(self, children=tuple(dict.fromkeys((*self.children, *children)))[-MOST_TIES:])

    def without_children(self, children: tuple[str, ...]) -> Ties:
        """These have gone."""
        return replace(self, children=tuple(each for each in self.children if each not in children))

    def with_hints(self, hints: Iterable[Hint]) -> Ties:
        """A contact pointed at these."""
        found = tuple(dict.fromkeys((*self.related, *hints)))[-MOST_HINTS:]
        return self if found == self.related else replace(self, related=found)

    def with_link(self, other: str, relation: str) -> Ties:
        """One more beside it."""
        return replace(self, links=(*self.links, Link(other=other, relation=relation))[-MOST_TIES:])
