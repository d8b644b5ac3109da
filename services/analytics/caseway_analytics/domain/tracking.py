"""What each fact on the wire means for a history.

With its neighbours `agents_told` and `surveyed` the only modules of this domain that know the contracts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CallbackRecorded,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseUnmerged,
    ContactAdded,
    ContactUpdated,
    CustomerLinked,
    EscalatedToDepartment,
    FactsAssigned,
    FactsConfirmed,
)
from caseway.contracts.milestones import (
    HandlingMeasured,
    LadderAcknowledged,
    LadderFact,
    LadderRungReached,
    LadderStarted,
    MilestoneCancelled,
    MilestoneFact,
    MilestoneMet,
    MilestonePaused,
    MilestoneResumed,
    MilestoneStarted,
    MilestoneViolated,
    MilestoneWarned,
)
from caseway.contracts.parts import Actor, CustomerLink
from caseway.contracts.work import (
    WorkAccepted,
    WorkCompleted,
    WorkDeclined,
    WorkExpired,
    WorkFact,
    WorkOffered,
    WorkPaused,
    WorkQueued,
    WorkReturned,
    WorkStarted,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway_analytics.domain import climbing, life, promises, work
from caseway_analytics.domain.climbing import Climb
from caseway_analytics.domain.climbs import ALERT, ASK_STAMP, LISTED
from caseway_analytics.domain.history import Face, History, Outcome, changed, whole
from caseway_analytics.domain.known import NOTHING, Known, bounded
from caseway_analytics.domain.said import said

FactOfClimb = LadderFact | LadderRungReached | HandlingMeasured
FactOfCase = CaseFact | WorkFact | MilestoneFact | FactOfClimb
Step = Callable[[History, Any, dt.datetime, Known], History]
"""History, one fact of the type that the step stands under, its instant, and what is looked up."""

_PEOPLE = frozenset({"agent", "supervisor", "officer", "manager", "employee"})
_ABANDONED = frozenset({"abandoned", "no_answer"})
_OVER = frozenset({"closed", "merged"})


def follow(history: History | None, fact: FactOfCase, known: Known = NOTHING, edition: int | None = None) -> History:
    """The history with one more fact of its case; `edition` is that of the measures by which it will be counted."""
    before, at = history or _new(edition or 0), whole(fact.at)
    if edition is not None and before.edition != edition:
        before = changed(before, edition=edition)
    match fact:
        case CaseFact():
            return _standing(_step(_LIFE, before, fact, at, known), fact, at)
        case WorkFact():
            return _pooled(_step(_WORK, before, fact, at, known), fact)
        case MilestoneFact():
            return _step(_PROMISES, before, fact, at, known)
        case LadderFact() | LadderRungReached() | HandlingMeasured():
            climb = _climbed(before.climb, fact, at)
            return before if climb is before.climb else changed(before, climb=climb)


def _climbed(climb: Climb, fact: FactOfClimb, at: dt.datetime) -> Climb:
    match fact:
        case LadderStarted() if not fact.taken_over_from:
            return climbing.started(climb, fact.occurrence, at)
        case LadderAcknowledged():
            return climbing.acknowledged(climb, fact.occurrence, at)
        case LadderRungReached():
            is_of_guidance = fact.action in {ALERT, LISTED, ASK_STAMP}
            return climbing.reached(climb, at, fact.action if is_of_guidance else fact.outcome)
        case HandlingMeasured():
            by_activity = {name: round(1000 * seconds) for name, seconds in fact.by_activity.items()}
            return climbing.measured(climb, at, round(1000 * fact.seconds), by_activity)
        case _:
            return climb


@lru_cache(maxsize=10)
def _new(edition: int) -> History:
    return History(edition=edition)


def _step(steps: Mapping[type, Step], history: History, fact: FactOfCase, at: dt.datetime, known: Known) -> History:
    step = steps.get(type(fact))
    return step(history, fact, at, known) if step else history


def _pooled(history: History, fact: WorkFact) -> History:
    """The item knows whose router decides about it, so that a command can be told to it."""
    item = history.items.get(fact.work_item)
    if item is None or item.pool == fact.pool:
        return history
    return changed(history, items={**history.items, fact.work_item: replace(item, pool=fact.pool)})


def _standing(history: History, fact: CaseFact, at: dt.datetime) -> History:
    """Status, turn and priority from now on; what the fact does not say stays as it was."""
    if history.status == "merged":
        return history
    status, turn, priority = _word(fact.status), _word(fact.turn), _word(said(fact, "priority"))
    if turn and turn != history.turn:
        history = life.turned(history, at, turn)
    if status and status != history.status:
        history = changed(history, status=status)
    if priority and priority != history.face.priority:
        history = changed(history, face=history.face._replace(priority=priority))
    return life.left(history, at) if status in _OVER else history


def _word(value: StrEnum | None) -> str:
    """Plain text: a member of an enumeration is equal to its text, but does not hash like it."""
    return value.value if value is not None else ""


def _opened(history: History, fact: CaseOpened, at: dt.datetime, known: Known) -> History:
    face = Face(
        channel=fact.channel.value,
        priority=fact.priority.value,
        category=bounded(fact.category or ""),
        product=known.product(fact.product or _text(fact.fields.get("product"))),
        language=bounded(fact.language or ""),
        segment=_segment(fact.customer, known),
        department=bounded(fact.department or ""),
        campaign=_campaign(fact.tags),
    )
    opened = life.opened(
        history, at, face=face, number=str(fact.number), is_ours=fact.direction == "outbound",
        customer=fact.customer.id or "",
    )  # fmt: skip
    return _called(opened, fact, at, known)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _segment(customer: CustomerLink, known: Known) -> str:
    return known.segment(customer.segment, is_vip=customer.vip, is_linked=customer.state == "linked")


def _campaign(tags: tuple[str, ...]) -> str:
    named = (tag.removeprefix("campaign:") for tag in tags if tag.startswith("campaign:"))
    return bounded(next(named, ""))


def _assigned(history: History, fact: FactsAssigned, _: dt.datetime, known: Known) -> History:
    face = history.face
    product = fact.product or _text(fact.fields.get("product"))
    campaign = bounded(fact.campaign or "") or _campaign(fact.tags or ())
    corrected = face._replace(
        category=bounded(fact.category) if fact.category is not None else face.category,
        language=bounded(fact.language) if fact.language is not None else face.language,
        department=bounded(fact.department) if fact.department is not None else face.department,
        product=known.product(product) or face.product,
        campaign=campaign or face.campaign,
    )
    return history if corrected == face else changed(history, face=corrected)


def _confirmed(history: History, fact: FactsConfirmed, at: dt.datetime, _: Known) -> History:
    return life.confirmed(history, at, is_corrected=bool(fact.corrected))


def _linked(history: History, fact: CustomerLinked, _: dt.datetime, known: Known) -> History:
    customer = "" if history.is_erased else fact.customer.id or ""
    return changed(history, face=history.face._replace(segment=_segment(fact.customer, known)), customer=customer)


def _escalated(history: History, fact: EscalatedToDepartment, _: dt.datetime, __: Known) -> History:
    return changed(history, face=history.face._replace(department=bounded(fact.department)))


def _added(history: History, fact: ContactAdded, at: dt.datetime, known: Known) -> History:
    if fact.direction == "outbound":
        is_person = fact.author.kind == "agent"
        return life.responded(history, at, agent=fact.author.id or "", known=known) if is_person else history
    return _called(life.contacted(history, at, fact.channel.value), fact, at, known)


def _called(
    history: History, fact: CaseOpened | ContactAdded | ContactUpdated, at: dt.datetime, known: Known
) -> History:
    """Calls alone have such events; a chat's are `started`, `message`, `file`, `ended`."""
    if fact.event == "answered":
        agent = (fact.agent if isinstance(fact, ContactUpdated) else None) or (fact.call.agent if fact.call else None)
        return life.call_answered(history, at, fact.source_key, agent=agent or "", known=known)
    if fact.event in _ABANDONED:
        return life.call_abandoned(history, at, fact.source_key)
    if isinstance(fact, ContactUpdated) and (fact.duration_seconds is not None or fact.wrap_up_seconds is not None):
        return _timed(history, fact, at, known)
    return history


def _timed(history: History, fact: ContactUpdated, at: dt.datetime, known: Known) -> History:
    """How long a call lasted counts as talk only if somebody had taken it."""
    call = history.calls.get(fact.source_key)
    if call is None or call.answered is None:
        return history
    return life.call_timed(
        history, at, fact.source_key, talk_ms=_ms(fact.duration_seconds), wrap_up_ms=_ms(fact.wrap_up_seconds),
        agent=fact.agent or "", known=known,
    )  # fmt: skip


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _replied(history: History, fact: CaseReplied, at: dt.datetime, known: Known) -> History:
    return life.responded(history, at, agent=_agent(fact.actor), known=known) if _is_person(fact.actor) else history


def _called_back(history: History, fact: CallbackRecorded, at: dt.datetime, known: Known) -> History:
    return life.responded(history, at, agent=_agent(fact.actor), known=known) if fact.outcome == "reached" else history


def _resolved(history: History, fact: CaseResolved, at: dt.datetime, known: Known) -> History:
    if fact.category and fact.category != history.face.category:
        history = changed(history, face=history.face._replace(category=bounded(fact.category)))
    return life.resolved(history, at, agent=_agent(fact.actor), known=known)


def _merged(history: History, fact: CaseMerged, at: dt.datetime, _: Known) -> History:
    return history if fact.into == fact.case_id else changed(life.left(history, at), status="merged")


def _unmerged(history: History, _fact: CaseUnmerged, _: dt.datetime, __: Known) -> History:
    return life.returned(history) if history.status == "merged" else history


def _is_person(actor: Actor | None) -> bool:
    return actor is not None and actor.kind in _PEOPLE


def _agent(actor: Actor | None) -> str:
    return actor.id if actor is not None and actor.kind == "agent" else ""


_LIFE: Mapping[type, Step] = {
    CaseOpened: _opened,
    FactsAssigned: _assigned,
    FactsConfirmed: _confirmed,
    CustomerLinked: _linked,
    EscalatedToDepartment: _escalated,
    ContactAdded: _added,
    ContactUpdated: _called,
    CaseReplied: _replied,
    CallbackRecorded: _called_back,
    CaseResolved: _resolved,
    CaseReopened: lambda history, _, at, __: life.reopened(history, at),
    CaseMerged: _merged,
    CaseUnmerged: _unmerged,
}


def _queued(history: History, fact: WorkQueued, at: dt.datetime, _: Known) -> History:
    since = whole(fact.queue_entered_at)
    hard = [each.skill for each in fact.requirements if each.hard] or [each.skill for each in fact.requirements]
    return work.queued(
        history, at, fact.work_item, fact.queue, since=since, weight=fact.weight, skill=hard[0] if hard else "",
        channel=fact.channel.value,
    )  # fmt: skip


def _accepted(history: History, fact: WorkAccepted, at: dt.datetime, known: Known) -> History:
    since = whole(fact.queue_entered_at) if fact.queue_entered_at else None
    return work.accepted(history, at, fact.work_item, fact.queue, fact.agent, since=since, known=known)


def _paused(history: History, fact: WorkPaused, at: dt.datetime, known: Known) -> History:
    lasted = _ms(fact.seconds)
    return work.unfocused(history, at, fact.work_item, fact.queue, fact.agent, milliseconds=lasted, known=known)


def _transferred(history: History, fact: WorkTransferred, at: dt.datetime, known: Known) -> History:
    to = fact.to.queue or fact.queue
    return work.transferred(
        history, at, fact.work_item, to, source=fact.queue, agent=fact.agent or "", known=known
    )  # fmt: skip


def _completed(history: History, fact: WorkCompleted, at: dt.datetime, known: Known) -> History:
    return work.completed(
        history, at, fact.work_item, fact.queue, fact.agent or "", handling_ms=_ms(fact.handling_seconds),
        wrap_up_ms=_ms(fact.wrap_up_seconds), known=known,
    )  # fmt: skip


_WORK: Mapping[type, Step] = {
    WorkQueued: _queued,
    WorkOffered: lambda history, fact, at, _: work.offered(history, at, fact.work_item, fact.queue, fact.agent),
    WorkAccepted: _accepted,
    WorkStarted: lambda history, fact, at, _: work.focused(history, at, fact.work_item, fact.queue, fact.agent),
    WorkPaused: _paused,
    WorkDeclined: lambda history, fact, _, __: work.unanswered(history, fact.work_item, fact.queue),
    WorkExpired: lambda history, fact, _, __: work.unanswered(history, fact.work_item, fact.queue),
    WorkReturned: lambda history, fact, at, known: work.returned(history, at, fact.work_item, fact.queue, known),
    WorkTransferred: _transferred,
    WorkWrappingUp: lambda history, fact, at, _: work.wrapping_up(history, fact.work_item, fact.queue, at),
    WorkCompleted: _completed,
    WorkWithdrawn: lambda history, fact, at, _: work.done(history, at, fact.work_item),
}


def _runs(history: History, fact: MilestoneStarted | MilestoneResumed, _: dt.datetime, __: Known) -> History:
    return promises.promised(history, fact.milestone, fact.kind, whole(fact.due_at))


def _stands(history: History, fact: MilestonePaused, _: dt.datetime, __: Known) -> History:
    return promises.promised(history, fact.milestone, fact.kind, whole(fact.due_at), is_paused=True)


def _ends(outcome: Outcome) -> Step:
    def step(history: History, fact: MilestoneFact, at: dt.datetime, _: Known) -> History:
        corrects = fact.corrects is not None
        return promises.ended(history, at, fact.milestone, fact.kind, outcome, corrects=corrects)

    return step


_PROMISES: Mapping[type, Step] = {
    MilestoneStarted: _runs,
    MilestoneResumed: _runs,
    MilestonePaused: _stands,
    MilestoneWarned: lambda history, fact, at, _: promises.warned(history, at, fact.milestone, fact.kind),
    MilestoneMet: _ends(Outcome.MET),
    MilestoneViolated: _ends(Outcome.VIOLATED),
    MilestoneCancelled: _ends(Outcome.CANCELLED),
}
