"""How running clocks follow a changed configuration.

In the background and paced: whoever holds the lease looks for cases whose running clocks were reckoned by another
version, and asks each case's lane, by a command, to reckon anew. A command that came twice, or late, changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from prometheus_client import Gauge
from pymongo.errors import PyMongoError

from caseway.contracts.codec import encode
from caseway.contracts.milestone_commands import RecomputeMilestones
from caseway.kernel.errors import Transient
from caseway.kernel.ids import derived_id
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_escalation.adapters.cases import BY_CONFIGURATION
from caseway_escalation.domain.process import CASES

OUTDATED = Gauge(
    "caseway_milestones_outdated",
    "Cases whose running clocks were reckoned by another configuration, and wait to be reckoned anew.",
)
_STAGE = "escalation.recomputing"
_EVERY_SECONDS = 2.0
_AGAIN_SECONDS = 30.0
"""After a round that asked: lanes that lag are not asked again and again."""
_LEASE_SECONDS = 6.0
"""How long a restarted process waits for the one before it."""
_ROUND_SECONDS = 1.0

_log = logger(__name__)


async def keep_up(running: Running) -> None:
    """Look every few seconds, for as long as the service runs."""
    while True:
        asked = 0
        try:
            if await running.own_lanes.lease(_STAGE, 0, _LEASE_SECONDS) is not None:
                asked = await _Round(running).all()
        except (PyMongoError, Transient) as error:
            _log.warning("not recomputed", error=type(error).__name__)
        await asyncio.sleep(_AGAIN_SECONDS if asked else _EVERY_SECONDS)


class _Round:
    """Once through all cases that are behind: along the index by which they are found, so that a million cost no sorting."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._cases = running.database[CASES]
        self._outdated: dict[str, Any] = {"configured": {"$nin": [None, running.version]}}

    async def all(self) -> int:
        """How many were asked for."""
        behind, asked = await self._count(), 0
        async for ids in self._batches():
            began = time.monotonic()
            await asyncio.gather(*(self._ask(case_id) for case_id in ids))
            asked += len(ids)
            OUTDATED.set(max(0, behind - asked))  # to count them takes the longer the more they are: not every second
            await asyncio.sleep(max(0.0, _ROUND_SECONDS - (time.monotonic() - began)))
            if await self._running.own_lanes.lease(_STAGE, 0, _LEASE_SECONDS) is None:
                return asked
        if asked:
            _log.info("recomputing asked for", cases=asked, configuration=self._running.version)
            await self._count()
        return asked

    async def _count(self) -> int:
        behind = await self._cases.count_documents(self._outdated, hint=BY_CONFIGURATION)
        OUTDATED.set(behind)
        return behind

    async def _batches(self) -> AsyncIterator[list[str]]:
        """Their ids, as many at a time as may be asked for in a second."""
        limit = self._running.configuration.milestones.recomputed_per_second
        cursor = self._cases.find(self._outdated, {"_id": 1}, hint=BY_CONFIGURATION, batch_size=limit)
        async with cursor:
            while ids := [document["_id"] for document in await cursor.to_list(limit)]:
                yield ids

    async def _ask(self, case_id: str) -> None:
        version, now = self._running.version, self._running.clock.now()
        value, headers = encode(
            RecomputeMilestones(case_id=case_id, configuration=version),
            id=derived_id(_STAGE, case_id, version, now.isoformat()),
            source="caseway://escalation.doors",
            time=now,
            subject=case_id,
        )
        await self._running.door.publish(RecomputeMilestones.TOPIC, case_id, value, headers)
