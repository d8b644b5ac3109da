"""What the notifier needs of the outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Delivery, Outcome

Signer = Callable[[Delivery], str]
"""A delivery's Message-ID; the same for the same delivery."""


class Transport(Protocol):
    """Hands one delivery to the next system; never raises but when it is cancelled."""

    async def attempt(self, delivery: Delivery, content: Content) -> Outcome:
        """One try."""
        ...

    async def close(self) -> None:
        """Let go of what is held open."""
        ...
