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
_USUAL_NAMED = 60 * _SECOND
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_DAY_SECONDS = 86_400
_NORMAL = 1
"""The rank of normal priority: where arrival alone counts, everything has it."""
_NEVER = 1 << 62
"""After every instant, in microseconds."""
_EQUAL_PARTS = 4
"""Of a rank of priority: ageing puts work into steps so small, and the promise decides within one."""


def microseconds(at: dt.datetime | None) -> int:
    """An instant as a whole number that sorts alike; 0 for none."""
    if at is None:
        return 0
    since = at - _EPOCH
    return (since.days * _DAY_SECONDS + since.seconds) * 1_000_000 + since.microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlan:
    """One queue of a pool."""

    name: str
    offer_for: dt.timedelta = _USUAL_OFFER
    """How long an agent may think before an offer expires."""
    by_arrival: bool = False
    """Priority and promises do not count within it, only class, boost and age. Source: S2-15 (call-backs)."""
    named_for: dt.timedelta = _USUAL_NAMED
    """How long work waits for the agent whom the customer named, while that agent is present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Agents with a scarce skill of whom a few are kept free, such as one who speaks two languages."""

    name: str
    skills: Mapping[str, int]
    """Who has all of these so well belongs to it."""
    keep_count: int
    """With so few of them free, or fewer, work that does not need them goes to others first."""
    needed_for: frozenset[str]
    """Work that asks for one of these skills is what they are kept for."""


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
    """A wait of this length is worth one rank of priority; None: priority alone."""
    cool_down: dt.timedelta = 60 * _SECOND
    """How long work is kept from the agent who let it go."""
    missed_limit: int = 3
    """After so many expired offers in a row an agent is set to "not answering"; 0: never."""
    wrap_up: Mapping[str, dt.timedelta] = field(default_factory=dict)
    """By channel, how long an agent may write up a contact."""
    return_after: dt.timedelta = 120 * _SECOND
    """Held work goes back to its queue so long after its agent went offline."""
    silent_after: dt.timedelta = 45 * _SECOND
    """An agent whose desk sent heartbeats, and sends none for so long, or half as long again, counts as offline."""
    remembers_holders: bool = False
    """Whether a rule prefers who worked on a case last, so that it must be known."""
    listed_count: int = 5
    """The most candidates that an explanation names."""
    counted_whole: int = 40
    """In a pool of so many agents an explanation also names who may not take the work, as far as its list reaches."""
    looked_at_one_by_one: int = 64
    """Where no more agents than this are able to do the work, each of them is looked at; else they stand in a row."""
    policy: str = "even"
    """In which order those who may take work are asked: one of `policy.POLICIES`."""
    reserves: tuple[Reserve, ...] = ()
    default_queue: str = ""
    """For work whose queue is configured no longer; empty: it is refused."""
    default_queues: Mapping[str, str] = field(default_factory=dict)
    """By other pool, the queue for what is sent there without one."""
    departments: Mapping[str, str] = field(default_factory=dict)
    """By department, the queue where its work waits, here or in another pool."""

    def offer_for(self, queue: str) -> dt.timedelta:
        """How long an offer of the queue stands; a queue that was taken out of the configuration has the usual."""
        plan = self.queues.get(queue)
        return plan.offer_for if plan else _USUAL_OFFER

    def named_for(self, queue: str) -> dt.timedelta:
        """How long work of the queue waits for the agent whom the customer named."""
        plan = self.queues.get(queue)
        return plan.named_for if plan else _USUAL_NAMED

    def pool_of(self, queue: str) -> str:
        """The pool that has the queue; empty for an unknown one."""
        return self.pool if queue in self.queues else self.elsewhere.get(queue, "")

    def urgency(self, item: WorkItem) -> Key:
        """Where the item stands among all that wait: the smallest first.

        With ageing, priority + wait / τ orders any two items alike at every moment, so the key needs no clock. Those
        within a quarter of a rank of each other count as equal, so that the nearer promise goes first.
        Source: semantics.md 5.4.
        """
        queue = self.queues.get(item.queue)
        by_arrival = queue is not None and queue.by_arrival
        rank = item.boost + (_NORMAL if by_arrival else item.priority)
        slack = _NEVER if by_arrival or item.slack_due_at is None else microseconds(item.slack_due_at)
        entered = microseconds(item.queued_at)
        case_class = self.class_ranks.get(item.case_class, len(self.class_ranks))
        if self.ageing is None:
            return (case_class, -rank, slack, entered, item.case_id)
        worth = self.ageing // _MICROSECOND
        return (
            case_class,
            (entered - int(rank * worth)) // max(worth // _EQUAL_PARTS, 1),
            slack,
            entered,
            item.case_id,
        )
