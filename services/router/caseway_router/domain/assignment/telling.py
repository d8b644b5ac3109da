"""How a pool's changes are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from caseway.contracts import parts
from caseway.contracts.trusted import trusted, whole
from caseway.contracts.work import (
    AgentPresenceChanged,
    WorkAccepted,
    WorkCompleted,
    WorkExpired,
    WorkOffered,
    WorkPaused,
    WorkQueued,
    WorkQuieted,
    WorkRaised,
    WorkRefused,
    WorkReturned,
    WorkRevived,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway.contracts.work_commands import QueueWork, WorkCommand
from caseway.kernel.vocabulary import Channel, Presence, Priority
from caseway_router.domain.explained import Candidate, Explanation
from caseway_router.domain.items import WHOLE, FlowStep, Held, Offered, Requirement, WorkItem, WrappingUp
from caseway_router.domain.ledger import Ledger
from caseway_router.domain.staff import Attendance

_CHANNELS = {channel.value: channel for channel in Channel}
PRIORITIES = {priority.rank: priority for priority in Priority}
_PASSED_ON = (
    "language", "category", "complexity", "tags", "number", "customer", "slack_due_at", "preferred_agents",
    "named_agent", "reason", "matched_rule", "came_from", "attributes", "context",
)  # fmt: skip
_passed_on_values = attrgetter(*_PASSED_ON)
"""What a queue command says that readers want, and matching does not need."""


def seconds(length: dt.timedelta) -> float:
    """A length of time on the wire; an instant before its own beginning counts as none."""
    return max(length.total_seconds(), 0.0)


def contacts(hundredths: int) -> float:
    """A weight on the wire: in contacts."""
    return hundredths / WHOLE


def channel(item: WorkItem) -> Channel:
    """The item's channel on the wire."""
    return _CHANNELS[item.channel]


def as_wire(requirements: Iterable[Requirement]) -> tuple[parts.Requirement, ...]:
    """Requirements as facts carry them."""
    return tuple([_requirement(each) for each in requirements])


@lru_cache(maxsize=10_000)
def _requirement(each: Requirement) -> parts.Requirement:
    return parts.Requirement(
        skill=each.skill,
        level=each.level,
        hard=each.drop_after is None,
        drop_after_seconds=None if each.drop_after is None else each.drop_after.total_seconds(),
        order=each.order,
    )


def steps_as_wire(steps: Iterable[FlowStep]) -> tuple[parts.FlowStep, ...]:
    """Steps as commands carry them."""
    return tuple(
        parts.FlowStep.model_validate(
            {
                "name": each.name,
                "after_seconds": each.after.total_seconds(),
                "queue": each.queue,
                "requirements": None if each.requirements is None else as_wire(each.requirements),
                "priority": None if each.priority is None else PRIORITIES[each.priority],
                "boost": each.boost,
                "is_early": each.is_early,
                "frees_named": each.frees_named,
                "department": each.department or None,
                "choices": each.choices,
            }
        )
        for each in steps
    )


def _passed_on(command: QueueWork) -> dict[str, Any]:
    return dict(zip(_PASSED_ON, _passed_on_values(command), strict=True))


def queued(ledger: Ledger, item: WorkItem, command: QueueWork) -> None:
    """It waits."""
    ledger.tell(
        trusted(
            WorkQueued,
            **ledger.about(item),
            actor=command.actor,
            requirements=as_wire(item.requirements),
            priority=PRIORITIES[item.priority],
            class_=item.case_class or None,
            weight=contacts(item.weight),
            channel=channel(item),
            queue_entered_at=item.queued_at,
            boost=item.boost,
            **_passed_on(command),
        )
    )


def raised(ledger: Ledger, item: WorkItem, reason: str, actor: parts.Actor | None = None) -> None:
    """It has another place."""
    ledger.tell(
        WorkRaised(
            **ledger.about(item),
            actor=actor,
            priority=PRIORITIES[item.priority],
            class_=item.case_class or None,
            boost=item.boost,
            slack_due_at=item.slack_due_at,
            requirements=as_wire(item.requirements),
            reason=reason,
        )
    )


def offered(ledger: Ledger, item: WorkItem, standing: Offered, why: Explanation, *, by_hand: bool = False) -> None:
    """An agent is asked; beyond what they may hold only where a person wants it so."""
    ledger.tell(
        trusted(
            WorkOffered,
            **ledger.about(item),
            agent=standing.agent,
            expires_at=standing.expires_at,
            decision=_decision(why, ledger.pool.version),
            channel=channel(item),
            weight=contacts(item.weight),
            waited_seconds=seconds(ledger.now - item.queued_at),
            offer_count=item.offer_count,
            overload=by_hand and _is_overloaded(ledger, standing.agent),
        )
    )


def accepted(ledger: Ledger, item: WorkItem, offered_at: dt.datetime, *, automatic: bool) -> None:
    """The case has a holder."""
    ledger.tell(
        trusted(
            WorkAccepted,
            **ledger.about(item),
            agent=item.agent,
            offered_at=offered_at,
            queue_entered_at=item.queued_at,
            channel=channel(item),
            waited_seconds=seconds(ledger.now - item.queued_at),
            automatic=automatic,
            overload=_is_overloaded(ledger, item.agent),
        )
    )


def _is_overloaded(ledger: Ledger, agent: str) -> bool:
    seat = ledger.pool.seat(agent)
    return seat is not None and seat.is_overloaded


def turned(ledger: Ledger, item: WorkItem, before: WorkItem) -> None:
    """It waits for the customer, or for its agent again; told where that changes what it weighs."""
    seat = ledger.pool.seat(item.agent)
    if seat is None or seat.cost_of(item) == seat.cost_of(before):
        return
    weighs = {"agent": item.agent, "weight": contacts(seat.cost_of(item)), "load": contacts(seat.load)}
    if isinstance(item.standing, Held) and item.standing.is_quiet:
        ledger.tell(WorkQuieted(**ledger.about(item), **weighs, overload=seat.is_overloaded))
    else:
        ledger.tell(WorkRevived(**ledger.about(item), **weighs, overload=seat.is_overloaded))


def expired(ledger: Ledger, item: WorkItem, standing: Offered, missed: int) -> None:
    """The agent did not answer in time: it happened when the offer ran out."""
    at = min(standing.expires_at, ledger.now)
    ledger.tell(
        WorkExpired(**ledger.about(item, at), agent=standing.agent, offered_at=standing.since, missed_count=missed)
    )


def returned(ledger: Ledger, item: WorkItem, agent: str, reason: str, until: dt.datetime | None) -> None:
    """It waits again, as old as it was."""
    ledger.tell(
        trusted(
            WorkReturned,
            **ledger.about(item),
            agent=agent,
            reason=reason,
            queue_entered_at=item.queued_at,
            cool_down_until=until,
        )
    )


def withdrawn(ledger: Ledger, item: WorkItem, reason: str, to: parts.Destination | None = None) -> None:
    """The case needs no work here."""
    ledger.tell(
        trusted(
            WorkWithdrawn,
            **ledger.about(item),
            agent=item.agent or None,
            reason=reason,
            to=to,
            queue_entered_at=item.queued_at,
        )
    )


def paused(ledger: Ledger, item: WorkItem, standing: Held, because_of: str | None = None) -> None:
    """The agent turned away from it."""
    began = standing.started_at or ledger.now
    ledger.tell(
        WorkPaused(
            **ledger.about(item),
            agent=standing.agent,
            activity=standing.activity or None,
            seconds=seconds(ledger.now - began),
            total_seconds=seconds(standing.handled_until(ledger.now)),
            because_of=because_of,
        )
    )


def wrapping_up(ledger: Ledger, item: WorkItem, standing: WrappingUp) -> None:
    """The contact is over, its writing-up is not; what rested may weigh more now than there is room for."""
    seat = ledger.pool.seat(standing.agent)
    ledger.tell(
        trusted(
            WorkWrappingUp,
            **ledger.about(item),
            agent=standing.agent,
            until=standing.ends_at,
            weight=contacts(seat.cost_of(item)) if seat else None,
            load=contacts(seat.load) if seat else None,
            overload=_is_overloaded(ledger, standing.agent),
        )
    )


def completed(ledger: Ledger, item: WorkItem, standing: WrappingUp, at: dt.datetime) -> None:
    """The agent's part is done."""
    ledger.tell(
        trusted(
            WorkCompleted,
            **ledger.about(item, at),
            agent=standing.agent,
            outcome=standing.outcome or None,
            channel=channel(item),
            queue_entered_at=item.queued_at,
            accepted_at=standing.accepted_at,
            handling_seconds=seconds(standing.handled),
            held_seconds=seconds(standing.since - standing.accepted_at),
            wrap_up_seconds=seconds(at - standing.since),
        )
    )


def refused(ledger: Ledger, command: WorkCommand, reason: str, detail: str = "") -> None:
    """A command that cannot be: nothing changed."""
    case_id: str = getattr(command, "case_id", "")
    item = ledger.pool.items.get(case_id)
    ledger.tell(
        WorkRefused(
            **ledger.stamp(),
            pool=ledger.pool.name,
            case_id=case_id,
            work_item=item.work_item if item else getattr(command, "work_item", None) or "",
            queue=item.queue if item else "",
            command=command.TYPE,
            reason=reason,
            agent=getattr(command, "agent", None),
            detail=detail,
        )
    )


def presence_changed(ledger: Ledger, attendance: Attendance, previous: Presence | None, reason: str) -> None:
    """What an agent is open to changed."""
    seat = ledger.pool.seat(attendance.agent)
    channels = seat.agent.profile.channels if seat else ()
    ledger.tell(
        trusted(
            AgentPresenceChanged,
            **ledger.stamp(),
            agent=attendance.agent,
            pool=attendance.pool,
            presence=attendance.presence,
            previous=previous,
            channels={name: attendance.channels.get(name) != 0 for name in channels},
            capacity=contacts(seat.capacity) if seat else None,
            load=contacts(seat.load) if seat else None,
            overload=seat is not None and seat.is_overloaded,
            reason=reason,
            name=seat.agent.name if seat else None,
        )
    )


def _decision(why: Explanation, version: str) -> parts.RoutingDecision:
    return trusted(
        parts.RoutingDecision,
        policy_version=version,
        step=why.step,
        candidates=tuple([_candidate(each) for each in why.candidates]),
        chosen=why.chosen,
        tie_break=why.tie_break,
        queue_ahead=why.queue_ahead,
        next_relaxation_at=why.next_relaxation_at,
        dropped=why.dropped,
        considered_count=why.considered_count,
        rest=dict(why.rest),
    )


def _candidate(each: Candidate) -> parts.Candidate:
    return whole(
        parts.Candidate,
        {"agent": each.agent, "ok": not each.failed, "failed": each.failed, "score": tuple(map(float, each.score))},
    )
