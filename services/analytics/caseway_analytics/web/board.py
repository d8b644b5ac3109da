"""Keeps the wall's content fresh, for whoever looks at it.

One reading serves all who look, and Prometheus. Whoever looks is told everything once, and then what changed; in between, a
heartbeat tells a page that its stream is alive. When the database does not answer, those who look are told so, and see
until when their figures are right.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from prometheus_client import REGISTRY
from pymongo.errors import PyMongoError

from caseway.runtime.logs import logger
from caseway.runtime.metrics import BEHIND
from caseway.runtime.running import Running
from caseway_analytics.adapters.figures import MongoFigures
from caseway_analytics.adapters.sight import Sight
from caseway_analytics.domain.desk import Desk
from caseway_analytics.domain.patches import patch
from caseway_analytics.domain.wall import people, wall
from caseway_analytics.metrics import DeskMetrics
from caseway_analytics.settings import Configuration

LOOKED_AT_SECONDS = 0.25
"""Between two readings while somebody looks: the wall is to show a fact within a second, and the lane that counts it rests
up to a tenth. A reading of a large desk takes some thirty milliseconds of processor (`tests.load.wall`)."""
ALONE_SECONDS = 3.0
"""Between two readings while nobody looks."""
COUNTED_SECONDS = 5.0
"""Between two readings of the totals: Prometheus asks seldom."""
HEARTBEAT_SECONDS = 2.0
UNCHANGED_SECONDS = 5
"""So often the content is composed though nothing happened: some figures change by waiting."""
SHARE_OF_TIME = 4
"""A pause is at least so many times as long as the processor was at the reading before: a large desk must not keep the
process busy. Waiting for a database that others keep busy is no reason to pause longer."""
LONGEST_PAUSE_SECONDS = 1.5
"""But no longer: after one slow reading in full, what follows is quick again."""
_MOST_TOUCHED = 500

_log = logger(__name__)


class View:
    """One edition of the wall: for everybody, or with names for coordinators."""

    def __init__(self) -> None:
        self.revision = 0
        self.lookers = 0
        self.content: Mapping[str, Any] = {}
        self._part = ""

    def show(self, content: Mapping[str, Any], at: str, touched: list[str] | None = None) -> bool:
        """From now on this; whether that is anything new."""
        if content == self.content and not touched:
            return False
        change = patch(self.content, content)
        self._part = _sse("part", {"at": at, **change, **({"touched": touched} if touched else {})})
        self.content = content
        self.revision += 1
        return True

    def event(self, known: int, at: str) -> str:
        """What somebody must be told who knows this revision."""
        if known == self.revision - 1 and self._part and known > 0:
            return self._part
        return _sse("wall", {"at": at, "wall": self.content})


class Board:
    """The latest content of the wall, and those who wait for the next."""

    def __init__(self) -> None:
        self.metrics = DeskMetrics()
        self.desk: Desk | None = None
        self._views = {False: View(), True: View()}
        self._read_at = ""
        self._trouble = "nothing was read yet"
        self._counted_at = 0.0
        self._composed = (0, False)
        self._changed = asyncio.Event()
        self._looked_at = asyncio.Event()

    async def keep(self, running: Running) -> None:
        """Read again and again; runs as long as the service does."""
        configuration: Configuration = running.configuration
        plan = configuration.plan()
        sight = Sight(running.database, plan.zone, configuration.measures.wall.latest)
        REGISTRY.register(self.metrics)
        try:
            while True:
                used = time.process_time()
                try:
                    await self._read(running, sight)
                    await self._count(running)
                except PyMongoError as error:
                    self._tell_trouble(f"the database does not answer ({type(error).__name__})")
                await self._rest(min(SHARE_OF_TIME * (time.process_time() - used), LONGEST_PAUSE_SECONDS))
        finally:
            REGISTRY.unregister(self.metrics)
            await sight.close()

    async def stream(
        self, stopping: asyncio.Event, *, named: bool = False, is_over: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[str]:
        """Server-sent events: `wall` with everything, `part` with what changed, `beat`, and `trouble` with a reason.

        Args:
            stopping: the service's.
            named: with the agents' names.
            is_over: whether whoever looks is no longer known.
        """
        view, known = self._views[named], -1
        view.lookers += 1
        self._looked_at.set()
        try:
            while not stopping.is_set() and not is_over():
                known, event = self._next(view, known)
                yield event
                await _first_of(self._changed, stopping, HEARTBEAT_SECONDS)
        finally:
            view.lookers -= 1

    def _next(self, view: View, known: int) -> tuple[int, str]:
        """What to tell, and which revision is known then; after a trouble everything is told anew."""
        if self._trouble:
            return -1, _sse("trouble", {"reason": self._trouble, "at": self._read_at})
        if known == view.revision or not view.content:
            return known, _sse("beat", {"at": self._read_at})
        return view.revision, view.event(known, self._read_at)

    async def _read(self, running: Running, sight: Sight) -> None:
        plan = running.configuration.plan()
        desk, touched, is_news = await sight.desk(running.clock.now())
        self.desk = desk
        self._read_at = desk.now.isoformat()
        named = self._views[True]
        due = (int(desk.now.timestamp() / UNCHANGED_SECONDS), bool(named.lookers))
        if not is_news and not self._trouble and due == self._composed:
            return
        self._composed = due
        content = {**wall(desk, plan), "behind_seconds": _behind()}
        news = self._views[False].show(content, self._read_at)
        if named.lookers:
            cases = sorted(touched)[:_MOST_TOUCHED] if touched else None
            news |= named.show({**content, **people(desk, plan, named=True)}, self._read_at, cases)
        if news or self._trouble:
            self._trouble = ""
            self._tell()

    async def _count(self, running: Running) -> None:
        """What only Prometheus asks for: thousands of documents, after everybody who looks was told."""
        if self.desk is None or time.monotonic() - self._counted_at < COUNTED_SECONDS:
            return
        self._counted_at = time.monotonic()
        self.metrics.show(self.desk, running.configuration.plan(), await MongoFigures(running.database).totals())

    def _tell_trouble(self, reason: str) -> None:
        if reason != self._trouble:
            self._trouble = reason
            _log.warning("wall_not_fresh", reason=reason)
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _rest(self, least: float) -> None:
        """Sleep; while nobody looks, longer, but only until somebody begins to."""
        self._looked_at.clear()
        is_looked_at = any(view.lookers for view in self._views.values())
        pause = max(LOOKED_AT_SECONDS if is_looked_at else ALONE_SECONDS, least)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._looked_at.wait(), pause)


def _behind() -> float:
    """How old the facts are that lanes apply, in whole seconds."""
    ages = [sample.value for metric in BEHIND.collect() for sample in metric.samples]
    return float(round(max(ages, default=0.0)))


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
