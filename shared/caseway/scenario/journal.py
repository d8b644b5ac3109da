"""What was handed over, and acknowledged."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

_REMEMBERED = 100_000

Kind = Literal["opens", "follows", "event", "repeat", "doubled", "automatic", "malformed"]
"""What a contact is for those who sent it; what the desk makes of it, the desk says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One contact that Kafka has: at once, or behind a door that said so."""

    channel: str
    kind: Kind
    door: str
    id: str
    """Its `ce_id`, where the sender chose it; else empty."""
    source: str = ""
    source_key: str = ""


@dataclass(slots=True)
class Journal:
    """What was sent, and what was refused."""

    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """The latest; what was forgotten is counted all the same."""
    refused: Counter[str] = field(default_factory=Counter)
    """By door: it gave no acknowledgement, so nobody answers for the contact."""
    commands: Counter[str] = field(default_factory=Counter)
    """What agents and coordinators asked for, by verb."""
    _counts: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, sent: Sent) -> None:
        """One more was acknowledged."""
        self.sent.append(sent)
        self._counts.setdefault(sent.channel, Counter())[sent.kind] += 1

    def count(self, *kinds: Kind) -> int:
        """How many of these kinds."""
        return sum(counts[kind] for counts in self._counts.values() for kind in kinds)

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(counts.total() for counts in self._counts.values())

    @property
    def opening(self) -> int:
        """Contacts that should each open a case."""
        return self.count("opens")

    def by_channel(self) -> Iterator[tuple[str, Counter[str]]]:
        """For each channel, how many of each kind."""
        yield from sorted(self._counts.items())
