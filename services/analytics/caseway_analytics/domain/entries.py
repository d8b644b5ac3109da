"""One entry of a case's course."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Detail = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened."""

    at: dt.datetime
    topic: str
    what: str
    """The fact's name: `opened`, `offered`, `violated`."""
    agent: str = ""
    """Who did it, or whom it concerns; empty where no agent is."""
    detail: Detail = field(default_factory=dict)
