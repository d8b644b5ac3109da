"""Lines that say what takes its time."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager


def say(line: str) -> None:
    """Write one line for the person who waits; standard output stays for results."""
    sys.stderr.write(f"caseway local: {line}\n")
    sys.stderr.flush()


class Downloads:
    """Reports a download of many files, at most once every two seconds.

    A line a file would scroll away what matters; silence for a minute looks like a hang.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._files = 0
        self._bytes = 0
        self._said_at = time.monotonic()

    def __call__(self, _file: str, _size: int) -> AbstractContextManager[Callable[[int], None]]:
        """One file begins; what it yields is told the bytes."""
        return self._file()

    @contextmanager
    def _file(self) -> Generator[Callable[[int], None], None, None]:
        yield self._add
        self._files += 1

    def _add(self, count: int) -> None:
        self._bytes += count
        if time.monotonic() - self._said_at > 2:
            self._said_at = time.monotonic()
            say(f"{self._what}: {self._files} files, {self._bytes / 1e6:.0f} MB so far")
