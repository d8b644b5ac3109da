"""What every door publishes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from caseway.contracts.codec import JSON, event_headers
from caseway.runtime.running import Running

LARGEST_JSON = 1_000_000
"""Bytes of a body. A record of most topics has at most 1 MiB; key and headers need some of it."""

_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One record on its way in."""

    topic: str
    key: str
    type: str
    id: str
    source: str
    """Tells the doors apart: (`source`, `id`) twice is one event."""
    value: bytes
    content_type: str = JSON
    extensions: Mapping[str, str] = field(default_factory=dict)


async def publish(running: Running, arrival: Arrival) -> None:
    """Hand over to Kafka, as a CloudEvent that happened now; it is there when this returns.

    Raises:
        Transient: Kafka did not acknowledge it.
        Rejected: it is larger than the topic takes.
    """
    headers = event_headers(
        arrival.type,
        id=arrival.id,
        source=arrival.source,
        time=running.clock.now(),
        subject=arrival.key,
        content_type=arrival.content_type,
        extensions=arrival.extensions.items(),
    )
    await running.door.publish(arrival.topic, arrival.key, arrival.value, headers)


def is_id(text: str) -> bool:
    """Whether a sender's own id can be an event's: up to 200 visible ASCII characters."""
    return _ID.fullmatch(text) is not None


def drawn_id() -> str:
    """An id for a request that brings none, so that nothing can be derived; such a request repeated is two events."""
    return secrets.token_hex(16)
