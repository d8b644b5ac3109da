"""Ports that two desks on one machine do not both take."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from io import BufferedRandom
from pathlib import Path

from caseway.local.ports import free_ports, is_free


class Claims:
    """Ports promised to this process's desk: a service needs seconds until it listens on its own.

    A claim is a lock on a file, so that it ends with us, however we end.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir()) / f"caseway-ports-{os.getuid()}"
        self._held: list[BufferedRandom] = []

    def take(self, wanted: int) -> int:
        """That port, or a free one where somebody has it, or will."""
        return next(port for port in self._candidates(wanted) if is_free(port) and self._claim(port))

    def release(self) -> None:
        """Give them back."""
        for each in self._held:
            each.close()
        self._held.clear()

    def _candidates(self, wanted: int) -> Iterator[int]:
        yield wanted
        while True:
            yield from free_ports(1)

    def _claim(self, port: int) -> bool:
        self._folder.mkdir(exist_ok=True)
        file = (self._folder / str(port)).open("a+b")
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held.append(file)
            return True
        file.close()
        return False
