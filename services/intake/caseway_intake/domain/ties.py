"""How cases belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_TIES = 1_000
"""Children, or cases beside one; more would make each write heavy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another case that belongs beside this one."""

    other: str
    relation: str


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

    def linked(self, other: str, relation: str) -> bool:
        """Whether this is known already."""
        return any((each.other, each.relation) == (other, relation) for each in self.links)

    def with_children(self, children: tuple[str, ...]) -> Ties:
        """These have come."""
        return replace(self, children=tuple(dict.fromkeys((*self.children, *children)))[-MOST_TIES:])

    def without_children(self, children: tuple[str, ...]) -> Ties:
        """These have gone."""
        return replace(self, children=tuple(each for each in self.children if each not in children))

    def with_link(self, other: str, relation: str) -> Ties:
        """One more beside it."""
        return replace(self, links=(*self.links, Link(other=other, relation=relation))[-MOST_TIES:])
