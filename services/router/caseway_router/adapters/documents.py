"""How the router's states are kept in MongoDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from json import dumps, loads
from operator import attrgetter
from sys import intern
from typing import Any, assert_never

import bson

from caseway.kernel.vocabulary import Presence
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.explained import Candidate, Explanation
from caseway_router.domain.items import (
    CoolDown,
    FlowStep,
    Held,
    Holder,
    Moved,
    Offered,
    Requirement,
    Standing,
    Waiting,
    WorkItem,
    WrappingUp,
)
from caseway_router.domain.pool import Pool
from caseway_router.domain.staff import Attendance

Document = dict[str, Any]
_WAITING = Waiting()
_MILLISECOND = dt.timedelta(milliseconds=1)


def digest(pool: Pool) -> str:
    """SHA-256 of all that must survive: equal for two processes that decided the same, and for the pool taken over."""
    total = sha256()
    for state in pool.states():
        match state:
            case WorkItem():
                total.update(bson.encode({"_id": state.case_id, **dump_item(state)}))
            case Attendance():
                total.update(bson.encode({"_id": state.agent, **dump_attendance(state)}))
            case Moved():
                total.update(bson.encode({"_id": state.case_id, **dump_moved(state)}))
            case _:
                assert_never(state)
    return total.hexdigest()


def dump_item(item: WorkItem) -> Document:
    """A work item, to be found by case, pool, queue and standing; of what most have not, only what it has."""
    document = {
        "work_item": item.work_item,
        "pool": item.pool,
        "queue": item.queue,
        "channel": item.channel,
        "queued_at": item.queued_at,
        "standing": _dump_standing(item.standing),
        "priority": item.priority,
        "weight": item.weight,
    }
    for name, value in zip(_SELDOM, _seldom(item), strict=True):
        if value:
            dump = _DUMPS.get(name)
            document[name] = value if dump is None else dump(value)
    return document


def load_item(document: Mapping[str, Any]) -> WorkItem:
    """The reverse of `dump_item`."""
    return WorkItem(
        work_item=document["work_item"],
        case_id=document["_id"],
        pool=intern(document["pool"]),
        queue=intern(document["queue"]),
        channel=intern(document["channel"]),
        queued_at=document["queued_at"],
        standing=_load_standing(document["standing"]),
        requirements=tuple([load_requirement(each) for each in document.get("requirements", ())]),
        priority=document["priority"],
        boost=document.get("boost", 0.0),
        slack_due_at=document.get("slack_due_at"),
        case_class=intern(document.get("case_class", "")),
        weight=document["weight"],
        step=document.get("step", 0),
        named=document.get("named", ""),
        named_until=document.get("named_until"),
        preferred=tuple(document.get("preferred", ())),
        excluded=tuple(document.get("excluded", ())),
        steps=tuple([_load_step(each) for each in document.get("steps", ())]),
        begun_count=document.get("begun_count", 0),
        topics=tuple(document.get("topics", ())),
        passed_on=document.get("passed_on", {}),
        offer_count=document.get("offer_count", 0),
        cool_downs=tuple([CoolDown(**each) for each in document.get("cool_downs", ())]),
        again=loads(document["again"]) if "again" in document else None,
    )


def _dump_standing(standing: Standing) -> Document:
    match standing:
        case Waiting():
            return {"is": standing.word}
        case Offered():
            return {
                "is": standing.word,
                "agent": standing.agent,
                "since": standing.since,
                "expires_at": standing.expires_at,
                "cause": standing.cause,
            }
        case Held():
            return {
                "is": standing.word,
                "agent": standing.agent,
                "since": standing.since,
                "activity": standing.activity,
                "started_at": standing.started_at,
                "handled_ms": standing.handled // _MILLISECOND,
                "is_quiet": standing.is_quiet,
            }
        case WrappingUp():
            return {
                "is": standing.word,
                "agent": standing.agent,
                "since": standing.since,
                "ends_at": standing.ends_at,
                "accepted_at": standing.accepted_at,
                "handled_ms": standing.handled // _MILLISECOND,
                "outcome": standing.outcome,
                "cause": standing.cause,
            }
        case _:
            assert_never(standing)


def _load_standing(document: Mapping[str, Any]) -> Standing:
    match document["is"]:
        case Waiting.word:
            return _WAITING
        case Offered.word:
            return Offered(
                agent=document["agent"],
                since=document["since"],
                expires_at=document["expires_at"],
                cause=document.get("cause", ""),
            )
        case Held.word:
            return Held(
                agent=document["agent"],
                since=document["since"],
                activity=document["activity"],
                started_at=document["started_at"],
                handled=document["handled_ms"] * _MILLISECOND,
                is_quiet=document.get("is_quiet", False),
            )
        case WrappingUp.word:
            return WrappingUp(
                agent=document["agent"],
                since=document["since"],
                ends_at=document["ends_at"],
                accepted_at=document["accepted_at"],
                handled=document["handled_ms"] * _MILLISECOND,
                outcome=document["outcome"],
                cause=document.get("cause", ""),
            )
        case unknown:
            raise ValueError(f"a work item stands nowhere known: {unknown!r}")


def dump_requirement(requirement: Requirement) -> Document:
    """A skill that is asked for, as both the edge and the core keep it."""
    document: Document = {"skill": requirement.skill, "level": requirement.level}
    if requirement.drop_after is not None:
        document["drop_after_ms"] = requirement.drop_after // _MILLISECOND
    if requirement.order:
        document["order"] = requirement.order
    return document


def load_requirement(document: Mapping[str, Any]) -> Requirement:
    """The reverse of `dump_requirement`."""
    return _requirement(document["skill"], document["level"], document.get("drop_after_ms"), document.get("order", 0))


@lru_cache(maxsize=10_000)
def _requirement(skill: str, level: int, drop_after_ms: int | None, order: int) -> Requirement:
    """One object for all that ask for the same: a pool is taken over with a hundred thousand items."""
    drop_after = None if drop_after_ms is None else drop_after_ms * _MILLISECOND
    return Requirement(skill=skill, level=level, drop_after=drop_after, order=order)


def _dump_step(step: FlowStep) -> Document:
    return {
        "name": step.name,
        "after_ms": step.after // _MILLISECOND,
        "queue": step.queue,
        "requirements": None if step.requirements is None else [dump_requirement(each) for each in step.requirements],
        "priority": step.priority,
        "boost": step.boost,
        "is_early": step.is_early,
        "frees_named": step.frees_named,
        "department": step.department,
        "choices": list(step.choices),
    }


def _load_step(document: Mapping[str, Any]) -> FlowStep:
    asked = document["requirements"]
    return FlowStep(
        name=document["name"],
        after=document["after_ms"] * _MILLISECOND,
        queue=document["queue"],
        requirements=None if asked is None else tuple(load_requirement(each) for each in asked),
        priority=document["priority"],
        boost=document["boost"],
        is_early=document["is_early"],
        frees_named=document["frees_named"],
        department=document["department"],
        choices=tuple(document["choices"]),
    )


_SELDOM = (
    "requirements", "boost", "slack_due_at", "case_class", "step", "named", "named_until", "preferred", "excluded",
    "steps", "begun_count", "topics", "passed_on", "offer_count", "cool_downs", "again",
)  # fmt: skip
"""What of an item is left out where it is nothing (none, empty, zero), as the item has it who is not told otherwise."""
_seldom = attrgetter(*_SELDOM)
_DUMPS: Mapping[str, Callable[[Any], Any]] = {
    "requirements": lambda given: [dump_requirement(each) for each in given],
    "steps": lambda given: [_dump_step(each) for each in given],
    "cool_downs": lambda given: [{"agent": each.agent, "until": each.until} for each in given],
    "again": dumps,
}
"""How it is written, where it cannot be written as it is."""


def dump_attendance(attendance: Attendance) -> Document:
    """An agent's attendance, by pool and agent."""
    return {
        "agent": attendance.agent,
        "pool": attendance.pool,
        "presence": attendance.presence.value,
        "since": attendance.since,
        "channels": dict(attendance.channels),
        "capacity": attendance.capacity,
        "released_at": attendance.released_at,
        "heard_at": attendance.heard_at,
        "missed_count": attendance.missed_count,
        "offered_at": attendance.offered_at,
    }


def load_attendance(document: Mapping[str, Any]) -> Attendance:
    """The reverse of `dump_attendance`."""
    return Attendance(
        agent=document["agent"],
        pool=document["pool"],
        presence=Presence(document["presence"]),
        since=document["since"],
        channels=document["channels"],
        capacity=document["capacity"],
        released_at=document["released_at"],
        heard_at=document["heard_at"],
        missed_count=document["missed_count"],
        offered_at=document.get("offered_at"),
    )


def dump_moved(moved: Moved) -> Document:
    """Where a case's work went, by the pool that it left and case."""
    return {"case_id": moved.case_id, "pool": moved.pool, "to_pool": moved.to_pool}


def load_moved(document: Mapping[str, Any]) -> Moved:
    """The reverse of `dump_moved`."""
    return Moved(case_id=document["case_id"], pool=document["pool"], to_pool=document["to_pool"])


def dump_holder(holder: Holder) -> Document:
    """Who worked on a case last, by pool and case."""
    return {"case_id": holder.case_id, "agent": holder.agent}


def load_holder(document: Mapping[str, Any]) -> Holder:
    """The reverse of `dump_holder`."""
    return Holder(case_id=document["case_id"], agent=document["agent"])


def dump_offer(offer: DecidedOffer) -> Document:
    """An offer and its reasons; found by case."""
    why = offer.explanation
    return {
        "work_item": offer.work_item,
        "case_id": offer.case_id,
        "pool": offer.pool,
        "queue": offer.queue,
        "offer_count": offer.offer_count,
        "at": offer.at,
        "queued_at": offer.queued_at,
        "expires_at": offer.expires_at,
        "configuration": offer.configuration,
        "chosen": why.chosen,
        "candidates": [{"agent": each.agent, "failed": each.failed, "score": each.score} for each in why.candidates],
        "tie_break": why.tie_break,
        "step": why.step,
        "queue_ahead": why.queue_ahead,
        "next_relaxation_at": why.next_relaxation_at,
        "dropped": why.dropped,
        "rest": why.rest,
        "considered_count": why.considered_count,
    }


def load_offer(document: Mapping[str, Any]) -> DecidedOffer:
    """The reverse of `dump_offer`."""
    return DecidedOffer(
        work_item=document["work_item"],
        case_id=document["case_id"],
        pool=document["pool"],
        queue=document["queue"],
        offer_count=document["offer_count"],
        at=document["at"],
        queued_at=document["queued_at"],
        expires_at=document["expires_at"],
        configuration=document["configuration"],
        explanation=_load_explanation(document),
    )


def _load_explanation(document: Mapping[str, Any]) -> Explanation:
    return Explanation(
        chosen=document["chosen"],
        candidates=tuple(
            Candidate(each["agent"], tuple(each["failed"]), tuple(each["score"])) for each in document["candidates"]
        ),
        tie_break=document["tie_break"],
        step=document["step"],
        queue_ahead=document["queue_ahead"],
        next_relaxation_at=document["next_relaxation_at"],
        dropped=tuple(document["dropped"]),
        rest=document["rest"],
        considered_count=document["considered_count"],
    )
