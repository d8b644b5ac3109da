"""Figures as a stream, told by analytics."""

from __future__ import annotations

from pydantic import Field

from caseway.contracts.wire import Count, Fact, Instant, Name


class MeasureTaken(Fact):
    """One figure over one span of time."""

    TYPE = "caseway.measure.taken.v1"
    TOPIC = "measures"
    KEY = "measure"

    measure: str = Field(min_length=1)
    value: float | None = None
    """None: nothing to count, which is not zero."""
    unit: str
    """`count`, `seconds`, `ratio`, `percent` …"""
    starts_at: Instant
    ends_at: Instant
    dimensions: dict[Name, str] = Field(default_factory=dict)
    """`channel`, `queue`, `agent` …"""
    sample_count: Count | None = None
    complete: bool = True
    """False: late facts may still change it."""
