"""How people are spared: quiet hours, limits, bundles.

Source: semantics.md 5.7 (bundles, limits per destination, quiet hours with urgency exempt, the storm breaker).
"""

from __future__ import annotations

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Iterable, Sequence

from caseway.kernel.values import dataclass, replace
from caseway_notifier.domain.delivery import Delivery

STORM = "storm"
_MOST_IN_ONE = 50
"""Notices in one mail: beyond it, only their number is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When somebody is not to be disturbed, by their own clock."""

    begins: dt.time
    ends: dt.time
    zone: zoneinfo.ZoneInfo

    def over(self, now: dt.datetime) -> dt.datetime:
        """When they may be disturbed: now, or at the end of the quiet that holds now.

        >>> warsaw = Quiet(begins=dt.time(22), ends=dt.time(7), zone=zoneinfo.ZoneInfo("Europe/Warsaw"))
        >>> warsaw.over(dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)).isoformat()
        '2026-11-23T06:00:00+00:00'
        """
        local = now.astimezone(self.zone)
        if not self._holds(local.timetz().replace(tzinfo=None)):
            return now
        day = local.date() if local.time() < self.ends else local.date() + dt.timedelta(days=1)
        end = dt.datetime.combine(day, self.ends, tzinfo=self.zone).astimezone(dt.UTC)
        return max(end, now)

    def _holds(self, time: dt.time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= time < self.ends
        return time >= self.begins or time < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Notices to one person on one channel within a window; what is beyond waits, and comes as one summary."""

    count: int
    window: dt.timedelta


def limit_id(delivery: Delivery) -> str:
    """Names the count of how often one recipient is disturbed on one channel; no budget's name begins so."""
    return f"{STORM}|{delivery.channel}|{delivery.recipient}"


def storm_of(delivery: Delivery) -> str:
    """The bundle of everything that is too much for one recipient."""
    return f"{STORM}/{delivery.channel}/{delivery.recipient}"


def sealed(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those that go out as one from now on, each told by its first; what was sealed before stays as it was."""
    fresh: dict[str, Delivery] = {}
    done = []
    for each in deliveries:
        if not each.bundle or each.sealed:
            done.append(each)
            continue
        leader = fresh.setdefault(each.bundle, each)
        done.append(replace(each, sealed=leader.id))
    return done


def together_sent(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """The deliveries by the mail that they go out as."""
    keyed = sorted(deliveries, key=lambda each: (each.sealed or each.id, each.requested_at, each.id))
    return [list(group) for _, group in itertools.groupby(keyed, key=lambda each: each.sealed or each.id)]


def shown_of(count: int) -> int:
    """How many of so many notices one mail shows."""
    return min(count, _MOST_IN_ONE)
