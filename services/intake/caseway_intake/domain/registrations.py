"""Registrations that look like one person's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """They may be one; a supervisor decides."""

    id: str
    customers: tuple[str, ...]
    by: str
    granted: bool | None = None
    survivor: str | None = None
