"""Whether the doors still take forms."""

from __future__ import annotations

import datetime as dt
from math import ceil

from pymongo.errors import PyMongoError

from caseway.runtime.running import Running
from caseway_intake.adapters.edge_states import load_pool
from caseway_intake.domain import quota
from caseway_intake.domain.admission.knowledge import FORM_POOLS, POOL
from caseway_intake.gateway.refusals import Refusal, refusal
from caseway_intake.settings import Form

_LOOKS_EVERY = dt.timedelta(seconds=1)
_PATIENCE_MS = 500


class QuotaDoor:
    """Says no at the door when as many forms wait as may: the edge, which decides, could only park them."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._rules: quota.Rules | None = running.configuration.forms.quota
        self._looked_at: dt.datetime | None = None
        self._pool = quota.Pool()

    async def check(self, form: Form | None) -> None:
        """Let a form in.

        Raises:
            Refusal: 429, with when to come again.
        """
        if self._rules is None or (form is not None and form.bypasses_quota):
            return
        now = self._running.clock.now()
        pool = await self._look(now)
        if quota.is_full(pool, self._rules, now):
            raise self._refusal(now)

    def _refusal(self, now: dt.datetime) -> Refusal:
        assert self._rules is not None
        again = quota.release_of(quota.local_day(self._rules, now) + dt.timedelta(days=1), self._rules)
        problem = (
            f"no more forms are taken today: {self._rules.waiting} wait; come again after {again:%Y-%m-%d %H:%M} UTC"
        )
        refused = refusal(429, problem)
        refused.headers = {"retry-after": str(ceil((again - now).total_seconds()))}
        return refused

    async def _look(self, now: dt.datetime) -> quota.Pool:
        """The pool as it stood a moment ago; while the database does not answer, as it last stood."""
        if self._looked_at is not None and now - self._looked_at < _LOOKS_EVERY:
            return self._pool
        self._looked_at = now
        try:
            document = await self._running.database[FORM_POOLS].find_one({"_id": POOL}, max_time_ms=_PATIENCE_MS)
        except PyMongoError:
            return self._pool
        self._pool = load_pool(document) if document else quota.Pool()
        return self._pool
