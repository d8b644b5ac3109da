"""Keeps the wall's content fresh, for whoever looks at it.

One reading serves all who look, and Prometheus. It is told only when it has changed; in between, a heartbeat tells a
page that its stream is alive. When the database does not answer, those who look are told so, and see until when their
figures are right.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from prometheus_client import REGISTRY
from pymongo.errors import PyMongoError

from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_analytics.adapters.figures import MongoFigures, Today
from caseway_analytics.domain.wall import Desk, Plan, day_start, wall
from caseway_analytics.metrics import DeskMetrics
from caseway_analytics.settings import Configuration

LOOKED_AT_SECONDS = 0.5
"""Between two readings while somebody looks: the wall is to show a fact within a second."""
ALONE_SECONDS = 3.0
"""Between two readings while nobody looks: Prometheus asks seldom."""
HEARTBEAT_SECONDS = 2.0
SHARE_OF_TIME = 4
"""A pause is at least so many times as long as the reading before: a large desk must not keep the process busy."""

_log = logger(__name__)


class Board:
    """The latest content of the wall, and those who wait for the next."""

    def __init__(self) -> None:
        self.metrics = DeskMetrics()
        self._content: dict[str, Any] | None = None
        self._read_at = ""
        self._trouble = ""
        self._revision = 0
        self._changed = asyncio.Event()
        self._looking = 0
        self._looked_at = asyncio.Event()

    async def keep(self, running: Running) -> None:
        """Read again and again; runs as long as the service does."""
        configuration: Configuration = running.configuration
        figures = MongoFigures(running.database)
        today = Today(figures)
        REGISTRY.register(self.metrics)
        try:
            while True:
                began = time.monotonic()
                try:
                    await self._read(running, figures, today, configuration)
                except PyMongoError as error:
                    self._tell_trouble(f"the database does not answer ({type(error).__name__})")
                pause = LOOKED_AT_SECONDS if self._looking else ALONE_SECONDS
                await self._rest(max(pause, SHARE_OF_TIME * (time.monotonic() - began)))
        finally:
            REGISTRY.unregister(self.metrics)

    async def stream(self, stopping: asyncio.Event) -> AsyncIterator[str]:
        """Server-sent events: `wall` with the content, `trouble` with a reason, `beat` in between."""
        self._looking += 1
        self._looked_at.set()
        known = -1
        try:
            while not stopping.is_set():
                if known != self._revision:
                    known = self._revision
                    yield self._event()
                else:
                    yield _sse("beat", {"at": self._read_at})
                await _first_of(self._changed, stopping, HEARTBEAT_SECONDS)
        finally:
            self._looking -= 1

    async def _read(self, running: Running, figures: MongoFigures, today: Today, configuration: Configuration) -> None:
        plan = configuration.plan()
        desk = await _desk(running, figures, today, plan, configuration.measures.wall.latest)
        self.metrics.show(desk, plan, await figures.totals())
        content = wall(desk, plan)
        self._read_at = desk.now.isoformat()
        if content != self._content or self._trouble:
            self._content, self._trouble = content, ""
            self._tell()

    def _tell_trouble(self, reason: str) -> None:
        if reason != self._trouble:
            self._trouble = reason
            _log.warning("wall_not_fresh", reason=reason)
            self._tell()

    def _tell(self) -> None:
        self._revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def _event(self) -> str:
        if self._trouble:
            return _sse("trouble", {"reason": self._trouble, "at": self._read_at})
        return _sse("wall", {"at": self._read_at, "wall": self._content}) if self._content else _sse("beat", {"at": ""})

    async def _rest(self, seconds: float) -> None:
        """Sleep; while nobody looks, only until somebody begins to."""
        if self._looking:
            await asyncio.sleep(seconds)
            return
        self._looked_at.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._looked_at.wait(), seconds)


async def _desk(running: Running, figures: MongoFigures, today: Today, plan: Plan, latest: int) -> Desk:
    now = running.clock.now()
    return Desk(
        now=now,
        live=await figures.live(),
        latest=await figures.latest(latest) if latest else [],
        agents=await figures.agents(),
        today=await today.cells(day_start(now, plan.zone), now),
    )


async def _first_of(changed: asyncio.Event, stopping: asyncio.Event, seconds: float) -> None:
    """Until either is set, or the time is up."""
    waits = [asyncio.ensure_future(event.wait()) for event in (changed, stopping)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _sse(event: str, data: Any) -> str:
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"
