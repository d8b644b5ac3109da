"""How a case's promises stand in MongoDB.

Instants are whole microseconds since 1970, lengths whole microseconds: what is read back equals what was written, and
numbers sort as the instants do. What is as it is by default is left out: a million cases are kept.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from caseway.kernel.business_hours import Interval
from caseway.kernel.vocabulary import CaseStatus, Channel, Priority, Turn
from caseway.kernel.zones import instant as instant_of
from caseway.kernel.zones import microseconds
from caseway.runtime.stage import Collection, Document
from caseway_escalation.adapters.climbed import dumped, loaded
from caseway_escalation.domain.case import Case, Standing
from caseway_escalation.domain.clock import Milestone, Outcome, WarningTime
from caseway_escalation.domain.earlier import Earlier
from caseway_escalation.domain.process import CASES as CASES_NAME
from caseway_escalation.domain.process import COUNTS as COUNTS_NAME
from caseway_escalation.domain.promises import Terms
from caseway_escalation.domain.turns import Turns

_MICROSECOND = dt.timedelta(microseconds=1)
_ENUMS: dict[str, Any] = {"channel": Channel, "priority": Priority, "turn": Turn, "status": CaseStatus}
_UNSAID = Standing()
_STANDING = tuple((name, name.rstrip("_"), getattr(_UNSAID, name)) for name in Standing.__dataclass_fields__)
_SHOWN = tuple((shown, unsaid) for _, shown, unsaid in _STANDING)
_SAID = attrgetter(*(name for name, _, _ in _STANDING))


def instant(written: Any) -> dt.datetime:
    """The instant that a document holds."""
    return instant_of(written)


def number(at: dt.datetime) -> int:
    """An instant, as documents hold it."""
    return microseconds(at)


def _number(at: dt.datetime | None) -> int | None:
    return None if at is None else microseconds(at)


def _instant(written: Any) -> dt.datetime | None:
    return None if written is None else instant_of(written)


def dump(case: Case) -> Document:
    """A case's promises as a document."""
    ticking = [milestone.due_at for milestone in case.milestones if milestone.is_ticking]
    is_running = any(each.is_open and each.outcome is None for each in case.milestones)
    document: Document = {
        "standing": {
            shown: _plain(value)
            for (shown, unsaid), value in zip(_SHOWN, _SAID(case.standing), strict=True)
            if value is not unsaid and value != unsaid
        },
        "milestones": [_dump_milestone(milestone) for milestone in case.milestones],
        "turn": str(case.turns.turn),
        "is_open": case.turns.is_open,
        "turn_since": _number(case.turns.since),
        "spent": {str(turn): length // _MICROSECOND for turn, length in case.turns.spent.items()},
        "next_due_at": _number(min(ticking, default=None)),
        "configured": case.configured if is_running else None,
    }
    if case.ahead:
        document["ahead"] = {kind: microseconds(at) for kind, at in case.ahead.items()}
    if case.forgotten:
        document["forgotten"] = dict(case.forgotten)
    if case.merged_into is not None:
        document["merged_into"] = case.merged_into
    return document | dumped(case)


def load(document: Document) -> Case:
    """The case that a document holds."""
    standing = document["standing"]
    values = {name: _typed(name, standing[shown]) for name, shown, _ in _STANDING if shown in standing}
    spent = {Turn(turn): length * _MICROSECOND for turn, length in document["spent"].items()}
    turns = Turns(
        turn=Turn(document["turn"]),
        is_open=document["is_open"],
        since=_instant(document["turn_since"]),
        spent=spent,
    )
    return Case(
        id=document["_id"],
        standing=Standing(**values),
        milestones=tuple(_load_milestone(each) for each in document["milestones"]),
        turns=turns,
        ahead={kind: instant_of(at) for kind, at in document.get("ahead", {}).items()},
        merged_into=document.get("merged_into"),
        forgotten=document.get("forgotten", {}),
        configured=document["configured"] or "",
        **loaded(document),
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
    document: Document = {
        "id": milestone.id,
        "kind": milestone.kind,
        "instance": milestone.instance,
        "terms": _dump_terms(milestone.terms),
        "started_at": microseconds(milestone.started_at),
        "running_since": _number(milestone.running_since),
        "due_at": microseconds(milestone.due_at),
        "warnings": [(each.before // _MICROSECOND, microseconds(each.at)) for each in milestone.warnings],
        "calendar_version": milestone.calendar_version,
        "given_by": milestone.given_by,
    }
    if milestone.target != milestone.terms.target:
        document["target"] = milestone.target // _MICROSECOND
    for name, value in zip(_SOMETIMES, _sometimes(milestone), strict=True):
        if value:
            document[name] = _DUMPED[name](value) if name in _DUMPED else value
    return document


def _dump_earlier(earlier: Earlier) -> Document:
    return {
        "count": earlier.count,
        "since": microseconds(earlier.since),
        "until": microseconds(earlier.until),
        "ran": earlier.ran // _MICROSECOND,
        "used": earlier.used // _MICROSECOND,
        "calendar": earlier.calendar,
    }


_DUMPED: dict[str, Callable[[Any], Any]] = {
    "earlier": _dump_earlier,
    "stretches": lambda stretches: [(microseconds(run.start), microseconds(run.end)) for run in stretches],
    "warned": lambda warned: [before // _MICROSECOND for before in warned],
    "outcome": str,
    "ended_at": microseconds,
}
_SOMETIMES = (
    *_DUMPED, "violation", "reason", "subject", "extension_months", "taken_over_from", "is_awaiting_stamps", "timed_by",
)  # fmt: skip
"""What few promises have."""
_sometimes = attrgetter(*_SOMETIMES)


def _load_milestone(document: Document) -> Milestone:
    said, terms = document.get, _load_terms(document["terms"])
    return Milestone(
        id=document["id"],
        kind=document["kind"],
        instance=document["instance"],
        subject=said("subject", ""),
        terms=terms,
        target=document["target"] * _MICROSECOND if "target" in document else terms.target,
        extension_months=said("extension_months", 0),
        started_at=instant_of(document["started_at"]),
        earlier=_load_earlier(document["earlier"]) if "earlier" in document else None,
        stretches=tuple(Interval(instant_of(start), instant_of(end)) for start, end in said("stretches", ())),
        running_since=_instant(document["running_since"]),
        due_at=instant_of(document["due_at"]),
        warnings=tuple(
            WarningTime(before=before * _MICROSECOND, at=instant_of(at)) for before, at in document["warnings"]
        ),
        warned=tuple(before * _MICROSECOND for before in said("warned", ())),
        calendar_version=document["calendar_version"],
        given_by=document["given_by"],
        taken_over_from=said("taken_over_from"),
        is_awaiting_stamps=said("is_awaiting_stamps", False),
        outcome=Outcome(document["outcome"]) if "outcome" in document else None,
        violation=said("violation", ""),
        ended_at=_instant(said("ended_at")),
        reason=said("reason", ""),
        timed_by=said("timed_by", ""),
    )


def _load_earlier(document: Document) -> Earlier:
    return Earlier(
        count=document["count"],
        since=instant_of(document["since"]),
        until=instant_of(document["until"]),
        ran=document["ran"] * _MICROSECOND,
        used=document["used"] * _MICROSECOND,
        calendar=document["calendar"],
    )


@lru_cache(maxsize=1_024)  # those in force, and what running clocks keep of earlier ones
def _dump_terms(terms: Terms) -> str:
    """As one text, which is the same for thousands of promises: it is made once, and read once."""
    document: Document = {
        "policy": terms.policy,
        "target": terms.target // _MICROSECOND,
        "calendar": terms.calendar,
        "warnings": [each // _MICROSECOND for each in terms.warnings],
    }
    more = {"is_wall_time": terms.is_wall_time, "months": terms.months, "until": terms.until}
    return json.dumps(document | {name: value for name, value in more.items() if value}, ensure_ascii=False)


@lru_cache(maxsize=1_024)
def _load_terms(text: str) -> Terms:
    document = json.loads(text)
    return Terms(
        policy=document["policy"],
        target=document["target"] * _MICROSECOND,
        calendar=document["calendar"],
        warnings=tuple(each * _MICROSECOND for each in document["warnings"]),
        is_wall_time=document.get("is_wall_time", False),
        months=document.get("months", 0),
        until=document.get("until", ""),
    )


BY_CONFIGURATION = [("configured", 1), ("_id", 1)]
"""The index by which running clocks of an earlier configuration are found."""
CASES = Collection(
    name=CASES_NAME,
    dump=dump,
    load=load,
    indexes=((("next_due_at", 1), ("_id", 1)), BY_CONFIGURATION),
    sparse_indexes=((("unstamped_since", 1),),),
)
"""One document a case. `next_due_at` is the earliest deadline that still ticks; `configured` by which version running
clocks were reckoned, and nothing where none runs."""
COUNTS = Collection(name=COUNTS_NAME)
"""One document a lane: how many facts of each outcome and kind were told."""
