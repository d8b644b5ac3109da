"""The page that says why a promise is due when it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from caseway_escalation.domain.explanation import length, local_time


def rendered(answer: Mapping[str, Any]) -> str:
    """The answer about one case, for a browser."""
    return _template().render(answer)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["local"] = _local
    environment.filters["length"] = _length
    environment.filters["between"] = _between
    return environment.from_string(files("caseway_escalation.adapters").joinpath("page.html").read_text("utf-8"))


def _local(at: str, zone: str) -> str:
    return local_time(dt.datetime.fromisoformat(at), ZoneInfo(zone))


def _length(seconds: float) -> str:
    return length(dt.timedelta(seconds=seconds))


def _between(span: Mapping[str, str]) -> str:
    return length(dt.datetime.fromisoformat(span["until"]) - dt.datetime.fromisoformat(span["from"]))
