"""How a running service takes a changed configuration.

The directory is looked at every few seconds, and at SIGHUP. What is written there is read once it has stood still
between two looks, so that a change of several files is taken as one. A good one comes in force; a bad one is refused
with every fault in the log, and what was in force stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from caseway.runtime import metrics
from caseway.runtime.configuration import Loaded, Reloader
from caseway.runtime.logs import logger

LOOK_SECONDS = 5.0
_DEFECTS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What a fault of the check itself raises: it must not end a service that runs well."""

_log = logger(__name__)
_Seen = tuple[tuple[str, int, int], ...]


class Reloading:
    """Watches one service's configuration directory."""

    def __init__(
        self, service: str, directory: Path, reloader: Reloader[Any], take: Callable[[Loaded[Any]], None]
    ) -> None:
        self._service = service
        self._directory = directory
        self._reloader = reloader
        self._take = take
        self._asked = asyncio.Event()
        self._last_seen = self._read = _seen(directory)
        self._show()

    def ask(self) -> None:
        """Look at once, and take what is there even if it was only just written."""
        self._asked.set()

    async def run(self) -> None:
        """Look for as long as the service runs."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_SECONDS)
            is_asked = self._asked.is_set()
            self._asked.clear()
            await self._look(is_asked=is_asked)

    async def _look(self, *, is_asked: bool) -> None:
        seen = await asyncio.to_thread(_seen, self._directory)
        stood_still, self._last_seen = seen == self._last_seen, seen
        if is_asked or (stood_still and seen != self._read):
            self._read = seen
            await self._reload()

    async def _reload(self) -> None:
        """Read in a thread: nothing else waits for it, and decisions go on by what is in force."""
        before = self._reloader.current.version
        try:
            problems: tuple[object, ...] = await asyncio.to_thread(self._reloader.reload)
        except _DEFECTS as defect:
            problems = (f"could not be checked: {type(defect).__name__}",)
        metrics.CONFIGURATION_REFUSED.labels(self._service).set(bool(problems))
        in_force = self._reloader.current
        if problems:
            _log.error("configuration refused", in_force=in_force.version, faults=[str(each) for each in problems])
        elif in_force.version != before:
            self._take(in_force)
            self._show()
            _log.info("configuration changed", version=in_force.version, before=before)
        else:
            _log.info("configuration as before", version=in_force.version)

    def _show(self) -> None:
        metrics.CONFIGURATION.clear()
        metrics.CONFIGURATION.labels(self._service, self._reloader.current.version).set(1)


def _seen(directory: Path) -> _Seen:
    """Every file by name, time and size: through links, as orchestrators exchange mounted files by them."""
    found = []
    with contextlib.suppress(OSError):  # a directory that cannot be read is told when it is loaded
        for path in sorted(directory.rglob("*")):
            with contextlib.suppress(OSError):  # gone meanwhile
                about = path.stat()
                found.append((path.as_posix(), about.st_mtime_ns, about.st_size))
    return tuple(found)
