"""The transport for mail: composes and hands over."""

from __future__ import annotations

import time

from caseway.runtime.logs import logger
from caseway_notifier import metrics
from caseway_notifier.adapters.mail import Composing
from caseway_notifier.adapters.smtp import Pool
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Delivery, Outcome, Refused
from caseway_notifier.domain.subscription import Plan

_log = logger(__name__)


class Post:
    """Mail, through one server."""

    def __init__(self, plan: Plan, pool: Pool, key: bytes) -> None:
        self._plan = plan
        self._pool = pool
        self._letters = Composing(key)

    async def attempt(self, delivery: Delivery, content: Content) -> Outcome:
        """One try; what cannot be written as a mail is refused at once."""
        sender = self._plan.senders.get(delivery.mailing.sender) if delivery.mailing else None
        if sender is None:
            return Refused("unknown-sender")
        try:
            envelope = self._letters.envelope(delivery, content, sender)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # the standard library's mail package raises any of these on input that it did not foresee
            _log.warning("not composed", notification=delivery.id, case_id=delivery.case_id, error=type(error).__name__)
            return Refused("not-composed")
        began = time.monotonic()
        outcome = await self._pool.send(envelope)
        metrics.attempt_took(delivery.channel).observe(time.monotonic() - began)
        return outcome

    async def close(self) -> None:
        """Say goodbye to the server."""
        await self._pool.close()
