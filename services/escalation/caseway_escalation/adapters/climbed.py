"""How ladders and focused work stand in MongoDB."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
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
    if work is None and not (case.runs or focus.stretches or focus.spent or focus.posts):
        return {}
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
    return {name: _plain(each) for name in _NAMES[type(value)] if (each := getattr(value, name))}


_NAMES: dict[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind) if each.name not in {"plan", "rungs"})
    for kind in (Run, Plan, Rung, Stretch, Post)
}


def _plain(value: Any) -> Any:
    plain = _PLAIN.get(type(value))
    if plain is not None:
        return plain(value)
    return str(value) if isinstance(value, str) else value


_PLAIN: dict[type, Callable[[Any], Any]] = {
    dt.datetime: microseconds,
    dt.timedelta: lambda length: length // _MICROSECOND,
    tuple: list,
}


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
    return {**_sparse(run), "plan": _dump_plan(run.plan)}


@lru_cache(maxsize=1_024)  # those in force, and what running ladders keep of earlier ones
def _dump_plan(plan: Plan) -> str:
    """As one text, which is the same for thousands of runs: it is made once, and read once."""
    document = {**_sparse(plan), "rungs": [_sparse(each) for each in plan.rungs]}
    for name in ("again_after", "times", "until", "remind_after", "reminders"):
        if (value := getattr(plan, name)) is not None:
            document[name] = _plain(value)  # nothing is not the same as none
    return json.dumps(document, ensure_ascii=False)


@lru_cache(maxsize=1_024)
def _load_plan(text: str) -> Plan:
    document = json.loads(text)
    rungs = tuple(Rung(**{**_typed(each), "action": Action(each["action"])}) for each in document.pop("rungs"))
    return Plan(**_typed(document), rungs=rungs)


def _load_run(document: Document) -> Run:
    fields = {name: value for name, value in document.items() if name != "plan"}
    return Run(**_typed(fields), plan=_load_plan(document["plan"]))
