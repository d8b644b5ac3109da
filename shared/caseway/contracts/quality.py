"""What surveys, interviewers and improvement meetings record."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from caseway.contracts.wire import Fields, Instant, Name, WireModel

Score = Annotated[int, Field(ge=1, le=5)]
"""On the scale of five; five is best."""


class QualityRecord(WireModel):
    """One record about satisfaction or improvement."""

    TOPIC: ClassVar[str] = "quality"

    at: Instant | None = None
    recorded_by: str | None = None


class WaveRecorded(QualityRecord):
    """A round of interviews: who is asked, and what is aimed at."""

    TYPE = "caseway.quality.wave-recorded.v1"
    KEY = "wave"

    wave: str = Field(min_length=1)
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    customers: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    """Why these: `vip`, `contract_above`, `new` …"""
    target: float | None = Field(default=None, ge=0, le=100)
    questionnaire: str | None = None
    status: Literal["planned", "running", "ended"] = "planned"


class InterviewRecorded(QualityRecord):
    """One interview."""

    TYPE = "caseway.quality.interview-recorded.v1"
    KEY = "customer"

    customer: str = Field(min_length=1)
    interview: str = Field(min_length=1)
    wave: str
    interviewer: str = ""
    medium: Literal["in_person", "phone", "video", "online"] = "in_person"
    representative: str | None = None
    held_at: Instant | None = None
    weights: dict[Name, float] = Field(default_factory=dict)
    """By indicator, as this customer rates its importance."""


class AnswerRecorded(QualityRecord):
    """One score of an interview or survey."""

    TYPE = "caseway.quality.answer-recorded.v1"
    KEY = "customer"

    customer: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    wave: str | None = None
    interview: str | None = None
    case_id: str | None = None
    """Of a survey after a case."""
    level: str
    indicator: str
    question: str | None = None
    score: Score | None = None
    """None: asked, not answered."""
    weight: float | None = Field(default=None, ge=0)
    representative: str | None = None
    text: str | None = None
    channel: str | None = None
    """Of the case that a survey is about, as the survey's link carried it; likewise the next three."""
    queue: str | None = None
    agent: str | None = None
    category: str | None = None


class CommentRecorded(QualityRecord):
    """What a customer dislikes or suggests, and what became of it."""

    TYPE = "caseway.quality.comment-recorded.v1"
    KEY = "customer"

    customer: str = Field(min_length=1)
    comment: str = Field(min_length=1)
    wave: str | None = None
    level: str | None = None
    indicator: str | None = None
    text: str = ""
    status: Literal["open", "planned", "done", "declined", "customer_informed", "asked_again"] = "open"
    reason: str | None = None
    action: str | None = None
    satisfaction: Score | None = None
    """With what was done, when asked again."""


class ActionRecorded(QualityRecord):
    """Something to be done about comments."""

    TYPE = "caseway.quality.action-recorded.v1"
    KEY = "action"

    action: str = Field(min_length=1)
    kind: Literal["repair", "training", "process", "information"] = "repair"
    title: str = ""
    owner: str | None = None
    department: str | None = None
    due_on: dt.date | None = None
    comments: tuple[str, ...] = ()
    status: Literal["open", "running", "done", "declined"] = "open"
    result: str | None = None


class ImprovementRecorded(QualityRecord):
    """An item of an improvement forum."""

    TYPE = "caseway.quality.improvement-recorded.v1"
    KEY = "improvement"

    improvement: str = Field(min_length=1)
    title: str = ""
    forum: str = "improvement"
    """`feedback`, `confirmation`, `improvement`, `council`, or one of configuration's own."""
    department: str | None = None
    owner: str | None = None
    decision: str | None = None
    decided_on: dt.date | None = None
    achieved: str | None = None
    cases: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    due_on: dt.date | None = None
    status: Literal["proposed", "decided", "running", "done", "declined"] = "proposed"
    attributes: Fields = Field(default_factory=dict)
