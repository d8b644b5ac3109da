"""What commands say, in the words of the domain."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from caseway.contracts import parts
from caseway.kernel.errors import Rejected
from caseway_router.domain.items import WHOLE, Requirement

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


def requirements(given: Iterable[parts.Requirement]) -> tuple[Requirement, ...]:
    """Requirements as matching wants them: a soft one without a time is dropped at once."""
    return tuple(
        Requirement(skill=each.skill, level=each.level, drop_after=_drop_after(each), order=each.order)
        for each in given
    )


def _drop_after(requirement: parts.Requirement) -> dt.timedelta | None:
    if requirement.drop_after_seconds is None:
        return None if requirement.hard else dt.timedelta(0)
    return dt.timedelta(milliseconds=round(min(requirement.drop_after_seconds, _LONGEST_SECONDS) * 1000))


_LONGEST_SECONDS = 366 * 86_400.0
"""A requirement that waits longer is as good as hard, and the sum with an instant must stay an instant."""


def to_milliseconds(instant: dt.datetime) -> dt.datetime:
    """`instant` in UTC, cut as MongoDB cuts it: a pool rebuilt from there must equal the one in memory."""
    utc = instant.astimezone(dt.UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
