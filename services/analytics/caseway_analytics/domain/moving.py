"""What lanes' cells add to the layers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from caseway_analytics.domain.calendar import Period, start_of
from caseway_analytics.domain.layers import HALF_HOURS, Kept, layer_of
from caseway_analytics.domain.roll_ups import places

Amounts = dict[str, int]
"""By dotted field."""


class Place(NamedTuple):
    """One cell of a layer."""

    layer: str
    cut: str
    slot: dt.datetime
    values: tuple[str, ...]

    @property
    def id(self) -> str:
        """Of its document."""
        return f"{self.layer}/{self.cut}/{self.slot:%Y-%m-%dT%H:%M}/" + "\x1f".join(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """Before when the finer layers are not kept."""

    half_hours: dt.datetime
    days: dt.datetime


def additions(cells: Iterable[Mapping[str, Any]], kept: Kept, until: Until, desk: ZoneInfo) -> Mapping[Place, Amounts]:
    """What each layer gains from some lanes' cells.

    Summed step by step (lanes, then roll-ups, then each period), since each step leaves fewer cells for the next.
    """
    own = _summed(_read(cells), lambda place: (place,))
    halves = _summed(own.items(), lambda place: _rolled_up(place, kept))
    found = {place: amounts for place, amounts in halves.items() if place.slot >= until.half_hours}
    for zone in (desk, *map(ZoneInfo, sorted(kept.zones - {desk.key}))):
        found |= _in_periods(halves, kept, until, zone, desk)
    without_zeros = {place: {name: n for name, n in amounts.items() if n} for place, amounts in found.items()}
    return {place: amounts for place, amounts in without_zeros.items() if amounts}


def _in_periods(
    halves: Mapping[Place, Amounts], kept: Kept, until: Until, zone: ZoneInfo, desk: ZoneInfo
) -> dict[Place, Amounts]:
    """Weeks and months are both sums of days."""
    days = _summed(halves.items(), _Moved("day", zone, desk))
    found = {place: amounts for place, amounts in days.items() if place.slot >= until.days}
    if "week" in kept.periods:
        weeks = _summed(days.items(), _Moved("week", zone, desk))
        found |= {place: amounts for place, amounts in weeks.items() if place.slot >= until.days}
    return found | _summed(days.items(), _Moved("month", zone, desk))


class _Moved:
    """Where a cell stands in a coarser layer; a zone's rules are asked once for each slot."""

    def __init__(self, period: Period, zone: ZoneInfo, desk: ZoneInfo) -> None:
        self._layer = layer_of(period, zone, desk)
        self._start = lru_cache(maxsize=None)(lambda slot: start_of(slot, period, zone))

    def __call__(self, place: Place) -> tuple[Place]:
        return (Place(self._layer, place.cut, self._start(place.slot), place.values),)


def _read(cells: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Place, Amounts]]:
    for cell in cells:
        amounts: Amounts = {}
        _flatten("m", cell.get("m", {}), amounts)
        yield Place(HALF_HOURS, cell["cut"], cell["slot"], tuple(cell["values"])), amounts


def _flatten(path: str, value: Mapping[str, Any], into: Amounts) -> None:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            _flatten(f"{path}.{name}", inner, into)
        else:
            into[f"{path}.{name}"] = inner


def _rolled_up(place: Place, kept: Kept) -> Sequence[Place]:
    return [
        place._replace(cut=cut, values=tuple(values)) for cut, values in places(place.cut, place.values, kept.roll_ups)
    ]


def _summed(cells: Iterable[tuple[Place, Amounts]], where: Callable[[Place], Sequence[Place]]) -> dict[Place, Amounts]:
    sums: dict[Place, Amounts] = {}
    for place, amounts in cells:
        for target in where(place):
            into = sums.get(target)
            if into is None:
                sums[target] = dict(amounts)
                continue
            for name, amount in amounts.items():
                into[name] = into.get(name, 0) + amount
    return sums
