"""When a queue is open, and a language spoken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseway.kernel.business_hours import BusinessHours

_LEAST = dt.timedelta(microseconds=1)
_HORIZON = dt.timedelta(days=2)
"""Nobody is on the line for so long."""
_ROUNDS = 400
"""Openings looked at until two calendars meet; two that have not met by then are taken never to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Nobody is there for it now."""

    reason: Literal["closed", "unstaffed", "wished"]
    """The queue's hours, or those of the language; or the customer named a time."""
    until: dt.datetime | None
    """The next opening; None where there is none in sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """Outside which a call or chat is not left waiting."""

    queues: Mapping[str, BusinessHours] = field(default_factory=dict)
    """By queue; one that is not named is always open."""
    languages: Mapping[str, BusinessHours] = field(default_factory=dict)
    """By language, when somebody speaks it; one that is not named is spoken at any hour."""
    channels: frozenset[str] = frozenset()
    """On which somebody is on the line: what is written may wait at any hour."""
    choices: tuple[str, ...] = ()
    """What somebody on the line may choose instead of waiting: `callback`, `case`."""
    unstaffed_after: dt.timedelta | None = None
    """When somebody on the line is offered the choice because nobody present could take it; None: never."""

    def closed(self, queue: str, language: str | None, channel: str, at: dt.datetime) -> Closed | None:
        """Why, and until when, nobody is there; None while somebody is."""
        if channel not in self.channels:
            return None
        hours = self.queues.get(queue)
        spoken = self.languages.get(language or "")
        if (hours is None or hours.is_open(at)) and (spoken is None or spoken.is_open(at)):
            return None
        reason: Literal["closed", "unstaffed"] = "unstaffed" if hours is None or hours.is_open(at) else "closed"
        return Closed(reason=reason, until=next_opening([each for each in (hours, spoken) if each is not None], at))

    def closes_at(self, queue: str, language: str | None, channel: str, at: dt.datetime) -> dt.datetime | None:
        """When nobody will be there for it any more; None where that is days away, or never."""
        if channel not in self.channels:
            return None
        known = (self.queues.get(queue), self.languages.get(language or ""))
        horizon = at + _HORIZON
        ends = [
            next((each.end for each in hours.counted(at, horizon)), horizon) for hours in known if hours is not None
        ]
        return min((end for end in ends if end < horizon), default=None)


def next_opening(calendars: Iterable[BusinessHours], at: dt.datetime) -> dt.datetime | None:
    """The least instant from `at` on at which all are open; None when they do not meet."""
    known = list(calendars)
    for _ in range(_ROUNDS):
        opens = [calendar.due_at(at, _LEAST) - _LEAST for calendar in known]
        latest = max([at, *opens])
        if latest == at:
            return at
        at = latest
    return None
