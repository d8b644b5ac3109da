"""How ladders and focused work stand in MongoDB."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.kernel.zones import instant, microseconds
from caseway.runtime.stage import Document
from caseway_escalation.domain.case import Case, Work
from caseway_escalation.domain.guidance import Focus, Post, Stretch
from caseway_escalation.domain.ladders import Action, Plan, Rung
from caseway_escalation.domain.run import Run

_MICROSECOND = dt.timedelta(microseconds=1)


def dumped(case: Case) -> Document:
    """What there is of it; nothing for most cases."""
    focus = case.focus
    work = case.work
    document: Document = {
        "work": {"pool": work.pool, "queue": work.queue, "work_item": work.work_item, "agent": work.agent}
        if work
        else 0,
        "runs": [_dump_run(run) for run in case.runs],
        "stretches": [_sparse(each) for each in focus.stretches],
        "spent_on": [(name, length // _MICROSECOND) for name, length in focus.spent.items()],
        "spent_by": [(name, length // _MICROSECOND) for name, length in focus.by_agent.items()],
        "posts": [_sparse(each) for each in focus.posts],
    }
    unstamped = [each.at for each in focus.posts if each.stamped_at is None]
    if unstamped:
        document["unstamped_since"] = microseconds(min(unstamped))
    return {name: value for name, value in document.items() if value}


def loaded(document: Document) -> dict[str, Any]:
    """The case's fields that `dumped` wrote."""
    found: dict[str, Any] = {}
    if "work" in document:
        found["work"] = Work(**document["work"])
    if "runs" in document:
        found["runs"] = tuple(_load_run(each) for each in document["runs"])
    if {"stretches", "spent_on", "posts"} & document.keys():
        found["focus"] = Focus(
            stretches=tuple(Stretch(**_typed(each)) for each in document.get("stretches", ())),
            spent={name: amount * _MICROSECOND for name, amount in document.get("spent_on", ())},
            by_agent={name: amount * _MICROSECOND for name, amount in document.get("spent_by", ())},
            posts=tuple(Post(**_typed(each)) for each in document.get("posts", ())),
        )
    return found


_INSTANTS = {
    "since", "live_since", "alert_at", "at", "ended_at", "stamped_at", "list_at", "started_at", "next_at",
    "acknowledged_at", "heard_at",
}  # fmt: skip
_LENGTHS = {"stood", "after", "again_after", "until", "remind_after"}


def _sparse(value: Any) -> Document:
    """Every field that says something."""
    names = type(value).__dataclass_fields__
    found = {name: _plain(getattr(value, name)) for name in names if name not in {"plan", "rungs"}}
    return {name: each for name, each in found.items() if each or (name in _INSTANTS and each is not None)}


def _plain(value: Any) -> Any:
    match value:
        case dt.datetime():
            return microseconds(value)
        case dt.timedelta():
            return value // _MICROSECOND
        case tuple():
            return list(value)
        case str():
            return str(value)
        case _:
            return value


def _typed(document: Document) -> dict[str, Any]:
    return {name: _typed_value(name, value) for name, value in document.items()}


def _typed_value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _INSTANTS:
        return instant(value)
    if name in _LENGTHS:
        return value * _MICROSECOND
    return tuple(value) if isinstance(value, list) else value


def _dump_run(run: Run) -> Document:
    plan = {**_sparse(run.plan), "rungs": [_sparse(each) for each in run.plan.rungs]}
    for name in ("again_after", "times", "until", "remind_after", "reminders"):
        if (value := getattr(run.plan, name)) is not None:
            plan[name] = _plain(value)  # nothing is not the same as none
    return {**_sparse(run), "plan": plan}


def _load_run(document: Document) -> Run:
    plan = document["plan"]
    rungs = tuple(Rung(**{**_typed(each), "action": Action(each["action"])}) for each in plan["rungs"])
    fields = {name: value for name, value in document.items() if name != "plan"}
    others = {name: value for name, value in plan.items() if name != "rungs"}
    return Run(**_typed(fields), plan=Plan(**_typed(others), rungs=rungs))
