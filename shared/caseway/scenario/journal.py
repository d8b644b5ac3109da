"""What was handed over, and acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

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
    """Everything sent, in order, and what was refused."""

    sent: list[Sent] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """By door: it gave no acknowledgement, so nobody answers for the contact."""
    commands: Counter[str] = field(default_factory=Counter)
    """What agents and coordinators asked for, by verb."""

    def note(self, sent: Sent) -> None:
        """One more was acknowledged."""
        self.sent.append(sent)

    def count(self, *kinds: Kind) -> int:
        """How many of these kinds."""
        return sum(each.kind in kinds for each in self.sent)

    @property
    def opening(self) -> int:
        """Contacts that should each open a case."""
        return self.count("opens")

    def by_channel(self) -> Iterator[tuple[str, Counter[str]]]:
        """For each channel, how many of each kind."""
        for channel in sorted({each.channel for each in self.sent}):
            yield channel, Counter(each.kind for each in self.sent if each.channel == channel)
