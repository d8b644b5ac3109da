"""Who the people are that notices go to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from caseway.kernel.values import dataclass
from caseway_notifier.domain.addresses import normal
from caseway_notifier.domain.restraint import Quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person, however they are reached."""

    address: str = ""
    name: str = ""
    language: str = ""
    id: str = ""
    """As agents and roles are named in facts; empty for one who is but an address on a list."""
    phone: str = ""
    department: str = ""
    queues: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Something that is told instead of a person: a webhook, a chat room."""

    name: str
    kind: str
    """`webhook`, or `slack`, `teams` and what else apprise knows."""
    mark: str
    """Changes with its URL."""


Found = tuple[str, Member]
"""How facts name somebody, and who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everybody, by every name that rules and facts use."""

    people: Mapping[str, Member] = field(default_factory=dict)
    lists: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    roles: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)

    def person(self, name: str) -> Iterator[Found]:
        """One person by their id."""
        if name in self.people:
            yield f"person:{name}", self.people[name]

    def listed(self, name: str) -> Iterator[Found]:
        """A list's members, named by their place in it: a fact holds no address."""
        return self._group("list", name, self.lists)

    def in_role(self, name: str) -> Iterator[Found]:
        """Who has a role."""
        return self._group("role", name, self.roles)

    def in_department(self, name: str) -> Iterator[Found]:
        """Who works in a department; a list of its name speaks for it where nobody is entered."""
        found = [(f"person:{each.id}", each) for each in self.people.values() if each.department == name]
        return iter(found) if found else self.listed(name)

    def on_queue(self, name: str) -> Iterator[Found]:
        """Who serves a queue."""
        return ((f"person:{each.id}", each) for each in self.people.values() if name in each.queues)

    def skilled(self, name: str) -> Iterator[Found]:
        """Who has a skill."""
        return ((f"person:{each.id}", each) for each in self.people.values() if name in each.skills)

    def everyone(self) -> Iterator[Found]:
        """All people, and whoever is on any list."""
        yield from ((f"person:{each.id}", each) for each in self.people.values())
        for name in self.lists:
            yield from self.listed(name)

    def named(self, reference: str) -> Iterator[Found]:
        """Whoever a reference such as `role:coordinators` or `agent:anna` means; a bare name is a person or a role."""
        kind, _, name = reference.rpartition(":")
        match kind:
            case "role":
                yield from self.in_role(name)
            case "list":
                yield from self.listed(name) if name in self.lists else self.in_role(name)
            case "department":
                yield from self.in_department(name)
            case "queue":
                yield from self.on_queue(name)
            case "skill":
                yield from self.skilled(name)
            case "agent" | "person" | "employee" | "supervisor" | "officer" | "manager":
                yield from self.person(name)
            case _ if normal(reference):
                yield "address:named", Member(address=normal(reference))
            case _:
                yield from self._bare(name)

    def _bare(self, name: str) -> Iterator[Found]:
        """A name without its kind: a person, else a role, else a department or a list of that name."""
        if name in self.people:
            return self.person(name)
        return self.in_role(name) if name in self.roles else self.in_department(name)

    @staticmethod
    def _group(kind: str, name: str, groups: Mapping[str, tuple[Member, ...]]) -> Iterator[Found]:
        for place, member in enumerate(groups.get(name, ()), start=1):
            yield (f"person:{member.id}" if member.id else f"{kind}:{name}/{place}"), member
