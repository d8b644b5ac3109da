"""Which samples a history gives, and which a change touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from operator import attrgetter

from caseway_analytics.domain.defining import Measure
from caseway_analytics.domain.history import History
from caseway_analytics.domain.measures import EDITION, OF_CASES
from caseway_analytics.domain.samples import Sample

_FIRST = ("opened_at", "contacts", "pick_ups", "first_response", "next_responses", "cycles", "handled", "worked")
PARTS = tuple(dict.fromkeys((*_FIRST, *(part for measure in OF_CASES for part in measure.reads))))
"""Every field of a history that some measure reads."""

_READERS: Mapping[str, tuple[Measure, ...]] = {
    part: tuple(measure for measure in OF_CASES if part in measure.reads) for part in PARTS
}


def samples_of(history: History) -> Iterator[tuple[str, Sample]]:
    """Every sample that a history gives, with its measure's name."""
    return given_by(OF_CASES, history)


def given_by(measures: tuple[Measure, ...], history: History, edition: int = EDITION) -> Iterator[tuple[str, Sample]]:
    """The samples of some measures, of those that an edition knew."""
    for measure in measures:
        if measure.formula is not None and measure.since <= edition:
            name = measure.name
            for sample in measure.formula(history):
                yield name, sample


_EMPTY = History()
_parts = attrgetter(*PARTS)


def changed(before: History | None, after: History) -> tuple[Measure, ...]:
    """The measures of cases whose figures may differ between two histories of one case."""
    if before is None:
        return _touched(_EMPTY, after)
    if before.face != after.face or before.edition != after.edition or before.is_ours != after.is_ours:
        return OF_CASES
    return _touched(before, after)


def _touched(before: History, after: History) -> tuple[Measure, ...]:
    # empty tuples are one object, empty mappings are not
    return _reading(
        tuple(
            part
            for part, now, then in zip(PARTS, _parts(after), _parts(before), strict=True)
            if now is not then and (now or then)
        )
    )


@lru_cache(maxsize=2_000)
def _reading(parts: tuple[str, ...]) -> tuple[Measure, ...]:
    """The measures that read any of these."""
    return tuple({measure.name: measure for part in parts for measure in _READERS[part]}.values())
