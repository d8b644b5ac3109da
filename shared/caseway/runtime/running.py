"""What a running service hands to its doors and loops."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from motor.motor_asyncio import AsyncIOMotorDatabase

from caseway.kernel.clock import Clock
from caseway.kernel.decision import Decision
from caseway.runtime.settings import Settings


class Door(Protocol):
    """Publishes what came in from outside, and returns once Kafka has it (acks=all)."""

    async def publish(self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        """Publish one record to the (unprefixed) topic.

        Raises:
            Transient: Kafka did not acknowledge within the bound; the caller answers 503, or 451.
        """
        ...


class OwnLanes(Protocol):
    """Lanes that read no topic: leased by number, fenced by epoch (the notifier's senders)."""

    async def lease(self, stage: str, number: int, seconds: float) -> int | None:
        """Take or prolong the lease of `stage/number`: its epoch, or None while another process holds it."""
        ...

    async def prolong(self, stage: str, numbers: Collection[int], seconds: float) -> dict[int, int]:
        """Prolong all of these at once: the epochs of those that are still ours."""
        ...

    async def free(self, stage: str, numbers: Collection[int]) -> list[int]:
        """Which of these nobody else holds, in the order asked."""
        ...

    async def commit(self, stage: str, number: int, epoch: int, cause: str, decision: Decision) -> bool:
        """Write the decision (changes and emits) under the lane's guard, then publish; False when fenced.

        `cause` must be unique per decision: the ids of what is emitted derive from it.
        """
        ...


@dataclass(slots=True, kw_only=True)
class Running:
    """A running service's parts."""

    settings: Settings
    configuration: Any
    """The service's validated configuration: of a service that `takes_changes`, the one in force now."""
    version: str
    """Its hash; changes with it."""
    database: AsyncIOMotorDatabase[dict[str, Any]]
    """The service's own database."""
    door: Door
    own_lanes: OwnLanes
    clock: Clock
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the service is told to stop: answers without an end (streams) end then."""
