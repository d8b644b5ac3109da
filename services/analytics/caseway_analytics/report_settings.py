"""What reports.yaml says."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from caseway_analytics.domain.cuts import CUTS, DIMENSIONS, cut_for
from caseway_analytics.domain.measures import DERIVED, MEASURES
from caseway_analytics.domain.questions import Grain, Hours, apart
from caseway_analytics.domain.scheduling import When

_NAME = r"^[a-z0-9][a-z0-9-]{0,60}$"


def _measure(name: str) -> str:
    if name not in MEASURES and name not in DERIVED:
        raise ValueError("a measure: one of " + ", ".join((*MEASURES, *DERIVED)))
    return name


def _dimension(name: str) -> str:
    if name not in DIMENSIONS:
        raise ValueError("a dimension: one of " + ", ".join(DIMENSIONS))
    return name


MeasureName = Annotated[str, AfterValidator(_measure)]
DimensionName = Annotated[str, AfterValidator(_dimension)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Section(_Part):
    title: str = Field(min_length=1)


class FiguresEntry(_Section):
    """Measures beside each other, split as wanted."""

    show: Literal["figures"] = "figures"
    measures: tuple[MeasureName, ...] = Field(min_length=1)
    by: tuple[DimensionName, ...] = ()
    grain: Grain = "all"
    hours: Hours = "wall"
    only: dict[DimensionName, tuple[str, ...]] = {}
    """Values that count, by dimension."""
    months: int | None = Field(default=None, ge=1, le=36)
    """So many months up to the report's end, for a trend; else the report's own span."""
    order: MeasureName | None = None
    """By which of the measures rows are sorted, the highest first; else by slot and name."""
    top: int | None = Field(default=None, ge=1, le=1000)
    chart: Literal["column", "line", "bar"] | None = None

    @model_validator(mode="after")
    def _is_kept(self) -> FiguresEntry:
        if cut_for({*self.by, *self.only, *map(apart, self.measures)} - {""}) is None:
            together = "; ".join(" and ".join(names) for names in CUTS.values())
            raise ValueError(f"dimensions that figures are kept by together: {together}")
        if self.order is not None and self.order not in self.measures:
            raise ValueError("to be ordered by one of the section's measures")
        return self


class CasesEntry(_Section):
    """Cases one by one, without a customer's name."""

    show: Literal["cases"]
    order: Literal["opened_at", "handling", "resolution"] = "opened_at"
    top: int | None = Field(default=None, ge=1)
    only: dict[Literal["channel", "category", "priority", "language", "segment", "department"], tuple[str, ...]] = {}


class ImprovementsEntry(_Section):
    """Improvement items of a forum, with owner, decision and what was achieved."""

    show: Literal["improvements"]
    forums: tuple[str, ...] = ()
    """Empty for all."""
    is_open: bool | None = None
    """Only those that are open, or only those that are not."""


class CommentsEntry(_Section):
    """The register of comments and suggestions, with what became of each."""

    show: Literal["comments"]
    statuses: tuple[str, ...] = ()


class ActionsEntry(_Section):
    """What is to be done, training included."""

    show: Literal["actions"]


class SatisfactionEntry(_Section):
    """A wave of interviews beside the one before."""

    show: Literal["satisfaction"]
    wave: str | None = None
    """None: the last."""


class BeforeAfterEntry(_Section):
    """Figures before and after a day, to check a claim such as "+29 %"."""

    show: Literal["before_after"]
    measures: tuple[MeasureName, ...] = Field(min_length=1)
    changed_on: dt.date | None = None
    """None: to be given with the question, as `changed_on`."""
    days: tuple[int, ...] = (30, 90)
    only: dict[DimensionName, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _is_kept(self) -> BeforeAfterEntry:
        if cut_for(self.only) is None:
            raise ValueError("filters that figures are kept by together")
        if not self.days or any(not 1 <= each <= 366 for each in self.days):
            raise ValueError("days from 1 to 366")
        return self


class CustomerEntry(_Section):
    """One customer's cases, promises, satisfaction and comments; the customer is given with the question."""

    show: Literal["customer"]


Section = Annotated[
    FiguresEntry
    | CasesEntry
    | ImprovementsEntry
    | CommentsEntry
    | ActionsEntry
    | SatisfactionEntry
    | BeforeAfterEntry
    | CustomerEntry,
    Field(discriminator="show"),
]


def _figures_unless_said(raw: Any) -> Any:
    return {"show": "figures", **raw} if isinstance(raw, dict) else raw


class ReportEntry(_Part):
    """One report."""

    title: str = Field(min_length=1)
    sections: tuple[Section, ...] = Field(min_length=1)
    covers: Literal["day", "week", "month", "quarter", "year"] = "day"
    """What it covers when nothing else is asked: the period that runs, or has just ended when it is due."""
    at: When | None = None
    """When it is sent, in business time; None: when somebody asks."""
    recipients: tuple[str, ...] = ()
    """As subscriptions name them: `list:…`, `agent:…`, or an address."""
    forms: tuple[Literal["xlsx", "csv", "html", "pdf", "png"], ...] = ("xlsx",)
    language: str = "en"

    @model_validator(mode="before")
    @classmethod
    def _plain_sections(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and isinstance(raw.get("sections"), list):
            return {**raw, "sections": [_figures_unless_said(each) for each in raw["sections"]]}
        return raw

    @model_validator(mode="after")
    def _can_be_sent(self) -> ReportEntry:
        if self.at is not None and not self.recipients:
            raise ValueError("recipients: a report that is sent needs somebody to read it")
        if self.at is not None and any(isinstance(each, CustomerEntry) for each in self.sections):
            raise ValueError("no customer's section in a report that is sent: whose would it be")
        return self

    def without_individuals(self) -> ReportEntry:
        """The same without what is said of single people: sections by agent, customers, and what they wrote."""
        return self.model_copy(update={"sections": tuple(each for each in self.sections if not _names_somebody(each))})


def _names_somebody(section: Section) -> bool:
    if isinstance(section, FiguresEntry | BeforeAfterEntry):
        return "agent" in {*section.only, *getattr(section, "by", ())}
    return isinstance(section, CommentsEntry | CustomerEntry)


class StreamEntry(_Part):
    """Figures that are published as facts, slot by slot."""

    measures: tuple[MeasureName, ...] = Field(min_length=1)
    by: tuple[DimensionName, ...] = ()
    grain: Literal["hour", "day"] = "hour"

    @model_validator(mode="after")
    def _is_kept(self) -> StreamEntry:
        if cut_for(self.by) is None:
            raise ValueError("dimensions that figures are kept by together")
        return self


class ReportsFile(_Part):
    """reports.yaml"""

    reports: dict[Annotated[str, Field(pattern=_NAME)], ReportEntry] = {}
    stream: dict[Annotated[str, Field(pattern=_NAME)], StreamEntry] = {}
    public_url: str = ""
    """Where this service is reached, for files that are too large for a mail."""
