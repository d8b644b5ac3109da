"""A sorted set that stays quick when it is large."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

Key = tuple[Any, ...]

_FULL = 2_000
"""Keys in a chunk before it is halved: an insertion moves at most this many pointers."""


class Ranked:
    """Keys in ascending order, kept in chunks; every operation is about O(log n)."""

    __slots__ = ("_chunks", "_count", "_lasts")

    def __init__(self) -> None:
        self._chunks: list[list[Key]] = []
        self._lasts: list[Key] = []
        self._count = 0

    @classmethod
    def of(cls, keys: list[Key]) -> Ranked:
        """All of `keys`, which stand in order already: far quicker than one by one."""
        made = cls()
        made._chunks = [keys[at : at + _FULL] for at in range(0, len(keys), _FULL)]
        made._lasts = [chunk[-1] for chunk in made._chunks]
        made._count = len(keys)
        return made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk

    def first(self) -> Key:
        """The smallest key; IndexError when there is none."""
        return self._chunks[0][0]

    def last(self) -> Key:
        """The largest key; IndexError when there is none."""
        return self._chunks[-1][-1]

    def add(self, key: Key) -> None:
        """Put `key` in its place; one that is there already is a mistake of the caller's."""
        self._count += 1
        chunks = self._chunks
        if not chunks:
            chunks.append([key])
            self._lasts.append(key)
            return
        at = 0 if len(chunks) == 1 else min(bisect_left(self._lasts, key), len(chunks) - 1)
        chunk = chunks[at]
        insort(chunk, key)
        self._lasts[at] = chunk[-1]
        if len(chunk) > _FULL:
            self._halve(at)

    def remove(self, key: Key) -> None:
        """Take `key` out.

        Raises:
            KeyError: it is not there.
        """
        chunks = self._chunks
        at = 0 if len(chunks) == 1 else bisect_left(self._lasts, key)
        chunk = chunks[at] if at < len(chunks) else []
        within = bisect_left(chunk, key)
        if within == len(chunk) or chunk[within] != key:
            raise KeyError(key)
        del chunk[within]
        self._count -= 1
        if chunk:
            self._lasts[at] = chunk[-1]
        else:
            del self._chunks[at], self._lasts[at]

    def since(self, key: Key) -> Iterator[Key]:
        """Every key that is not below `key`, ascending."""
        at, within = self._find(key)
        while at < len(self._chunks):
            yield from self._chunks[at][within:] if within else self._chunks[at]
            at, within = at + 1, 0

    def below(self, key: Key) -> int:
        """How many keys are below `key`."""
        at, within = self._find(key)
        return sum(map(len, self._chunks[:at])) + within

    def _find(self, key: Key) -> tuple[int, int]:
        at = bisect_left(self._lasts, key)
        return (at, bisect_left(self._chunks[at], key)) if at < len(self._chunks) else (at, 0)

    def _halve(self, at: int) -> None:
        chunk = self._chunks[at]
        middle = len(chunk) // 2
        self._chunks[at : at + 1] = [chunk[:middle], chunk[middle:]]
        self._lasts[at : at + 1] = [chunk[middle - 1], chunk[-1]]
