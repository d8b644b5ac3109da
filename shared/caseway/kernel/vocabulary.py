"""The words that every service shares (docs/glossary.md)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Channel(StrEnum):
    """How a contact came."""

    EMAIL = "email"
    CHAT = "chat"
    PHONE = "phone"
    WEB = "web"
    MESSAGE = "message"
    DESK = "desk"


class Priority(StrEnum):
    """From impact and urgency; `rank` orders it, the highest first."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """3 for urgent down to 0 for low."""
        return {"urgent": 3, "high": 2, "normal": 1, "low": 0}[self.value]


class Turn(StrEnum):
    """Whose turn it is: where a case's time is spent."""

    DESK = "desk"
    DEPARTMENT = "department"
    CUSTOMER = "customer"
    THIRD = "third"


class CaseStatus(StrEnum):
    """Where a case stands in its life."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Presence(StrEnum):
    """What an agent is open to now."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    HANDING_OVER = "handing_over"
    """Away, and others get what they held."""
    WRAP_UP = "wrap_up"
    """Writing up; open to nothing new."""
    OFFLINE = "offline"
    NOT_ANSWERING = "not_answering"


class Level(IntEnum):
    """How well an agent has a skill."""

    BASIC = 1
    INTERMEDIATE = 2
    FLUENT = 3
    EXPERT = 4
