"""How a case's promises stand in MongoDB.

Instants are texts of UTC with all six digits, durations whole microseconds: what is read back equals what was
written, to the microsecond, and texts sort as the instants do.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.kernel.business_hours import Interval
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway.runtime.stage import Collection, Document
from caseway_escalation.domain.case import Case, Standing
from caseway_escalation.domain.clock import Milestone, Outcome
from caseway_escalation.domain.process import CASES as CASES_NAME
from caseway_escalation.domain.process import COUNTS as COUNTS_NAME
from caseway_escalation.domain.promises import Terms

_MICROSECOND = dt.timedelta(microseconds=1)
_ENUMS: dict[str, Any] = {"channel": Channel, "priority": Priority, "turn": Turn, "status": CaseStatus}
_STANDING = tuple(Standing.__dataclass_fields__)


def text(at: dt.datetime | None) -> str | None:
    """An instant, as documents hold it."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds") if at is not None else None


def instant(written: Any) -> dt.datetime:
    """The instant that a document holds."""
    return dt.datetime.fromisoformat(written)


def _instant_or_none(written: Any) -> dt.datetime | None:
    return None if written is None else instant(written)


def dump(case: Case) -> Document:
    """A case's promises as a document."""
    ticking = [milestone.due_at for milestone in case.milestones if milestone.is_ticking]
    standing = {name.rstrip("_"): getattr(case.standing, name) for name in _STANDING}
    return {
        "standing": {name: _plain(value) for name, value in standing.items()},
        "milestones": [_dump_milestone(milestone) for milestone in case.milestones],
        "ahead": {kind: text(at) for kind, at in case.ahead.items()},
        "next_due_at": text(min(ticking, default=None)),
    }


def load(document: Document) -> Case:
    """The case that a document holds."""
    standing = document["standing"]
    values = {name: _typed(name, standing[shown]) for name in _STANDING if (shown := name.rstrip("_")) in standing}
    return Case(
        id=document["_id"],
        standing=Standing(**values),
        milestones=tuple(_load_milestone(each) for each in document["milestones"]),
        ahead={kind: instant(at) for kind, at in document["ahead"].items()},
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value if not isinstance(value, str) else str(value)


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(value)
    return _ENUMS[name](value) if name in _ENUMS else value


def _dump_milestone(milestone: Milestone) -> Document:
    return {
        "id": milestone.id,
        "kind": milestone.kind,
        "instance": milestone.instance,
        "terms": _dump_terms(milestone.terms),
        "started_at": text(milestone.started_at),
        "stretches": [[text(run.start), text(run.end)] for run in milestone.stretches],
        "running_since": text(milestone.running_since),
        "due_at": text(milestone.due_at),
        "warn_at": text(milestone.warn_at),
        "warned_at": text(milestone.warned_at),
        "outcome": str(milestone.outcome) if milestone.outcome else None,
        "violation": milestone.violation,
        "ended_at": text(milestone.ended_at),
        "reason": milestone.reason,
    }


def _load_milestone(document: Document) -> Milestone:
    return Milestone(
        id=document["id"],
        kind=document["kind"],
        instance=document["instance"],
        terms=_load_terms(document["terms"]),
        started_at=instant(document["started_at"]),
        stretches=tuple(Interval(instant(start), instant(end)) for start, end in document["stretches"]),
        running_since=_instant_or_none(document["running_since"]),
        due_at=instant(document["due_at"]),
        warn_at=_instant_or_none(document["warn_at"]),
        warned_at=_instant_or_none(document["warned_at"]),
        outcome=Outcome(document["outcome"]) if document["outcome"] else None,
        violation=document["violation"],
        ended_at=_instant_or_none(document["ended_at"]),
        reason=document["reason"],
    )


def _dump_terms(terms: Terms) -> Document:
    return {
        "policy": terms.policy,
        "target": terms.target // _MICROSECOND,
        "calendar": terms.calendar,
        "warn_before": None if terms.warn_before is None else terms.warn_before // _MICROSECOND,
        "is_wall_time": terms.is_wall_time,
    }


def _load_terms(document: Document) -> Terms:
    before = document["warn_before"]
    return Terms(
        policy=document["policy"],
        target=document["target"] * _MICROSECOND,
        calendar=document["calendar"],
        warn_before=None if before is None else before * _MICROSECOND,
        is_wall_time=document["is_wall_time"],
    )


CASES = Collection(name=CASES_NAME, dump=dump, load=load, indexes=((("next_due_at", 1), ("_id", 1)),))
"""One document a case; `next_due_at` is the earliest deadline that still ticks."""
COUNTS = Collection(name=COUNTS_NAME)
"""One document a lane: how many facts of each outcome and kind were told."""
