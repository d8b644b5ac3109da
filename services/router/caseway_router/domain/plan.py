"""By which rules a pool is matched."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from caseway_router.domain.items import WorkItem
from caseway_router.domain.ranked import Key
from caseway_router.domain.staff import Agent

_SECOND = dt.timedelta(seconds=1)
_USUAL_OFFER = 20 * _SECOND
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def microseconds(at: dt.datetime | None) -> int:
    """An instant as a whole number that sorts alike; 0 for none."""
    return 0 if at is None else (at - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlan:
    """One queue of a pool."""

    name: str
    offer_for: dt.timedelta = _USUAL_OFFER
    """How long an agent may think before an offer expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """Queues, agents and the policy that matches them."""

    pool: str
    queues: Mapping[str, QueuePlan]
    agents: Mapping[str, Agent]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """The queues of other pools, each with its pool."""
    class_ranks: Mapping[str, int] = field(default_factory=dict)
    """By class of case, its place before everything else: 0 first. A class that is not named comes last."""
    bands: int = 4
    """Into how many equal parts a load ratio is divided: agents in the same part count as equally loaded."""
    ageing: dt.timedelta | None = None
    """A wait of this length is worth one rank of priority; None: priority alone, then age."""
    cool_down: dt.timedelta = 60 * _SECOND
    """How long work is kept from the agent who let it go."""
    missed_limit: int = 3
    """After so many expired offers in a row an agent is set to "not answering"; 0: never."""
    wrap_up: Mapping[str, dt.timedelta] = field(default_factory=dict)
    """By channel, how long an agent may write up a contact."""
    return_after: dt.timedelta = 120 * _SECOND
    """Held work goes back to its queue so long after its agent went offline."""
    silent_after: dt.timedelta = 45 * _SECOND
    """An agent whose desk sent heartbeats, and sends none for so long, counts as offline."""
    listed_count: int = 20
    """The most candidates that an explanation names."""

    def offer_for(self, queue: str) -> dt.timedelta:
        """How long an offer of the queue stands; a queue that was taken out of the configuration has the usual."""
        plan = self.queues.get(queue)
        return plan.offer_for if plan else _USUAL_OFFER

    def urgency(self, item: WorkItem) -> Key:
        """Where the item stands among all that wait: the smallest first.

        With ageing, priority + wait / τ orders any two items alike at every moment, so the key needs no clock.
        Source: semantics.md 5.4.
        """
        rank = item.priority + item.boost
        entered = microseconds(item.queued_at)
        last = len(self.class_ranks)
        case_class = self.class_ranks.get(item.case_class, last)
        if self.ageing is None:
            return (case_class, -rank, entered, item.case_id)
        return (case_class, entered - int(rank * (self.ageing // _MICROSECOND)), entered, item.case_id)
