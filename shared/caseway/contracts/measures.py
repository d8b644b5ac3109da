"""Figures as a stream, told by analytics."""

from __future__ import annotations

from pydantic import Base64Bytes, Field

from caseway.contracts.wire import Count, Fact, Instant, Name, Part


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


class ReportFile(Part):
    """One form of a report, to be attached to a mail."""

    name: str = Field(min_length=1)
    media_type: str
    size: Count
    """Bytes, before they were written as Base64."""
    digest: str
    """SHA-256 in hex."""
    content: Base64Bytes | None = Field(default=None, repr=False)
    """The file itself; none where it would not fit into a record, then `url` is all there is."""
    url: str | None = None
    """Where analytics answers with it."""


class ReportPublished(Fact):
    """A report that is due, for those whom configuration names; notifier mails it."""

    TYPE = "caseway.report.published.v1"
    TOPIC = "measures"
    KEY = "report"

    report: str = Field(min_length=1)
    occurrence: str
    """One a report and due time: told once to each recipient."""
    title: str
    language: str = "en"
    starts_at: Instant
    ends_at: Instant
    recipients: tuple[str, ...] = ()
    """As subscriptions name them: `list:…`, `agent:…`, or an address."""
    summary: str = ""
    """The figures in a few lines of plain text."""
    files: tuple[ReportFile, ...] = ()
