"""Facts of a desk, as the services tell them.

`CaseTeller` tells one case, fact by fact; `day_of` invents a whole day from a seed, case by case and in order. For
whatever reads facts: analytics above all.
"""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any, TypeVar

from caseway.contracts import cases, milestones, notifications, work
from caseway.contracts.parts import Actor, Author, Destination, RoutingDecision
from caseway.contracts.wire import Fact
from caseway.kernel.vocabulary import CaseStatus, Channel, Presence, Priority

CHANNELS = (Channel.EMAIL, Channel.CHAT, Channel.PHONE, Channel.WEB, Channel.MESSAGE)
QUEUES = ("customers", "marketplace", "stores", "phone", "other")
Told = TypeVar("Told", bound=Fact)
_COMMON: dict[str, Any] = {"cause": "cause", "configuration": "test"}


class CaseTeller:
    """Tells one case; every method returns the fact and moves nobody's clock but the one it is given."""

    def __init__(self, case_id: str, number: int = 1, channel: Channel = Channel.EMAIL) -> None:
        self.case_id = case_id
        self.channel = channel
        self.source_key = f"{channel.value}:{case_id}"
        self._number = number
        self._version = 0

    def opened(self, at: dt.datetime, **fields: Any) -> cases.CaseOpened:
        """The case begins, with its first contact."""
        event = "offered" if self.channel is Channel.PHONE else None
        return self._case(
            cases.CaseOpened,
            at,
            number=self._number,
            **{"contact": "contact", "channel": self.channel, "source_key": self.source_key, "event": event, **fields},
        )

    def contact_added(self, at: dt.datetime, **fields: Any) -> cases.ContactAdded:
        """A further contact."""
        defaults = {"contact": "more", "channel": self.channel, "source_key": f"{self.source_key}/{self._version}"}
        return self._case(cases.ContactAdded, at, **{**defaults, **fields})

    def agent_wrote(self, at: dt.datetime, kind: str = "agent") -> cases.ContactAdded:
        """An outbound contact, such as an agent's line in a chat."""
        return self.contact_added(at, direction="outbound", author=Author(kind=kind, id="ada"))

    def call(self, at: dt.datetime, event: str) -> cases.ContactUpdated:
        """What telephony said about the call that opened the case."""
        return self._case(cases.ContactUpdated, at, source_key=self.source_key, event=event, channel=Channel.PHONE)

    def replied(self, at: dt.datetime, kind: str = "agent") -> cases.CaseReplied:
        """Something is said to the customer, by a person or a machine."""
        actor = Actor(kind=kind, id="ada")
        return self._case(cases.CaseReplied, at, contact="answer", text="…", channel=self.channel, actor=actor)

    def called_back(self, at: dt.datetime, outcome: str = "reached") -> cases.CallbackRecorded:
        """Somebody called the customer."""
        return self._case(cases.CallbackRecorded, at, outcome=outcome)

    def resolved(self, at: dt.datetime) -> cases.CaseResolved:
        """The problem is solved."""
        return self._case(cases.CaseResolved, at)

    def closed(self, at: dt.datetime) -> cases.CaseClosed:
        """The case is over."""
        return self._case(cases.CaseClosed, at)

    def reopened(self, at: dt.datetime) -> cases.CaseReopened:
        """It goes on."""
        return self._case(cases.CaseReopened, at)

    def merged(self, at: dt.datetime, into: str) -> cases.CaseMerged:
        """It is now part of another."""
        return self._case(cases.CaseMerged, at, into=into, status=CaseStatus.CLOSED)

    def queued(self, at: dt.datetime, queue: str, since: dt.datetime | None = None, **fields: Any) -> work.WorkQueued:
        """Its work waits."""
        return self._work(work.WorkQueued, at, queue, queue_entered_at=since or at, **fields)

    def offered(self, at: dt.datetime, queue: str, agent: str) -> work.WorkOffered:
        """An agent is asked."""
        decision = RoutingDecision(policy_version="test", chosen=agent)
        expires_at = at + dt.timedelta(seconds=20)
        return self._work(work.WorkOffered, at, queue, agent=agent, expires_at=expires_at, decision=decision)

    def accepted(self, at: dt.datetime, queue: str, agent: str, **fields: Any) -> work.WorkAccepted:
        """The agent takes it."""
        return self._work(work.WorkAccepted, at, queue, agent=agent, **fields)

    def declined(self, at: dt.datetime, queue: str, agent: str) -> work.WorkDeclined:
        """The agent says no."""
        return self._work(work.WorkDeclined, at, queue, agent=agent)

    def expired(self, at: dt.datetime, queue: str, agent: str) -> work.WorkExpired:
        """The agent does not answer."""
        return self._work(work.WorkExpired, at, queue, agent=agent)

    def returned(self, at: dt.datetime, queue: str, since: dt.datetime) -> work.WorkReturned:
        """It waits again."""
        return self._work(work.WorkReturned, at, queue, queue_entered_at=since)

    def transferred(self, at: dt.datetime, queue: str, to: str) -> work.WorkTransferred:
        """It goes to another queue."""
        return self._work(work.WorkTransferred, at, queue, to=Destination(pool="retail", queue=to))

    def wrapping_up(self, at: dt.datetime, queue: str, agent: str) -> work.WorkWrappingUp:
        """The contact is over."""
        return self._work(work.WorkWrappingUp, at, queue, agent=agent)

    def completed(self, at: dt.datetime, queue: str) -> work.WorkCompleted:
        """The agent's part is done."""
        return self._work(work.WorkCompleted, at, queue)

    def withdrawn(self, at: dt.datetime, queue: str) -> work.WorkWithdrawn:
        """It needs no work."""
        return self._work(work.WorkWithdrawn, at, queue)

    def started(self, at: dt.datetime, kind: str, due_at: dt.datetime) -> milestones.MilestoneStarted:
        """A promise runs."""
        calendar: dict[str, Any] = {"target_seconds": 60.0, "calendar": "desk", "calendar_version": "1"}
        return self._milestone(milestones.MilestoneStarted, at, kind, due_at, **calendar)

    def warned(self, at: dt.datetime, kind: str) -> milestones.MilestoneWarned:
        """It is nearly due."""
        return self._milestone(milestones.MilestoneWarned, at, kind, at)

    def met(self, at: dt.datetime, kind: str, corrects: str | None = None) -> milestones.MilestoneMet:
        """Kept."""
        return self._milestone(milestones.MilestoneMet, at, kind, at, corrects=corrects)

    def violated(self, at: dt.datetime, kind: str) -> milestones.MilestoneViolated:
        """Not kept."""
        return self._milestone(milestones.MilestoneViolated, at, kind, at, noticed_at=at + dt.timedelta(minutes=5))

    def cancelled(self, at: dt.datetime, kind: str) -> milestones.MilestoneCancelled:
        """No longer promised."""
        return self._milestone(milestones.MilestoneCancelled, at, kind, at)

    def notice(self, model: type[Told], at: dt.datetime, channel: str = "email") -> Told:
        """A fact about the notification of the customer."""
        names: dict[str, Any] = {"notification": f"n-{self.case_id}", "occurrence": "opened", "recipient": "customer:1"}
        return model(at=at, case_id=self.case_id, channel=channel, template="opened", **names, **_COMMON)

    def _case(self, model: type[Told], at: dt.datetime, **fields: Any) -> Told:
        self._version += 1
        return model(at=at, case_id=self.case_id, version=self._version, **fields, **_COMMON)

    def _work(self, model: type[Told], at: dt.datetime, queue: str, **fields: Any) -> Told:
        names: dict[str, Any] = {
            "work_item": f"work-{self.case_id}",
            "case_id": self.case_id,
            "pool": "retail",
            "queue": queue,
        }
        return model(at=at, **names, **fields, **_COMMON)

    def _milestone(self, model: type[Told], at: dt.datetime, kind: str, due_at: dt.datetime, **fields: Any) -> Told:
        names: dict[str, Any] = {
            "milestone": f"{kind}-{self.case_id}",
            "case_id": self.case_id,
            "kind": kind,
            "due_at": due_at,
        }
        return model(at=at, **names, **fields, **_COMMON)


def presence(at: dt.datetime, agent: str, is_open_to: Presence, **fields: Any) -> work.AgentPresenceChanged:
    """An agent's presence."""
    return work.AgentPresenceChanged(at=at, agent=agent, pool="retail", presence=is_open_to, **fields, **_COMMON)


def day_of(
    seed: int, count: int, starts_at: dt.datetime, length: dt.timedelta = dt.timedelta(hours=10)
) -> Iterator[list[Fact]]:
    """The facts of `count` invented cases, each case's in the order in which they happened."""
    chance = random.Random(seed)
    for number in range(1, count + 1):
        at = starts_at + length * chance.random()
        yield list(_life(chance, CaseTeller(f"case-{seed}-{number}", number, chance.choice(CHANNELS)), at))


def _life(chance: random.Random, case: CaseTeller, at: dt.datetime) -> Iterator[Fact]:
    def later(seconds: float) -> dt.datetime:
        nonlocal at
        at += dt.timedelta(milliseconds=round(1000 * chance.expovariate(1 / seconds)))
        return at

    queue = "phone" if case.channel is Channel.PHONE else chance.choice(QUEUES[:3])
    yield case.opened(at, priority=chance.choice(list(Priority)))
    yield case.queued(later(0.2), queue)
    yield case.started(at, "first_response", at + dt.timedelta(hours=1))
    yield case.notice(notifications.NotificationRequested, later(0.2))
    yield case.notice(
        chance.choice([notifications.NotificationDelivered] * 9 + [notifications.NotificationGivenUp]), later(3)
    )
    if case.channel is Channel.PHONE and chance.random() < 0.15:
        yield case.call(later(40), "abandoned")
        yield case.withdrawn(later(0.2), queue)
        yield case.cancelled(later(0.2), "first_response")
        return
    agent = chance.choice(("ada", "bo", "cy", "di"))
    while chance.random() < 0.2:
        yield case.offered(later(30), queue, agent)
        yield chance.choice((case.declined, case.expired))(later(20), queue, agent)
    if chance.random() < 0.1:
        return
    yield case.accepted(later(90), queue, agent)
    yield from _work(chance, case, queue, later)


def _work(chance: random.Random, case: CaseTeller, queue: str, later: Any) -> Iterator[Fact]:
    at = later(60)
    yield case.call(at, "answered") if case.channel is Channel.PHONE else case.replied(at)
    yield case.met(at, "first_response") if chance.random() < 0.8 else case.violated(at, "first_response")
    while chance.random() < 0.4:
        yield case.contact_added(later(600))
    if chance.random() < 0.15:
        queue = yield from _moved(chance, case, queue, later)
    if chance.random() < 0.2:
        return
    at = later(1200)
    yield case.resolved(at)
    yield case.completed(later(5), queue)
    if chance.random() < 0.1:
        yield case.reopened(later(3600))
        yield case.queued(later(1), queue)
        yield case.accepted(later(300), queue, "di")
        yield case.resolved(later(900))
        yield case.completed(later(5), queue)


def _moved(chance: random.Random, case: CaseTeller, queue: str, later: Any) -> Any:
    other = chance.choice(QUEUES)
    yield case.transferred(later(120), queue, other)
    yield case.accepted(later(200), other, "cy")
    return other
