"""Who was told what, told by notifier."""

from __future__ import annotations

from typing import ClassVar

from caseway.contracts.wire import Fact, Instant, Ordinal


class NotificationFact(Fact):
    """A fact about one notification to one recipient."""

    TOPIC: ClassVar[str] = "notifications"
    KEY: ClassVar[str] = "case_id"

    notification: str
    case_id: str | None = None
    occurrence: str
    """What it is about; the same occurrence is told once to the same recipient."""
    recipient: str
    """A reference such as `customer:…`, `agent:…`, `list:all/17`; an address only where nothing else names them."""
    channel: str
    template: str
    subscription: str | None = None
    """The rule that wanted it."""

    def key(self) -> str:
        """The case; where it is about none, the occurrence."""
        return self.case_id or self.occurrence


class NotificationRequested(NotificationFact):
    """It is to be sent."""

    TYPE = "caseway.notification.requested.v1"

    language: str | None = None
    message_id: str | None = None
    """The same on every attempt."""
    urgent: bool = False
    send_after: Instant | None = None
    broadcast: str | None = None


class NotificationDelivered(NotificationFact):
    """The next system took it."""

    TYPE = "caseway.notification.delivered.v1"

    message_id: str | None = None
    attempt: Ordinal = 1
    maybe_doubled: bool = False
    """An earlier attempt may have arrived too."""


class NotificationFailed(NotificationFact):
    """One attempt failed; another follows."""

    TYPE = "caseway.notification.failed.v1"

    attempt: Ordinal = 1
    reason: str = ""
    next_attempt_at: Instant | None = None


class NotificationGivenUp(NotificationFact):
    """No more attempts."""

    TYPE = "caseway.notification.given-up.v1"

    attempt: Ordinal = 1
    reason: str = ""


class NotificationSuppressed(NotificationFact):
    """Not sent, on purpose."""

    TYPE = "caseway.notification.suppressed.v1"

    reason: str = ""


class NotificationAcknowledged(NotificationFact):
    """The recipient has seen it."""

    TYPE = "caseway.notification.acknowledged.v1"

    by: str | None = None
    medium: str | None = None
