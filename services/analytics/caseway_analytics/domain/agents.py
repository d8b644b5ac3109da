"""An agent as the router last told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent's presence."""

    id: str
    name: str = ""
    pool: str = ""
    presence: str
    since: dt.datetime
    """When this presence began."""
    capacity: float | None = None
