"""Which sums of cells are kept beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from caseway_analytics.domain.cuts import CUTS


class RollUp(NamedTuple):
    """A cut's cells, summed over all but some of its dimensions."""

    cut: str
    dimensions: tuple[str, ...]

    @property
    def name(self) -> str:
        """What stands as `cut` in its cells."""
        return f"{self.cut}:{'+'.join(self.dimensions)}"

    def values(self, values: Sequence[str]) -> list[str]:
        """The values of a cell of the cut; of a dimension that is summed over, the empty text."""
        names = CUTS[self.cut]
        return [value if name in self.dimensions else "" for name, value in zip(names, values, strict=True)]


ROLL_UPS = (
    RollUp("desk", ()),
    RollUp("desk", ("channel",)),
    RollUp("desk", ("queue",)),
    RollUp("desk", ("priority",)),
    RollUp("desk", ("channel", "queue")),
    RollUp("agents", ("team",)),
    RollUp("agents", ("team", "agent")),
    RollUp("subjects", ("category",)),
    RollUp("subjects", ("product",)),
    RollUp("people", ("language",)),
    RollUp("people", ("segment",)),
    RollUp("skills", ("skill",)),
    RollUp("causes", ("department",)),
    RollUp("causes", ("campaign",)),
)
"""What reports ask for: by one dimension, or two that belong together. Their cells are shaped like the cut's own, so that
either answers; each is as many documents fewer as there are values of what it leaves out (measured: `tests.load.reports`).
A cell more for each of them is added to whenever cells are gathered, so they are few."""

_OF_CUT: Mapping[str, tuple[RollUp, ...]] = {cut: tuple(each for each in ROLL_UPS if each.cut == cut) for cut in CUTS}


def rolled_up(cut: str, names: frozenset[str]) -> tuple[RollUp, ...]:
    """The roll-ups of a cut, of those that are kept."""
    return tuple(each for each in _OF_CUT[cut] if each.name in names)


def smallest(cut: str, dimensions: Iterable[str], names: frozenset[str]) -> str:
    """The roll-up with the fewest dimensions that tells these apart, of those that are kept; else the cut itself.

    >>> every = frozenset(each.name for each in ROLL_UPS)
    >>> smallest("desk", ["queue"], every), smallest("desk", ["queue", "priority"], every)
    ('desk:queue', 'desk')
    >>> smallest("desk", ["queue"], frozenset())
    'desk'
    """
    wanted = set(dimensions)
    fitting = [each for each in rolled_up(cut, names) if wanted <= set(each.dimensions)]
    return min(fitting, key=lambda each: len(each.dimensions)).name if fitting else cut


def places(cut: str, values: Sequence[str], names: frozenset[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Where a cell counts in a layer: in its own cut, and in every roll-up of it that is kept."""
    yield cut, values
    for each in rolled_up(cut, names):
        yield each.name, each.values(values)
