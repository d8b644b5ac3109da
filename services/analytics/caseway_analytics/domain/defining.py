"""What it takes to define a measure."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from caseway_analytics.domain.figures import Figure
from caseway_analytics.domain.history import History
from caseway_analytics.domain.samples import Sample

Formula = Callable[[History], Iterator[Sample]]
Unit = Literal["count", "seconds", "ratio", "score", "per_hour"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure that cells hold."""

    name: str
    title: str
    unit: Unit
    source: str
    """The facts it comes from."""
    edge_cases: tuple[str, ...] = ()
    formula: Formula | None = None
    """None: counted fact by fact, without a history."""
    text: str = ""
    """The formula in a sentence, where there is no function whose docstring says it."""
    reads: tuple[str, ...] = ()
    """Fields of a history on which it depends: while they stay as they are, so does the figure."""
    since: int = 1
    """The edition of the measures that brought it, or changed its formula: cases counted before did not have it."""

    @property
    def is_timed(self) -> bool:
        """Whether it has durations (or scores), and not counts alone."""
        return self.unit in {"seconds", "score"}

    @property
    def definition(self) -> str:
        """The formula in one sentence."""
        if self.formula is None:
            return self.text
        return " ".join((inspect.getdoc(self.formula) or "").split("\n\n")[0].split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What configuration sets figures against: seconds to pick up by queue (`*` for all others), recipients by campaign."""

    within_seconds: Mapping[str, int] = field(default_factory=dict)
    recipients: Mapping[str, int] = field(default_factory=dict)
    """How many people a campaign was sent to, by campaign, where somebody told."""

    def of(self, queue: str) -> int:
        """The queue's, else everybody's, else 20 s.

        Source: 80/20, the level that call centres quote when nothing else is agreed.
        """
        return self.within_seconds.get(queue) or self.within_seconds.get("*") or 20


Parts = Mapping[str, Figure]
"""The figures that a derived one needs, by measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A figure made of others when it is asked for: nothing is kept for it."""

    name: str
    title: str
    unit: Unit
    needs: tuple[str, ...]
    text: str
    """Its formula, in words for a person."""
    figures: Callable[[Parts], dict[str, Any]]
    value: str = "ratio"
    """Which of the figures is the figure, where there is room for one."""
    edge_cases: tuple[str, ...] = ()
    is_running: bool = False
    """Whether it counts everything since the beginning, and not the span alone."""
    aged: Callable[[Parts, dt.datetime], dict[str, Any]] | None = None
    """In place of `figures`, where it depends on when one looks."""
    apart: Literal["", "queue", "campaign"] = ""
    """Added up value by value of this: queues have targets of their own, campaigns recipients."""
