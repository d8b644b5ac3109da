"""The page that says why a promise is due when it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from caseway_escalation.domain.explanation import length, shown_time

_PARTIES = {"third": "third party"}
_WHY = {"weekday": "no hours on this weekday", "holiday": "holiday", "exception": "closed on this date"}
_DO = {
    "notify": "tell",
    "reassign": "give the work to",
    "raise_priority": "raise the priority to",
    "move_queue": "move the work to",
    "request_callback": "ask a supervisor to call back",
    "propose_incident": "propose an incident to",
}


def rendered(answer: Mapping[str, Any]) -> str:
    """The answer about one case, for a browser: its times in the zone of its promises."""
    zones = [each["reason"]["zone"] for each in answer["milestones"] if "zone" in each["reason"]]
    return _template().render(answer, zone=zones[0] if zones else "UTC")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["local"] = _local
    environment.filters["length"] = _length
    environment.filters["roughly"] = _roughly
    environment.filters["between"] = _between
    environment.filters["new_hours"] = _new_hours
    environment.filters["days"] = _days
    environment.filters["named"] = _named
    environment.filters["why"] = _WHY.__getitem__
    environment.filters["deed"] = _deed
    return environment.from_string(files("caseway_escalation.adapters").joinpath("page.html").read_text("utf-8"))


def _local(at: str, zone: str) -> str:
    return shown_time(dt.datetime.fromisoformat(at), ZoneInfo(zone))


def _length(seconds: float) -> str:
    return length(dt.timedelta(seconds=seconds))


def _roughly(seconds: float) -> str:
    """In whole seconds: what goes on while one looks."""
    return length(dt.timedelta(seconds=int(seconds)))


def _new_hours(reason: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Where another version of the calendar comes into force: a row between the others."""
    days = [dt.date.fromisoformat(on) for on in reason["new_hours_from"]]
    return [{"on": _day(on), "from": _midnight(on, reason["zone"])} for on in days]


def _midnight(on: dt.date, zone: str) -> str:
    at = dt.datetime.combine(on, dt.time.min, ZoneInfo(zone)).astimezone(dt.UTC)
    return at.isoformat(timespec="microseconds")


def _day(on: dt.date) -> str:
    return f"{on:%a} {on.day} {on:%b %Y}"


def _between(span: Mapping[str, str]) -> str:
    return length(dt.datetime.fromisoformat(span["until"]) - dt.datetime.fromisoformat(span["from"]))


def _days(span: Mapping[str, str], zone: str) -> str:
    """`Sat 3 Jan 2026`, or `Sat 3 Jan 2026 to Sun 4 Jan 2026`."""
    first, after = (dt.datetime.fromisoformat(span[end]).astimezone(ZoneInfo(zone)).date() for end in ("from", "until"))
    last = after - dt.timedelta(days=1)
    return " to ".join(map(_day, (first,) if first == last else (first, last)))


def _named(name: str) -> str:
    """`first response` of `first_response`."""
    return _PARTIES.get(name, name.replace("_", " "))


def _deed(rung: Mapping[str, Any]) -> str:
    """`tell role:coordinators`, as the ladder has it."""
    to = ", ".join(rung["to"])
    return f"{_DO[rung['do']]} {to}".strip()
