"""The day's cells, added up as they change.

A cell is known by its id: given anew, what it had contributed is taken away and what it has now is added. So a wall of
fifty queues costs what changed, not what there is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from caseway_analytics.domain.figures import NONE, Cell, Figure

_BY_SLOT = frozenset({"contacts", "pick_up"})
"""Measures that the wall shows half hour by half hour."""

_Key = tuple[str, str, str, dt.datetime | None]
"""Measure, channel, queue, slot; empty where it is summed over."""


class Sums:
    """Figures of a day by channel, by queue, and by half hour."""

    def __init__(self, cells: Iterable[Cell] = ()) -> None:
        self._cells: dict[str, Cell] = {}
        self._sums: dict[_Key, _Sum] = {}
        for place, cell in enumerate(cells):
            self.put(str(place), cell)

    def put(self, id_: str, cell: Cell | None) -> None:
        """What stands under this id from now on; None: nothing."""
        before = self._cells.pop(id_, None)
        if before is not None:
            self._add(before, -1)
        if cell is not None:
            self._cells[id_] = cell
            self._add(cell, 1)

    def of(self, measure: str, *, channel: str = "", queue: str = "", slot: dt.datetime | None = None) -> Figure:
        """The measure over all cells, or those of a channel, or of a queue; of the day or of one half hour."""
        found = self._sums.get((measure, channel, queue, slot))
        return found.figure() if found is not None else NONE

    def queues(self) -> set[str]:
        """Every queue that has a figure today."""
        return {queue for _, _, queue, _ in self._sums if queue}

    def _add(self, cell: Cell, sign: int) -> None:
        for measure, figure in cell.figures.items():
            for key in _keys(measure, cell):
                self._sums.setdefault(key, _Sum()).add(figure, sign)


def _keys(measure: str, cell: Cell) -> Iterable[_Key]:
    places = {("", ""), (cell.channel, ""), ("", cell.queue)}
    slots = (None, cell.starts_at) if measure in _BY_SLOT else (None,)
    return [(measure, channel, queue, slot) for channel, queue in places for slot in slots]


class _Sum:
    """A figure that changes."""

    __slots__ = ("_buckets", "_count", "_milliseconds")

    def __init__(self) -> None:
        self._count = 0
        self._milliseconds = 0
        self._buckets: dict[int, int] = {}

    def add(self, figure: Figure, sign: int) -> None:
        self._count += sign * figure.count
        self._milliseconds += sign * figure.milliseconds
        for bucket, count in figure.buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + sign * count

    def figure(self) -> Figure:
        buckets: Mapping[int, int] = {bucket: count for bucket, count in self._buckets.items() if count}
        return Figure(count=self._count, milliseconds=self._milliseconds, buckets=buckets)
