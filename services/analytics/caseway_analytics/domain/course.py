"""A case's course: what happened to it, entry by entry.

Kept with the history, so that the page can tell why a case is where it is. No text of anybody stands in it, and no
customer; of people only the agents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.cases import (
    CallbackRecorded,
    CaseMerged,
    CaseOpened,
    CaseRefused,
    CaseResolved,
    CaseWatched,
    CaseWhispered,
    ContactAdded,
    ContactUpdated,
    EscalatedToDepartment,
    EscalationRequested,
    FactsAssigned,
)
from caseway.contracts.milestones import HandlingMeasured, LadderFact, LadderRungReached, MilestoneFact
from caseway.contracts.parts import RoutingDecision
from caseway.contracts.work import (
    WorkCompleted,
    WorkDeclined,
    WorkExpired,
    WorkFact,
    WorkOffered,
    WorkQueued,
    WorkRaised,
    WorkReturned,
    WorkTransferred,
    WorkWithdrawn,
)
from caseway_analytics.domain.entries import Detail, Entry
from caseway_analytics.domain.history import whole
from caseway_analytics.domain.said import said

MOST = 150
"""Entries of one case; of more, the first and the latest are kept."""
_FIRST = 20
_NAMED = 6
"""Candidates of a decision that are kept by name; of the rest, how many and why not."""
_CODE = re.compile(r"[a-z][a-z0-9_:.-]{0,60}")


FactOfCourse = CaseFact | WorkFact | MilestoneFact | LadderFact | LadderRungReached | HandlingMeasured


def entered(course: tuple[Entry, ...], fact: FactOfCourse) -> tuple[Entry, ...]:
    """The course with one more entry; a fact that says nothing to people leaves it as it is."""
    name = fact.TYPE.split(".")[2]
    if isinstance(fact, LadderFact):
        name = f"ladder-{name}"  # a milestone is started and resumed, too
    return course if name in _UNSAID else _with(course, _entry(name, fact))


def _entry(name: str, fact: FactOfCourse) -> Entry:
    detail = _of_milestone(fact) if isinstance(fact, MilestoneFact) else _DETAILS.get(type(fact), _nothing)(fact)
    return Entry(
        at=whole(fact.at), topic=fact.TOPIC, what=name, agent=_agent(fact),
        detail={key: value for key, value in detail.items() if value not in (None, "", (), [], {})},
    )  # fmt: skip


def _with(course: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    if len(course) < MOST:
        return (*course, entry)
    return (*course[:_FIRST], *course[_FIRST + 1 :], entry)


_UNSAID = frozenset({"contact-repeated", "quieted", "revived", "mentioned", "measured", "ladder-started"})


def _agent(fact: Any) -> str:
    """An agent of ours; a customer's id is nobody's business here."""
    if isinstance(fact, MilestoneFact):
        return ""
    named = said(fact, "agent")
    if named:
        return str(named)
    said_by = said(fact, "actor") or said(fact, "author")
    is_ours = said_by is not None and said_by.kind not in {"customer", "machine", "bot", "unknown"}
    return said_by.id or "" if said_by is not None and is_ours else ""


def _nothing(_: Any) -> Detail:
    return {}


def _decided(fact: WorkOffered) -> Detail:
    """Why this agent, from the router's own account."""
    return {"queue": fact.queue, "waited_seconds": fact.waited_seconds, "decision": _decision(fact.decision)}


def _decision(decision: RoutingDecision) -> Detail:
    kept_out: dict[str, int] = dict(decision.rest)
    for each in decision.candidates:
        if each.failed and each.agent != decision.chosen:
            kept_out[each.failed[0]] = kept_out.get(each.failed[0], 0) + 1
    free = [each.agent for each in decision.candidates if each.ok and each.agent != decision.chosen]
    told = {
        "step": decision.step,
        "chosen": decision.chosen,
        "tie_break": decision.tie_break,
        "next": free[:_NAMED],
        "kept_out": kept_out,
        "ahead": decision.queue_ahead,
        "dropped": list(decision.dropped),
    }
    return {name: value for name, value in told.items() if value}


def _code(text: str | None) -> str:
    """A reason that is one word of the program's; what a person typed may name somebody, and is left out."""
    return text if text and _CODE.fullmatch(text) else ""


_DETAILS: Mapping[type, Callable[[Any], Detail]] = {
    CaseOpened: lambda fact: {"channel": fact.channel.value, "priority": fact.priority.value},
    ContactAdded: lambda fact: {"channel": fact.channel.value, "direction": fact.direction},
    ContactUpdated: lambda fact: {"event": fact.event},
    FactsAssigned: lambda fact: {"priority": fact.priority.value if fact.priority else None},
    CallbackRecorded: lambda fact: {"outcome": fact.outcome},
    CaseResolved: lambda fact: {"category": fact.category},
    EscalatedToDepartment: lambda fact: {"department": fact.department},
    EscalationRequested: lambda fact: {"to": fact.to},
    CaseMerged: lambda fact: {"into": fact.into},
    CaseWhispered: lambda fact: {"to": fact.to},
    CaseWatched: lambda fact: {"by": fact.actor.id if fact.actor else ""},
    CaseRefused: lambda fact: {"command": fact.command.split(".")[2], "reason": fact.reason},
    WorkQueued: lambda fact: {"queue": fact.queue, "rule": fact.matched_rule, "reason": _code(fact.reason)},
    WorkOffered: _decided,
    WorkDeclined: lambda fact: {"reason": _code(fact.reason)},
    WorkExpired: lambda fact: {"missed": fact.missed_count},
    WorkReturned: lambda fact: {"queue": fact.queue, "reason": _code(fact.reason)},
    WorkTransferred: lambda fact: {
        "queue": fact.to.queue, "to": fact.to.agent, "department": fact.to.department, "reason": _code(fact.reason),
    },
    WorkRaised: lambda fact: {
        "priority": fact.priority.value if fact.priority else None, "reason": _code(fact.reason),
    },
    WorkCompleted: lambda fact: {"outcome": fact.outcome, "handling_seconds": fact.handling_seconds},
    WorkWithdrawn: lambda fact: {"reason": _code(fact.reason)},
    LadderRungReached: lambda fact: {"ladder": _code(fact.ladder), "rung": fact.rung, "outcome": fact.outcome},
}  # fmt: skip


def _of_milestone(fact: MilestoneFact) -> Detail:
    return {"kind": fact.kind, "due_at": whole(fact.due_at)}
