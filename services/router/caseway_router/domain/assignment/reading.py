"""What commands say, in the words of the domain."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from functools import lru_cache

from caseway.contracts import parts
from caseway.kernel.errors import Rejected
from caseway_router.domain.items import WHOLE, FlowStep, Requirement

_LARGEST = 10_000
"""The largest weight or capacity that makes sense, in contacts: more is a mistake of the sender's."""


def hundredths(contacts: float, name: str) -> int:
    """A weight or capacity, as it is counted here.

    Raises:
        Rejected: it is not a number, or beyond all sense.
    """
    if not math.isfinite(contacts) or not 0 <= contacts <= _LARGEST:
        raise Rejected("malformed", f"{name} is not between 0 and {_LARGEST}")
    return round(contacts * WHOLE)


_SUPERVISORS = frozenset({"supervisor", "officer", "manager"})


def is_supervisor(actor: parts.Actor | None) -> bool:
    """Whether somebody may decide over others' work."""
    return actor is not None and actor.kind in _SUPERVISORS


def requirements(given: Iterable[parts.Requirement]) -> tuple[Requirement, ...]:
    """Requirements as matching wants them: a soft one without a time is dropped at once."""
    return tuple(
        [_requirement(each.skill, each.level, each.hard, each.drop_after_seconds, each.order) for each in given]
    )


@lru_cache(maxsize=10_000)
def _requirement(skill: str, level: int, hard: bool, drop_after_seconds: float | None, order: int) -> Requirement:
    """One object for all that ask for the same: work waits by the hundred thousand."""
    at_once_or_never = None if hard else dt.timedelta(0)
    drop_after = at_once_or_never if drop_after_seconds is None else length(drop_after_seconds)
    return Requirement(skill=skill, level=level, drop_after=drop_after, order=order)


def length(seconds: float) -> dt.timedelta:
    """A length of time in whole milliseconds, a year at most."""
    return dt.timedelta(milliseconds=round(min(seconds, _LONGEST_SECONDS) * 1000))


_LONGEST_SECONDS = 366 * 86_400.0
"""A requirement that waits longer is as good as hard, and the sum with an instant must stay an instant."""


def to_milliseconds(instant: dt.datetime) -> dt.datetime:
    """`instant` in UTC, cut as MongoDB cuts it: a pool rebuilt from there must equal the one in memory."""
    utc = instant if instant.tzinfo is dt.UTC else instant.astimezone(dt.UTC)
    return utc if utc.microsecond % 1000 == 0 else utc.replace(microsecond=utc.microsecond // 1000 * 1000)


_MOST_STEPS = 20
"""More is a mistake of the sender's, and would be kept with the item."""


def steps(given: Iterable[parts.FlowStep]) -> tuple[FlowStep, ...]:
    """The steps of a flow, the earliest first."""
    read = (
        FlowStep(
            name=each.name,
            after=length(each.after_seconds),
            queue=each.queue,
            requirements=None if each.requirements is None else requirements(each.requirements),
            priority=None if each.priority is None else each.priority.rank,
            boost=each.boost,
            is_early=each.is_early,
            frees_named=each.frees_named,
            department=each.department or "",
            choices=each.choices,
        )
        for each in given
    )
    return tuple(sorted(read, key=lambda step: step.after)[:_MOST_STEPS])
