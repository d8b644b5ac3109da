"""What each fact on the wire means for a history.

The only module of this domain that knows the contracts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CallbackRecorded,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    ContactAdded,
    ContactUpdated,
)
from caseway.contracts.milestones import (
    MilestoneCancelled,
    MilestoneFact,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    MilestoneViolated,
    MilestoneWarned,
)
from caseway.contracts.notifications import (
    NotificationAcknowledged,
    NotificationDelivered,
    NotificationFact,
    NotificationFailed,
    NotificationGivenUp,
    NotificationRequested,
    NotificationSuppressed,
)
from caseway.contracts.parts import Actor
from caseway.contracts.work import (
    AgentPresenceChanged,
    WorkAccepted,
    WorkCompleted,
    WorkDeclined,
    WorkExpired,
    WorkFact,
    WorkOffered,
    WorkQueued,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway_analytics.domain import life, promises, work
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.history import History, Outcome, whole

FactOfCase = CaseFact | WorkFact | MilestoneFact
Step = Callable[[History, Any, dt.datetime], History]
"""History, one fact of the type that the step stands under, and its instant."""

_NOTICES: dict[type[NotificationFact], str] = {
    NotificationRequested: "requested",
    NotificationDelivered: "delivered",
    NotificationFailed: "failed",
    NotificationGivenUp: "given_up",
    NotificationSuppressed: "suppressed",
    NotificationAcknowledged: "acknowledged",
}
_PEOPLE = frozenset({"agent", "supervisor", "officer", "manager", "employee"})
_ABANDONED = frozenset({"abandoned", "no_answer"})


def follow(history: History | None, fact: FactOfCase) -> History:
    """The history with one more fact of its case."""
    known, at = history or History(), whole(fact.at)
    match fact:
        case CaseFact():
            return _standing(_step(_LIFE, known, fact, at), fact)
        case WorkFact():
            return _step(_WORK, known, fact, at)
        case MilestoneFact():
            return _step(_PROMISES, known, fact, at)


def follow_agent(before: Agent | None, fact: AgentPresenceChanged) -> Agent:
    """The agent as the router now sees them."""
    at = whole(fact.at)
    is_same = before is not None and before.presence == fact.presence
    return Agent(
        id=fact.agent,
        name=fact.name or (before.name if before else ""),
        pool=fact.pool,
        presence=fact.presence.value,
        since=before.since if before and is_same else at,
        capacity=fact.capacity if fact.capacity is not None else (before.capacity if before else None),
    )


def notice_of(fact: NotificationFact) -> str:
    """What the fact says became of the notification: one of `measures.NOTICES`."""
    return _NOTICES[type(fact)]


def _step(steps: Mapping[type, Step], history: History, fact: FactOfCase, at: dt.datetime) -> History:
    step = steps.get(type(fact))
    return step(history, fact, at) if step else history


def _standing(history: History, fact: CaseFact) -> History:
    if history.status == "merged":
        return history
    priority = getattr(fact, "priority", None)
    return life.standing(history, status=_word(fact.status), turn=_word(fact.turn), priority=_word(priority))


def _word(value: StrEnum | None) -> str:
    """Plain text: a member of an enumeration is equal to its text, but does not hash like it."""
    return value.value if value is not None else ""


def _opened(history: History, fact: CaseOpened, at: dt.datetime) -> History:
    opened = life.opened(
        history,
        at,
        channel=fact.channel.value,
        number=str(fact.number),
        priority=fact.priority.value,
        is_ours=fact.direction == "outbound",
    )
    return _called(opened, fact, at)


def _added(history: History, fact: ContactAdded, at: dt.datetime) -> History:
    if fact.direction == "outbound":
        return life.responded(history, at) if fact.author.kind == "agent" else history
    return _called(life.contacted(history, at, fact.channel.value), fact, at)


def _called(history: History, fact: CaseOpened | ContactAdded | ContactUpdated, at: dt.datetime) -> History:
    """Calls alone have such events; a chat's are `started`, `message`, `file`, `ended`."""
    if fact.event == "answered":
        return life.call_answered(history, at, fact.source_key)
    if fact.event in _ABANDONED:
        return life.call_abandoned(history, at, fact.source_key)
    return history


def _replied(history: History, fact: CaseReplied, at: dt.datetime) -> History:
    return life.responded(history, at) if _is_person(fact.actor) else history


def _called_back(history: History, fact: CallbackRecorded, at: dt.datetime) -> History:
    return life.responded(history, at) if fact.outcome == "reached" else history


def _merged(history: History, fact: CaseMerged, _: dt.datetime) -> History:
    return history if fact.into == fact.case_id else replace(history, status="merged")


_LIFE: Mapping[type, Step] = {
    CaseOpened: _opened,
    ContactAdded: _added,
    ContactUpdated: _called,
    CaseReplied: _replied,
    CallbackRecorded: _called_back,
    CaseResolved: lambda history, _, at: life.resolved(history, at),
    CaseReopened: lambda history, _, at: life.reopened(history, at),
    CaseMerged: _merged,
}


def _queued(history: History, fact: WorkQueued, at: dt.datetime) -> History:
    since = whole(fact.queue_entered_at)
    return work.queued(history, at, fact.work_item, fact.queue, since=since, weight=fact.weight)


def _accepted(history: History, fact: WorkAccepted, at: dt.datetime) -> History:
    since = whole(fact.queue_entered_at) if fact.queue_entered_at else None
    return work.accepted(history, at, fact.work_item, fact.queue, fact.agent, since=since)


_WORK: Mapping[type, Step] = {
    WorkQueued: _queued,
    WorkOffered: lambda history, fact, at: work.offered(history, at, fact.work_item, fact.queue, fact.agent),
    WorkAccepted: _accepted,
    WorkDeclined: lambda history, fact, _: work.unanswered(history, fact.work_item, fact.queue),
    WorkExpired: lambda history, fact, _: work.unanswered(history, fact.work_item, fact.queue),
    WorkReturned: lambda history, fact, at: work.returned(history, at, fact.work_item, fact.queue),
    WorkTransferred: lambda history, fact, at: work.transferred(
        history, at, fact.work_item, fact.to.queue or fact.queue
    ),
    WorkWrappingUp: lambda history, fact, _: work.wrapping_up(history, fact.work_item, fact.queue),
    WorkCompleted: lambda history, fact, at: work.done(history, at, fact.work_item),
    WorkWithdrawn: lambda history, fact, at: work.done(history, at, fact.work_item),
}


def _runs(history: History, fact: MilestoneStarted | MilestoneResumed, _: dt.datetime) -> History:
    return promises.promised(history, fact.milestone, fact.kind, whole(fact.due_at))


def _stands(history: History, fact: MilestonePaused, _: dt.datetime) -> History:
    return promises.promised(history, fact.milestone, fact.kind, whole(fact.due_at), is_paused=True)


def _ends(outcome: Outcome) -> Step:
    def step(history: History, fact: MilestoneFact, at: dt.datetime) -> History:
        corrects = fact.corrects is not None
        return promises.ended(history, at, fact.milestone, fact.kind, outcome, corrects=corrects)

    return step


_PROMISES: Mapping[type, Step] = {
    MilestoneStarted: _runs,
    MilestoneResumed: _runs,
    MilestonePaused: _stands,
    MilestoneWarned: lambda history, fact, at: promises.warned(history, at, fact.milestone, fact.kind),
    MilestoneMet: _ends(Outcome.MET),
    MilestoneViolated: _ends(Outcome.VIOLATED),
    MilestoneCancelled: _ends(Outcome.CANCELLED),
}


def _is_person(actor: Actor | None) -> bool:
    return actor is not None and actor.kind in _PEOPLE
