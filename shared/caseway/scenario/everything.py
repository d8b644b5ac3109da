"""A whole desk with its customers: `caseway run`."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import signal
from dataclasses import dataclass
from pathlib import Path

from caseway.scenario.figures import FiguresDesk
from caseway.scenario.journal import Journal
from caseway.scenario.placard import placard
from caseway.scenario.premises import Premises, Stopped, opened_desk
from caseway.scenario.progress import say
from caseway.scenario.running import Options, Scenario, opened
from caseway.scenario.table import one_line, whole_table

_LINE_EVERY_SECONDS = 15.0
_TABLE_AFTER_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.5
_SETTLES_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line says."""

    scenario: Options
    directory: Path
    has_traffic: bool = True
    lasts: dt.timedelta | None = None

    @property
    def plays(self) -> bool:
        """Whether anybody writes and works: not every scenario has traffic of its own."""
        return self.has_traffic and (self.directory / "traffic.yaml").is_file()


async def run(wanted: Wanted) -> int:
    """Start, show, and end everything; the exit status: 1 when a service did not last."""
    stopping = asyncio.Event()
    for which in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(which, stopping.set)
    try:
        async with opened_desk(wanted.directory, stopping) as premises:
            return await _show(premises, wanted, stopping)
    except Stopped:
        return 0


async def _show(premises: Premises, wanted: Wanted, stopping: asyncio.Event) -> int:
    """The scenario, with a line now and then, until it is stopped or breaks."""
    say(placard(premises))
    if not wanted.plays:
        say("nobody writes and nobody works here: the desk is yours")
        watch = _Watch(premises, Journal(), stopping)
        await watch.look_on(wanted.lasts)
    else:
        async with opened(premises.settings, wanted.scenario) as scenario:
            watch = _Watch(premises, scenario.scene.journal, stopping)
            await _play(scenario, watch, wanted, stopping)
    await watch.settle()
    await watch.show_table()
    return 1 if watch.has_lost else 0


async def _play(scenario: Scenario, watch: _Watch, wanted: Wanted, stopping: asyncio.Event) -> None:
    """Traffic, until it ends or is ended."""
    playing = asyncio.create_task(scenario.play())
    playing.add_done_callback(lambda _: stopping.set())
    await watch.look_on(wanted.lasts)
    scenario.stopping.set()
    await playing


class _Watch:
    """Looks on, and says what it sees."""

    def __init__(self, premises: Premises, journal: Journal, stopping: asyncio.Event) -> None:
        self._premises = premises
        self._journal = journal
        self._stopping = stopping
        self._figures = FiguresDesk(premises.url("analytics"), premises.url("intake"))
        self._lost: set[str] = set()

    @property
    def has_lost(self) -> bool:
        """Whether a service ended that should not have."""
        return bool(self._lost)

    async def look_on(self, lasts: dt.timedelta | None) -> None:
        """Until it is to stop, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(lasts.total_seconds() if lasts else None), asyncio.TaskGroup() as tasks:
                telling = [
                    tasks.create_task(each)
                    for each in (self._look_for_losses(), self._tell_now_and_then(), self._tell_after_a_minute())
                ]
                await self._stopping.wait()
                for each in telling:
                    each.cancel()

    async def settle(self) -> None:
        """Wait until the figures stand still, or as long as somebody who wants to leave will wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLES_SECONDS):
                before = None
                while (now := (await self._figures.read()).standing) != before:
                    before = now
                    await asyncio.sleep(_LOOK_EVERY_SECONDS * 2)

    async def show_table(self) -> None:
        """All numbers, as they stand."""
        say("\n" + whole_table(self._journal, await self._figures.read()))

    async def _look_for_losses(self) -> None:
        while True:
            for each in self._premises.services:
                if each.ended and each.name not in self._lost:
                    self._lost.add(each.name)
                    say(f"{each.name} {each.ended}; the end of {each.log}:\n{each.last_words()}")
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _tell_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_LINE_EVERY_SECONDS)
            say(one_line(self._journal, await self._figures.read()))

    async def _tell_after_a_minute(self) -> None:
        await asyncio.sleep(_TABLE_AFTER_SECONDS)
        say("after a minute:")
        await self.show_table()
