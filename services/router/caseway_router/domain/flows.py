"""What changes, step by step, for work that still waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from caseway.kernel.vocabulary import Priority
from caseway_router.domain.items import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a flow. Its time counts from the entry into the queue, so that a late step makes the next no later.

    Source: semantics.md 5.4 (TaskRouter's targets and Connect's steps).
    """

    name: str
    after: dt.timedelta
    queue: str | None = None
    """Where it waits from then on; None: where it waited."""
    requirements: tuple[Requirement, ...] | None = None
    """What it asks for from then on beside the language; None: what it asked for."""
    keeps_language: bool = True
    """False: it may be anybody's, whatever they speak."""
    priority: Priority | None = None
    boost: float | None = None
    is_early: bool = False
    """It begins at once where nobody present could take the work by the step before."""
    frees_named: bool = False
    department: str | None = None
    """The way out: the work leaves the desk for this department."""
    choices: tuple[str, ...] = ()
    """What a customer on the line is offered when nobody present could take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCalls:
    """What becomes of a case whose customer asks for somebody by name. Source: S2-19."""

    names: Mapping[str, str]
    """By the name as it is asked for, folded (see `naming`), the agent."""
    post_to: str | None = None
    """The channel in which that person, and nobody else, is mentioned."""
    wait: dt.timedelta = dt.timedelta(0)
    """So long the work is theirs alone, if they are present."""
    otherwise_queue: str | None = None
    """Where it waits afterwards, such as a queue of call-backs; None: in its own queue, for anybody."""

    def steps(self, named: str | None) -> tuple[Step, ...]:
        """What follows when the one who was asked for does not come; that others may have it then, the pool sees to."""
        if named is None or self.otherwise_queue is None:
            return ()
        return (Step(name="not-there", after=self.wait, queue=self.otherwise_queue, is_early=True, frees_named=True),)
